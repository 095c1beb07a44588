#include "wire/csv/reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "wire/csv/writer.h"

namespace lineshaft::csv {
namespace {

// Every row as "line: field|field" ('quoted' fields in quotes), or "line! problem".
std::vector<std::string> read(std::string_view text, char delimiter = ',',
                              std::size_t chunk = std::string::npos, ReaderLimits limits = {}) {
  std::vector<std::string> rows;
  Reader reader(delimiter, limits);
  Row row;
  const auto drain = [&] {
    while (reader.next(row)) {
      std::string shown = std::to_string(row.line);
      if (!row.problem.empty()) {
        rows.push_back(shown + "! " + std::string(row.problem));
        continue;
      }
      shown += ":";
      for (const Field& field : row.fields) {
        shown +=
            field.quoted ? " '" + std::string(field.text) + "'" : " " + std::string(field.text);
        shown += "|";
      }
      rows.push_back(shown);
    }
  };
  while (!text.empty()) {
    reader.feed(text.substr(0, chunk));
    text.remove_prefix(std::min(chunk, text.size()));
    drain();
  }
  reader.finish();
  drain();
  return rows;
}

using Rows = std::vector<std::string>;

// The numbered definitions of RFC 4180, section 2.
TEST(CsvReader, ReadsTheExamplesOfTheStandard) {
  EXPECT_EQ(read("aaa,bbb,ccc\r\nzzz,yyy,xxx\r\n"),
            (Rows{"1: aaa| bbb| ccc|", "2: zzz| yyy| xxx|"}));
  EXPECT_EQ(read("aaa,bbb,ccc\r\nzzz,yyy,xxx"), (Rows{"1: aaa| bbb| ccc|", "2: zzz| yyy| xxx|"}));
  EXPECT_EQ(read("\"aaa\",\"b\r\nbb\",\"ccc\"\r\nzzz,yyy,xxx"),
            (Rows{"1: 'aaa'| 'b\r\nbb'| 'ccc'|", "3: zzz| yyy| xxx|"}));
  EXPECT_EQ(read("\"aaa\",\"b\"\"bb\",\"ccc\""), (Rows{"1: 'aaa'| 'b\"bb'| 'ccc'|"}));
}

TEST(CsvReader, TakesEveryLineEndAndSkipsBlankLines) {
  EXPECT_EQ(read("a\nb\r\nc\rd"), (Rows{"1: a|", "2: b|", "3: c|", "4: d|"}));
  EXPECT_EQ(read("\n\na,b\n  \n\r\nc,d\n"), (Rows{"3: a| b|", "6: c| d|"}));
  EXPECT_EQ(read(""), Rows{});
  EXPECT_EQ(read("\n\n"), Rows{});
}

TEST(CsvReader, TellsAnEmptyTextFromNoValue) {
  EXPECT_EQ(read("a,,\"\"\n,\n\"\"\n"), (Rows{"1: a| | ''|", "2: | |", "3: ''|"}));
}

TEST(CsvReader, TakesBlanksAroundQuotesAndQuotesInsideFields) {
  EXPECT_EQ(read("a, \"b,c\" ,d\n"), (Rows{"1: a| 'b,c'| d|"}));
  EXPECT_EQ(read("5\" pipe, a b \n"), (Rows{"1: 5\" pipe|  a b |"}));
  EXPECT_EQ(read("\"a\"\t\"b\"\n", '\t'), (Rows{"1: 'a'| 'b'|"}));
}

TEST(CsvReader, SplitsAtRunsOfBlanks) {
  EXPECT_EQ(read("  1.0   2.0\t3.0  \n4 5 6", kBlanks), (Rows{"1: 1.0| 2.0| 3.0|", "2: 4| 5| 6|"}));
  EXPECT_EQ(read("\"a b\"  c\n", kBlanks), (Rows{"1: 'a b'| c|"}));
}

TEST(CsvReader, AnOpenQuoteCostsOneLine) {
  EXPECT_EQ(read("a,b\n1,\"x\n2,y\n3,z\n"),
            (Rows{"1: a| b|", "2! a quote is opened and never closed", "3: 2| y|", "4: 3| z|"}));
  EXPECT_EQ(read("1,\"x\n2,\"y\"\n3,z\n"),
            (Rows{"1! there is text behind a closing quote", "2: 2| 'y'|", "3: 3| z|"}));
}

TEST(CsvReader, RefusesRowsBeyondItsLimits) {
  const ReaderLimits small{.row_bytes_max = 8, .fields_max = 3};
  EXPECT_EQ(read("a,b\n0123456789012345\nc,d\n", ',', 4, small),
            (Rows{"1: a| b|", "2! the row is too long, or a quote is never closed", "3: c| d|"}));
  EXPECT_EQ(read("1,2,3,4\n5,6,7\n", ',', 100, small),
            (Rows{"1! the row has too many fields", "2: 5| 6| 7|"}));
}

TEST(CsvReader, TheSizeOfTheChunksDoesNotMatter) {
  const std::string text =
      "a,\"b\r\nb\"\"\",c\r\n\r\n \"x\" ,\"\",\r\r1,\"open\n2,3,4\n5,\"e\"f\n6";
  const Rows whole = read(text);
  for (std::size_t chunk = 1; chunk < text.size(); ++chunk) {
    EXPECT_EQ(read(text, ',', chunk), whole) << chunk;
  }
}

TEST(CsvReader, ReadsBackWhatTheWriterWrote) {
  constexpr std::uint64_t kSeed = 20261123;
  std::mt19937_64 random(kSeed);
  const std::string alphabet = "ab,;\"\r\n \t|=";
  for (int round = 0; round < 2'000; ++round) {
    const char delimiter = std::string(",;\t|")[random() % 4];
    std::vector<std::vector<std::string>> table(1 + random() % 4);
    const std::size_t width = 1 + random() % 4;
    std::string text;
    for (auto& row : table) {
      for (std::size_t i = 0; i < width; ++i) {
        std::string field;
        for (std::size_t n = random() % 6; n > 0; --n)
          field += alphabet[random() % alphabet.size()];
        if (i > 0) text += delimiter;
        append_text(text, field, delimiter);
        row.push_back(field);
      }
      end_row(text);
    }
    Reader reader(delimiter);
    reader.feed(text);
    reader.finish();
    Row row;
    for (const auto& expected : table) {
      ASSERT_TRUE(reader.next(row)) << text << " seed " << kSeed;
      std::vector<std::string> fields;
      for (const Field& field : row.fields) fields.emplace_back(field.text);
      ASSERT_EQ(fields, expected) << text << " seed " << kSeed;
    }
    ASSERT_FALSE(reader.next(row)) << text;
  }
}

}  // namespace
}  // namespace lineshaft::csv
