// identity/audit_kept.h: what somebody kept of a trail elsewhere, which the trail must continue;
// and which of its entries do not. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "ledger/checkpoint.h"
#include "ledger/merkle.h"

namespace lineshaft::identity {

using TreeNodes = std::map<std::uint64_t, ledger::Sha256>;  // by node_position()

// Without it a trail that was cut off, or written anew with its key, passes.
struct AuditKept {
  struct Mark {
    std::string name;  // for the report: a file, a witness
    ledger::Checkpoint checkpoint;
  };
  std::vector<Mark> marks;
  // With hashes of single entries the first bad one is named exactly.
  TreeNodes nodes;
};

// How much of a tree is as it was kept.
struct AuditAgreement {
  std::uint64_t good = 0;            // the first so many entries are those that were kept
  std::vector<std::string> unclear;  // marks that hidden entries keep from being compared
};

// Compares the tree of `size` entries, as far as `nodes` knows it. Marks behind its end are not
// looked at. Errors: kVerificationFailed: "entry 17 ..."; "one of the entries 5 to 9 ..." when
// nothing that was kept says more.
Result<AuditAgreement> compare_with_kept(std::uint64_t size, const TreeNodes& nodes,
                                         const AuditKept& kept);

// "entry 17", "one of the entries 5 to 9". Requires: first <= last.
std::string entry_names(std::uint64_t first, std::uint64_t last);

}  // namespace lineshaft::identity
