#include "wire/csv/encoding.h"

#include <algorithm>
#include <array>

#include "base/utf8.h"

namespace lineshaft::csv {
namespace {

bool is_utf8_head(std::string_view head) {
  for (std::size_t cut = 0; cut <= std::min<std::size_t>(3, head.size()); ++cut) {
    if (is_utf8(head.substr(0, head.size() - cut))) return true;
  }
  return false;
}

// Characters of GB 2312 are pairs of bytes above 0xa0; accented letters of Windows-1252 mostly
// stand alone between ASCII.
bool pairs_up(std::string_view head) {
  std::size_t paired = 0;
  std::size_t single = 0;
  const auto high = [&](std::size_t at) {
    return at < head.size() && static_cast<unsigned char>(head[at]) > 0xa0;
  };
  for (std::size_t i = 0; i < head.size(); ++i) {
    if (static_cast<unsigned char>(head[i]) < 0x80) continue;
    if (high(i) && high(i + 1)) {
      ++paired;
      ++i;
    } else if (i + 1 < head.size()) {
      ++single;
    }
  }
  return paired > 4 * single;
}

}  // namespace

EncodingGuess guess_encoding(std::string_view head) {
  if (head.starts_with("\xef\xbb\xbf")) return {Encoding::kUtf8, 3};
  if (head.starts_with("\xff\xfe")) return {Encoding::kUtf16Le, 2};
  if (head.starts_with("\xfe\xff")) return {Encoding::kUtf16Be, 2};
  std::array<std::size_t, 2> zeros{};
  for (std::size_t i = 0; i < head.size(); ++i) zeros[i % 2] += head[i] == '\0' ? 1U : 0U;
  if (zeros[1] > head.size() / 4) return {Encoding::kUtf16Le, 0};
  if (zeros[0] > head.size() / 4) return {Encoding::kUtf16Be, 0};
  if (is_utf8_head(head)) return {Encoding::kUtf8, 0};
  return {pairs_up(head) ? Encoding::kGb18030 : Encoding::kWindows1252, 0};
}

}  // namespace lineshaft::csv
