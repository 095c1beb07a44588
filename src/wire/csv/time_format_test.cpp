#include "wire/csv/time_format.h"

#include <gtest/gtest.h>

namespace lineshaft::csv {
namespace {

// Names of the candidates, joined.
std::string formats(std::string_view text) {
  std::string names;
  for (const TimeFormat& format : TimeFormat::candidates(text)) {
    names += (names.empty() ? "" : " | ") + format.name();
  }
  return names;
}

// "seconds.ns offset" of the reading by a named format.
std::string read(std::string_view name, std::string_view text) {
  const Result<TimeFormat> format = TimeFormat::parse(name);
  if (!format.ok()) return "unknown format";
  WallTime wall;
  if (!format->read(text, wall)) return "refused";
  std::string shown = std::to_string(wall.seconds);
  if (wall.ns != 0) shown += "." + std::to_string(wall.ns);
  if (wall.offset_s) shown += " offset " + std::to_string(*wall.offset_s);
  return shown;
}

TEST(CsvTime, FindsTheFormatOfAText) {
  EXPECT_EQ(formats("2013-12-02 21:15:00"), "yyyy-mm-dd HH:MM:SS");
  EXPECT_EQ(formats("2018-01-31T00:15:00.250Z"), "yyyy-mm-ddTHH:MM:SS.fZ");
  EXPECT_EQ(formats("31-01-2018 00:15"), "dd-mm-yyyy HH:MM");
  EXPECT_EQ(formats("01/31/2018 3:15 PM"), "mm/dd/yyyy HH:MM AM");
  EXPECT_EQ(formats("2018/1/5 0:15"), "yyyy/mm/dd HH:MM");
  EXPECT_EQ(formats("01-02-2018 00:15"), "dd-mm-yyyy HH:MM | mm-dd-yyyy HH:MM");
  EXPECT_EQ(formats("31.12.18"), "dd.mm.yy");
  EXPECT_EQ(formats("20180131T001500"), "yyyymmddTHHMMSS");
  EXPECT_EQ(formats("20180131"), "yyyymmdd");
  EXPECT_EQ(formats("1514764800"), "epoch s");
  EXPECT_EQ(formats("1514764800.5"), "epoch s");
  EXPECT_EQ(formats("1514764800123"), "epoch ms");
  EXPECT_EQ(formats("1514764800123456"), "epoch us");
  EXPECT_EQ(formats("1514764800123456789"), "epoch ns");
}

TEST(CsvTime, TakesNothingElseForATime) {
  for (const char* text : {"", "12", "12.5", "1.2.3", "2018", "99999999", "32-13-2018", "abc",
                           "2018-01-01x", "2018-01-01 25:00", "2018-01-01 12", "73.96732207",
                           "2018-02-29", "12:30:00", "192.168.10.1", "2018-01/01"}) {
    EXPECT_EQ(formats(text), "") << text;
  }
}

// Seconds by `date -u -d '2018-01-31 00:15' +%s`.
TEST(CsvTime, EveryWayToWriteOneInstantReadsTheSame) {
  EXPECT_EQ(read("yyyy-mm-dd", "2018-01-31 00:15"), "1517357700");
  EXPECT_EQ(read("iso8601", "2018-01-31T00:15:00Z"), "1517357700 offset 0");
  EXPECT_EQ(read("dd-mm-yyyy HH:MM", "31-01-2018 00:15"), "1517357700");
  EXPECT_EQ(read("mm/dd/yyyy", "1/31/2018 12:15:00 AM"), "1517357700");
  EXPECT_EQ(read("dd.mm.yy", "31.01.18 0:15"), "1517357700");
  EXPECT_EQ(read("yyyymmddHHMM", "201801310015"), "1517357700");
  EXPECT_EQ(read("yyyymmdd", "20180131 001500"), "1517357700");
  EXPECT_EQ(read("epoch s", "1517357700"), "1517357700 offset 0");
  EXPECT_EQ(read("epoch ms", "1517357700250"), "1517357700.250000000 offset 0");
  EXPECT_EQ(read("epoch ns", "-1"), "-1.999999999 offset 0");
}

TEST(CsvTime, ReadsTheTimeOfDayAsItStands) {
  EXPECT_EQ(read("iso8601", "1970-01-01"), "0");
  EXPECT_EQ(read("iso8601", "1970-01-01 24:00"), "86400");
  EXPECT_EQ(read("iso8601", "1970-01-01 00:00:01.5"), "1.500000000");
  EXPECT_EQ(read("iso8601", "1970-01-01 00:00:01,123456789+08:00"), "1.123456789 offset 28800");
  EXPECT_EQ(read("iso8601", "1970-01-01T00:00:00-0330"), "0 offset -12600");
  EXPECT_EQ(read("iso8601", "1970-01-01 12:00 PM"), "43200");
  EXPECT_EQ(read("iso8601", "1970-01-01 00:00:00 UTC"), "0 offset 0");
  for (const char* text :
       {"1970-01-01 24:01", "1970-01-01 23:60", "1970-01-01 23:59:60", "1970-01-01 13:00 PM",
        "1970-01-01 00:00:00.", "1970-01-01 00:00:00.1234567890", "1970-01-01 00:00+99",
        "1970-01-01 00:00 Z Z", "1970-1-1-1", "01-01-1970"}) {
    EXPECT_EQ(read("iso8601", text), "refused") << text;
  }
}

TEST(CsvTime, KnowsItsOwnNamesAndNoOther) {
  for (const char* text : {"2013-12-02 21:15:00", "31-01-2018 00:15", "01/31/2018 3:15 PM",
                           "31.12.18", "20180131T001500Z", "1514764800", "2018-01-31t00:30"}) {
    const TimeFormat found = TimeFormat::candidates(text).front();
    const Result<TimeFormat> again = TimeFormat::parse(found.name());
    ASSERT_TRUE(again.ok()) << found.name();
    EXPECT_EQ(*again, found) << found.name();
  }
  for (const char* name : {"", "yyyy", "yy-mm-dd", "dd mm yyyy", "epoch", "yyyy-mm-dd q"}) {
    EXPECT_FALSE(TimeFormat::parse(name).ok()) << name;
  }
}

TEST(CsvTime, ReadsAClockColumn) {
  WallTime wall;
  ASSERT_TRUE(read_clock("18.00.30", wall));
  EXPECT_EQ(wall.seconds, 18 * 3600 + 30);
  ASSERT_TRUE(read_clock(" 6:05 PM", wall));
  EXPECT_EQ(wall.seconds, 18 * 3600 + 5 * 60);
  EXPECT_FALSE(read_clock("18.00", wall));
  EXPECT_FALSE(read_clock("18", wall));
  EXPECT_FALSE(read_clock("7:99", wall));
}

}  // namespace
}  // namespace lineshaft::csv
