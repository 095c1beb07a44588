#include "wire/batch/batch.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/format_page_fixture.h"

namespace lineshaft::batch {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

void expect_same(const std::vector<Sample>& a, const std::vector<Sample>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].tag, b[i].tag) << i;
    EXPECT_EQ(a[i].time, b[i].time) << i;
    EXPECT_EQ(a[i].quality, b[i].quality) << i;
    EXPECT_TRUE(same_bits(a[i].value, b[i].value)) << i;
  }
}

std::vector<Sample> example() {
  return {{TagId{7}, {kSecond}, quality::kGood, 21.5},
          {TagId{7}, {2 * kSecond}, quality::kBadTimeout, 22.0},
          {TagId{300}, {-1}, quality::kGood, std::string("on")}};
}

std::string refusal(const Bytes& bytes) {
  const auto decoded = decode(bytes);
  return decoded ? "" : decoded.error().what;
}

TEST(Batch, IsWhatThePageOfTheFormatSays) {
  const Bytes page = hex_of_page("batch.md", "Worked example");
  expect_same(decode(page).value(), example());
  EXPECT_EQ(encode(example()), page);
}

TEST(Batch, KeepsEveryTypeToTheBit) {
  const double payload = std::bit_cast<double>(0x7ff800000000beefULL);
  std::vector<Sample> samples;
  for (const Value& value :
       {Value(true), Value(false), Value(std::numeric_limits<std::int64_t>::min()),
        Value(std::int64_t{-1}), Value(-0.0F), Value(std::numeric_limits<float>::denorm_min()),
        Value(payload), Value(-std::numeric_limits<double>::infinity()), Value(std::string()),
        Value(std::string("stra\xc3\x9f"
                          "e\0x",
                          9))}) {
    const auto number = static_cast<std::uint32_t>(samples.size());
    samples.push_back({TagId{UINT32_MAX - number}, {kTimestampMin.ns + number}, {number}, value});
  }
  expect_same(decode(encode(samples)).value(), samples);
}

TEST(Batch, OfNothingIsItsMagicAlone) {
  EXPECT_TRUE(decode(encode({})).value().empty());
  EXPECT_EQ(encode({}).size(), 4U);
}

TEST(Batch, IsRefusedWhereverItIsCutOff) {
  const Bytes whole = encode(example());
  // The end of the first part is the only place inside where a whole batch could end.
  const std::size_t first_part = 4 + 8 + 2 * (4 + 8 + 4 + 8);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const bool is_whole = size == 4 || size == first_part;
    EXPECT_EQ(decode(ByteSpan(whole).first(size)).ok(), is_whole) << size;
  }
}

TEST(Batch, NamesTheFirstPartThatIsWrong) {
  Bytes bytes = encode(example());
  const std::size_t second_part = 4 + 8 + 2 * (4 + 8 + 4 + 8);
  const auto with = [&](std::size_t at, std::uint8_t byte) {
    Bytes changed = bytes;
    changed[at] = byte;
    return refusal(changed);
  };
  EXPECT_EQ(with(3, '2'), "a batch begins with LSB1");
  EXPECT_EQ(with(4, 0), "part 0 of the batch has a type that is not 1 to 5");
  EXPECT_EQ(with(second_part, 6), "part 1 of the batch has a type that is not 1 to 5");
  EXPECT_EQ(with(second_part + 1, 2), "part 1 of the batch has flags of a newer version");
  EXPECT_EQ(with(second_part + 2, 1), "part 1 of the batch has flags of a newer version");
  EXPECT_EQ(with(second_part + 7, 0x80),
            "part 1 of the batch is shorter than its count of samples");
}

TEST(Batch, NamesTheFirstSampleThatIsWrong) {
  std::vector<Sample> samples = example();
  samples.push_back({TagId{1}, {0}, quality::kGood, true});
  Bytes bytes = encode(samples);
  bytes.back() = 2;
  EXPECT_EQ(refusal(bytes), "sample 3 of the batch is neither 0 nor 1");

  bytes = encode(example());
  bytes.back() = 0xff;
  EXPECT_EQ(refusal(bytes), "sample 2 of the batch is a text that is not UTF-8");
  bytes[bytes.size() - 6] = 3;  // the size of the text
  EXPECT_EQ(refusal(bytes), "sample 2 of the batch is a text that is cut off");
  bytes[bytes.size() - 4] = 1;  // 65,539
  EXPECT_EQ(refusal(bytes), "sample 2 of the batch is a text longer than 64 KiB");
}

}  // namespace
}  // namespace lineshaft::batch
