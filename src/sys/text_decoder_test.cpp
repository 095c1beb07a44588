#include "sys/text_decoder.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace lineshaft::sys {
namespace {

// Decodes in pieces of `piece` bytes.
std::string decode(const std::string& charset, std::string_view bytes, std::size_t piece,
                   std::uint64_t* invalid = nullptr) {
  auto decoder = make_text_decoder(charset).value();
  std::string out;
  while (!bytes.empty()) {
    decoder->decode(bytes.substr(0, piece), out);
    bytes.remove_prefix(std::min(piece, bytes.size()));
  }
  decoder->finish(out);
  if (invalid != nullptr) *invalid = decoder->invalid();
  return out;
}

// U+6E29 U+5EA6 (temperature) in GB 2312 rows 46-34 and 22-40; the four-byte form is U+0BF6.
TEST(TextDecoder, DecodesWhateverTheCut) {
  for (std::size_t piece = 1; piece <= 9; ++piece) {
    EXPECT_EQ(decode("GB18030", "\xce\xc2\xb6\xc8,1", piece), "温度,1");
    EXPECT_EQ(decode("UTF-16LE", std::string_view("\x29\x6e,\0\x3d\xd8\x00\xde", 8), piece),
              "温,😀");
    EXPECT_EQ(decode("UTF-16BE", std::string_view("\x6e\x29\0,", 4), piece), "温,");
    EXPECT_EQ(decode("WINDOWS-1252",
                     "\xb0"
                     "C \x80",
                     piece),
              "°C €");
  }
}

TEST(TextDecoder, MarksWhatIsNoCharacter) {
  std::uint64_t invalid = 0;
  EXPECT_EQ(decode("GB18030",
                   "a\xff"
                   "b",
                   100, &invalid),
            "a\xef\xbf\xbd"
            "b");
  EXPECT_EQ(invalid, 1U);
  EXPECT_EQ(decode("GB18030", "a\xce", 100, &invalid), "a\xef\xbf\xbd");
  EXPECT_EQ(invalid, 1U);
}

TEST(TextDecoder, RefusesAnEncodingThatTheSystemDoesNotHave) {
  EXPECT_FALSE(make_text_decoder("KLINGON-8").ok());
}

}  // namespace
}  // namespace lineshaft::sys
