#include "historian/record.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "historian/oracle_fixture.h"

namespace lineshaft::historian {
namespace {

constexpr ValueType kTypes[] = {ValueType::kBool, ValueType::kInt64, ValueType::kFloat32,
                                ValueType::kFloat64, ValueType::kString};

TEST(Record, RefusesACountWithoutBytesForIt) {
  Bytes batch(12, 0);
  batch.insert(batch.end(), {0xff, 0xff, 0xff, 0xff, 0x7f});
  EXPECT_FALSE(decode_batch(batch).ok());
  EXPECT_FALSE(decode_tags(Bytes{0xff, 0xff, 0xff, 0xff, 0x7f}).ok());
}

TEST(Record, GivesBackABatchAsItStandsInTheLog) {
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

TEST(Record, ABatchHasTheBytesOfTheFormatPage) {
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

TEST(Record, GivesBackTagsWithAllTheirFields) {
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

TEST(Record, TagsHaveTheBytesOfTheFormatPage) {
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
