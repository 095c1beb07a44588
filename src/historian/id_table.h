// historian/id_table.h: finds ids by what they stand for, at some 8 bytes an id.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace lineshaft::historian {

// A hash table of ids only; what an id stands for is kept, hashed and compared by the owner. Open
// addressing with linear probing, at most half full. Ids are not 0.
class IdTable {
 public:
  // The id with that hash for which `same(id)` holds, or 0.
  template <typename Same>
  std::uint32_t find(std::uint64_t hash, const Same& same) const {
    if (places_.empty()) return 0;
    std::size_t at = hash & mask();
    while (places_[at] != 0 && !same(places_[at])) at = next(at);
    return places_[at];
  }

  // Requires: it is not in. `hash_of(id)` gives the hash of any id that is, and of this one.
  template <typename HashOf>
  void add(std::uint32_t id, const HashOf& hash_of) {
    if (2 * (count_ + 1) > places_.size()) grow(hash_of);
    place(id, hash_of);
    ++count_;
  }

  // Requires: it is in.
  template <typename HashOf>
  void remove(std::uint32_t id, const HashOf& hash_of) {
    std::size_t hole = hash_of(id) & mask();
    while (places_[hole] != id) hole = next(hole);
    // Those behind the hole move up, except where that would put them before their own place.
    for (std::size_t at = next(hole); places_[at] != 0; at = next(at)) {
      const std::size_t home = hash_of(places_[at]) & mask();
      if (((at - home) & mask()) < ((at - hole) & mask())) continue;
      places_[hole] = places_[at];
      hole = at;
    }
    places_[hole] = 0;
    --count_;
  }

 private:
  static constexpr std::size_t kPlacesMin = 16;

  std::size_t mask() const { return places_.size() - 1; }
  std::size_t next(std::size_t at) const { return (at + 1) & mask(); }

  template <typename HashOf>
  void place(std::uint32_t id, const HashOf& hash_of) {
    std::size_t at = hash_of(id) & mask();
    while (places_[at] != 0) at = next(at);
    places_[at] = id;
  }

  template <typename HashOf>
  void grow(const HashOf& hash_of) {
    std::vector<std::uint32_t> before(places_.empty() ? kPlacesMin : 2 * places_.size());
    before.swap(places_);
    for (std::uint32_t id : before) {
      if (id != 0) place(id, hash_of);
    }
  }

  std::vector<std::uint32_t> places_;  // 0: free; a power of two of them
  std::size_t count_ = 0;
};

}  // namespace lineshaft::historian
