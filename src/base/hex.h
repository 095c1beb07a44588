// base/hex.h: bytes as text for people: hashes and marks.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"

namespace lineshaft {

// Two digits for each byte, in lower case.
inline std::string hex_text(ByteSpan bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) {
    text += kDigits[byte >> 4U];
    text += kDigits[byte & 15U];
  }
  return text;
}

}  // namespace lineshaft
