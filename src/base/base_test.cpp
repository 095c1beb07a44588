#include <gtest/gtest.h>

#include <limits>
#include <set>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "base/errors.h"
#include "base/result.h"
#include "base/time.h"

namespace lineshaft {
namespace {

TEST(Crc32c, MatchesTheVectorsOfRfc3720) {
  EXPECT_EQ(crc32c(as_bytes("123456789")), 0xe3069283U);
  EXPECT_EQ(crc32c(Bytes(32, 0x00)), 0x8a9136aaU);
  EXPECT_EQ(crc32c(Bytes(32, 0xff)), 0x62a8ab43U);
  EXPECT_EQ(crc32c({}), 0U);
}

TEST(Crc32c, ContinuesFromTheCrcOfTheBytesBefore) {
  const std::string text = "a line shaft carried the power of one engine";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    const auto head = as_bytes(text).first(cut);
    const auto tail = as_bytes(text).subspan(cut);
    EXPECT_EQ(crc32c(tail, crc32c(head)), crc32c(as_bytes(text)));
  }
}

TEST(Time, WritesAsManyFractionDigitsAsNeeded) {
  EXPECT_EQ(format_rfc3339({0}), "1970-01-01T00:00:00Z");
  EXPECT_EQ(format_rfc3339({1'500'000'000}), "1970-01-01T00:00:01.500Z");
  EXPECT_EQ(format_rfc3339({1'000}), "1970-01-01T00:00:00.000001Z");
  EXPECT_EQ(format_rfc3339({-1}), "1969-12-31T23:59:59.999999999Z");
  EXPECT_EQ(format_rfc3339(kTimestampMin), "1677-09-21T00:12:43.145224192Z");
}

// 951782400 = 2000-02-29T00:00:00Z; `date -u -d @951782400`.
TEST(Time, ReadsWhatPeopleWrite) {
  const std::int64_t leap_day = 951'782'400'000'000'000;
  for (const char* text :
       {"2000-02-29T00:00:00Z", "2000-02-29 00:00:00", "2000-02-29", "2000-02-29T08:00:00+08:00",
        "2000-02-28T19:30:00.000-0430", "951782400000000000"}) {
    const Result<Timestamp> t = parse_timestamp(text);
    ASSERT_TRUE(t.ok()) << text;
    EXPECT_EQ(t->ns, leap_day) << text;
  }
}

TEST(Time, RefusesWhatIsNotATime) {
  for (const char* text : {"", "yesterday", "2001-02-29", "2000-13-01", "2000-01-01T24:00:00Z",
                           "2000-01-01T00:00:00Zx", "2000-01-01T00:00:00.Z", "2300-01-01",
                           "2000-01-01T00:00:00+99:00", "1.5"}) {
    EXPECT_FALSE(parse_timestamp(text).ok()) << text;
  }
}

TEST(Time, EveryDayOfFourHundredYearsComesBack) {
  for (std::int64_t day = days_from_civil(1700, 1, 1); day < days_from_civil(2100, 1, 1); ++day) {
    const CivilDate date = civil_from_days(day);
    ASSERT_EQ(days_from_civil(date.year, date.month, date.day), day);
  }
}

TEST(Time, SaturatesInsteadOfOverflowing) {
  EXPECT_EQ(kTimestampMax + Nanoseconds(1), kTimestampMax);
  EXPECT_EQ(kTimestampMin + Nanoseconds(-1), kTimestampMin);
  EXPECT_EQ((kTimestampMax - kTimestampMin).count(), std::numeric_limits<std::int64_t>::max());
}

TEST(Bytes, ReadsBackWhatWasWrittenInBothOrders) {
  Bytes buffer;
  ByteWriter writer(buffer);
  writer.write_be<std::uint16_t>(0x0102);
  writer.write_le<std::uint32_t>(0x01020304);
  writer.varint(300);
  EXPECT_EQ(buffer, (Bytes{1, 2, 4, 3, 2, 1, 0xac, 0x02}));
  ByteReader reader(buffer);
  EXPECT_EQ(reader.read_be<std::uint16_t>(), 0x0102);
  EXPECT_EQ(reader.read_le<std::uint32_t>(), 0x01020304U);
  EXPECT_EQ(reader.varint(), 300U);
  EXPECT_TRUE(reader.ok());
  EXPECT_TRUE(reader.at_end());
}

TEST(Bytes, AReadPastTheEndFailsAndStaysFailed) {
  const Bytes buffer{1, 2, 3};
  ByteReader reader(buffer);
  EXPECT_EQ(reader.read_le<std::uint32_t>(), 0U);
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.u8(), 0);
  EXPECT_TRUE(reader.bytes(1).empty());
}

TEST(Bytes, AVarintOfMoreThan64BitsFails) {
  const Bytes too_long(11, 0x80);
  ByteReader reader(too_long);
  reader.varint();
  EXPECT_FALSE(reader.ok());
  const Bytes largest{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01};
  ByteReader full(largest);
  EXPECT_EQ(full.varint(), std::numeric_limits<std::uint64_t>::max());
  EXPECT_TRUE(full.ok());
}

TEST(Bytes, ZigzagIsItsOwnInverseAtTheEnds) {
  for (std::int64_t value :
       {std::int64_t{0}, std::int64_t{-1}, std::int64_t{1},
        std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()}) {
    EXPECT_EQ(unzigzag(zigzag(value)), value);
  }
  EXPECT_EQ(zigzag(-2), 3U);
}

TEST(Result, CarriesTheValueOrTheError) {
  const Result<int> good = 7;
  EXPECT_EQ(good.value(), 7);
  const Result<int> bad = Error{ErrorId::kDiskFull, "no room"};
  ASSERT_FALSE(bad.ok());
  EXPECT_EQ(bad.error().code(), ErrorCode::kFull);
  EXPECT_EQ(bad.error().text(), "LS-1102: The disk is full: no room");
}

TEST(Errors, EveryNumberStandsOnceAndSaysWhatToDo) {
  std::set<ErrorId> seen;
  for (const ErrorEntry& entry : error_catalogue()) {
    EXPECT_TRUE(seen.insert(entry.id).second) << error_number(entry.id);
    EXPECT_TRUE(entry.remedy.ends_with('.')) << error_number(entry.id);
    EXPECT_FALSE(entry.title.ends_with('.')) << error_number(entry.id);
  }
}

}  // namespace
}  // namespace lineshaft
