#include "wire/pdf/font.h"

#include <array>
#include <utility>

#include "base/assert.h"

namespace lineshaft::pdf {
namespace {

// Widths of Helvetica in thousandths of the size, from blank to tilde: Adobe's font metrics. Its
// bold is wider here and there; kBoldMore is the most by which.
constexpr std::array<std::uint16_t, 95> kWidths{
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333,  278, 278, 556, 556, 556,
    556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667,
    611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667,  611, 722, 667, 944, 667,
    667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278,  556, 556, 222, 222, 500,
    222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500,  500, 334, 260, 334, 584};
constexpr int kBoldMore = 56;
constexpr int kWideLatin = 1000;  // letters with accents and signs: none is wider
constexpr int kSong = 1000;

bool is_latin(char32_t c) { return (c >= 0x20 && c < 0x7F) || (c >= 0xA0 && c < 0x100); }

// The next character of `text`, which loses it.
char32_t take(std::string_view& text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t bytes = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  LS_ASSERT(bytes <= text.size());
  constexpr std::array<unsigned char, 5> kLeadBits{0, 0x7F, 0x1F, 0x0F, 0x07};
  char32_t character = lead & kLeadBits[bytes];
  for (std::size_t i = 1; i < bytes; ++i) {
    character = (character << 6) | (static_cast<unsigned char>(text[i]) & 0x3FU);
  }
  text.remove_prefix(bytes);
  const bool is_control = character < 0x20 || (character >= 0x7F && character < 0xA0);
  return is_control ? U' ' : character;
}

int thousandths_of(char32_t character, bool is_bold) {
  if (!is_latin(character)) return kSong;
  if (character >= 0x7F) return kWideLatin;
  const int width = kWidths[character - 0x20];
  const bool is_figure = character >= '0' && character <= '9';
  return is_bold && !is_figure ? width + kBoldMore : width;
}

}  // namespace

std::vector<Run> runs_of(std::string_view text) {
  std::vector<Run> runs;
  while (!text.empty()) {
    const char32_t character = take(text);
    const bool latin = is_latin(character);
    if (runs.empty() || runs.back().is_latin != latin) runs.push_back({latin, {}});
    runs.back().characters += character;
  }
  return runs;
}

Length width_of(std::string_view text, Font font) {
  std::int64_t thousandths = 0;
  while (!text.empty()) thousandths += thousandths_of(take(text), font.is_bold);
  return static_cast<Length>((thousandths * font.size + 999) / 1000);
}

std::vector<std::string> wrapped(std::string_view text, Font font, Length width) {
  std::vector<std::string> lines;
  std::string line;
  std::size_t good_break = 0;  // bytes of the line up to which it may be broken; 0: nowhere
  while (!text.empty()) {
    const std::string_view before = text;
    const char32_t character = take(text);
    const std::string_view bytes = before.substr(0, before.size() - text.size());
    if (!is_latin(character)) good_break = line.size();
    if (!line.empty() && width_of(line + std::string(bytes), font) > width) {
      const std::size_t at = character == U' ' || good_break == 0 ? line.size() : good_break;
      std::string rest = line.substr(at);
      line.resize(at);
      while (!line.empty() && line.back() == ' ') line.pop_back();
      lines.push_back(std::move(line));
      line = std::move(rest);
      good_break = 0;
      if (line.empty() && character == U' ') continue;
    }
    line += bytes;
    if (character == U' ' || !is_latin(character)) good_break = line.size();
  }
  lines.push_back(std::move(line));
  return lines;
}

}  // namespace lineshaft::pdf
