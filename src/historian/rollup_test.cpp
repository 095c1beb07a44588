#include "historian/rollup.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "codec/codec.h"

namespace lineshaft::historian {
namespace {

Bytes bytes_of(const Summary& summary) {
  Bytes bytes;
  ByteWriter writer(bytes);
  encode_summary(summary, writer);
  return bytes;
}

Result<std::vector<Summary>> decode(Bytes bytes) {
  const std::size_t size = bytes.size();
  bytes.resize(size + codec::kSlackBytes);
  return decode_rollups(ByteSpan(bytes).first(size));
}

// Minutes of a signal with everything that a sample can be.
std::vector<Summary> some_rollups(std::size_t count) {
  std::mt19937_64 random(count);
  const double odd[] = {-0.0, std::numeric_limits<double>::infinity(), std::nan("5"), 5e-324};
  std::vector<Summary> rollups(count);
  std::int64_t time = -90'000'000'000;
  for (Summary& rollup : rollups) {
    for (std::uint64_t i = 0; i <= random() % 5; ++i) {
      time += 1 + static_cast<std::int64_t>(random() % 10'000'000'000);
      const Quality quality = random() % 4 == 0 ? quality::kBadTimeout : quality::kGood;
      const double number =
          random() % 9 == 0 ? odd[random() % 4] : static_cast<double>(random() % 1000) / 8;
      rollup.add({time}, quality, number);
    }
  }
  return rollups;
}

TEST(Rollups, ComeBackToTheBit) {
  for (std::size_t count : {std::size_t{1}, std::size_t{2}, std::size_t{1000}, kRollupsMax}) {
    const std::vector<Summary> rollups = some_rollups(count);
    Bytes bytes;
    encode_rollups(rollups, bytes);
    const auto decoded = decode(bytes);
    ASSERT_TRUE(decoded.ok()) << decoded.error().text();
    ASSERT_EQ(decoded->size(), count);
    for (std::size_t i = 0; i < count; ++i) {
      ASSERT_EQ(bytes_of((*decoded)[i]), bytes_of(rollups[i])) << i;
    }
  }
}

// A day of a signal sampled once a second takes 86,400 samples; its minutes must not take as much
// as those do (1.3 bytes each).
TEST(Rollups, TakeFewBytes) {
  std::vector<Summary> minutes(1440);
  std::mt19937_64 random(7);
  double value = 20;
  for (std::int64_t second = 0; second < 86'400; ++second) {
    value += (static_cast<double>(random() % 3) - 1) / 10;
    minutes[static_cast<std::size_t>(second / 60)].add({second * 1'000'000'000}, quality::kGood,
                                                       std::round(value * 10) / 10);
  }
  Bytes bytes;
  encode_rollups(minutes, bytes);
  EXPECT_LT(bytes.size(), 1440u * 60u);
}

TEST(Rollups, AreRefusedWhole) {
  Bytes bytes;
  encode_rollups(some_rollups(50), bytes);
  EXPECT_FALSE(decode({}).ok());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(
        decode(Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size))).ok());
  }
  Bytes longer = bytes;
  longer.push_back(0);
  EXPECT_FALSE(decode(longer).ok());
}

TEST(Rollups, OutOfOrderAreRefused) {
  std::vector<Summary> rollups = some_rollups(3);
  std::swap(rollups[0], rollups[2]);
  Bytes bytes;
  encode_rollups(rollups, bytes);
  EXPECT_FALSE(decode(bytes).ok());
}

}  // namespace
}  // namespace lineshaft::historian
