#include "historian/columns.h"

#include <gtest/gtest.h>

#include "historian/oracle_fixture.h"
#include "sys/sim/loop.h"

namespace lineshaft::historian {
namespace {

Point point(std::int64_t time, std::int64_t value, Quality quality = quality::kGood) {
  return {{time}, quality, value};
}

// "10=1 20=2!": times and values, marked if not Good.
std::string text_of(const Columns& points) {
  std::string text;
  for (const Point& p : points_of(points)) {
    text += (text.empty() ? "" : " ") + std::to_string(p.time.ns) + "=" + to_text(p.value) +
            (p.quality.good() ? "" : "!");
  }
  return text;
}

TEST(Columns, HoldEveryValueOfEveryTypeToTheBit) {
  for (ValueType type : {ValueType::kBool, ValueType::kInt64, ValueType::kFloat32,
                         ValueType::kFloat64, ValueType::kString}) {
    std::vector<Point> points;
    for (const Value& value : strange_values(type)) {
      points.push_back({{static_cast<std::int64_t>(points.size())}, quality::kBadTimeout, value});
    }
    const Columns columns = columns_of(points);
    EXPECT_EQ(columns.type(), type);
    EXPECT_TRUE(same_points(points_of(columns), points)) << type_name(type);
  }
}

TEST(Columns, KeepQualitiesFromTheFirstThatIsNotGood) {
  Columns columns(ValueType::kInt64);
  columns.add(point(1, 1));
  EXPECT_TRUE(columns.all_good());
  columns.add(point(2, 2, quality::kBad));
  columns.add(point(3, 3));
  EXPECT_EQ(text_of(columns), "1=1 2=2! 3=3");
  Columns good(ValueType::kInt64);
  good.add(point(0, 0));
  good.append(columns, 1, 3);
  EXPECT_EQ(text_of(good), "0=0 2=2! 3=3");
  columns.append(good, 0, 1);
  EXPECT_EQ(text_of(columns), "1=1 2=2! 3=3 0=0");
}

TEST(Columns, AreCutToARangeWhoseEndIsNotIn) {
  const Columns all = columns_of({point(10, 1), point(20, 2, quality::kBad), point(30, 3)});
  const auto cut = [&](std::int64_t from, std::int64_t to) {
    Columns part = all;
    part.cut_to({{from}, {to}});
    return text_of(part);
  };
  EXPECT_EQ(cut(0, 100), "10=1 20=2! 30=3");
  EXPECT_EQ(cut(10, 30), "10=1 20=2!");
  EXPECT_EQ(cut(11, 31), "20=2! 30=3");
  EXPECT_EQ(cut(21, 30), "");
  EXPECT_EQ(cut(30, 10), "");
  Columns part = all;
  part.cut_to({{30}, {31}});
  part.add(point(40, 4));
  EXPECT_EQ(text_of(part), "30=3 40=4");
}

TEST(Columns, OfTwoPointsAtOneTimeTheNewerCounts) {
  const Columns older = columns_of({point(10, 1), point(20, 1), point(30, 1), point(40, 1)});
  const Columns newer = columns_of({point(5, 2), point(20, 2), point(25, 2), point(40, 2)});
  EXPECT_EQ(text_of(overlay(older, newer)), "5=2 10=1 20=2 25=2 30=1 40=2");
  EXPECT_EQ(text_of(overlay(newer, older)), "5=2 10=1 20=1 25=2 30=1 40=1");
  EXPECT_EQ(text_of(overlay(Columns(), newer)), text_of(newer));
  EXPECT_EQ(text_of(overlay(newer, Columns())), text_of(newer));
  EXPECT_EQ(text_of(overlay(older, columns_of({point(50, 2)}))), "10=1 20=1 30=1 40=1 50=2");
}

// Against a map that the newer points overwrite.
TEST(Columns, MergeAsAMapWould) {
  sys::SimRandom random(7);
  for (int round = 0; round < 2000; ++round) {
    std::map<std::int64_t, std::string> expected;
    std::vector<Columns> sides;
    for (std::int64_t side = 0; side < 2; ++side) {
      std::map<std::int64_t, Point> points;
      const std::uint64_t count = 1 + random.below(12);
      for (std::uint64_t i = 0; i < count; ++i) {
        const auto time = static_cast<std::int64_t>(random.below(20));
        points[time] = point(time, side, random.below(4) == 0 ? quality::kBad : quality::kGood);
      }
      std::vector<Point> in_order;
      for (const auto& [time, p] : points) in_order.push_back(p);
      sides.push_back(columns_of(in_order));
      for (const auto& [time, p] : points) expected[time] = text_of(columns_of({p}));
    }
    std::string text;
    for (const auto& [time, p] : expected) text += (text.empty() ? "" : " ") + p;
    ASSERT_EQ(text_of(overlay(sides[0], sides[1])), text);
  }
}

}  // namespace
}  // namespace lineshaft::historian
