#include "codec/floats.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <type_traits>

#include "codec/column_fixture.h"

namespace lineshaft::codec {
namespace {

template <typename T>
using Patterns = std::vector<std::conditional_t<sizeof(T) == 8, std::uint64_t, std::uint32_t>>;

template <typename T>
Patterns<T> patterns(const std::vector<T>& values) {
  Patterns<T> bits;
  for (const T value : values)
    bits.push_back(std::bit_cast<typename Patterns<T>::value_type>(value));
  return bits;
}

template <typename T>
std::vector<T> there_and_back(const std::vector<T>& values) {
  Bytes bytes;
  encode_floats<T>(values, Effort::kFresh, bytes);
  std::vector<T> out(values.size(), 99);
  const Slacked input(bytes);
  const Status status = decode_floats<T>(input.span(), out);
  EXPECT_TRUE(status) << status.error().text();
  return out;
}

TEST(Floats, DecimalsComeBackToTheBit) {
  std::mt19937_64 random(1);
  for (const unsigned digits : {0U, 1U, 2U, 5U, 9U, 15U}) {
    for (const std::size_t count : {1U, 7U, 128U, 300U, 8192U}) {
      std::vector<double> values;
      for (std::size_t i = 0; i < count; ++i) {
        values.push_back(static_cast<double>(wrapped(random() % 2'000'001) - 1'000'000) /
                         std::pow(10, digits));
      }
      ASSERT_EQ(patterns(there_and_back(values)), patterns(values)) << digits << " digits";
      const std::vector<float> floats(values.begin(), values.end());
      ASSERT_EQ(patterns(there_and_back(floats)), patterns(floats)) << digits << " digits";
    }
  }
}

TEST(Floats, WhatIsNoNumberComesBackToTheBit) {
  using Limits = std::numeric_limits<double>;
  const std::vector<double> special = {0.0,
                                       -0.0,
                                       Limits::infinity(),
                                       -Limits::infinity(),
                                       Limits::denorm_min(),
                                       -Limits::min(),
                                       Limits::max(),
                                       Limits::lowest(),
                                       std::bit_cast<double>(0x7FF8000000000001U),
                                       std::bit_cast<double>(0x7FF0000000000BADU),
                                       std::bit_cast<double>(0xFFFFFFFFFFFFFFFFU),
                                       4503599627370496.5,
                                       9007199254740993.0,
                                       1e300,
                                       1e-300};
  std::mt19937_64 random(2);
  for (const unsigned percent : {1U, 10U, 40U, 100U}) {
    std::vector<double> values;
    for (std::size_t i = 0; i < 2000; ++i) {
      values.push_back(random() % 100 < percent ? special[random() % special.size()]
                                                : static_cast<double>(random() % 1000) / 10);
    }
    ASSERT_EQ(patterns(there_and_back(values)), patterns(values));
    std::vector<float> floats;
    for (const double value : values) {
      floats.push_back(std::bit_cast<float>(
          static_cast<std::uint32_t>(std::bit_cast<std::uint64_t>(value) >> 32)));
    }
    ASSERT_EQ(patterns(there_and_back(floats)), patterns(floats));
  }
}

}  // namespace
}  // namespace lineshaft::codec
