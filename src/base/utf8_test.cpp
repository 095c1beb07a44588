#include "base/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace lineshaft {
namespace {

// The well-formed byte sequences of table 3-7 of the Unicode Standard 15.0, written out: the lead
// byte decides which second bytes are allowed, all later bytes are 80..BF.
bool table_3_7_allows(unsigned lead, unsigned second, std::size_t length) {
  const bool usual = second >= 0x80 && second <= 0xbf;
  if (length == 2) return lead >= 0xc2 && lead <= 0xdf && usual;
  if (length == 3) {
    if (lead == 0xe0) return second >= 0xa0 && second <= 0xbf;
    if (lead == 0xed) return second >= 0x80 && second <= 0x9f;
    return lead >= 0xe1 && lead <= 0xef && usual;
  }
  if (lead == 0xf0) return second >= 0x90 && second <= 0xbf;
  if (lead == 0xf4) return second >= 0x80 && second <= 0x8f;
  return lead >= 0xf1 && lead <= 0xf3 && usual;
}

TEST(Utf8, AcceptsExactlyTheSequencesOfTheUnicodeStandard) {
  for (unsigned lead = 0; lead < 256; ++lead) {
    EXPECT_EQ(is_utf8(std::string(1, static_cast<char>(lead))), lead < 0x80) << lead;
    if (lead < 0x80) continue;  // Complete by itself.
    for (unsigned second = 0x80; second < 256; ++second) {
      for (std::size_t length = 2; length <= 4; ++length) {
        std::string text{static_cast<char>(lead), static_cast<char>(second)};
        text.append(length - 2, '\x80');
        EXPECT_EQ(is_utf8(text), table_3_7_allows(lead, second, length)) << lead << ' ' << second;
      }
    }
  }
}

TEST(Utf8, RefusesACodePointThatIsCutOff) {
  EXPECT_TRUE(is_utf8("轧机"));
  EXPECT_FALSE(is_utf8(std::string_view("轧机").substr(0, 5)));
}

TEST(Utf8, CountsCodePointsAndCutsBetweenThem) {
  EXPECT_EQ(utf8_length("a轧é"), 3U);
  EXPECT_EQ(utf8_prefix("a轧é", 3), "a");
  EXPECT_EQ(utf8_prefix("a轧é", 4), "a轧");
  EXPECT_EQ(utf8_prefix("a轧é", 99), "a轧é");
}

TEST(Utf8, FindsControlCharacters) {
  EXPECT_TRUE(has_control("a\nb"));
  EXPECT_TRUE(has_control(std::string_view("\0", 1)));
  EXPECT_TRUE(has_control("\x7f"));
  EXPECT_FALSE(has_control("轧机 1"));
}

}  // namespace
}  // namespace lineshaft
