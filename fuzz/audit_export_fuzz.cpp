// Signed exports of the audit trail, as somebody without a server reads them; and that whatever an
// entry says comes out of one as it went in.
//
// Input: one byte that chooses, then either an export, or the bytes of entries: each begins with
// one that says how long it is and whether it is shown.
#include <cstdint>
#include <string>
#include <vector>

#include "base/assert.h"
#include "identity/audit_entry.h"
#include "identity/audit_export.h"

namespace {

using namespace lineshaft;
using identity::AuditEntry;
using ledger::Sha256;

constexpr std::size_t kEntriesMax = 64;

void read_any(std::string_view text) {
  std::uint64_t lines = 0;
  const auto read = identity::read_audit_export(text, [&](std::string_view) { ++lines; });
  if (!read) return;
  LS_ASSERT(read->shown == lines && read->shown <= read->checkpoint.size);
  LS_ASSERT(text.ends_with(read->note.encoded()));
}

struct Trail {
  std::vector<AuditEntry> entries;
  std::vector<bool> shown;
  std::vector<Sha256> nodes;
  ledger::Peaks peaks;
};

// Each text in fields on both sides of the number that a reader looks for.
Trail trail_of(std::string_view bytes) {
  Trail trail;
  while (!bytes.empty() && trail.entries.size() < kEntriesMax) {
    const auto head = static_cast<std::uint8_t>(bytes.front());
    bytes.remove_prefix(1);
    const std::string text(bytes.substr(0, head >> 1U));
    bytes.remove_prefix(text.size());
    AuditEntry entry;
    entry.id = trail.entries.size() + 1;
    entry.time = Timestamp{static_cast<std::int64_t>(head) - 128};
    entry.action = text;
    entry.before = text;
    entry.object = text;
    trail.peaks.append(identity::entry_hash(entry), trail.nodes);
    trail.entries.push_back(std::move(entry));
    trail.shown.push_back((head & 1U) != 0);
  }
  return trail;
}

void write_and_read(std::string_view bytes) {
  const Trail trail = trail_of(bytes);
  static const ledger::NoteSigner signer("fuzz.example/audit", ledger::SignatureKind::kNote, {7});
  identity::AuditExportWriter writer(
      trail.entries.size(),
      [&](std::uint64_t position) -> Result<Sha256> { return trail.nodes.at(position); });
  std::string text = writer.begin(signer.key().text());
  std::vector<std::string> expected;
  for (std::size_t i = 0; i < trail.entries.size(); ++i) {
    if (!trail.shown[i]) continue;
    LS_ASSERT(writer.show(trail.entries[i], text));
    expected.push_back(identity::entry_line(trail.entries[i]));
  }
  const ledger::Checkpoint checkpoint{signer.key().name, trail.peaks.size(), trail.peaks.root()};
  LS_ASSERT(writer.end(ledger::sign_checkpoint(checkpoint, signer), text));
  std::vector<std::string> lines;
  const auto read =
      identity::read_audit_export(text, [&](std::string_view line) { lines.emplace_back(line); });
  LS_ASSERT(read && read->checkpoint == checkpoint && lines == expected);
  for (const auto& [position, hash] : read->nodes) LS_ASSERT(trail.nodes.at(position) == hash);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] % 2 == 0) {
    read_any(rest);
  } else {
    write_and_read(rest);
  }
  return 0;
}
