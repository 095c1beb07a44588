// intake/text_ids.h: numbers that belong to texts, found without making a string.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lineshaft::intake {

// Open addressing over slots of 32 bytes; the texts stand one after the other in one string.
// Threads: the owner's lock guards it; find() alone may run in many.
class TextIds {
 public:
  // The number of `text` in `scope`. Cost: one hash, most often one look.
  std::optional<std::uint64_t> find(std::uint32_t scope, std::string_view text) const;
  // Requires: it is not there yet; less than 4 GiB of texts in all.
  void add(std::uint32_t scope, std::string_view text, std::uint64_t number);

  std::size_t bytes() const { return texts_.size() + slots_.size() * sizeof(Slot); }
  void clear() { *this = TextIds(); }

 private:
  struct Slot {
    std::size_t hash = 0;
    std::uint64_t number = 0;
    std::uint32_t at = 0;  // in texts_
    std::uint32_t size = 0;
    std::uint32_t scope = 0;
    bool in_use = false;
  };

  static std::size_t hash_of(std::uint32_t scope, std::string_view text) {
    constexpr std::size_t kOdd = 0x9E3779B97F4A7C15;  // spreads neighbouring scopes
    return std::hash<std::string_view>()(text) ^ (scope * kOdd);
  }
  // That of the text, or the free one where it belongs. Requires: slots_ is not empty.
  std::size_t place_of(std::size_t hash, std::uint32_t scope, std::string_view text) const;
  void grow();

  std::vector<Slot> slots_;  // a power of two of them, at most half in use
  std::size_t count_ = 0;
  std::string texts_;
};

}  // namespace lineshaft::intake
