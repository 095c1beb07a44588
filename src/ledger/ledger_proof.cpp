// Proofs. Each is checked before it leaves: the file of hashes may be damaged, the root is not.
#include <shared_mutex>

#include "ledger/ledger.h"
#include "ledger/source.h"

namespace lineshaft::ledger {
namespace {

Error wrong_tree() { return {ErrorId::kCorrupt, "the hashes of the ledger's tree are damaged"}; }

}  // namespace

Nodes Ledger::nodes() const {
  return [this](std::uint64_t position) { return tree_.read(position); };
}

// Requires: mutex_ is held; size <= that of the ledger.
Result<Sha256> Ledger::checked_root(std::uint64_t size) const {
  if (size == peaks_.size()) return peaks_.root();
  Result<Sha256> root = root_at(size, nodes());
  if (!root || size == 0) return root;
  const Result<Proof> proof = consistency_proof(size, peaks_.size(), nodes());
  if (!proof) return proof.error();
  if (!verify_consistency(size, peaks_.size(), *proof, *root, peaks_.root())) return wrong_tree();
  return root;
}

Status Ledger::rebuild_tree() {
  tree_.restart();
  Peaks peaks;
  std::vector<Sha256> made;
  Status read =
      read_entries(reader_, {1}, {peaks_.size()}, [&](Sequence, ByteSpan bytes) -> Status {
        made.clear();
        peaks.append(leaf_hash(bytes), made);
        tree_.append(made);
        return {};
      });
  if (read && peaks.root() != peaks_.root()) {
    return Error{ErrorId::kCorrupt, "the journals in the log are not those that were taken"};
  }
  return read;
}

template <typename Made>
Result<Made> Ledger::from_tree(std::uint64_t size, const std::function<Result<Made>()>& make) {
  {
    const std::shared_lock lock(mutex_);
    if (size > peaks_.size()) {
      return Error{ErrorId::kNotFound, "the ledger has " + std::to_string(peaks_.size()) +
                                           " journals, not " + std::to_string(size)};
    }
    Result<Made> made = make();
    if (made) return made;
  }
  const std::unique_lock lock(mutex_);
  Result<Made> made = make();  // Another thread may have been first.
  if (made) return made;
  if (Status rebuilt = rebuild_tree(); !rebuilt) return std::move(rebuilt).error();
  return make();
}

Result<Sha256> Ledger::root_of(std::uint64_t size) {
  return from_tree<Sha256>(size, [&] { return checked_root(size); });
}

Result<Proof> Ledger::prove_inclusion(Sequence sequence, std::uint64_t size) {
  if (sequence.value == 0 || sequence.value > size) {
    return Error{ErrorId::kNotFound, "journal " + std::to_string(sequence.value) +
                                         " is not among the first " + std::to_string(size)};
  }
  const std::uint64_t index = sequence.value - 1;
  return from_tree<Proof>(size, [&]() -> Result<Proof> {
    const Result<Sha256> root = checked_root(size);
    if (!root) return root.error();
    const Result<Sha256> leaf = tree_.read(node_position(0, index));
    if (!leaf) return leaf.error();
    Result<Proof> proof = inclusion_proof(index, size, nodes());
    if (!proof) return proof;
    if (!verify_inclusion(*leaf, index, size, *proof, *root)) return wrong_tree();
    return proof;
  });
}

Result<Proof> Ledger::prove_consistency(std::uint64_t old_size, std::uint64_t size) {
  if (old_size == 0 || old_size > size) {
    return Error{ErrorId::kNotFound, "there is nothing to prove from " + std::to_string(old_size) +
                                         " to " + std::to_string(size) + " journals"};
  }
  return from_tree<Proof>(size, [&]() -> Result<Proof> {
    const Result<Sha256> old_root = checked_root(old_size);
    if (!old_root) return old_root.error();
    const Result<Sha256> root = checked_root(size);
    if (!root) return root.error();
    Result<Proof> proof = consistency_proof(old_size, size, nodes());
    if (!proof) return proof;
    if (!verify_consistency(old_size, size, *proof, *old_root, *root)) return wrong_tree();
    return proof;
  });
}

}  // namespace lineshaft::ledger
