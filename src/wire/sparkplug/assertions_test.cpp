// The table of assertions in docs/reference/sparkplug.md names tests that exist, and each assertion
// of the specification once.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <string>

namespace lineshaft::sparkplug {
namespace {

struct Row {
  std::string state;
  std::string reason;
};

std::string trimmed(const std::string& cell) {
  const std::size_t first = cell.find_first_not_of(" `");
  const std::size_t last = cell.find_last_not_of(" `");
  return first == std::string::npos ? "" : cell.substr(first, last - first + 1);
}

std::map<std::string, Row> table() {
  std::ifstream page(std::string(LINESHAFT_SOURCE_DIR) + "/docs/reference/sparkplug.md");
  std::map<std::string, Row> rows;
  bool inside = false;
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with("## ")) inside = line == "## Assertions of the specification";
    if (!inside || !line.starts_with("| ") || line.starts_with("| assertion ")) continue;
    const std::size_t first = line.find('|', 1);
    const std::size_t second = line.find('|', first + 1);
    const std::size_t third = line.find('|', second + 1);
    const std::string id = trimmed(line.substr(1, first - 1));
    const bool is_new = rows.emplace(id, Row{trimmed(line.substr(first + 1, second - first - 1)),
                                             trimmed(line.substr(second + 1, third - second - 1))})
                            .second;
    EXPECT_TRUE(is_new) << id << " stands twice";
  }
  return rows;
}

std::set<std::string> tests_here() {
  std::set<std::string> names;
  const auto* program = ::testing::UnitTest::GetInstance();
  for (int i = 0; i < program->total_test_suite_count(); ++i) {
    const auto* suite = program->GetTestSuite(i);
    for (int j = 0; j < suite->total_test_count(); ++j) {
      names.insert(std::string(suite->name()) + "." + suite->GetTestInfo(j)->name());
    }
  }
  return names;
}

TEST(SparkplugAssertions, NameTestsThatExist) {
  const std::set<std::string> here = tests_here();
  std::size_t tested = 0;
  for (const auto& [id, row] : table()) {
    EXPECT_FALSE(row.reason.empty()) << id;
    if (row.state != "tested") continue;
    tested += 1;
    // Those of the session and the flow are in the program of connect/.
    if (row.reason.starts_with("SparkplugSessionTest.")) continue;
    if (row.reason.starts_with("SparkplugFlow.")) continue;
    EXPECT_TRUE(here.contains(row.reason)) << id << ": " << row.reason;
  }
  EXPECT_GT(tested, 200u);
}

TEST(SparkplugAssertions, AreThoseOfTheSpecification) {
  std::ifstream list(std::string(LINESHAFT_SHARED_DIR) + "/golden/sparkplug/assertion-ids.txt");
  if (!list) GTEST_SKIP() << "the list of the specification is not here";
  const auto rows = table();
  std::size_t count = 0;
  for (std::string id; std::getline(list, id);) {
    if (id.empty()) continue;
    count += 1;
    EXPECT_TRUE(rows.contains(id.substr(std::string("tck-id-").size()))) << id;
  }
  EXPECT_EQ(rows.size(), count);
}

}  // namespace
}  // namespace lineshaft::sparkplug
