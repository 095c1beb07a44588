#include "ledger/merkle.h"

#include <bit>

#include "base/assert.h"

namespace lineshaft::ledger {
namespace {

constexpr std::uint8_t kLeafPrefix[] = {0x00};
constexpr std::uint8_t kNodePrefix[] = {0x01};

// The largest power of two below `size`. Requires: size >= 2.
std::uint64_t split_of(std::uint64_t size) { return std::bit_floor(size - 1); }

// Of the leaves [begin, begin + size). Requires: begin is a multiple of bit_ceil(size).
Result<Sha256> range_root(std::uint64_t begin, std::uint64_t size, const Nodes& nodes) {
  if (std::has_single_bit(size)) {
    const auto level = static_cast<unsigned>(std::countr_zero(size));
    return nodes(node_position(level, begin >> level));
  }
  const std::uint64_t left_size = split_of(size);
  const Result<Sha256> left = range_root(begin, left_size, nodes);
  if (!left) return left;
  const Result<Sha256> right = range_root(begin + left_size, size - left_size, nodes);
  if (!right) return right;
  return node_hash(*left, *right);
}

}  // namespace

Sha256 leaf_hash(ByteSpan entry) { return sys::sha256({kLeafPrefix, entry}); }

Sha256 node_hash(const Sha256& left, const Sha256& right) {
  return sys::sha256({kNodePrefix, left, right});
}

Sha256 empty_root() { return sys::sha256(ByteSpan()); }

Peaks::Peaks(std::uint64_t size, std::vector<Sha256> hashes)
    : size_(size), hashes_(std::move(hashes)) {
  LS_ASSERT(static_cast<std::size_t>(std::popcount(size)) == hashes_.size());
}

void Peaks::append(const Sha256& leaf, std::vector<Sha256>& made) {
  made.push_back(leaf);
  Sha256 hash = leaf;
  // As in adding one to a binary number: each carry joins two subtrees of the same size.
  for (std::uint64_t bit = 1; (size_ & bit) != 0; bit <<= 1) {
    hash = node_hash(hashes_.back(), hash);
    hashes_.pop_back();
    made.push_back(hash);
  }
  hashes_.push_back(hash);
  ++size_;
}

void Peaks::append(const Sha256& leaf) {
  Sha256 hash = leaf;
  for (std::uint64_t bit = 1; (size_ & bit) != 0; bit <<= 1) {
    hash = node_hash(hashes_.back(), hash);
    hashes_.pop_back();
  }
  hashes_.push_back(hash);
  ++size_;
}

Sha256 Peaks::root() const {
  if (hashes_.empty()) return empty_root();
  Sha256 root = hashes_.back();
  for (std::size_t i = hashes_.size() - 1; i-- > 0;) root = node_hash(hashes_[i], root);
  return root;
}

std::uint64_t node_count(std::uint64_t size) {
  return 2 * size - static_cast<std::uint64_t>(std::popcount(size));
}

std::uint64_t node_position(unsigned level, std::uint64_t index) {
  // It is made by its last leaf, after those leaf's smaller subtrees.
  const std::uint64_t last_leaf = ((index + 1) << level) - 1;
  return node_count(last_leaf) + level;
}

Result<Sha256> root_at(std::uint64_t size, const Nodes& nodes) {
  return size == 0 ? Result<Sha256>(empty_root()) : range_root(0, size, nodes);
}

Result<Proof> inclusion_proof(std::uint64_t index, std::uint64_t size, const Nodes& nodes) {
  LS_ASSERT(index < size);
  Proof proof;  // from the root down, turned round at the end
  std::uint64_t begin = 0;
  while (size > 1) {
    const std::uint64_t left_size = split_of(size);
    const bool is_left = index - begin < left_size;
    const Result<Sha256> sibling = is_left ? range_root(begin + left_size, size - left_size, nodes)
                                           : range_root(begin, left_size, nodes);
    if (!sibling) return sibling.error();
    proof.push_back(*sibling);
    if (!is_left) begin += left_size;
    size = is_left ? left_size : size - left_size;
  }
  return Proof(proof.rbegin(), proof.rend());
}

Result<Proof> consistency_proof(std::uint64_t old_size, std::uint64_t size, const Nodes& nodes) {
  LS_ASSERT(old_size > 0 && old_size <= size);
  Proof proof;  // from the root down
  std::uint64_t begin = 0;
  bool is_old_root = true;  // the part is a whole older tree, whose root the reader has
  while (old_size != size) {
    const std::uint64_t left_size = split_of(size);
    const bool goes_left = old_size <= left_size;
    const Result<Sha256> sibling = goes_left
                                       ? range_root(begin + left_size, size - left_size, nodes)
                                       : range_root(begin, left_size, nodes);
    if (!sibling) return sibling.error();
    proof.push_back(*sibling);
    if (goes_left) {
      size = left_size;
    } else {
      is_old_root = false;
      begin += left_size;
      size -= left_size;
      old_size -= left_size;
    }
  }
  if (!is_old_root) {
    const Result<Sha256> part = range_root(begin, size, nodes);
    if (!part) return part.error();
    proof.push_back(*part);
  }
  return Proof(proof.rbegin(), proof.rend());
}

// RFC 9162, 2.1.3.2.
bool verify_inclusion(const Sha256& leaf, std::uint64_t index, std::uint64_t size,
                      const Proof& proof, const Sha256& root) {
  if (index >= size) return false;
  std::uint64_t node = index;
  std::uint64_t last = size - 1;
  Sha256 hash = leaf;
  for (const Sha256& sibling : proof) {
    if (last == 0) return false;
    if ((node & 1) != 0 || node == last) {
      hash = node_hash(sibling, hash);
      while ((node & 1) == 0 && node != 0) {
        node >>= 1;
        last >>= 1;
      }
    } else {
      hash = node_hash(hash, sibling);
    }
    node >>= 1;
    last >>= 1;
  }
  return last == 0 && hash == root;
}

// RFC 9162, 2.1.4.2.
bool verify_consistency(std::uint64_t old_size, std::uint64_t size, const Proof& proof,
                        const Sha256& old_root, const Sha256& root) {
  if (old_size == 0 || old_size > size) return false;
  if (old_size == size) return proof.empty() && old_root == root;
  if (proof.empty()) return false;
  std::uint64_t node = old_size - 1;
  std::uint64_t last = size - 1;
  while ((node & 1) != 0) {
    node >>= 1;
    last >>= 1;
  }
  // A whole older tree is not sent: the reader has its root.
  std::size_t next = std::has_single_bit(old_size) ? 0 : 1;
  Sha256 old_hash = next == 0 ? old_root : proof[0];
  Sha256 hash = old_hash;
  for (; next < proof.size(); ++next) {
    if (last == 0) return false;
    if ((node & 1) != 0 || node == last) {
      old_hash = node_hash(proof[next], old_hash);
      hash = node_hash(proof[next], hash);
      while ((node & 1) == 0 && node != 0) {
        node >>= 1;
        last >>= 1;
      }
    } else {
      hash = node_hash(hash, proof[next]);
    }
    node >>= 1;
    last >>= 1;
  }
  return last == 0 && old_hash == old_root && hash == root;
}

}  // namespace lineshaft::ledger
