// ledger/key_index.h: which journal has which idempotency key, in 16 bytes per journal.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "ledger/journal.h"

namespace lineshaft::ledger {

// Sixteen random bytes that nobody outside knows, so that nobody can choose keys that collide.
using KeySeed = std::array<std::uint8_t, 16>;

// Keeps 88 bits of a keyed hash (SipHash-128) of each key. Two keys among ten million are taken for
// one with a chance of 1 in 10^12; who finds a key here compares it with the journal's. One thread
// writes, or any number read.
class KeyIndex {
 public:
  // Sequence numbers are below this: 30 years at a thousand journals a second.
  static constexpr std::uint64_t kSequenceEnd = std::uint64_t{1} << 40;

  struct Fingerprint {
    std::uint64_t high = 0;
    std::uint64_t low = 0;  // 24 bits, in place above the sequence
  };

  explicit KeyIndex(const KeySeed& seed) : seed_(seed) {}

  Fingerprint fingerprint(std::string_view key) const;
  std::optional<Sequence> find(const Fingerprint& key) const;
  // Requires: not in it; sequence < kSequenceEnd.
  void insert(const Fingerprint& key, Sequence sequence);
  // Requires: it is in it.
  void erase(const Fingerprint& key);

  std::uint64_t size() const { return size_; }
  const KeySeed& seed() const { return seed_; }

  // For a snapshot: all that it holds, in any order, and back. Of the same seed only.
  void save(const std::function<void(std::uint64_t high, std::uint64_t low)>& put) const;
  // Makes room for so many, before they are restored: what is saved comes in the order of the
  // table, and a smaller one would take it in with ever longer searches.
  void reserve(std::uint64_t size);
  // False if it cannot have been saved.
  bool restore(std::uint64_t high, std::uint64_t low);

 private:
  struct Slot {
    std::uint64_t high = 0;
    std::uint64_t low = 0;  // fingerprint and sequence; 0: empty
  };
  std::size_t home(std::uint64_t high) const { return static_cast<std::size_t>(high) & mask_; }
  std::size_t place_of(
      const Fingerprint& key) const;  // its slot, or the empty one where it belongs
  void grow_to(std::size_t slots);

  KeySeed seed_;
  std::vector<Slot> slots_{16};  // a power of two, at most three quarters full
  std::size_t mask_ = 15;
  std::uint64_t size_ = 0;
};

}  // namespace lineshaft::ledger
