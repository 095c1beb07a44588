#include "historian/memtable.h"

#include <gtest/gtest.h>

#include <bit>

#include "historian/oracle_fixture.h"

namespace lineshaft::historian {
namespace {

constexpr SeriesKey kKey{{1}, {1}};
constexpr TimeRange kAll{};

Point point(std::int64_t time, std::int64_t value) { return {{time}, quality::kGood, value}; }

// "10=1 20=2": times and values.
std::string text_of(const std::optional<Columns>& points) {
  std::string text;
  if (!points) return text;
  for (const Point& p : points_of(*points)) {
    text += (text.empty() ? "" : " ") + std::to_string(p.time.ns) + "=" + to_text(p.value);
  }
  return text;
}

TEST(Memtable, GivesPointsInOrderOfTimeHoweverTheyCame) {
  Memtable memtable;
  for (std::int64_t time : {30, 10, 20}) memtable.add(kKey, point(time, time / 10));
  EXPECT_EQ(text_of(memtable.points(kKey, kAll)), "10=1 20=2 30=3");
  memtable.add(kKey, point(40, 4));
  EXPECT_EQ(text_of(memtable.points(kKey, kAll)), "10=1 20=2 30=3 40=4");
}

TEST(Memtable, KeepsOfSeveralPointsAtOneTimeTheLast) {
  Memtable memtable;
  for (std::int64_t value : {1, 2}) memtable.add(kKey, point(10, value));
  memtable.add(kKey, point(5, 0));
  memtable.add(kKey, point(10, 3));
  EXPECT_EQ(text_of(memtable.points(kKey, kAll)), "5=0 10=3");
  EXPECT_EQ(to_text(memtable.before(kKey, {10})->value), "3");
}

TEST(Memtable, CutsARangeWhoseEndIsNotIn) {
  Memtable sorted;
  Memtable mixed;
  for (std::int64_t time : {10, 20, 30}) sorted.add(kKey, point(time, 0));
  for (std::int64_t time : {30, 20, 10}) mixed.add(kKey, point(time, 0));
  for (const Memtable* memtable : {&sorted, &mixed}) {
    EXPECT_EQ(text_of(memtable->points(kKey, {{10}, {30}})), "10=0 20=0");
    EXPECT_EQ(text_of(memtable->points(kKey, {{11}, {20}})), "");
    EXPECT_EQ(text_of(memtable->points(kKey, {{30}, {10}})), "");
  }
}

TEST(Memtable, FindsTheNewestPointAtOrBeforeATime) {
  Memtable memtable;
  for (std::int64_t time : {30, 10, 20}) memtable.add(kKey, point(time, time));
  EXPECT_FALSE(memtable.before(kKey, {9}).has_value());
  EXPECT_EQ(memtable.before(kKey, {10})->time.ns, 10);
  EXPECT_EQ(memtable.before(kKey, {29})->time.ns, 20);
  EXPECT_EQ(memtable.before(kKey, kTimestampMax)->time.ns, 30);
  EXPECT_FALSE(memtable.before({{2}, {1}}, {30}).has_value()) << "another tenant's";
}

TEST(Memtable, KeepsSeriesApartAndNamesThemInOrder) {
  Memtable memtable;
  EXPECT_TRUE(memtable.empty());
  memtable.add({{2}, {1}}, point(1, 21));
  memtable.add({{1}, {9}}, point(1, 19));
  memtable.add({{1}, {2}}, point(1, 12));
  EXPECT_EQ(memtable.keys(), (std::vector<SeriesKey>{{{1}, {2}}, {{1}, {9}}, {{2}, {1}}}));
  EXPECT_EQ(text_of(memtable.points({{1}, {9}}, kAll)), "1=19");
}

TEST(Memtable, GivesBackEveryBitOfTimeQualityAndValue) {
  const auto nan = std::bit_cast<double>(0x7ff8'0000'dead'beefULL);
  const std::vector<std::vector<Value>> series{
      {true, false},
      {std::int64_t{INT64_MIN}, std::int64_t{-1}, std::int64_t{INT64_MAX}},
      {-0.0F, std::bit_cast<float>(0x7fc0'1234U)},
      {-0.0, nan, 5e-324},
      {std::string(), std::string("\0x", 2)}};
  const std::vector<std::int64_t> times{INT64_MIN, 0, INT64_MAX - 1};
  const std::vector<Quality> qualities{quality::kGood, {0xffff'ffffU}, quality::kBad};
  Memtable memtable;
  for (std::uint32_t tag = 0; tag < series.size(); ++tag) {
    for (std::size_t i = 0; i < series[tag].size(); ++i) {
      memtable.add({{1}, {tag + 1}}, {{times[i]}, qualities[i], series[tag][i]});
    }
  }
  for (std::uint32_t tag = 0; tag < series.size(); ++tag) {
    const std::vector<Point> points = points_of(memtable.points({{1}, {tag + 1}}, kAll).value());
    ASSERT_EQ(points.size(), series[tag].size());
    for (std::size_t i = 0; i < points.size(); ++i) {
      EXPECT_EQ(points[i].time.ns, times[i]);
      EXPECT_EQ(points[i].quality, qualities[i]);
      EXPECT_TRUE(same_bits(points[i].value, series[tag][i])) << tag << " " << i;
    }
  }
}

TEST(Memtable, GoesThroughAllSeriesInOrder) {
  Memtable memtable;
  for (std::uint32_t tag : {700U, 1U, 300U}) {
    for (std::int64_t time : {20, 10, 20}) memtable.add({{1}, {tag}}, point(time, tag));
  }
  std::string seen;
  ASSERT_TRUE(memtable
                  .each_series([&](SeriesKey key, const Columns& points) {
                    seen += std::to_string(key.tag.value) + ": " + text_of(points) + "; ";
                    return Status();
                  })
                  .ok());
  EXPECT_EQ(seen, "1: 10=1 20=1; 300: 10=300 20=300; 700: 10=700 20=700; ");
  int series = 0;
  const Status ended = memtable.each_series([&](SeriesKey, const Columns&) -> Status {
    ++series;
    return Error{ErrorId::kDiskFull, "no"};
  });
  EXPECT_FALSE(ended.ok());
  EXPECT_EQ(series, 1);
}

// A block's entry in the index has over a hundred bytes: two points each are not worth a file.
TEST(Memtable, WantsMoreWhenManySeriesHoldAFewPointsEach) {
  Memtable few;
  Memtable many;
  for (std::int64_t i = 0; i < 1000; ++i) {
    few.add(kKey, point(i, i));
    many.add({{1}, {static_cast<std::uint32_t>(i + 1)}}, point(i, i));
  }
  EXPECT_EQ(few.bytes_wanted(100'000), 100'000u);
  EXPECT_GE(many.bytes_wanted(100'000), 400'000u);
  EXPECT_LE(many.bytes_wanted(10'000), 80'000u) << "there is an end to it";
  EXPECT_LT(few.bytes(), 25'000u) << "24 bytes a point, and what the series takes";
}

TEST(Memtable, CountsTheBytesOfTexts) {
  Memtable memtable;
  memtable.add(kKey, {{1}, {}, std::string(1000, 'x')});
  const std::size_t one = memtable.bytes();
  memtable.add(kKey, {{2}, {}, std::string(1000, 'y')});
  EXPECT_GE(memtable.bytes() - one, 1000u);
  EXPECT_LE(memtable.bytes() - one, 1100u);
}

}  // namespace
}  // namespace lineshaft::historian
