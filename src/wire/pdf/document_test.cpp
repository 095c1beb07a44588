#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "wire/pdf/flow.h"

namespace lineshaft::pdf {
namespace {

// What poppler reads out of the file: an implementation of its own.
std::string read_back(const std::string& bytes) {
  const std::string path = testing::TempDir() + "lineshaft-test.pdf";
  std::ofstream(path, std::ios::binary) << bytes;
  std::string text;
  FILE* pipe = popen(("pdftotext -layout '" + path + "' - 2>&1").c_str(), "r");
  EXPECT_NE(pipe, nullptr);
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) text += static_cast<char>(c);
  EXPECT_EQ(pclose(pipe), 0) << text;
  std::filesystem::remove(path);
  return text;
}

std::string foot(std::size_t page, std::size_t pages) {
  return "page " + std::to_string(page) + " of " + std::to_string(pages);
}

TEST(PdfDocument, IsReadBackByAnotherProgram) {
  const std::string texts[] = {"Amount 1,234.50 (CNY) \\ 7 %", "北京钢铁研究院 and Müller & Söhne",
                               "𠂇 – 株式会社"};
  Flow flow("对账单");
  for (const std::string& text : texts) flow.paragraph(text);
  const std::string found = read_back(flow.finish(foot));
  for (const std::string& text : texts) EXPECT_NE(found.find(text), std::string::npos) << found;
  EXPECT_NE(found.find("page 1 of 1"), std::string::npos);
}

TEST(PdfDocument, ATableGoesOnOverPagesAndRepeatsItsTitles) {
  Flow flow("long");
  std::vector<std::vector<std::string>> rows;
  for (int i = 0; i < 200; ++i) rows.push_back({"row " + std::to_string(i), std::to_string(i * 7)});
  flow.table({{"what", 3}, {"how much", 1, true}}, rows);
  const std::string found = read_back(flow.finish(foot));
  std::size_t heads = 0;
  for (std::size_t at = 0; (at = found.find("how much", at)) != std::string::npos; ++at) ++heads;
  const std::size_t pages = static_cast<std::size_t>(std::ranges::count(found, '\f'));
  EXPECT_GE(pages, 3U);
  EXPECT_EQ(heads, pages);
  for (const auto& row : rows) {
    ASSERT_NE(found.find(row[0]), std::string::npos) << row[0];
    ASSERT_NE(found.find(row[1]), std::string::npos) << row[1];
  }
  EXPECT_NE(found.find("page 2 of " + std::to_string(pages)), std::string::npos);
}

// ISO 32000-1, 7.5.4: every place in the table of references is that of its object.
TEST(PdfDocument, ItsTableOfReferencesLeadsToTheObjects) {
  Flow flow("a");
  flow.paragraph("text");
  const std::string file = flow.finish(foot);
  const std::size_t start = file.rfind("startxref\n");
  const std::size_t table = std::stoul(file.substr(start + 10));
  ASSERT_EQ(file.substr(table, 7), "xref\n0 ");
  const std::size_t count = std::stoul(file.substr(table + 7));
  const std::size_t entries = file.find('\n', table + 7) + 1;
  for (std::size_t i = 1; i < count; ++i) {
    const std::size_t place = std::stoul(file.substr(entries + 20 * i, 10));
    const std::string head = std::to_string(i) + " 0 obj\n";
    EXPECT_EQ(file.substr(place, head.size()), head);
  }
}

// Of 10 points, one thousandth is a hundredth of a point. Adobe's metrics: A 667, figures 556.
TEST(PdfFont, KnowsHowWideTextIs) {
  EXPECT_EQ(width_of("A1", {1'000, false}), 667 + 556);
  EXPECT_EQ(width_of("中文", {1'000, false}), 2'000);
}

TEST(PdfFont, BreaksLinesAtBlanksBesideChineseAndInLongWords) {
  using Lines = std::vector<std::string>;
  EXPECT_EQ(wrapped("111 222 333", {1'000, false}, 4'000), (Lines{"111 222", "333"}));
  EXPECT_EQ(wrapped("中文字", {1'000, false}, 2'000), (Lines{"中文", "字"}));
  EXPECT_EQ(wrapped("11 中文", {1'000, false}, 2'400), (Lines{"11 中", "文"}));
  EXPECT_EQ(wrapped("1111111", {1'000, false}, 1'700), (Lines{"111", "111", "1"}));
  EXPECT_EQ(wrapped("", {}, 100), Lines{""});
}

}  // namespace
}  // namespace lineshaft::pdf
