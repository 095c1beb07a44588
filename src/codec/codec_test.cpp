#include "codec/codec.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/format_page_fixture.h"
#include "codec/column_fixture.h"
#include "codec/real_columns_fixture.h"

namespace lineshaft::codec {
namespace {

template <typename T>
using Decoder = Status (*)(ByteSpan, std::span<T>);
template <typename T>
using Encoder = void (*)(std::span<const T>, Effort, Bytes&);

template <typename T>
std::vector<T> decoded(Decoder<T> decode, const Bytes& bytes, std::size_t count) {
  const Slacked input(bytes);
  std::vector<T> out(count);
  const Status status = decode(input.span(), out);
  EXPECT_TRUE(status) << status.error().text();
  return out;
}

template <typename T>
Bytes encoded(Encoder<T> encode, const std::vector<T>& values, Effort effort = Effort::kFresh) {
  Bytes bytes;
  encode(values, effort, bytes);
  return bytes;
}

std::vector<std::uint64_t> patterns(std::span<const double> values) {
  std::vector<std::uint64_t> bits;
  for (const double value : values) bits.push_back(std::bit_cast<std::uint64_t>(value));
  return bits;
}

// ---- The page

TEST(CodecPage, ExamplesOfWholeNumbersAreReadAsTheyStand) {
  const auto read = [](const char* heading, std::size_t count) {
    return decoded<std::int64_t>(decode_int64, hex_of_page("codec.md", heading), count);
  };
  EXPECT_EQ(read("Frames", 3), (Integers{100, 103, 101}));
  EXPECT_EQ(read("Patches", 3), (Integers{1, 2, 300}));
  EXPECT_EQ(read("Steps", 4), (Integers{10, 17, 24, 30}));
  EXPECT_EQ(read("A dictionary", 3), (Integers{5, 900, 5}));
  EXPECT_EQ(read("Runs", 5), (Integers{7, 7, 7, 9, 9}));
}

TEST(CodecPage, ExamplesOfFloatsAndTimesAreReadAndWrittenAsTheyStand) {
  const std::vector<double> values = {1.00, 1.03, 1.01, -0.0};
  const Bytes floats = hex_of_page("codec.md", "Decimals");
  EXPECT_EQ(patterns(decoded<double>(decode_float64, floats, 4)), patterns(values));
  EXPECT_EQ(encoded<double>(encode_float64, values), floats);

  constexpr std::int64_t kStart = 1'700'000'000'000'000'000;
  const Integers times = {kStart, kStart + 1'000'000'000, kStart + 2'002'000'000,
                          kStart + 3'000'000'000};
  const Bytes bytes = hex_of_page("codec.md", "Times");
  EXPECT_EQ(decoded<std::int64_t>(decode_times, bytes, 4), times);
  EXPECT_EQ(encoded<std::int64_t>(encode_times, times), bytes);
}

// ---- Times

TEST(Times, ComeBackWhateverTheirShapeAndCount) {
  std::mt19937_64 random(1);
  for (const IntegerShape& shape : integer_shapes()) {
    for (const std::size_t count : column_lengths()) {
      const Integers times = shape.make(count, random);
      const Bytes bytes = encoded<std::int64_t>(encode_times, times);
      ASSERT_EQ(decoded<std::int64_t>(decode_times, bytes, count), times)
          << shape.name << " of " << count;
    }
  }
}

// A tick of 100 ns, as OPC UA has, and one of 1 ms cost nothing: the same jitter takes as much.
TEST(Times, TakeAsManyBitsWhateverTheUnitOfTheirJitter) {
  std::vector<std::size_t> sizes;
  for (const std::int64_t unit : {1, 100, 1'000'000}) {
    std::mt19937_64 same(3);
    const Integers times = drawn(kValuesMax, [&](std::size_t i) {
      return (wrapped(i) * 1000 + wrapped(same() % 10)) * unit;
    });
    sizes.push_back(encoded<std::int64_t>(encode_times, times).size());
  }
  // What grows is the start, at most from 1 byte to 4, and the unit, at most from 1 to 3.
  EXPECT_LE(sizes[1], sizes[0] + 5);
  EXPECT_LE(sizes[2], sizes[0] + 5);
  EXPECT_LE(static_cast<double>(sizes[0]) * 8 / kValuesMax, 4.3);  // 0..9: four bits, and heads
}

TEST(Times, OfARegularColumnTakeAFewBytes) {
  const Integers times = drawn(kValuesMax, [](std::size_t i) {
    return 1'700'000'000'000'000'000 + wrapped(i) * 1'000'000'000;
  });
  EXPECT_LE(encoded<std::int64_t>(encode_times, times).size(), 24U);
}

// ---- Booleans and qualities

TEST(Bools, ComeBackAndTakeABitAtMost) {
  std::mt19937_64 random(4);
  for (const std::size_t count : column_lengths()) {
    std::vector<std::uint8_t> values(count);
    for (std::uint8_t& value : values) value = static_cast<std::uint8_t>(random() % 2);
    const Bytes bytes = encoded<std::uint8_t>(encode_bools, values);
    ASSERT_EQ(decoded<std::uint8_t>(decode_bools, bytes, count), values);
    EXPECT_LE(bytes.size(), count / 8 + 5 + (count + 127) / 128);
  }
}

TEST(Bools, AreRefusedWhenANumberIsNeitherOf0And1) {
  const Bytes bytes = encoded<std::int64_t>(encode_int64, {0, 1, 2, 1});
  std::vector<std::uint8_t> out(4);
  EXPECT_FALSE(decode_bools(Slacked(bytes).span(), out));
}

TEST(Qualities, OfAColumnThatIsGoodTakeNoByte) {
  const std::vector<std::uint32_t> good(500, 0);
  const Bytes bytes = encoded<std::uint32_t>(encode_qualities, good);
  EXPECT_TRUE(bytes.empty());
  EXPECT_EQ(decoded<std::uint32_t>(decode_qualities, bytes, 500), good);
}

TEST(Qualities, ComeBackAndTakeLittleWhenTheyChangeSeldom) {
  std::vector<std::uint32_t> codes(kValuesMax, 0);
  std::fill(codes.begin() + 100, codes.begin() + 900, 0x800A0000U);
  std::fill(codes.begin() + 900, codes.begin() + 910, 0x40920000U);
  codes.back() = 0xFFFFFFFFU;
  const Bytes bytes = encoded<std::uint32_t>(encode_qualities, codes);
  EXPECT_EQ(decoded<std::uint32_t>(decode_qualities, bytes, kValuesMax), codes);
  EXPECT_LE(bytes.size(), 64U);
}

TEST(Qualities, AreRefusedWhenANumberHasMoreThan32Bits) {
  const Bytes bytes = encoded<std::int64_t>(encode_int64, {0, 1LL << 32, 5, 6});
  std::vector<std::uint32_t> out(4);
  EXPECT_FALSE(decode_qualities(Slacked(bytes).span(), out));
}

// ---- Totals

TEST(Totals, LeaveOutWhatIsNotANumber) {
  const std::vector<double> values = {NAN, 2.5, NAN, -1.5, 4.0};
  const Bytes bytes = encoded<double>(encode_float64, values);
  const Result<Totals> totals = total_float64(Slacked(bytes).span(), values.size());
  ASSERT_TRUE(totals);
  EXPECT_EQ(totals->numbers, 3U);
  EXPECT_EQ(totals->sum, 5.0);
  EXPECT_EQ(totals->min, -1.5);
  EXPECT_EQ(totals->max, 4.0);
}

TEST(Totals, OfNothingButNotANumberAreZero) {
  const std::vector<double> values(300, NAN);
  const Bytes bytes = encoded<double>(encode_float64, values);
  const Result<Totals> totals = total_float64(Slacked(bytes).span(), values.size());
  ASSERT_TRUE(totals);
  EXPECT_EQ(totals->numbers, 0U);
  EXPECT_EQ(totals->sum, 0.0);
  EXPECT_EQ(totals->min, 0.0);
  EXPECT_EQ(totals->max, 0.0);
}

// ---- Damage

template <typename T>
void survive_damage(const std::vector<T>& values, Encoder<T> encode, Decoder<T> decode) {
  const Bytes bytes = encoded<T>(encode, values);
  std::vector<T> out(values.size());
  for (std::size_t size = 1; size < bytes.size(); ++size) {
    EXPECT_FALSE(decode(Slacked(ByteSpan(bytes).first(size)).span(), out)) << "cut to " << size;
  }
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      Bytes damaged = bytes;
      damaged[at] = static_cast<std::uint8_t>(damaged[at] ^ 1 << bit);
      const Slacked input(damaged);
      static_cast<void>(decode(input.span(), out));
    }
  }
}

TEST(Codec, SurvivesAnyBitFlippedAndAnyCut) {
  std::mt19937_64 random(5);
  std::vector<double> noisy;
  std::vector<float> floats;
  std::vector<double> folded;
  Integers times;
  for (int i = 0; i < 200; ++i) {
    noisy.push_back(
        i % 20 == 0 ? NAN : static_cast<double>(random() % 1000) / 10 + (i % 3 == 0 ? 1e-14 : 0));
    floats.push_back(static_cast<float>(random() % 1000) / 8);
    folded.push_back(static_cast<double>(random() % 90'000 + 10'000) * (i % 2 == 0 ? 0.001 : 1));
    times.push_back(i * 1'000'000 + wrapped(random() % 5));
  }
  survive_damage<double>(noisy, encode_float64, decode_float64);
  survive_damage<double>(folded, encode_float64, decode_float64);
  survive_damage<float>(floats, encode_float32, decode_float32);
  survive_damage<std::int64_t>(times, encode_times, decode_times);
}

// ---- Columns of real machines

// Bits a value, the most that a set may take: the figures of a prototype with the same layouts but
// the fold, sizes by formula ("fresh + dictionary, RLE, patched"), rounded up to the tenth.
struct RealLimit {
  const char* set;
  double bits;
};

TEST(RealColumns, ComeBackAndTakeNoMoreThanTheirPrototype) {
  const std::string folder = std::string(LINESHAFT_SHARED_DIR) + "/data";
  const std::vector<RealLimit> limits = {{"gas turbine", 13.5},
                                         {"milling", 3.1},
                                         {"machine temperature", 30.2},
                                         {"steel energy", 9.2},
                                         {"Tennessee Eastman", 10.9}};
  for (std::size_t i = 0; i < limits.size(); ++i) {
    const RealSet& set = real_sets()[i];
    ASSERT_STREQ(set.name, limits[i].set);
    std::size_t bytes = 0;
    std::size_t count = 0;
    for (const RealColumn& column : columns_of_set(folder, set)) {
      for (std::size_t at = 0; at < column.values.size(); at += kValuesMax) {
        const std::size_t size = std::min(kValuesMax, column.values.size() - at);
        const std::span<const double> block(column.values.data() + at, size);
        Bytes block_bytes;
        encode_float64(block, Effort::kFresh, block_bytes);
        const std::vector<double> back = decoded<double>(decode_float64, block_bytes, size);
        ASSERT_EQ(patterns(back), patterns(block)) << column.name;
        bytes += block_bytes.size();
        count += size;
      }
    }
    if (count == 0) GTEST_SKIP() << "no columns of " << set.name << " in " << folder;
    EXPECT_LE(8.0 * static_cast<double>(bytes) / static_cast<double>(count), limits[i].bits)
        << set.name;
  }
}

}  // namespace
}  // namespace lineshaft::codec
