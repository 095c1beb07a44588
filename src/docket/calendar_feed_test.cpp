#include "docket/calendar_feed.h"

#include <gtest/gtest.h>

#include "base/utf8.h"
#include "docket/case_fixture.h"

namespace lineshaft::docket {
namespace {

struct Line {
  std::string name;   // with its parameters
  std::string value;  // as it stands
};

// Reads by RFC 5545, 3.1: CRLF ends, no line above 75 octets, a blank goes on.
std::vector<Line> parse(const std::string& feed) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < feed.size();) {
    const std::size_t end = feed.find("\r\n", at);
    EXPECT_NE(end, std::string::npos) << "a line without its end";
    if (end == std::string::npos) break;
    const std::string line = feed.substr(at, end - at);
    EXPECT_LE(line.size(), 75U) << line;
    EXPECT_EQ(line.find_first_of("\r\n"), std::string::npos);
    EXPECT_TRUE(is_utf8(line)) << line;
    if (line.starts_with(' '))
      lines.back() += line.substr(1);
    else
      lines.push_back(line);
    at = end + 2;
  }
  std::vector<Line> found;
  for (const std::string& line : lines) {
    const std::size_t colon = line.find(':');
    EXPECT_NE(colon, std::string::npos) << line;
    found.push_back({line.substr(0, colon), line.substr(colon + 1)});
  }
  return found;
}

std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == ',' || text[i] == ';') ADD_FAILURE() << "not escaped: " << text;
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    ++i;
    if (i == text.size()) {
      ADD_FAILURE() << "an escape of nothing: " << text;
      break;
    }
    out += text[i] == 'n' || text[i] == 'N' ? '\n' : text[i];
  }
  return out;
}

std::vector<std::string> values(const std::vector<Line>& lines, std::string_view name) {
  std::vector<std::string> found;
  for (const Line& line : lines) {
    if (line.name == name) found.push_back(line.value);
  }
  return found;
}

TEST(CalendarFeed, HasTheFormOfTheStandard) {
  const FeedEntry entry{"a.1@example.com", day("2026-02-28"), "Pay", "Why", {30, 7}};
  const Timestamp stamp = parse_timestamp("2026-01-02T03:04:05.678Z").value();
  std::string text;
  for (const Line& line : parse(calendar_feed("Docket", stamp, std::vector<FeedEntry>{entry}))) {
    text += line.name + ":" + line.value + "\n";
  }
  EXPECT_EQ(text,
            "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//Lineshaft//Docket//EN\nCALSCALE:GREGORIAN\n"
            "METHOD:PUBLISH\nNAME:Docket\nX-WR-CALNAME:Docket\n"
            "REFRESH-INTERVAL;VALUE=DURATION:P1D\n"
            "BEGIN:VEVENT\nUID:a.1@example.com\nDTSTAMP:20260102T030405Z\n"
            "DTSTART;VALUE=DATE:20260228\nSUMMARY:Pay\nDESCRIPTION:Why\nTRANSP:TRANSPARENT\n"
            "BEGIN:VALARM\nACTION:DISPLAY\nDESCRIPTION:Pay\nTRIGGER:-P30D\nEND:VALARM\n"
            "BEGIN:VALARM\nACTION:DISPLAY\nDESCRIPTION:Pay\nTRIGGER:-P7D\nEND:VALARM\n"
            "END:VEVENT\nEND:VCALENDAR\n");
}

TEST(CalendarFeed, GivesEveryTextBackAsItWas) {
  std::string chinese;
  for (int i = 0; i < 60; ++i) chinese += i % 3 == 0 ? "a铸" : "钢；\\";
  for (const std::string& text :
       {std::string("a,b;c\\d\ne:\"f\""), chinese, std::string(300, ','), std::string(75, 'x'),
        std::string(68, 'x'), std::string("\\n is no line end\nthis was one")}) {
    const FeedEntry entry{"u", day("2026-02-28"), text, text, {}};
    const std::vector<Line> lines = parse(calendar_feed(text, {}, std::vector<FeedEntry>{entry}));
    EXPECT_EQ(unescaped(values(lines, "SUMMARY").at(0)), text);
    EXPECT_EQ(unescaped(values(lines, "DESCRIPTION").at(0)), text);
    EXPECT_EQ(unescaped(values(lines, "NAME").at(0)), text);
  }
}

TEST(CalendarFeed, LetsNoTextBreakItsLines) {
  const FeedEntry entry{"u\r\nEND:VEVENT", day("2026-02-28"), "a\rb\tc\x01", "", {}};
  const std::vector<Line> lines = parse(calendar_feed("x\r\n", {}, std::vector<FeedEntry>{entry}));
  EXPECT_EQ(values(lines, "SUMMARY").at(0), "ab c ");
  EXPECT_EQ(unescaped(values(lines, "UID").at(0)), "u\nEND:VEVENT");
  EXPECT_EQ(values(lines, "END").size(), 2U);
}

TEST(CalendarFeed, TellsADeadlineWithItsFeeGraceAndSource) {
  const Case item =
      make_case("CN", "patent", {{"filed", day("2020-03-10")}, {"granted", day("2023-05-05")}});
  const Deadline seventh = deadline(item, "annual-fee", 7);
  const FeedEntry english = feed_entry(item, seventh, Language::kEnglish, "example.com");
  EXPECT_EQ(english.summary, "case-1: Pay the annual fee (7)");
  EXPECT_TRUE(english.description.starts_with(
      "Fee: 2000.00 CNY\nWith surcharge until 2026-09-10\nPatent Law, Article 43;"))
      << english.description;
  EXPECT_EQ(english.uid, "case-1.cn-patent.annual-fee.7.20200310@example.com");
  EXPECT_EQ(english.alarm_days, (std::vector<int>{90, 30, 7}));
  const FeedEntry chinese = feed_entry(item, seventh, Language::kChinese, "example.com");
  EXPECT_EQ(chinese.summary, "case-1: 缴纳年费 (7)");
  EXPECT_EQ(chinese.uid, english.uid);
  const FeedEntry expiry = feed_entry(item, deadline(item, "expiry"), Language::kEnglish, "x");
  EXPECT_TRUE(expiry.alarm_days.empty());
}

TEST(CalendarFeed, NamesNoTwoDeadlinesAlike) {
  const Case item = make_case("CN", "patent",
                              {{"filed", day("2020-03-10")},
                               {"granted", day("2023-05-05")},
                               {"grant_notice", day("2023-02-01")},
                               {"office_action", day("2022-02-01"), 1},
                               {"office_action", day("2022-08-01"), 2},
                               {"office_action", day("2022-11-01"), 0},
                               {"office_action", day("2022-12-01"), 0}});
  std::vector<std::string> uids;
  for (const Deadline& found : deadlines(shipped(), item)) {
    uids.push_back(feed_entry(item, found, Language::kEnglish, "x").uid);
  }
  ASSERT_GE(uids.size(), 25U);
  std::ranges::sort(uids);
  EXPECT_EQ(std::ranges::adjacent_find(uids), uids.end());
}

}  // namespace
}  // namespace lineshaft::docket
