// What a ledger reads from strangers: entries, signed notes, exports; and its own snapshots.
//
// Input: one byte that chooses, then the bytes. Whatever is accepted is written back alike.
#include <cstdint>
#include <string>

#include "base/assert.h"
#include "base/crc32c.h"
#include "ledger/checkpoint.h"
#include "ledger/export.h"
#include "ledger/snapshot.h"
#include "ledger/verify.h"
#include "sys/sim/disk.h"

namespace {

using namespace lineshaft;

void read_entry(ByteSpan bytes) {
  ledger::Journal journal;
  if (!ledger::decode_journal(bytes, journal)) return;
  Bytes again;
  ledger::encode_journal(journal, again);
  LS_ASSERT(as_text(again) == as_text(bytes));
}

void read_note(std::string_view text) {
  const Result<ledger::SignedNote> note = ledger::parse_note(text);
  if (note) {
    LS_ASSERT(note->encoded() == text);
    const Result<ledger::Checkpoint> checkpoint = ledger::Checkpoint::parse(note->text);
    if (checkpoint) LS_ASSERT(note->text.starts_with(checkpoint->text()));
  }
  const Result<ledger::NoteKey> key = ledger::NoteKey::parse(text);
  if (key) LS_ASSERT(key->text() == text);
}

void read_export(ByteSpan bytes) {
  sys::SimDisk disk;
  LS_ASSERT(sys::write_file_atomically(disk, "export", bytes).ok());
  static_cast<void>(ledger::verify_export(disk, "export", {}));
}

void read_snapshot(ByteSpan bytes) {
  // With a checksum that fits, so that the rest is looked at.
  Bytes whole(bytes.begin(), bytes.end());
  ByteWriter(whole).write_le(crc32c(bytes));
  const auto found = ledger::decode_snapshot(whole);
  if (!found) return;
  const Bytes again = ledger::encode_snapshot(found->state, found->peaks);
  LS_ASSERT(ledger::decode_snapshot(again).has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteSpan rest(data + 1, size - 1);
  switch (data[0] % 4) {
    case 0:
      read_entry(rest);
      break;
    case 1:
      read_note(as_text(rest));
      break;
    case 2:
      read_export(rest);
      break;
    default:
      read_snapshot(rest);
  }
  return 0;
}
