#include "codec/entropy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <random>

#include "codec/tans.h"

namespace lineshaft::codec {
namespace {

using Values = std::vector<std::uint64_t>;

// A decoder may read behind its input: the bytes there are not zero, so that use would be noticed.
struct Stream {
  Bytes bytes;
  std::size_t size = 0;
  explicit Stream(Bytes content) : bytes(std::move(content)), size(bytes.size()) {
    bytes.insert(bytes.end(), 8, 0xa5);
  }
  ByteSpan span() const { return ByteSpan(bytes).first(size); }
};

Bytes encoded(const Values& values, Alphabet alphabet = Alphabet::kTokens) {
  Bytes bytes;
  encode_entropy(values, alphabet, bytes);
  return bytes;
}

Result<Values> decoded(ByteSpan bytes, std::size_t count) {
  const Stream stream(Bytes(bytes.begin(), bytes.end()));
  Values values(count, 0x5a5a5a5a);
  if (Status status = decode_entropy(stream.span(), values); !status) return status.error();
  return values;
}

double entropy_bits(const Values& values) {
  std::map<std::uint64_t, double> counts;
  for (std::uint64_t value : values) ++counts[value];
  double bits = 0;
  for (const auto& [value, count] : counts) {
    bits += count * std::log2(static_cast<double>(values.size()) / count);
  }
  return bits;
}

Values drawn(std::size_t count, std::uint32_t seed,
             const std::function<std::uint64_t(std::mt19937_64&)>& draw) {
  std::mt19937_64 random(seed);
  Values values(count);
  for (std::uint64_t& value : values) value = draw(random);
  return values;
}

TEST(Tokens, HoldEveryValueBetweenMantissaAndExtraBits) {
  Values values = {0, 1, 15, 16, 17, 31, 32, ~std::uint64_t{0}};
  for (unsigned bit = 0; bit < 64; ++bit) {
    for (std::uint64_t around : {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0}}) {
      values.push_back((std::uint64_t{1} << bit) + around);
      values.push_back((std::uint64_t{3} << bit) + around);
    }
  }
  for (std::uint64_t value : values) {
    const std::uint8_t token = token_of(value);
    EXPECT_EQ(value >> extra_bits_of(token), mantissa_of(token)) << value;
  }
}

TEST(Tokens, GrowWithTheValue) {
  for (std::uint64_t value = 0; value < 5000; ++value) {
    EXPECT_LE(token_of(value), token_of(value + 1)) << value;
  }
  EXPECT_EQ(token_of(std::uint64_t{1} << 63), 252);
  EXPECT_EQ(token_of(~std::uint64_t{0}), 255);
}

TEST(Entropy, GivesBackEveryCountOfValues) {
  for (std::size_t count = 1; count <= 70; ++count) {
    const Values values = drawn(count, static_cast<std::uint32_t>(count),
                                [](std::mt19937_64& random) { return random() % 300; });
    EXPECT_EQ(decoded(encoded(values), count).value(), values) << count;
  }
}

TEST(Entropy, GivesBackValuesOfEveryWidth) {
  for (unsigned width = 0; width <= 64; ++width) {
    for (std::size_t count : {std::size_t{7}, std::size_t{1000}, kEntropyValuesMax}) {
      const Values values = drawn(count, width, [width](std::mt19937_64& random) {
        return width == 0 ? 0 : random() >> (64 - width);
      });
      EXPECT_EQ(decoded(encoded(values), count).value(), values) << width << " x " << count;
    }
  }
}

TEST(Entropy, GivesBackAllTokensAtOnce) {
  const Values values = drawn(kEntropyValuesMax, 5, [](std::mt19937_64& random) {
    const std::uint64_t width = random() % 65;
    return width == 0 ? 0 : random() >> (64 - width);
  });
  EXPECT_EQ(decoded(encoded(values), values.size()).value(), values);
}

TEST(Entropy, SpendsNoBitOnAValueThatIsAlwaysTheSame) {
  const Values values(kEntropyValuesMax, 3);
  const Bytes bytes = encoded(values);
  EXPECT_LE(bytes.size(), 20U);
  EXPECT_EQ(decoded(bytes, values.size()).value(), values);
}

// Shannon: no code of single symbols is below the entropy; this one is near it. Drawn values know
// nothing of their neighbours, so a second table cannot help.
TEST(Entropy, ComesNearTheEntropyOfWhatItCodes) {
  std::mt19937_64 random(1);
  for (double deviation : {0.3, 1.0, 3.0}) {
    std::normal_distribution<double> normal(0, deviation);
    Values values(kEntropyValuesMax);
    for (std::uint64_t& value : values) {
      value = zigzag(static_cast<std::int64_t>(std::lround(normal(random))));
    }
    const double least = entropy_bits(values);
    const auto taken = static_cast<double>(8 * encoded(values).size());
    EXPECT_GT(taken, least);
    EXPECT_LT(taken, 1.01 * least + 8 * 40) << deviation;
  }
}

// Runs of 50 zeros between runs of 50 others, of which there are four: 1/2 * 2 bits a value to tell
// these apart. Zero or not is another bit by frequency alone, and 0.14 bits, the entropy of a
// change every 50 values, for who looks at the value before.
TEST(Entropy, LearnsThatZerosComeInRuns) {
  Values values(8000);
  std::mt19937_64 random(2);
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = (i / 50) % 2 == 0 ? 0 : 1 + random() % 4;
  const Bytes bytes = encoded(values);
  EXPECT_LT(static_cast<double>(8 * bytes.size()), 8000 * 1.2);
  EXPECT_EQ(decoded(bytes, values.size()).value(), values);
}

TEST(Entropy, CodesPlainSymbolsWithoutExtraBits) {
  const Values values =
      drawn(5000, 3, [](std::mt19937_64& random) { return 100 + random() % 100; });
  const Bytes plain = encoded(values, Alphabet::kPlain);
  EXPECT_EQ(decoded(plain, values.size()).value(), values);
  EXPECT_LT(plain.size(), 5000 * 6.75 / 8 + 150);
}

TEST(Entropy, EstimatesItsSizeWithinAHundredth) {
  for (unsigned width : {2U, 9U, 30U}) {
    for (std::size_t count : {std::size_t{1000}, kEntropyValuesMax}) {
      std::mt19937_64 random(width);
      std::geometric_distribution<std::uint64_t> draw(1.0 / static_cast<double>(1U << width));
      Values values(count);
      SymbolCounts counts;
      for (std::uint64_t& value : values) {
        value = draw(random);
        counts.add_token_of(value);
      }
      const auto taken = static_cast<double>(8 * encoded(values).size());
      EXPECT_NEAR(counts.bits() / taken, 1, 0.015) << width << " x " << count;
    }
  }
}

TEST(Tans, FrequenciesAddUpAndLeaveNoSymbolOut) {
  std::mt19937_64 random(4);
  for (int round = 0; round < 300; ++round) {
    const auto state_bits = static_cast<unsigned>(5 + random() % 6);
    const std::size_t most = std::min<std::size_t>(kTokenCount, std::size_t{1} << state_bits);
    std::array<std::uint32_t, kTokenCount> counts{};
    const std::size_t used = 1 + random() % most;
    for (std::size_t i = 0; i < used; ++i) {
      counts[random() % kTokenCount] =
          static_cast<std::uint32_t>(1 + (random() >> (32 + random() % 31)) % 8192);
    }
    const Frequencies frequencies = normalise(counts, state_bits);
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < kTokenCount; ++i) {
      sum += frequencies[i];
      EXPECT_EQ(frequencies[i] > 0, counts[i] > 0);
    }
    EXPECT_EQ(sum, 1U << state_bits);

    Bytes bytes;
    BitWriter writer(bytes);
    write_frequencies(frequencies, state_bits, writer);
    writer.finish();
    ByteReader reader(bytes);
    BitReader bits(reader);
    EXPECT_EQ(read_frequencies(state_bits, bits).value(), frequencies);
    EXPECT_TRUE(bits.finish() && reader.ok() && reader.at_end());
  }
}

