// historian/texts.h: texts that repeat, each kept once under a small number and found by a part of
// it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "historian/id_table.h"

namespace lineshaft::historian {

using TextId = std::uint32_t;  // 0 is the empty text

// With the letters of ASCII made small; what search() takes.
std::string lower_ascii(std::string_view text);
inline char lower_ascii(char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c); }

// A text lives as long as it has uses. Its id is given to another one after that.
// Threads: the owner's lock. Cost: some 25 bytes a text, and the text.
class Texts {
 public:
  TextId take(std::string_view text);        // one use more
  void drop(TextId id);                      // one use less
  TextId find(std::string_view text) const;  // 0 if it is not kept
  // Borrowed until the next take or drop.
  std::string_view text(TextId id) const;
  std::size_t id_end() const { return places_.size(); }  // all ids are below

  // Every text in which `word` occurs, in any order, each once. Requires: a word as lower_ascii
  // gives it, not empty. Cost: the bytes of all texts, at some GB/s.
  void search(std::string_view word, const std::function<void(TextId)>& visit) const;

 private:
  // All texts one after the other: a header (its id is 0 if the text is dropped) and the bytes,
  // filled up to a unit.
  static constexpr std::size_t kUnit = 8;
  struct Header {
    TextId id;
    std::uint32_t size;
  };

  struct Place {
    std::uint32_t unit = 0;
    std::uint32_t uses = 0;
  };

  std::size_t at(TextId id) const { return std::size_t{places_[id].unit} * kUnit; }
  Header header(std::size_t at) const {
    Header header;
    std::memcpy(&header, bytes_.data() + at, sizeof header);
    return header;
  }
  static std::size_t record_bytes(std::size_t text_bytes) {
    return (sizeof(Header) + text_bytes + kUnit - 1) / kUnit * kUnit;
  }
  std::size_t after(std::size_t at) const { return at + record_bytes(header(at).size); }
  void append(TextId id, std::string_view text);
  void compact();

  std::vector<char> bytes_;
  std::size_t dropped_bytes_ = 0;
  std::vector<Place> places_{Place{}};  // by id
  std::vector<TextId> free_;
  IdTable ids_;
};

}  // namespace lineshaft::historian
