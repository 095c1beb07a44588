#include "wire/wipo/row.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace lineshaft::wipo {
namespace {

Day day(std::string_view text) { return parse_day(text).value(); }

RegisterRecord example() {
  RegisterRecord record;
  record.kind = RightKind::kUtilityModel;
  record.office = "CN";
  record.application_number = "202321000002.4";
  record.filed = day("2023-04-27");
  record.publication_number = "220000002";
  record.publication_kind = "U";
  record.published = day("2023-12-01");
  record.granted = day("2023-12-01");
  record.priorities = {{"CN", "202310000001.X", day("2023-01-31")},
                       {"US", "63/000,001", std::nullopt}};
  record.titles = {{"zh", "出钢口；连铸"}, {"", "Taphole; new"}, {"", "de: x"}};
  record.applicants = {"武汉钢铁研究院", "A; B\\C"};
  record.classes = {"F27D 3/15", "F27D 3/00"};
  record.status = "in force";
  return record;
}

Result<RegisterRecord> read(const std::vector<std::string_view>& header,
                            const std::vector<std::string_view>& cells) {
  const Result<RowReader> reader = RowReader::make(header);
  if (!reader) return reader.error();
  return reader->read(cells, 7);
}

std::string refusal(const std::vector<std::string_view>& header,
                    const std::vector<std::string_view>& cells) {
  const Result<RegisterRecord> record = read(header, cells);
  if (record.ok()) return "";
  EXPECT_EQ(record.error().id, ErrorId::kBadRegisterDocument);
  return record.error().what;
}

TEST(Row, HasReadableCells) {
  EXPECT_EQ(cells_of(example()),
            (std::vector<std::string>{
                "utility_model", "CN", "202321000002.4", "2023-04-27", "220000002", "U",
                "2023-12-01", "", "2023-12-01", "CN 202310000001.X 2023-01-31; US 63/000,001",
                "zh: 出钢口；连铸; Taphole\\; new; und: de: x", "武汉钢铁研究院; A\\; B\\\\C", "",
                "F27D 3/15; F27D 3/00", "in force"}));
}

TEST(Row, IsReadAsItWasWrittenInAnyOrderOfColumns) {
  const std::vector<std::string> cells = cells_of(example());
  std::vector<std::size_t> order(kColumns.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::mt19937 random(3);
  for (int turn = 0; turn < 20; ++turn) {
    std::vector<std::string_view> header;
    std::vector<std::string_view> shuffled;
    for (const std::size_t i : order) {
      header.push_back(kColumns[i]);
      shuffled.push_back(cells[i]);
    }
    const Result<RegisterRecord> record = read(header, shuffled);
    ASSERT_TRUE(record.ok()) << record.error().what;
    EXPECT_EQ(*record, example());
    std::shuffle(order.begin(), order.end(), random);
  }
}

TEST(Row, NeedsLittle) {
  const RegisterRecord record = read({"office", "kind", "application_number", "titles", "filed"},
                                     {"CN", "patent", "2021", "连铸机"})
                                    .value();
  EXPECT_EQ(record.titles, (std::vector<Title>{{"", "连铸机"}}));
  EXPECT_FALSE(record.filed);
}

TEST(Row, ThatIsWrongIsRefusedWithLineAndColumn) {
  const std::vector<std::string_view> header{"kind", "office", "application_number", "filed",
                                             "priorities"};
  EXPECT_EQ(refusal(header, {"patent", "CN", "1", "2021-01-04", "CN 1 2020-01-04"}), "");
  EXPECT_EQ(refusal(header, {"patent", "CN", "1", "2021-02-29"}).substr(0, 37),
            "line 7: filed: '2021-02-29' is no day");
  EXPECT_EQ(refusal(header, {"know_how", "CN", "1"}).substr(0, 48),
            "line 7: kind: 'know_how' is no kind of right; th");
  EXPECT_EQ(refusal(header, {"patent", "", "1"}), "line 7: office: it is empty");
  EXPECT_EQ(refusal(header, {"patent", "CN", ""}),
            "line 7: application_number: the right has no number at all");
  EXPECT_EQ(refusal(header, {"patent", "CN", "1", "", "CN"}),
            "line 7: priorities: 'CN' is not a priority such as CN 202310000001.X 2023-05-31");
  EXPECT_EQ(refusal(header, {"patent", "CN", "\xB8\xD6"}),
            "line 7: application_number: it is not UTF-8");
  EXPECT_EQ(refusal(header, {"patent", "CN", "1\n2"}),
            "line 7: application_number: it holds a control character");
  EXPECT_EQ(refusal(header, {"patent", "CN", "1", "", "", "x"}),
            "line 7: row: it has more cells than columns");
  EXPECT_EQ(refusal({"kind", "office", "colour"}, {}), "line 1: colour: there is no such column");
  EXPECT_EQ(refusal({"kind", "office", "kind"}, {}), "line 1: kind: it stands twice");
  EXPECT_EQ(refusal({"kind"}, {}), "line 1: office: the column is missing");
}

}  // namespace
}  // namespace lineshaft::wipo
