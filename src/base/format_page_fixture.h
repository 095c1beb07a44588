// base/format_page_fixture.h: the worked examples of a page in docs/formats/, for tests.
#pragma once

#include <fstream>
#include <string>

#include "base/bytes.h"

namespace lineshaft {

// The bytes of all indented lines below the heading "## <heading>" or "### <heading>" up to the
// next heading. Empty if there is none.
inline Bytes hex_of_page(const std::string& page, const std::string& heading) {
  std::ifstream text(std::string(LINESHAFT_SOURCE_DIR) + "/docs/formats/" + page);
  Bytes bytes;
  bool inside = false;
  for (std::string line; std::getline(text, line);) {
    if (line.starts_with("#")) inside = line.substr(line.find(' ') + 1) == heading;
    if (!inside || !line.starts_with("    ")) continue;
    for (std::size_t i = 0; i + 1 < line.size();) {
      if (line[i] == ' ') {
        ++i;
        continue;
      }
      bytes.push_back(static_cast<std::uint8_t>(std::stoi(line.substr(i, 2), nullptr, 16)));
      i += 2;
    }
  }
  return bytes;
}

// As the page writes bytes, so that a difference can be read.
inline std::string hex_of(ByteSpan bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    if (i > 0) text += i % 16 == 0 ? "\n    " : i % 8 == 0 ? "  " : " ";
    text += kDigits[bytes[i] >> 4];
    text += kDigits[bytes[i] & 15];
  }
  return text;
}

}  // namespace lineshaft
