// ledger/source.h: reads journals back from the log by their number.
#pragma once

#include <span>

#include "ledger/state.h"
#include "wal/record_reader.h"

namespace lineshaft::ledger {

// The type of the log's records that are journals; there are no others yet.
inline constexpr std::uint8_t kJournalRecord = 1;

// Reads the journals `from` to `through`; the bytes are borrowed for the call.
// Errors: kCorrupt, naming the first that cannot be read; and of `visit`.
Status read_entries(wal::RecordReader& reader, Sequence from, Sequence through,
                    const std::function<Status(Sequence, ByteSpan)>& visit);

// What is durable, from the log. Threads: any.
class LogEarlier : public Earlier {
 public:
  explicit LogEarlier(wal::RecordReader& reader) : reader_(reader) {}
  Result<Journal> read(Sequence sequence) const override;

 private:
  wal::RecordReader& reader_;
};

}  // namespace lineshaft::ledger
