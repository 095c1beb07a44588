#include "wire/iec104/clock.h"

#include <gtest/gtest.h>

namespace lineshaft::iec104 {
namespace {

constexpr StationClock kUtc{0};
constexpr StationClock kBeijing{480};

Timestamp at(std::string_view text) { return parse_timestamp(text).value(); }

Bytes written(const Time56& time) {
  Bytes out;
  append_time56(time, out);
  return out;
}

// IEC 60870-5-101, 7.2.6.18. 56.789 s = 56789 ms = 0xDDD5; Thursday is 4: 26 | 4 << 5 = 0x9A.
TEST(Time56, LiesInSevenBytes) {
  const Time56 time = to_time56(at("2026-11-26T12:34:56.789Z"), kUtc);
  EXPECT_EQ(written(time), (Bytes{0xD5, 0xDD, 34, 12, 0x9A, 11, 26}));
  Time56 marked = time;
  marked.invalid = true;
  marked.summer_time = true;
  marked.substituted = true;
  EXPECT_EQ(written(marked), (Bytes{0xD5, 0xDD, 34 | 0xC0, 12 | 0x80, 0x9A, 11, 26}));
  const Bytes bytes = written(marked);
  ByteReader reader(bytes);
  EXPECT_EQ(read_time56(reader), marked);
}

TEST(Time56, DropsReservedBits) {
  const Bytes bytes(7, 0xFF);
  ByteReader reader(bytes);
  const Time56 time = read_time56(reader);
  EXPECT_EQ(time.milliseconds, 0xFFFF);
  EXPECT_EQ(time.minute, 63);
  EXPECT_EQ(time.hour, 31);
  EXPECT_EQ(time.month, 15);
  EXPECT_EQ(time.year, 127);
  EXPECT_EQ(written(time), (Bytes{0xFF, 0xFF, 0xFF, 0x9F, 0xFF, 0x0F, 0x7F}));
}

TEST(Time56, IsAnInstantInTheStationsTime) {
  Time56 time = to_time56(at("2026-07-01T00:30:00Z"), kUtc);
  EXPECT_EQ(to_timestamp(time, kUtc), at("2026-07-01T00:30:00Z"));
  EXPECT_EQ(to_timestamp(time, kBeijing), at("2026-06-30T16:30:00Z"));
  time.summer_time = true;  // the clock was put forward by an hour
  EXPECT_EQ(to_timestamp(time, kUtc), at("2026-06-30T23:30:00Z"));
  EXPECT_EQ(to_timestamp(time, StationClock{60}), at("2026-06-30T22:30:00Z"));
}

TEST(Time56, OfAnInstantReadsBackToIt) {
  for (std::int64_t day = 0; day < 36'524; day += 13) {  // 1970 to 2069
    const Timestamp instant{day * 86'400'000'000'000 + (day % 86'400) * 1'000'000'000 +
                            day % 1000 * 1'000'000};
    ASSERT_EQ(to_timestamp(to_time56(instant, kBeijing), kBeijing), instant) << day;
  }
}

TEST(Time56, KnowsTheCenturyFromTheYear) {
  EXPECT_EQ(to_time56(at("1970-01-01T00:00:00Z"), kUtc).day_of_week, 4);
  EXPECT_TRUE(to_time56(at("1969-12-31T23:59:59Z"), kUtc).invalid);
  EXPECT_TRUE(to_time56(at("2070-01-01T00:00:00Z"), kUtc).invalid);
  Time56 time = to_time56(at("2069-12-31T23:59:59Z"), kUtc);
  EXPECT_EQ(to_timestamp(time, kUtc), at("2069-12-31T23:59:59Z"));
  time.year = 70;
  EXPECT_EQ(to_timestamp(time, kUtc), at("1970-12-31T23:59:59Z"));
}

TEST(Time56, ThatNoClockShowsIsNoInstant) {
  const Time56 good = to_time56(at("2024-02-29T12:00:00Z"), kUtc);
  EXPECT_TRUE(to_timestamp(good, kUtc));
  const auto refused = [&](auto&& change) {
    Time56 time = good;
    change(time);
    return !to_timestamp(time, kUtc).has_value();
  };
  EXPECT_TRUE(refused([](Time56& t) { t.invalid = true; }));
  EXPECT_TRUE(refused([](Time56& t) { t.milliseconds = 60'000; }));
  EXPECT_TRUE(refused([](Time56& t) { t.minute = 60; }));
  EXPECT_TRUE(refused([](Time56& t) { t.hour = 24; }));
  EXPECT_TRUE(refused([](Time56& t) { t.day = 0; }));
  EXPECT_TRUE(refused([](Time56& t) { t.day = 30; }));
  EXPECT_TRUE(refused([](Time56& t) { t.year = 23; })) << "no leap year";
  EXPECT_TRUE(refused([](Time56& t) { t.month = 0; }));
  EXPECT_TRUE(refused([](Time56& t) { t.month = 13; }));
  EXPECT_TRUE(refused([](Time56& t) { t.year = 100; }));
}

TEST(Time24, IsTheNearestInstantThatShowsIt) {
  const auto instant = [](std::uint8_t minute, std::string_view near, StationClock clock = kUtc) {
    return to_timestamp(Time24{1500, minute, false, false}, clock, at(near));
  };
  EXPECT_EQ(instant(10, "2026-01-01T12:11:00Z"), at("2026-01-01T12:10:01.5Z"));
  EXPECT_EQ(instant(59, "2026-01-01T12:00:01Z"), at("2026-01-01T11:59:01.5Z")) << "an hour back";
  EXPECT_EQ(instant(0, "2026-01-01T11:59:58Z"), at("2026-01-01T12:00:01.5Z")) << "a clock ahead";
  EXPECT_EQ(instant(59, "2026-01-01T00:00:01Z"), at("2025-12-31T23:59:01.5Z"));
  // India is 5 h 30 min ahead: its minute 40 is minute 10 of UTC.
  EXPECT_EQ(instant(40, "2026-01-01T12:11:00Z", StationClock{330}), at("2026-01-01T12:10:01.5Z"));
  EXPECT_FALSE(instant(60, "2026-01-01T12:11:00Z"));
  EXPECT_FALSE(to_timestamp(Time24{0, 1, true, false}, kUtc, at("2026-01-01T12:11:00Z")));
}

}  // namespace
}  // namespace lineshaft::iec104
