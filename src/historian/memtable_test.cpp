#include "historian/memtable.h"

#include <gtest/gtest.h>

namespace lineshaft::historian {
namespace {

constexpr SeriesKey kKey{{1}, {1}};
constexpr TimeRange kAll{};

Point point(std::int64_t time, std::int64_t value) { return {{time}, quality::kGood, value}; }

// "10=1 20=2": times and values.
std::string text_of(const std::vector<Point>& points) {
  std::string text;
  for (const Point& p : points) {
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

TEST(Memtable, CountsTheBytesOfTexts) {
  Memtable memtable;
  memtable.add(kKey, {{1}, {}, std::string(1000, 'x')});
  EXPECT_GE(memtable.bytes(), 1000u);
  EXPECT_LE(memtable.bytes(), 2000u);
}

}  // namespace
}  // namespace lineshaft::historian
