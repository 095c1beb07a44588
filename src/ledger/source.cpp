#include "ledger/source.h"

namespace lineshaft::ledger {

Status read_entries(wal::RecordReader& reader, Sequence from, Sequence through,
                    const std::function<Status(Sequence, ByteSpan)>& visit) {
  return reader.read({from.value}, {through.value},
                     [&](wal::Lsn lsn, std::uint8_t type, ByteSpan payload) -> Status {
                       if (type == kJournalRecord) return visit({lsn.value}, payload);
                       return Error{ErrorId::kFormatTooNew,
                                    "entry " + std::to_string(lsn.value) +
                                        " of the ledger has the unknown type " +
                                        std::to_string(type)};
                     });
}

Result<Journal> LogEarlier::read(Sequence sequence) const {
  Journal journal;
  Status done = read_entries(reader_, sequence, sequence, [&](Sequence, ByteSpan bytes) {
    return decode_journal(bytes, journal);
  });
  if (!done) return std::move(done).error();
  return journal;
}

}  // namespace lineshaft::ledger
