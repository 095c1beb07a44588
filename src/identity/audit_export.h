// identity/audit_export.h: entries in a file that proves itself: those that are shown as they are,
// of all others only hashes of whole subtrees, and the signed checkpoint over all of them
// (docs/formats/audit.md). Reading trusts nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "identity/audit.h"
#include "identity/audit_kept.h"
#include "ledger/merkle.h"

namespace lineshaft::identity {

// Writes an export piece by piece.
class AuditExportWriter {
 public:
  // `nodes`: those of a tree of at least `size` entries.
  AuditExportWriter(std::uint64_t size, ledger::Nodes nodes)
      : size_(size), nodes_(std::move(nodes)) {}

  std::string begin(const std::string& key) const;
  // Requires: entries come with rising numbers, up to `size`. Errors: of `nodes`.
  Status show(const AuditEntry& entry, std::string& out);
  Status end(const ledger::SignedNote& note, std::string& out);

 private:
  Status hide_until(std::uint64_t end, std::string& out);

  const std::uint64_t size_;
  const ledger::Nodes nodes_;
  std::uint64_t done_ = 0;
};

struct AuditExport {
  ledger::NoteKey key;
  ledger::SignedNote note;
  ledger::Checkpoint checkpoint;
  std::uint64_t shown = 0;
  TreeNodes nodes;  // what the file says of the tree; for comparison with another copy
  std::vector<std::string> unclear;  // as AuditAgreement
};

// What whoever reads an export knows already. Nothing: then a trail that somebody made up, with a
// key of their own, passes.
struct AuditKnown {
  std::optional<ledger::NoteKey> key;
  AuditKept kept = {};
};

// Checks the whole text. `line`: each entry shown, as it stands there.
// Errors: kVerificationFailed: "entry 17 ..."; "one of the entries 9 to 24 ..." when nothing that
// is known says more; or what else is wrong with it.
Result<AuditExport> read_audit_export(std::string_view text,
                                      const std::function<void(std::string_view line)>& line,
                                      const AuditKnown& known = {});

}  // namespace lineshaft::identity