// Each state is reached by the encoder from the states that the decoder goes to from it.
TEST(Tans, DecoderUndoesEveryStepOfTheEncoder) {
  std::array<std::uint32_t, kTokenCount> counts{};
  counts[0] = 700;
  counts[1] = 1;
  counts[7] = 90;
  counts[255] = 30;
  for (unsigned state_bits = kStateBitsMin; state_bits <= kStateBitsMax; ++state_bits) {
    const Frequencies frequencies = normalise(counts, state_bits);
    const EncodeTable encoder(frequencies, state_bits);
    std::vector<DecodeStep> steps(std::size_t{1} << state_bits);
    build_decoder(frequencies, state_bits, true, {0, 0}, steps);
    for (std::uint8_t symbol :
         {std::uint8_t{0}, std::uint8_t{1}, std::uint8_t{7}, std::uint8_t{255}}) {
      for (std::uint32_t state = 0; state < steps.size(); ++state) {
        std::uint32_t after = state;
        const unsigned bits = encoder.step(symbol, after);
        ASSERT_LT(after, steps.size());
        const DecodeStep& step = steps[after];
        EXPECT_EQ(step.mantissa, symbol);
        EXPECT_EQ(step.bits, bits);
        EXPECT_EQ(step.next + (state & step.mask), state);
      }
    }
  }
}

// Every prefix, and every bit turned over: refused, or as many values as were asked for.
TEST(Entropy, RefusesWhatIsCutOffAndSurvivesTheRest) {
  const Values values =
      drawn(200, 9, [](std::mt19937_64& random) { return random() >> (random() % 64); });
  const Bytes good = encoded(values);
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(decoded(ByteSpan(good).first(size), values.size()).ok()) << size;
  }
  for (std::size_t i = 0; i < 8 * good.size(); ++i) {
    Bytes flipped = good;
    flipped[i / 8] = static_cast<std::uint8_t>(flipped[i / 8] ^ (1U << (i % 8)));
    static_cast<void>(decoded(flipped, values.size()));
  }
}

TEST(Entropy, RefusesAnotherCountOfValues) {
  const Values values = drawn(100, 10, [](std::mt19937_64& random) { return random() % 90; });
  const Bytes good = encoded(values);
  for (std::size_t count : {std::size_t{1}, std::size_t{96}, std::size_t{99}, std::size_t{101},
                            std::size_t{104}, kEntropyValuesMax}) {
    EXPECT_FALSE(decoded(good, count).ok()) << count;
  }
  Bytes longer = good;
  longer.push_back(0);
  EXPECT_FALSE(decoded(longer, values.size()).ok());
}

TEST(Entropy, SurvivesAnyBytes) {
  std::mt19937_64 random(11);
  for (int round = 0; round < 20'000; ++round) {
    Bytes bytes(random() % 80);
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random() >> (random() % 8));
    if (!bytes.empty())
      bytes[0] = static_cast<std::uint8_t>(5 + random() % 6 + 16 * (random() % 4));
    static_cast<void>(decoded(bytes, 1 + random() % 500));
  }
}

}  // namespace
}  // namespace lineshaft::codec
