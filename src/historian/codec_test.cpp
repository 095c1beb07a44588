#include "historian/codec.h"

#include <gtest/gtest.h>

#include <bit>
#include <limits>

#include "historian/oracle_fixture.h"

namespace lineshaft::historian {
namespace {

double double_of(std::uint64_t bits) { return std::bit_cast<double>(bits); }
float float_of(std::uint32_t bits) { return std::bit_cast<float>(bits); }

// IEEE 754: quiet and signalling NaN with payloads, infinities, zeros, denormals, extremes.
std::vector<Value> strange_values(ValueType type) {
  std::vector<Value> values;
  switch (type) {
    case ValueType::kBool:
      return {false, true};
    case ValueType::kInt64:
      for (std::int64_t number :
           {std::int64_t{0}, std::int64_t{-1}, INT64_MAX, INT64_MIN, (std::int64_t{1} << 53) + 1}) {
        values.emplace_back(number);
      }
      return values;
    case ValueType::kFloat32:
      for (std::uint32_t bits :
           {0x00000000U, 0x80000000U, 0x7f800000U, 0xff800000U, 0x7fc00001U, 0xffc12345U,
            0x7f800001U, 0x00000001U, 0x007fffffU, 0x7f7fffffU, 0x3dcccccdU}) {
        values.emplace_back(float_of(bits));
      }
      return values;
    case ValueType::kFloat64:
      for (std::uint64_t bits : std::initializer_list<std::uint64_t>{
               0x0000000000000000U, 0x8000000000000000U, 0x7ff0000000000000U, 0xfff0000000000000U,
               0x7ff8000000000001U, 0xfff8dead0000beefU, 0x7ff0000000000001U, 0x0000000000000001U,
               0x000fffffffffffffU, 0x7fefffffffffffffU, 0x3fb999999999999aU}) {
        values.emplace_back(double_of(bits));
      }
      return values;
    case ValueType::kString:
      return {std::string(), std::string("\0x\xff", 3), std::string("öffnen 开"),
              std::string(kStringValueBytesMax, 'z')};
  }
  return values;
}

constexpr ValueType kTypes[] = {ValueType::kBool, ValueType::kInt64, ValueType::kFloat32,
                                ValueType::kFloat64, ValueType::kString};

bool same_points(const std::vector<Point>& a, const std::vector<Point>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Point& x, const Point& y) {
    return x.time == y.time && x.quality == y.quality && same_bits(x.value, y.value);
  });
}

Bytes encoded(const std::vector<Point>& points) {
  Bytes bytes;
  encode_points(type_of(points.front().value), points, bytes);
  return bytes;
}

TEST(Codec, GivesBackEveryValueOfEveryTypeToTheBit) {
  for (ValueType type : kTypes) {
    std::vector<Point> points;
    for (const Value& value : strange_values(type)) {
      points.push_back({{static_cast<std::int64_t>(points.size())}, quality::kGood, value});
    }
    const auto decoded = decode_points(encoded(points));
    ASSERT_TRUE(decoded.ok()) << decoded.error().text();
    EXPECT_TRUE(same_points(*decoded, points)) << type_name(type);
  }
}

TEST(Codec, GivesBackEveryTimeBetweenTheEndsOfTheRange) {
  std::vector<Point> points;
  for (std::int64_t time : {INT64_MIN, INT64_MIN + 1, std::int64_t{-1}, std::int64_t{0},
                            std::int64_t{1}, INT64_MAX - 1, INT64_MAX}) {
    points.push_back({{time}, quality::kGood, true});
  }
  EXPECT_TRUE(same_points(decode_points(encoded(points)).value(), points));
}

TEST(Codec, GivesBackQualitiesAndSpendsNothingOnGoodOnes) {
  std::vector<Point> points;
  for (int i = 0; i < 100; ++i) points.push_back({{i}, quality::kGood, false});
  const std::size_t all_good = encoded(points).size();
  points[7].quality = quality::kBadTimeout;
  points[8].quality = {0xffffffff};
  EXPECT_TRUE(same_points(decode_points(encoded(points)).value(), points));
  EXPECT_EQ(encoded(points).size(), all_good + 400);
}

