#include "wire/csv/shape.h"

#include <gtest/gtest.h>

#include "wire/csv/encoding.h"

namespace lineshaft::csv {
namespace {

// "delimiter decimal fields" with words for what else was found.
std::string shape(std::string_view text, const ShapeHints& hints = {}) {
  const Shape found = guess_shape(text, true, hints);
  std::string shown = found.delimiter == '\t' ? "tab" : std::string(1, found.delimiter);
  shown += std::string(" ") + found.decimal + " " + std::to_string(found.fields);
  if (found.header) shown += " header";
  if (found.skip_lines > 0) shown += " skip " + std::to_string(found.skip_lines);
  if (found.transposed) shown += " transposed";
  if (found.transposed && found.names_in_front) shown += " named";
  return shown;
}

TEST(CsvShape, FindsDelimiterDecimalAndHeader) {
  EXPECT_EQ(shape("a,b\n1,2\n3,4\n"), ", . 2 header");
  EXPECT_EQ(shape("1.5,2\n3,4.5\n"), ", . 2");
  EXPECT_EQ(shape("a;b\n1,5;2\n3;4,25\n"), "; , 2 header");
  EXPECT_EQ(shape("1,5;2,5\n3,0;4,25\n"), "; , 2");
  EXPECT_EQ(shape("time\tvalue\n2018-01-01 00:00\t1\n"), "tab . 2 header");
  EXPECT_EQ(shape("a|b|c\n1|2|x\n"), "| . 3 header");
  EXPECT_EQ(shape("  1.0   2.0\n  3.0   4.0\n"), "  . 2");
  EXPECT_EQ(shape("timestamp,value\n2013-12-02 21:15:00,73.9\n2013-12-02 21:20:00,74.9\n"),
            ", . 2 header");
  EXPECT_EQ(shape("\"1,5\",\"2,5\"\n\"3,5\",\"4\"\n"), ", , 2");
  EXPECT_EQ(shape("value\n1\n2\n"), ", . 1 header");
}

TEST(CsvShape, TextOnlyTablesHaveAHeaderWhenItsNamesDiffer) {
  EXPECT_EQ(shape("machine,state\nA,on\nB,off\n"), ", . 2 header");
  EXPECT_EQ(shape("on,on\noff,off\n"), ", . 2");
}

TEST(CsvShape, SkipsAPreamble) {
  EXPECT_EQ(shape("Logger 7\nexported yesterday\n\ntime;T\n2018-01-01;1,5\n2018-01-02;2,5\n"),
            "; , 2 header skip 2");
}

TEST(CsvShape, FindsTransposedTables) {
  std::string named = "";
  std::string bare = "";
  for (int line = 1; line <= 5; ++line) {
    named += "signal_" + std::to_string(line);
    for (int i = 0; i < 9; ++i) {
      const std::string number = std::to_string(line * line * 100 + i);
      named += "," + number;
      bare += (i > 0 ? " " : "") + number;
    }
    named += "\n";
    bare += "\n";
  }
  EXPECT_EQ(shape(named), ", . 10 transposed named");
  EXPECT_EQ(shape(bare), "  . 9 transposed");
  EXPECT_EQ(shape(bare, {.transposed = false}), "  . 9");
  EXPECT_EQ(shape("time,2018-01-01,2018-01-02,2018-01-03\nT,1,2,3\nP,7,8,9\n"),
            ", . 4 transposed named");
}

TEST(CsvShape, DoesNotGuessWhatIsGiven) {
  EXPECT_EQ(shape("1,5;2\n3,5;4\n", {.delimiter = ',', .decimal = '.', .header = true}),
            ", . 2 header");
}

TEST(CsvShape, AnEmptyTextHasNoFields) {
  EXPECT_EQ(guess_shape("", true, {}).fields, 0U);
  EXPECT_EQ(guess_shape("\n\n", true, {.transposed = true}).fields, 0U);
}

TEST(CsvEncoding, GuessesFromMarksAndBytes) {
  const auto guess = [](std::string_view head) { return guess_encoding(head).encoding; };
  EXPECT_EQ(guess("a,b"), Encoding::kUtf8);
  EXPECT_EQ(guess(""), Encoding::kUtf8);
  EXPECT_EQ(guess("\xef\xbb\xbf"
                  "a"),
            Encoding::kUtf8);
  EXPECT_EQ(guess_encoding("\xef\xbb\xbf"
                           "a")
                .mark_bytes,
            3U);
  EXPECT_EQ(guess("\xff\xfe"
                  "a\0"),
            Encoding::kUtf16Le);
  EXPECT_EQ(guess(std::string_view("\0a\0,\0b", 6)), Encoding::kUtf16Be);
  EXPECT_EQ(guess("\xe6\xb8\xa9\xe5\xba\xa6\xe6"), Encoding::kUtf8);  // cut inside a character
  EXPECT_EQ(guess("\xce\xc2\xb6\xc8,\xd1\xb9\xc1\xa6"),
            Encoding::kGb18030);  // temperature, pressure
  EXPECT_EQ(guess("Temperatur [\xb0"
                  "C],\xd6lstand"),
            Encoding::kWindows1252);
}

}  // namespace
}  // namespace lineshaft::csv
