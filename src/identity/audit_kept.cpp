#include "identity/audit_kept.h"

#include <algorithm>

namespace lineshaft::identity {
namespace {

Error failed(std::string what) { return {ErrorId::kVerificationFailed, std::move(what)}; }

ledger::Nodes reader_of(const TreeNodes& nodes) {
  return [&nodes](std::uint64_t position) -> Result<ledger::Sha256> {
    const auto found = nodes.find(position);
    if (found != nodes.end()) return found->second;
    return Error{ErrorId::kNotFound, "not shown"};
  };
}

struct Run {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};

// The entries below a node.
Run entries_below(std::uint64_t position) {
  // The entry that completes the subtree, counted from 0: the last with no more nodes before it.
  std::uint64_t low = 0;
  std::uint64_t high = position + 1;
  while (high - low > 1) {
    const std::uint64_t middle = low + (high - low) / 2;
    (ledger::node_count(middle) <= position ? low : high) = middle;
  }
  const std::uint64_t width = std::uint64_t{1} << (position - ledger::node_count(low));
  return {low + 2 - width, low + 1};
}

// The first entries of which both know a hash, and not the same.
Status compare_nodes(const TreeNodes& nodes, const TreeNodes& kept) {
  Run bad;
  for (const auto& [position, hash] : kept) {
    const auto here = nodes.find(position);
    if (here == nodes.end() || here->second == hash) continue;
    const Run below = entries_below(position);
    if (bad.last == 0 || below.first < bad.first) bad = below;
    if (below.first == below.last) break;  // positions rise: no single entry before it differs
  }
  if (bad.last == 0) return {};
  return failed(entry_names(bad.first, bad.last) + " is another than the one that was kept");
}

}  // namespace

std::string entry_names(std::uint64_t first, std::uint64_t last) {
  if (first == last) return "entry " + std::to_string(first);
  return "one of the entries " + std::to_string(first) + " to " + std::to_string(last);
}

Result<AuditAgreement> compare_with_kept(std::uint64_t size, const TreeNodes& nodes,
                                         const AuditKept& kept) {
  if (Status same = compare_nodes(nodes, kept.nodes); !same) return std::move(same).error();
  AuditAgreement agreement;
  // Of all that makes up the tree another copy knows the hashes, and none differs.
  if (size > 0 && ledger::root_at(size, reader_of(kept.nodes))) agreement.good = size;
  std::vector<const AuditKept::Mark*> marks;
  for (const AuditKept::Mark& mark : kept.marks) marks.push_back(&mark);
  std::ranges::stable_sort(marks, {}, [](const auto* mark) { return mark->checkpoint.size; });
  for (const AuditKept::Mark* mark : marks) {
    const std::uint64_t end = mark->checkpoint.size;
    if (end > size) break;
    const Result<ledger::Sha256> root = ledger::root_at(end, reader_of(nodes));
    if (!root) {
      agreement.unclear.push_back(mark->name);
    } else if (*root == mark->checkpoint.root) {
      agreement.good = std::max(agreement.good, end);
    } else {
      const std::uint64_t first = agreement.good < end ? agreement.good + 1 : 1;
      return failed(entry_names(std::min(first, end), end) + " is another than the one that " +
                    mark->name + " counts");
    }
  }
  return agreement;
}

}  // namespace lineshaft::identity
