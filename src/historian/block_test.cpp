#include "historian/block.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "historian/oracle_fixture.h"

namespace lineshaft::historian {
namespace {

constexpr ValueType kTypes[] = {ValueType::kBool, ValueType::kInt64, ValueType::kFloat32,
                                ValueType::kFloat64, ValueType::kString};

std::vector<Point> strange_points(ValueType type) {
  std::vector<Point> points;
  for (const Value& value : strange_values(type)) {
    const auto i = static_cast<std::int64_t>(points.size());
    points.push_back({{i * i - 3}, i == 2 ? quality::kBadTimeout : quality::kGood, value});
  }
  return points;
}

Bytes encoded(std::span<const SeriesPoints> series, codec::Effort effort) {
  Bytes bytes;
  encode_block(series, effort, bytes);
  return bytes;
}

// The decoder wants bytes behind what it reads.
Result<std::vector<SeriesPoints>> decoded(Bytes bytes) {
  const std::size_t size = bytes.size();
  bytes.resize(size + codec::kSlackBytes);
  const Result<BlockColumns> columns = BlockColumns::open(ByteSpan(bytes).first(size));
  if (!columns) return columns.error();
  return columns->all();
}

bool same(const std::vector<SeriesPoints>& a, const std::vector<SeriesPoints>& b) {
  return std::equal(
      a.begin(), a.end(), b.begin(), b.end(), [](const SeriesPoints& x, const SeriesPoints& y) {
        return x.tag == y.tag && same_points(points_of(x.points), points_of(y.points));
      });
}

class BlockTest : public testing::TestWithParam<codec::Effort> {};

TEST_P(BlockTest, GivesBackOneSeriesOfEveryTypeToTheBit) {
  for (ValueType type : kTypes) {
    const std::vector<SeriesPoints> series{{{7}, columns_of(strange_points(type))}};
    const auto back = decoded(encoded(series, GetParam()));
    ASSERT_TRUE(back.ok()) << back.error().text();
    EXPECT_TRUE(same(*back, series)) << type_name(type);
  }
}

TEST_P(BlockTest, GivesBackSeveralSeriesOfAllTypesToTheBit) {
  std::vector<SeriesPoints> series;
  std::uint32_t tag = 1;
  for (int round = 0; round < 3; ++round) {
    for (ValueType type : kTypes) {
      series.push_back({{tag}, columns_of(strange_points(type))});
      tag = tag * 7 % 4294967291U;
    }
  }
  std::sort(series.begin(), series.end(),
            [](const SeriesPoints& a, const SeriesPoints& b) { return a.tag < b.tag; });
  const auto back = decoded(encoded(series, GetParam()));
  ASSERT_TRUE(back.ok()) << back.error().text();
  EXPECT_TRUE(same(*back, series));
}

TEST_P(BlockTest, GivesBackEveryTimeBetweenTheEndsOfTheRange) {
  std::vector<Point> points;
  for (std::int64_t time : {INT64_MIN, INT64_MIN + 1, std::int64_t{-1}, std::int64_t{0},
                            std::int64_t{1}, INT64_MAX - 1, INT64_MAX}) {
    points.push_back({{time}, quality::kGood, true});
  }
  const std::vector<SeriesPoints> series{{{1}, columns_of(points)}};
  EXPECT_TRUE(same(decoded(encoded(series, GetParam())).value(), series));
}

TEST_P(BlockTest, HoldsTheGreatestBlock) {
  std::vector<Point> points;
  for (std::size_t i = 0; i < kBlockPointsMax; ++i) {
    points.push_back({{static_cast<std::int64_t>(i * i)}, {}, static_cast<double>(i) / 8});
  }
  const std::vector<SeriesPoints> one{{{1}, columns_of(points)}};
  EXPECT_TRUE(same(decoded(encoded(one, GetParam())).value(), one));
  std::vector<SeriesPoints> many;
  for (std::uint32_t tag = 1; tag <= kBlockPointsMax; ++tag) {
    many.push_back({{tag}, columns_of({points[tag - 1]})});
  }
  EXPECT_TRUE(same(decoded(encoded(many, GetParam())).value(), many));
}

// Times and numbers of a block of one tag, each decoded by itself.
TEST_P(BlockTest, TellsTimesAndNumbersWithoutTheRest) {
  for (ValueType type : kTypes) {
    const Columns points = columns_of(strange_points(type));
    Bytes bytes = encoded(std::vector<SeriesPoints>{{{7}, points}}, GetParam());
    const std::size_t size = bytes.size();
    bytes.resize(size + codec::kSlackBytes);
    const auto columns = BlockColumns::open(ByteSpan(bytes).first(size)).value();
    ASSERT_EQ(columns.size(), points.size());
    EXPECT_EQ(columns.parts().front().tag, TagId{7});
    EXPECT_EQ(columns.all_good(), points.all_good());
    std::vector<std::int64_t> times(points.size());
    std::vector<double> numbers(points.size());
    ASSERT_TRUE(columns.times(times).ok());
    ASSERT_TRUE(columns.numbers(numbers).ok());
    for (std::size_t i = 0; i < points.size(); ++i) {
      EXPECT_EQ(times[i], points.time(i).ns);
      EXPECT_TRUE(same_bits(Value(numbers[i]), Value(points.number(i)))) << type_name(type) << i;
    }
  }
}

// The times of a block of one tag with these, if they are told to be regular.
std::optional<codec::RegularTimes> regular(const std::vector<std::int64_t>& times,
                                           codec::Effort effort) {
  std::vector<Point> points;
  for (std::int64_t time : times) points.push_back({{time}, {}, true});
  Bytes bytes = encoded(std::vector<SeriesPoints>{{{7}, columns_of(points)}}, effort);
  const std::size_t size = bytes.size();
  bytes.resize(size + codec::kSlackBytes);
  return BlockColumns::open(ByteSpan(bytes).first(size)).value().regular_times();
}

TEST_P(BlockTest, TellsRegularTimesWithoutDecodingThem) {
  const auto is = [](const std::vector<std::int64_t>& times, std::int64_t first,
                     std::uint64_t step) {
    const auto found = regular(times, GetParam());
    return found && found->first == first && found->step == step;
  };
  EXPECT_TRUE(is({-5, -2, 1, 4, 7}, -5, 3));
  EXPECT_TRUE(is({INT64_MIN, -1, INT64_MAX - 1}, INT64_MIN, INT64_MAX));
  EXPECT_TRUE(is({INT64_MIN, INT64_MAX}, INT64_MIN, UINT64_MAX));
  EXPECT_TRUE(regular({42}, GetParam()).has_value());
  EXPECT_FALSE(regular({0, 1, 2, 4}, GetParam()).has_value());
}

// Every prefix is refused; with a bit turned over it is an error, or points that keep the promise.
TEST_P(BlockTest, NeverBreaksOnBytesThatItDidNotWrite) {
  for (ValueType type : kTypes) {
    std::vector<Point> points = strange_points(type);
    if (type == ValueType::kString) points.pop_back();  // 64 KiB
    const std::vector<SeriesPoints> series{{{3}, columns_of(points)},
                                           {{9}, columns_of({points[0]})}};
    const Bytes good = encoded(series, GetParam());
    for (std::size_t size = 0; size < good.size(); ++size) {
      EXPECT_FALSE(
          decoded(Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size))).ok())
          << type_name(type) << " " << size;
    }
    for (std::size_t i = 0; i < good.size() * 8; ++i) {
      Bytes flipped = good;
      flipped[i / 8] = static_cast<std::uint8_t>(flipped[i / 8] ^ (1 << (i % 8)));
      const auto back = decoded(flipped);
      if (!back) continue;
      TagId before;
      for (const SeriesPoints& one : *back) {
        EXPECT_LT(before, one.tag);
        before = one.tag;
        for (std::size_t k = 1; k < one.points.size(); ++k) {
          EXPECT_LT(one.points.time(k - 1), one.points.time(k));
        }
      }
    }
  }
}

TEST_P(BlockTest, RefusesCountsThatNoBlockHas) {
  EXPECT_FALSE(decoded({0x00}).ok());                                      // of no tag
  EXPECT_FALSE(decoded({0xff, 0xff, 0x7f}).ok());                          // of too many
  EXPECT_FALSE(decoded({0x01, 0x01, 0x00, 0x01, 0x00, 0x00, 0x00}).ok());  // no point
  EXPECT_FALSE(decoded({0x01, 0x01, 0x81, 0x40, 0x01, 0, 0, 0, 0}).ok());  // 8193 points
  EXPECT_FALSE(decoded({0x01, 0x01, 0x01, 0x06, 0x00, 0x00, 0x00}).ok());  // of no type
}

INSTANTIATE_TEST_SUITE_P(Efforts, BlockTest,
                         testing::Values(codec::Effort::kFresh, codec::Effort::kSealed));

}  // namespace
}  // namespace lineshaft::historian
