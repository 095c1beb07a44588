#include "codec/kernels.h"

#include <gtest/gtest.h>

#include <bit>

#include "codec/column_fixture.h"
#include "codec/floats.h"
#include "codec/integers.h"

namespace lineshaft::codec {
namespace {

// Every kind of vectors this machine has, one after the other, and the best again at the end.
template <typename Body>
void on_every_target(const Body& body) {
  for (const std::int64_t target : vector_targets()) {
    SCOPED_TRACE(vector_target_name(target));
    use_vector_target(target);
    body();
  }
  use_vector_target(0);
}

TEST(Kernels, GiveTheNumbersThatWentInOnEveryKindOfVectors) {
  std::mt19937_64 random(1);
  for (const IntegerShape& shape : integer_shapes()) {
    for (const std::size_t count : column_lengths()) {
      const Integers values = shape.make(count, random);
      Bytes bytes;
      encode_integers(values, bytes);
      const Slacked input(bytes);
      on_every_target([&] {
        Integers out(count, 99);
        ASSERT_TRUE(decode_integers(input.span(), out));
        ASSERT_EQ(out, values) << shape.name << " of " << count;
      });
    }
  }
}

// Division is the machine's own, correctly rounded: what IEEE 754 says a quotient is.
TEST(Kernels, DivideAsIeee754SaysOnEveryKindOfVectors) {
  std::mt19937_64 random(2);
  double power = 1;
  for (unsigned exponent = 0; exponent <= kExponentMax; ++exponent, power *= 10) {
    Integers numbers;
    for (std::size_t i = 0; i < 5000; ++i) {
      const auto magnitude = wrapped(random() >> (13 + random() % 51));
      numbers.push_back(random() % 2 == 0 ? magnitude : -magnitude);
    }
    for (const std::int64_t edge : {std::int64_t{0}, kDecimalLimit - 1, 1 - kDecimalLimit}) {
      numbers.push_back(edge);
    }
    on_every_target([&] {
      std::vector<double> out(numbers.size());
      scale_numbers(numbers, {exponent, {}}, out.data());
      for (std::size_t i = 0; i < numbers.size(); ++i) {
        const double quotient = static_cast<double>(numbers[i]) / power;
        ASSERT_EQ(std::bit_cast<std::uint64_t>(out[i]), std::bit_cast<std::uint64_t>(quotient))
            << numbers[i] << " / 10^" << exponent;
      }
    });
  }
}

TEST(Kernels, AddUpAlikeOnEveryKindOfVectors) {
  std::mt19937_64 random(3);
  for (const IntegerShape& shape : integer_shapes()) {
    for (const std::size_t count : {1U, 7U, 8U, 9U, 127U, 128U, 129U, 1000U, 8192U}) {
      std::vector<double> values;
      for (const std::int64_t number : shape.make(count, random)) {
        values.push_back(static_cast<double>(number % 1'000'000'000) / 100);
      }
      Bytes bytes;
      encode_floats<double>(values, Effort::kFresh, bytes);
      const Slacked input(bytes);
      const Totals expected = total_of(values);
      on_every_target([&] {
        const Result<Totals> totals = total_floats(input.span(), count);
        ASSERT_TRUE(totals);
        ASSERT_EQ(totals->sum, expected.sum) << shape.name << " of " << count;
        ASSERT_EQ(totals->min, expected.min) << shape.name << " of " << count;
        ASSERT_EQ(totals->max, expected.max) << shape.name << " of " << count;
        ASSERT_EQ(totals->numbers, expected.numbers) << shape.name << " of " << count;
      });
    }
  }
}

}  // namespace
}  // namespace lineshaft::codec
