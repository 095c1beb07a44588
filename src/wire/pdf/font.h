// wire/pdf/font.h: how wide text is, and where it is broken into lines. Pure; threads: any.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lineshaft::pdf {

// In hundredths of a point; a point is 1/72 inch.
using Length = std::int32_t;

// Helvetica for Latin-1, Song for every other character. Both are of those that each reader of PDF
// brings along or replaces, so that a file stays at a few kilobytes. Song has the characters of
// Chinese, Japanese kana, Greek and Cyrillic (Adobe-GB1-5); what it lacks is not shown.
struct Font {
  Length size = 900;
  bool is_bold = false;  // of Latin-1 alone; there is no bold Song
};

// A stretch of text in one of the two fonts.
struct Run {
  bool is_latin = true;
  std::u32string characters;
};

// Control characters become blanks. Requires: `text` is UTF-8.
std::vector<Run> runs_of(std::string_view text);

// At least as wide as it is shown. Requires: `text` is UTF-8.
Length width_of(std::string_view text, Font font);

// Lines of up to `width`, broken at blanks and beside Chinese characters, or anywhere in a word
// that is longer than a line. At least one line. Requires: `text` is UTF-8.
std::vector<std::string> wrapped(std::string_view text, Font font, Length width);

}  // namespace lineshaft::pdf
