// ledger/merkle.h: the hash tree of RFC 6962 over a list that only grows: its root, proofs that an
// entry is in it and that it continues an older one, and what checks them. Pure functions.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "sys/sha256.h"

namespace lineshaft::ledger {

using sys::Sha256;
using Proof = std::vector<Sha256>;

Sha256 leaf_hash(ByteSpan entry);                           // SHA-256(0x00 || entry)
Sha256 node_hash(const Sha256& left, const Sha256& right);  // SHA-256(0x01 || left || right)
Sha256 empty_root();                                        // of no entry: SHA-256 of nothing

// --- the growing tree ---

// The roots of the whole subtrees that a tree of some size consists of: at most 64 hashes, from
// which it grows on without knowing its entries.
class Peaks {
 public:
  Peaks() = default;
  // Requires: one hash per bit set in `size`, the largest subtree first.
  Peaks(std::uint64_t size, std::vector<Sha256> hashes);

  // Appends a leaf; then `made` has, besides what it had, the leaf's hash and that of each subtree
  // that it completes, from below.
  void append(const Sha256& leaf, std::vector<Sha256>& made);
  void append(const Sha256& leaf);

  std::uint64_t size() const { return size_; }
  const std::vector<Sha256>& hashes() const { return hashes_; }
  Sha256 root() const;

 private:
  std::uint64_t size_ = 0;
  std::vector<Sha256> hashes_;
};

// --- proofs ---

// Where the hashes of all whole subtrees stand when they are kept in the order in which
// Peaks::append makes them: `index` counts subtrees of 2^level leaves from the left.
std::uint64_t node_position(unsigned level, std::uint64_t index);
// How many there are in a tree of `size` leaves.
std::uint64_t node_count(std::uint64_t size);

// Gives back the hash at a position. Errors: its own.
using Nodes = std::function<Result<Sha256>(std::uint64_t position)>;

// Errors of all three: those of `nodes`. Cost: at most 2 * 64 look-ups.
Result<Sha256> root_at(std::uint64_t size, const Nodes& nodes);
// That leaf `index` is in the tree of the first `size` leaves. Requires: index < size.
Result<Proof> inclusion_proof(std::uint64_t index, std::uint64_t size, const Nodes& nodes);
// That the tree of `size` leaves begins with the `old_size` leaves of an older one.
// Requires: 0 < old_size <= size.
Result<Proof> consistency_proof(std::uint64_t old_size, std::uint64_t size, const Nodes& nodes);

// --- checks; they trust nothing ---

bool verify_inclusion(const Sha256& leaf, std::uint64_t index, std::uint64_t size,
                      const Proof& proof, const Sha256& root);
// Says nothing about an empty older tree: false.
bool verify_consistency(std::uint64_t old_size, std::uint64_t size, const Proof& proof,
                        const Sha256& old_root, const Sha256& root);

}  // namespace lineshaft::ledger
