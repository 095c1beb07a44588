// Does what docs/how-to/rule-pack.md says: reads its files, and finds the deadlines of its table.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <map>

#include "docket/case_fixture.h"

namespace lineshaft::docket {
namespace {

// The fenced blocks that have a name, and the rows of each table below the heading "3. Try it".
struct Page {
  std::map<std::string, std::string> files;
  std::vector<std::vector<std::vector<std::string>>> tables;
};

std::vector<std::string> cells_of(const std::string& row) {
  std::vector<std::string> cells;
  for (std::size_t at = 1; at < row.size();) {
    const std::size_t end = std::min(row.find('|', at), row.size());
    std::string cell = row.substr(at, end - at);
    cell.erase(0, std::min(cell.find_first_not_of(' '), cell.size()));
    cell.erase(cell.find_last_not_of(' ') + 1);
    cells.push_back(cell);
    at = end + 1;
  }
  return cells;
}

Page read_page() {
  std::ifstream text(std::string(LINESHAFT_SOURCE_DIR) + "/docs/how-to/rule-pack.md");
  Page page;
  std::string name;
  bool is_trial = false;
  bool is_table = false;
  for (std::string line; std::getline(text, line);) {
    if (line.starts_with("```")) {
      const std::size_t blank = line.find(' ');
      name = blank == line.npos ? "" : line.substr(blank + 1);
      continue;
    }
    if (!name.empty()) page.files[name] += line + "\n";
    if (line.starts_with("## 3")) is_trial = true;
    const bool is_row = is_trial && line.starts_with("|");
    if (is_row && !is_table) page.tables.emplace_back();
    if (is_row && !line.starts_with("|---")) page.tables.back().push_back(cells_of(line));
    is_table = is_row;
  }
  for (auto& table : page.tables) table.erase(table.begin());  // its head
  return page;
}

TEST(HowToAddARulePack, ShowsFilesAndTheirDeadlines) {
  const Page page = read_page();
  ASSERT_EQ(page.files.size(), 2U);
  ASSERT_EQ(page.tables.size(), 2U);
  std::vector<PackFile> files;
  for (const auto& [name, text] : page.files) files.push_back({name, text});
  const Result<RuleBook> book = RuleBook::read(files);
  ASSERT_TRUE(book.ok()) << book.error().what;

  Case item = make_case("XX", "patent", {});
  for (const auto& row : page.tables[0]) {
    item.events.push_back(
        {row.at(0), day(row.at(1)), row.at(2).empty() ? 0 : std::stoi(row.at(2))});
  }
  std::vector<std::vector<std::string>> found;
  for (const Deadline& due : deadlines(*book, item, "2028-12-31")) {
    const std::string late = day_text(add_months(due.legal, 3));
    const bool is_free = due.rule->fees.empty();
    found.push_back({due.rule->id, due.number == 0 ? "" : std::to_string(due.number),
                     day_text(due.due), due.grace_end ? day_text(*due.grace_end) : "",
                     due.done ? "paid" : paid_on(item, due, day_text(due.due)),
                     due.done || is_free ? "" : paid_on(item, due, late)});
  }
  EXPECT_EQ(found, page.tables[1]);
}

// The page ends with an error: made of its own pack by misspelling an event.
TEST(HowToAddARulePack, ShowsAnErrorThatComesLikeThat) {
  std::string pack = read_page().files.at("xx-patent.toml");
  const std::size_t at = pack.find("needs = [\"granted\"]");
  ASSERT_NE(at, std::string::npos);
  pack.replace(at, 19, "needs = [\"grant\"]");
  const Result<RulePack> read = read_rule_pack("xx-patent.toml", pack);
  ASSERT_FALSE(read.ok());
  std::ifstream text(std::string(LINESHAFT_SOURCE_DIR) + "/docs/how-to/rule-pack.md");
  const std::string page((std::istreambuf_iterator<char>(text)), {});
  EXPECT_NE(page.find("`" + read.error().what + "`"), std::string::npos) << read.error().what;
}

}  // namespace
}  // namespace lineshaft::docket
