#include "codec/kernels.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>

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

Totals added_one_by_one(const std::vector<double>& values) {
  PartialTotals partial;
  for (std::size_t i = 0; i < values.size(); ++i) partial.add(i, values[i]);
  return partial.total();
}

TEST(Kernels, AddUpAnyDoublesAlikeOnEveryKindOfVectors) {
  std::mt19937_64 random(4);
  const std::vector<double> special = {NAN, -0.0, 0.0, INFINITY, -INFINITY, 1e308, -1e-308};
  for (const unsigned percent : {1U, 30U, 100U}) {
    for (const std::size_t count : column_lengths()) {
      std::vector<double> values;
      for (std::size_t i = 0; i < count; ++i) {
        values.push_back(random() % 100 < percent ? special[random() % (i % 2 == 0 ? 1 : 7)]
                                                  : static_cast<double>(random() % 1000) / 7);
      }
      const Totals expected = added_one_by_one(values);
      on_every_target([&] {
        const Totals totals = total_of(values);
        ASSERT_EQ(totals.numbers, expected.numbers);
        ASSERT_EQ(std::isnan(totals.sum), std::isnan(expected.sum));
        if (!std::isnan(expected.sum)) {
          ASSERT_EQ(totals.sum, expected.sum);
        }
        ASSERT_EQ(std::bit_cast<std::uint64_t>(totals.min),
                  std::bit_cast<std::uint64_t>(expected.min));
        ASSERT_EQ(std::bit_cast<std::uint64_t>(totals.max),
                  std::bit_cast<std::uint64_t>(expected.max));
      });
    }
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
      const Totals expected = added_one_by_one(values);
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

double special_of(std::int64_t number) {
  switch (number % 3) {
    case 0:
      return NAN;
    case 1:
      return -0.0;
    default:
      return 74.93588199999998;
  }
}

TEST(Kernels, EncodeToTheSameBytesOnEveryKindOfVectors) {
  std::mt19937_64 random(5);
  for (const IntegerShape& shape : integer_shapes()) {
    for (const std::size_t count : {1U, 5U, 8U, 131U, 1000U, 8192U}) {
      const Integers numbers = shape.make(count, random);
      std::vector<double> values;
      for (const std::int64_t number : numbers) {
        values.push_back(number % 77 == 0 ? special_of(number)
                                          : static_cast<double>(number % 1'000'000'000) / 1000);
      }
      Bytes first_integers;
      Bytes first_doubles;
      on_every_target([&] {
        Bytes integers;
        encode_integers(numbers, integers);
        Bytes doubles;
        encode_floats<double>(values, Effort::kFresh, doubles);
        if (first_integers.empty()) {
          first_integers = integers;
          first_doubles = doubles;
        }
        ASSERT_EQ(integers, first_integers) << shape.name << " of " << count;
        ASSERT_EQ(doubles, first_doubles) << shape.name << " of " << count;
      });
    }
  }
}

}  // namespace
}  // namespace lineshaft::codec
