#include "historian/fold.h"

#include <gtest/gtest.h>

#include <limits>

#include "historian/series.h"

namespace lineshaft::historian {
namespace {

constexpr TimeRange kAllTime{};

Nanoseconds ns(std::int64_t count) { return Nanoseconds(count); }

// Every instant of a small range, by hand: column i begins at the first t with t * 3 / 10 == i.
TEST(Windows, DivideARangeIntoEqualParts) {
  const Windows windows = Windows::equal_parts({{100}, {110}}, 3);
  const std::uint32_t expected[] = {0, 0, 0, 0, 1, 1, 1, 2, 2, 2};
  for (std::int64_t i = 0; i < 10; ++i) EXPECT_EQ(windows.index({100 + i}), expected[i]) << i;
  EXPECT_EQ(windows.start(0).ns, 100);
  EXPECT_EQ(windows.start(1).ns, 104);
  EXPECT_EQ(windows.start(2).ns, 107);
}

TEST(Windows, MayBeMoreThanThereAreNanoseconds) {
  const Windows windows = Windows::equal_parts({{0}, {2}}, 10);
  EXPECT_EQ(windows.index({0}), 0u);
  EXPECT_EQ(windows.index({1}), 5u);
}

TEST(Windows, StepsMayReachPastTheEnd) {
  EXPECT_EQ(Windows::steps_in({{0}, {10}}, ns(5)), 2u);
  EXPECT_EQ(Windows::steps_in({{0}, {11}}, ns(5)), 3u);
  EXPECT_EQ(Windows::steps_in({{0}, {1}}, ns(5)), 1u);
  const Windows windows = Windows::of_step({{-7}, {4}}, ns(5), 3);
  EXPECT_EQ(windows.index({-7}), 0u);
  EXPECT_EQ(windows.index({-3}), 0u);
  EXPECT_EQ(windows.index({-2}), 1u);
  EXPECT_EQ(windows.index({3}), 2u);
  EXPECT_EQ(windows.start(2).ns, 3);
}

// The whole range is 2^64 - 1 ns long: its length does not fit into an int64.
TEST(Windows, CoverAllTimeWithoutOverflow) {
  EXPECT_EQ(Windows::steps_in(kAllTime, ns(INT64_MAX)), 3u);  // 2^63 - 1, twice, and one more ns
  EXPECT_EQ(Windows::steps_in(kAllTime, ns(1)), UINT64_MAX);
  const Windows steps = Windows::of_step(kAllTime, ns(INT64_MAX), 3);
  EXPECT_EQ(steps.index({INT64_MIN}), 0u);
  EXPECT_EQ(steps.index({0}), 1u);
  EXPECT_EQ(steps.index({INT64_MAX - 1}), 2u);
  EXPECT_EQ(steps.start(1).ns, -1);
  const Windows parts = Windows::equal_parts(kAllTime, 10'000);
  EXPECT_EQ(parts.index({INT64_MIN}), 0u);
  EXPECT_EQ(parts.index({INT64_MAX - 1}), 9'999u);
}

TEST(Windows, HoldABlockOnlyIfItLiesInOneOfThem) {
  const Windows windows = Windows::of_step({{0}, {20}}, ns(10), 2);
  EXPECT_TRUE(windows.holds({0}, {9}));
  EXPECT_TRUE(windows.holds({10}, {10}));
  EXPECT_FALSE(windows.holds({9}, {10}));
  EXPECT_FALSE(windows.holds({-1}, {5}));
  EXPECT_FALSE(windows.holds({15}, {20}));
}

Point point(std::int64_t time, double value, Quality quality = quality::kGood) {
  return {{time}, quality, value};
}

TEST(Summary, LeavesBadSamplesAndNotANumberOut) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  Summary s;
  s.add(point(1, 100, quality::kBad));
  EXPECT_FALSE(s.usable());
  s.add(point(2, nan));
  s.add(point(3, 5));
  s.add(point(4, -5, quality::kUncertain));
  s.add(point(5, 900, quality::kBadTimeout));
  EXPECT_EQ(s.count, 5u);
  EXPECT_EQ(s.bad, 2u);
  EXPECT_EQ(s.min, -5);
  EXPECT_EQ(s.max, 5);
  EXPECT_EQ(s.last, -5);
  EXPECT_EQ(s.first_time.ns, 1);
  EXPECT_EQ(s.first_usable.ns, 2);
  EXPECT_EQ(s.last_usable.ns, 4);
  EXPECT_EQ(s.last_time.ns, 5);
  EXPECT_EQ(s.last_quality, quality::kBadTimeout.code);
}

TEST(Summary, OfPartsIsThatOfTheWhole) {
  const std::vector<Point> points = {point(1, 9, quality::kBad), point(2, 3), point(3, 7),
                                     point(4, 1), point(5, 8, quality::kBad)};
  Summary whole;
  for (const Point& p : points) whole.add(p);
  for (std::size_t cut = 0; cut <= points.size(); ++cut) {
    Summary left;
    Summary right;
    for (std::size_t i = 0; i < points.size(); ++i) (i < cut ? left : right).add(points[i]);
    left.add(right);
    EXPECT_EQ(left.count, whole.count);
    EXPECT_EQ(left.bad, whole.bad);
    EXPECT_EQ(left.first, 3);
    EXPECT_EQ(left.last, 1);
    EXPECT_EQ(left.min, 1);
    EXPECT_EQ(left.max, 7);
    EXPECT_EQ(left.sum, 11);
    EXPECT_EQ(left.first_usable.ns, 2);
    EXPECT_EQ(left.last_usable.ns, 4);
    EXPECT_EQ(left.last_time.ns, 5);
  }
}

// A tag at 1 kHz has more samples in fifty days.
TEST(Summary, CountsBeyond32Bits) {
  Summary s;
  s.add(point(1, 1));
  s.count = UINT32_MAX;
  s.add(point(2, 1));
  EXPECT_EQ(s.count, std::uint64_t{1} << 32);
}

}  // namespace
}  // namespace lineshaft::historian
