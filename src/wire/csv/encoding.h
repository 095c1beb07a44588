// wire/csv/encoding.h: which bytes stand for which characters: a guess from the beginning of a
// file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace lineshaft::csv {

enum class Encoding : std::uint8_t { kUtf8, kUtf16Le, kUtf16Be, kGb18030, kWindows1252 };

struct EncodingGuess {
  Encoding encoding = Encoding::kUtf8;
  std::size_t mark_bytes = 0;  // of a byte-order mark in front, to be skipped
};

// A byte-order mark decides. Without one: zero bytes in every second place mean UTF-16; well-formed
// UTF-8 (ASCII too) is UTF-8; else high bytes that come in pairs mean GB18030, single ones
// Windows-1252. `head` may end inside a character.
EncodingGuess guess_encoding(std::string_view head);

}  // namespace lineshaft::csv