TEST(Codec, HoldsABlockOfTheGreatestSize) {
  std::vector<Point> points;
  for (std::size_t i = 0; i < kBlockPointsMax; ++i) {
    points.push_back({{static_cast<std::int64_t>(i * i)}, {}, static_cast<double>(i)});
  }
  EXPECT_TRUE(same_points(decode_points(encoded(points)).value(), points));
}

// The numbers are those of docs/formats/historian.md.
TEST(Codec, PointsHaveTheBytesOfTheFormatPage) {
  const std::vector<Point> points = {{{1'000'000'000}, quality::kGood, std::int64_t{-3}},
                                     {{2'000'000'000}, quality::kBadTimeout, std::int64_t{300}}};
  const Bytes expected = {0x02, 0x02, 0x00,              // two, int64, not all good
                          0x80, 0xa8, 0xd6, 0xb9, 0x07,  // +1 s, zigzag 2'000'000'000
                          0x80, 0xa8, 0xd6, 0xb9, 0x07,  // +1 s
                          0x00, 0x00, 0x00, 0x00,        // Good
                          0x00, 0x00, 0x0a, 0x80,        // BadTimeout
                          0x05, 0xd8, 0x04};             // zigzag 5 and 600
  EXPECT_EQ(encoded(points), expected);
}

// Every prefix and every byte turned over: an error or points that keep the promise of the header.
TEST(Codec, NeverBreaksOnBytesThatItDidNotWrite) {
  for (ValueType type : kTypes) {
    std::vector<Point> points;
    for (int i = 0; i < 5; ++i) {
      Value value = strange_values(type)[static_cast<std::size_t>(i % 2)];
      points.push_back({{i * 1000}, i == 3 ? quality::kBad : quality::kGood, std::move(value)});
    }
    const Bytes good = encoded(points);
    for (std::size_t size = 0; size < good.size(); ++size) {
      EXPECT_FALSE(decode_points(ByteSpan(good).first(size)).ok()) << size;
    }
    for (std::size_t i = 0; i < good.size(); ++i) {
      for (int bit = 0; bit < 8; ++bit) {
        Bytes flipped = good;
        flipped[i] = static_cast<std::uint8_t>(flipped[i] ^ (1 << bit));
        const auto decoded = decode_points(flipped);
        if (!decoded) continue;
        for (std::size_t k = 1; k < decoded->size(); ++k) {
          EXPECT_LT((*decoded)[k - 1].time, (*decoded)[k].time);
        }
      }
    }
  }
}

TEST(Codec, RefusesACountWithoutBytesForIt) {
  EXPECT_FALSE(decode_points(Bytes{0x80, 0x40, 0x01, 0x01}).ok());        // 8192 bools
  EXPECT_FALSE(decode_points(Bytes{0xff, 0xff, 0xff, 0x7f, 0x01}).ok());  // more than a block
  EXPECT_FALSE(decode_points(Bytes{0x00, 0x01, 0x01}).ok());              // none
  Bytes batch(12, 0);
  batch.insert(batch.end(), {0xff, 0xff, 0xff, 0xff, 0x7f});
  EXPECT_FALSE(decode_batch(batch).ok());
  EXPECT_FALSE(decode_tags(Bytes{0xff, 0xff, 0xff, 0xff, 0x7f}).ok());
}

TEST(Codec, GivesBackABatchAsItStandsInTheLog) {
  SampleBatch batch;
  batch.tenant = {7};
  batch.received = {-5};
  std::uint32_t tag = 1;
  for (ValueType type : kTypes) {
    for (const Value& value : strange_values(type)) {
      batch.samples.push_back(
          {{tag}, {INT64_MIN + std::int64_t{tag}}, quality::kBadTimeout, value});
      tag = tag * 5 % 4294967291U;  // jumps both ways through the range of ids
    }
  }
  batch.samples.push_back({{UINT32_MAX}, {INT64_MAX - 1}, {UINT32_MAX}, true});
  const auto decoded = decode_batch(encode_batch(batch));
  ASSERT_TRUE(decoded.ok()) << decoded.error().text();
  EXPECT_EQ(decoded->tenant, batch.tenant);
  EXPECT_EQ(decoded->received, batch.received);
  EXPECT_TRUE(std::equal(decoded->samples.begin(), decoded->samples.end(), batch.samples.begin(),
                         batch.samples.end(), same_sample));
}

TEST(Codec, ABatchHasTheBytesOfTheFormatPage) {
  SampleBatch batch;
  batch.tenant = {1};
  batch.received = {1'000'000'000};
  batch.samples = {{{2}, {1'000'000'000}, quality::kGood, std::int64_t{-3}},
                   {{3}, {1'000'000'001}, quality::kBadTimeout, true}};
  const Bytes expected = {0x01, 0x00, 0x00, 0x00,                          // tenant
                          0x00, 0xca, 0x9a, 0x3b, 0x00, 0x00, 0x00, 0x00,  // received
                          0x02,                                            // two samples
                          0x04, 0x00, 0x00, 0x02, 0x05,                    // tag 2, +0 ns, Good, -3
                          0x02, 0x02, 0x80, 0x80, 0xa8, 0x80, 0x08, 0x01, 0x01};
  EXPECT_EQ(encode_batch(batch), expected);
}

TagSpec full_spec() {
  TagSpec spec;
  spec.path = "works/line/mode";
  spec.type = ValueType::kInt64;
  spec.interpolation = Interpolation::kStep;
  spec.unit = "C62";
  spec.description = "Betriebsart 模式";
  spec.enum_set = {{-1, "off"}, {INT64_MAX, "on"}};
  spec.range_low = -0.5;
  spec.range_high = 1e300;
  spec.writable = true;
  spec.source = "modbus:1/holding/40001";
  return spec;
}

TEST(Codec, GivesBackTagsWithAllTheirFields) {
  const std::vector<TagEntry> tags = {{{1}, {{1}, full_spec()}},
                                      {{UINT32_MAX}, {{UINT32_MAX}, spec_of("a/b")}}};
  const auto decoded = decode_tags(encode_tags(tags));
  ASSERT_TRUE(decoded.ok()) << decoded.error().text();
  ASSERT_EQ(decoded->size(), 2u);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ((*decoded)[i].tenant, tags[i].tenant);
    EXPECT_EQ((*decoded)[i].tag.id, tags[i].tag.id);
    EXPECT_EQ((*decoded)[i].tag.spec, tags[i].tag.spec);
  }
  const Bytes bytes = encode_tags(tags);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(decode_tags(ByteSpan(bytes).first(size)).ok()) << size;
  }
}

TEST(Codec, TagsHaveTheBytesOfTheFormatPage) {
  TagSpec spec = spec_of("a/b", ValueType::kInt64);
  spec.unit = "CEL";
  spec.enum_set = {{1, "x"}};
  spec.range_high = 2.0;
  const Bytes expected = {0x01,                                            // one tag
                          0x01, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00,  // tenant 1, tag 2
                          0x03, 'a',  '/',  'b',  0x02, 0x02,              // path, int64, linear
                          0x03, 'C',  'E',  'L',  0x00,                    // unit, no description
                          0x01, 0x02, 0x01, 'x',                           // enum 1 = x
                          0x00, 0x01, 0,    0,    0,    0,    0,    0,
                          0,    0x40,   // no low, high 2.0
                          0x00, 0x00};  // not writable, no source
  EXPECT_EQ(encode_tags({{{1}, {{2}, spec}}}), expected);
}

}  // namespace
}  // namespace lineshaft::historian
