#include "codec/integers.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "codec/column_fixture.h"
#include "codec/layout.h"

namespace lineshaft::codec {
namespace {

Bytes encoded(const Integers& values) {
  Bytes bytes;
  encode_integers(values, bytes);
  return bytes;
}

Integers decoded(const Bytes& bytes, std::size_t count) {
  const Slacked input(bytes);
  Integers values(count, 99);
  const Status status = decode_integers(input.span(), values);
  EXPECT_TRUE(status) << status.error().text();
  return values;
}

Layout layout_of(const Integers& values) { return static_cast<Layout>(encoded(values).front()); }

TEST(Integers, ComeBackWhateverTheirShapeAndCount) {
  std::mt19937_64 random(1);
  for (const IntegerShape& shape : integer_shapes()) {
    for (const std::size_t count : column_lengths()) {
      const Integers values = shape.make(count, random);
      ASSERT_EQ(decoded(encoded(values), count), values) << shape.name << " of " << count;
    }
  }
}

TEST(Integers, AreNeverLargerThanPlainAndTheLayoutByte) {
  std::mt19937_64 random(2);
  for (const IntegerShape& shape : integer_shapes()) {
    for (const std::size_t count : {std::size_t{1}, std::size_t{3}, std::size_t{500}, kValuesMax}) {
      const Bytes bytes = encoded(shape.make(count, random));
      EXPECT_LE(bytes.size(), std::max<std::size_t>(11, 1 + 8 * count)) << shape.name;
    }
  }
}

TEST(Integers, AreRefusedWhenCutShortOrLonger) {
  std::mt19937_64 random(3);
  for (const IntegerShape& shape : integer_shapes()) {
    const Integers values = shape.make(200, random);
    Bytes bytes = encoded(values);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      const Slacked input(ByteSpan(bytes).first(size));
      Integers out(values.size());
      EXPECT_FALSE(decode_integers(input.span(), out)) << shape.name << " cut to " << size;
    }
    bytes.push_back(0);
    Integers out(values.size());
    EXPECT_FALSE(decode_integers(Slacked(bytes).span(), out)) << shape.name << " and a byte more";
  }
}

TEST(Integers, SurviveAnyByteChanged) {
  std::mt19937_64 random(4);
  for (const IntegerShape& shape : integer_shapes()) {
    const Integers values = shape.make(300, random);
    const Bytes bytes = encoded(values);
    for (std::size_t at = 0; at < bytes.size(); ++at) {
      for (const int change : {1, 0x80, 0xFF}) {
        Bytes damaged = bytes;
        damaged[at] = static_cast<std::uint8_t>(damaged[at] ^ change);
        Integers out(values.size());
        static_cast<void>(decode_integers(Slacked(damaged).span(), out));
      }
    }
  }
}

TEST(Integers, TakeTheLayoutThatFitsThem) {
  std::mt19937_64 random(5);
  const auto of_shape = [&](std::string_view name) {
    for (const IntegerShape& shape : integer_shapes()) {
      if (shape.name == name) return layout_of(shape.make(kValuesMax, random));
    }
    return Layout{};
  };
  EXPECT_EQ(of_shape("constant"), Layout::kConstant);
  EXPECT_EQ(of_shape("small"), Layout::kFrames);
  EXPECT_EQ(of_shape("walk"), Layout::kSteps);
  EXPECT_EQ(of_shape("few far apart"), Layout::kDictionary);
  EXPECT_EQ(of_shape("held"), Layout::kRuns);
  EXPECT_EQ(of_shape("any"), Layout::kPlain);
}

}  // namespace
}  // namespace lineshaft::codec
