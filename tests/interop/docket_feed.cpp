// Prints the calendar feed of a few cases, for docket_interop.py.
#include <cstdio>
#include <string>
#include <vector>

#include "docket/calendar_feed.h"

using namespace lineshaft;

int main() {
  const Result<docket::RuleBook> book = docket::RuleBook::read(docket::shipped_packs());
  if (!book) {
    std::fprintf(stderr, "%s\n", book.error().text().c_str());
    return 1;
  }
  const auto day = [](const char* text) { return parse_day(text).value(); };
  const std::vector<docket::Case> cases = {
      {"连铸, 结晶器; a\\b",
       "CN",
       "patent",
       {{"filed", day("2020-03-10")}, {"granted", day("2023-05-05")}},
       {},
       {}},
      {"WO-1",
       "WO",
       "patent",
       {{"priority", day("2025-08-31")}, {"filed", day("2026-08-28")}},
       {},
       {}},
      {"mark", "CN", "trade_mark", {{"registered", day("2017-06-21")}}, {}, {{"classes", 2}}}};
  std::vector<docket::FeedEntry> entries;
  for (const docket::Case& item : cases) {
    const auto deadlines = docket::deadlines_of(*book, item, day("2030-01-01"));
    if (!deadlines) return 1;
    for (const docket::Deadline& deadline : *deadlines) {
      entries.push_back(
          docket::feed_entry(item, deadline, docket::Language::kChinese, "example.com"));
    }
  }
  const Timestamp stamp = parse_timestamp("2026-11-26T08:00:00Z").value();
  const std::string feed = docket::calendar_feed("期限, \"docket\"", stamp, entries);
  std::fwrite(feed.data(), 1, feed.size(), stdout);
  return 0;
}
