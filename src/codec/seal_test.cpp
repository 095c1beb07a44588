#include "codec/seal.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "base/format_page_fixture.h"
#include "codec/column_fixture.h"
#include "codec/entropy.h"
#include "codec/packed.h"
#include "codec/residues.h"

namespace lineshaft::codec {
namespace {

Bytes encoded(const Integers& values, Effort effort = Effort::kSealed) {
  Bytes bytes;
  encode_int64(values, effort, bytes);
  return bytes;
}

Result<Integers> decoded(ByteSpan bytes, std::size_t count) {
  const Slacked input(bytes);
  Integers values(count, 99);
  if (Status read = decode_int64(input.span(), values); !read) return read.error();
  return values;
}

Layout layout_of(const Bytes& bytes) { return static_cast<Layout>(bytes.front()); }

TEST(Residues, UndoEveryDifference) {
  std::mt19937_64 random(1);
  for (const IntegerShape& shape : integer_shapes()) {
    for (const std::size_t count : {1U, 2U, 3U, 4U, 300U}) {
      const Integers values = shape.make(count, random);
      std::vector<std::uint64_t> residues(count);
      Integers out(count);
      for (unsigned differences = 0; differences <= kDifferencesMax; ++differences) {
        const Residues how = to_residues(values, differences, residues);
        from_residues(how, residues, out);
        EXPECT_EQ(out, values) << shape.name << " x " << count << ", " << differences;
      }
      from_residues(to_plain_residues(values, residues), residues, out);
      EXPECT_EQ(out, values) << shape.name << " x " << count;
    }
  }
}

TEST(Residues, LeaveNothingOfAStraightLine) {
  const Integers line = drawn(50, [](std::size_t i) { return 1'000'000 - 37 * wrapped(i); });
  std::vector<std::uint64_t> residues(line.size(), 9);
  for (unsigned differences : {1U, 2U}) {
    const Residues how = to_residues(line, differences, residues);
    EXPECT_EQ(residues, std::vector<std::uint64_t>(line.size(), 0));
    EXPECT_EQ(how.middle, differences == 1 ? -37 : 0);
  }
}

TEST(Packed, GivesBackNumbersOfEveryWidth) {
  std::mt19937_64 random(2);
  for (unsigned bits = 0; bits <= 64; ++bits) {
    std::vector<std::uint64_t> numbers(777);
    for (std::uint64_t& number : numbers) number = bits == 0 ? 0 : random() >> (64 - bits);
    numbers[5] = bits == 0 ? 0 : std::uint64_t{1} << (bits - 1);
    const unsigned width = bytes_of_each(numbers);
    EXPECT_EQ(width, std::max(1U, (bits + 7) / 8));
    Bytes frame;
    append_packed(numbers, width, frame);
    std::vector<std::uint64_t> out(numbers.size());
    ASSERT_TRUE(read_packed(frame, width, out).ok());
    EXPECT_EQ(out, numbers);
    frame.pop_back();
    EXPECT_FALSE(read_packed(frame, width, out).ok());
  }
}

TEST(Seal, GivesBackWholeNumbersWhateverTheirShapeAndCount) {
  std::mt19937_64 random(3);
  for (const IntegerShape& shape : integer_shapes()) {
    for (const std::size_t count : column_lengths()) {
      const Integers values = shape.make(count, random);
      ASSERT_EQ(decoded(encoded(values), count).value(), values) << shape.name << " of " << count;
    }
  }
}

TEST(Seal, IsNeverLargerThanFresh) {
  std::mt19937_64 random(4);
  for (const IntegerShape& shape : integer_shapes()) {
    for (const std::size_t count : {1U, 2U, 17U, 500U, 8192U}) {
      const Integers values = shape.make(count, random);
      EXPECT_LE(encoded(values).size(), encoded(values, Effort::kFresh).size()) << shape.name;
    }
  }
}

// Gauss with a deviation of 8: log2(8 * sqrt(2 pi e)) = 5.05 bits of entropy.
TEST(Seal, CodesNoiseNearItsEntropy) {
  std::mt19937_64 random(5);
  std::normal_distribution<double> gauss(0, 8);
  const Integers values =
      drawn(kValuesMax, [&](std::size_t) { return 5'000 + std::llround(gauss(random)); });
  const Bytes bytes = encoded(values);
  EXPECT_EQ(layout_of(bytes), Layout::kCoded);
  EXPECT_LT(static_cast<double>(8 * bytes.size()), 5.12 * kValuesMax);
  EXPECT_GT(static_cast<double>(8 * bytes.size()), 5.04 * kValuesMax);
}

// 300 numbers anywhere in 64 bits: 8.23 bits a value and 64 bits an entry.
TEST(Seal, LooksUpNumbersThatAreFarApart) {
  std::mt19937_64 random(6);
  const Integers few = drawn(300, [&](std::size_t) { return wrapped(random()); });
  const Integers values = drawn(kValuesMax, [&](std::size_t) { return few[random() % 300]; });
  const Bytes bytes = encoded(values);
  EXPECT_EQ(layout_of(bytes), Layout::kDictionary);
  EXPECT_LT(static_cast<double>(8 * bytes.size()), 8.4 * kValuesMax + 300 * 64);
  EXPECT_EQ(decoded(bytes, values.size()).value(), values);
}

// Noise in a loop of 1000: nothing to see value by value, and less than 1000 values' worth of bits.
TEST(Seal, FindsWhatRepeats) {
  std::mt19937_64 random(7);
  const Integers loop = drawn(1000, [&](std::size_t) { return wrapped(random() % 30'000); });
  const Integers values = drawn(kValuesMax, [&](std::size_t i) { return loop[i % 1000]; });
  const Bytes bytes = encoded(values);
  EXPECT_EQ(layout_of(bytes), Layout::kPacked);
  EXPECT_LT(bytes.size(), 2100U);
  EXPECT_EQ(decoded(bytes, values.size()).value(), values);
}

TEST(Seal, ReadsTheExamplesOfTheFormatPage) {
  const Bytes coded = hex_of_page("codec.md", "Coded");
  EXPECT_EQ(decoded(coded, 8).value(), (Integers{100, 99, 99, 100, 99, 99, 100, 100}));
  Bytes stream;
  encode_entropy(std::vector<std::uint64_t>{0, 1, 1, 0, 1, 1, 0, 0}, Alphabet::kTokens, stream);
  EXPECT_EQ(stream, Bytes(coded.begin() + 4, coded.end()));

  const Bytes packed = hex_of_page("codec.md", "Packed by zstd");
  EXPECT_EQ(decoded(packed, 3).value(), (Integers{7, 9, 8}));
}

TEST(Seal, RefusesWhatIsCutOffAndSurvivesTheRest) {
  std::mt19937_64 random(8);
  for (const IntegerShape& shape : integer_shapes()) {
    const Integers values = shape.make(600, random);
    Bytes good = encoded(values);
    for (std::size_t size = 0; size < good.size(); ++size) {
      EXPECT_FALSE(decoded(ByteSpan(good).first(size), values.size()).ok()) << shape.name;
    }
    for (std::size_t i = 0; i < good.size(); ++i) {
      for (const int change : {1, 0x80, 0xFF}) {
        Bytes damaged = good;
        damaged[i] = static_cast<std::uint8_t>(damaged[i] ^ change);
        static_cast<void>(decoded(damaged, values.size()));
      }
    }
    good.push_back(0);
    EXPECT_FALSE(decoded(good, values.size()).ok()) << shape.name;
  }
}

TEST(Seal, SurvivesAnyBytesBehindItsLayouts) {
  std::mt19937_64 random(9);
  for (int round = 0; round < 50'000; ++round) {
    Bytes bytes(2 + random() % 60);
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random() >> (random() % 8));
    bytes[0] = static_cast<std::uint8_t>(64 + random() % 2);
    bytes[1] = static_cast<std::uint8_t>(bytes[0] == 64 ? random() % 5 : 16 * (1 + random() % 8));
    static_cast<void>(decoded(bytes, 1 + random() % 300));
  }
}

template <typename T>
std::vector<std::int64_t> bits_of(const std::vector<T>& values) {
  std::vector<std::int64_t> bits;
  for (const T value : values) {
    if constexpr (sizeof(T) == 8) {
      bits.push_back(std::bit_cast<std::int64_t>(value));
    } else {
      bits.push_back(std::bit_cast<std::int32_t>(value));
    }
  }
  return bits;
}

void expect_sealed(const std::vector<double>& values, const std::string& what) {
  Bytes fresh;
  encode_float64(values, Effort::kFresh, fresh);
  Bytes sealed;
  encode_float64(values, Effort::kSealed, sealed);
  EXPECT_LE(sealed.size(), fresh.size()) << what;
  std::vector<double> out(values.size());
  ASSERT_TRUE(decode_float64(Slacked(sealed).span(), out).ok()) << what;
  EXPECT_EQ(bits_of(out), bits_of(values)) << what;
  const Result<Totals> totals = total_float64(Slacked(sealed).span(), values.size());
  ASSERT_TRUE(totals.ok()) << what;
  const Result<Totals> of_fresh = total_float64(Slacked(fresh).span(), values.size());
  EXPECT_EQ(bits_of<double>({totals->sum, totals->min, totals->max}),
            bits_of<double>({of_fresh->sum, of_fresh->min, of_fresh->max}))
      << what;

  const std::vector<float> narrow(values.begin(), values.end());
  Bytes bytes;
  encode_float32(narrow, Effort::kSealed, bytes);
  std::vector<float> floats(narrow.size());
  ASSERT_TRUE(decode_float32(Slacked(bytes).span(), floats).ok()) << what;
  EXPECT_EQ(bits_of(floats), bits_of(narrow)) << what;
}

TEST(Seal, GivesBackFloatsToTheBit) {
  std::mt19937_64 random(10);
  std::normal_distribution<double> gauss(20, 3);
  using Draw = std::function<double(std::size_t)>;
  const std::vector<std::pair<std::string, Draw>> shapes = {
      {"two decimals", [&](std::size_t) { return std::round(gauss(random) * 100) / 100; }},
      {"five digits",
       [&](std::size_t) {
         return std::strtod(std::to_string(std::exp(gauss(random))).substr(0, 6).c_str(), nullptr);
       }},
      {"floats",
       [&](std::size_t) {
         return static_cast<double>(static_cast<float>(std::round(gauss(random) * 10) / 10));
       }},
      {"last digits off", [&](std::size_t) { return std::round(gauss(random) * 100) * 0.01; }},
      {"any double", [&](std::size_t) { return gauss(random); }},
      {"any bits", [&](std::size_t) { return std::bit_cast<double>(random()); }},
      {"few doubles", [&](std::size_t i) { return std::sin(static_cast<double>(i % 7)); }},
      {"minus nothing",
       [&](std::size_t i) { return i % 4 == 0 ? -0.0 : static_cast<double>(i % 9) / 10; }},
  };
  for (const auto& [name, draw] : shapes) {
    for (const std::size_t count : {1U, 5U, 1000U, 8192U}) {
      std::vector<double> values(count);
      for (std::size_t i = 0; i < count; ++i) values[i] = draw(i);
      expect_sealed(values, name + " x " + std::to_string(count));
    }
  }
}

TEST(Seal, GivesBackTimesBoolsAndQualities) {
  std::mt19937_64 random(11);
  const Integers times = drawn(kValuesMax, [&](std::size_t i) {
    return wrapped(i) * 1'000'000'000 + wrapped(random() % 10) * 1'000'000;
  });
  Bytes bytes;
  encode_times(times, Effort::kSealed, bytes);
  Integers out(times.size());
  ASSERT_TRUE(decode_times(Slacked(bytes).span(), out).ok());
  EXPECT_EQ(out, times);

  std::vector<std::uint8_t> bools(5000);
  for (std::uint8_t& value : bools) value = random() % 100 == 0;
  bytes.clear();
  encode_bools(bools, Effort::kSealed, bytes);
  std::vector<std::uint8_t> bools_out(bools.size());
  ASSERT_TRUE(decode_bools(Slacked(bytes).span(), bools_out).ok());
  EXPECT_EQ(bools_out, bools);
  // 1 in 100: 0.081 bits of entropy; 300 bits of heads.
  EXPECT_LT(8.0 * static_cast<double>(bytes.size()), 5000 * 0.081 + 300);

  std::vector<std::uint32_t> qualities(5000, 0);
  for (std::uint32_t& value : qualities) value = random() % 50 == 0 ? 0x800A0000U : 0;
  bytes.clear();
  encode_qualities(qualities, Effort::kSealed, bytes);
  std::vector<std::uint32_t> qualities_out(qualities.size());
  ASSERT_TRUE(decode_qualities(Slacked(bytes).span(), qualities_out).ok());
  EXPECT_EQ(qualities_out, qualities);
}

// Ten milliseconds of jitter: log2(10) = 3.32 bits, if the grid is known.
TEST(Seal, FindsTheGridOfJitteredTimes) {
  std::mt19937_64 random(12);
  for (const std::int64_t step : {1'000, 250, 60'000}) {
    const Integers times = drawn(kValuesMax, [&](std::size_t i) {
      return (wrapped(i) * step + wrapped(random() % 10)) * 1'000'000;
    });
    Bytes bytes;
    encode_times(times, Effort::kSealed, bytes);
    EXPECT_LT(8.0 * static_cast<double>(bytes.size()) / kValuesMax, 3.45) << step;
  }
}

}  // namespace
}  // namespace lineshaft::codec
