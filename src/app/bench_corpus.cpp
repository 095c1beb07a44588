#include "app/bench_corpus.h"

#include <cmath>
#include <numbers>

#include "base/assert.h"

namespace lineshaft::app {
namespace {

constexpr std::int64_t kFirstNs = 1'700'010'000'000'000'000;  // 2023-11-15T01:00:00Z: a whole hour
constexpr std::int64_t kStepNs = 1'000'000'000;
constexpr std::int64_t kMillisecondNs = 1'000'000;

// SplitMix64: the same numbers with every compiler and library, which those of <random> are not.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15U);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
  }
  // 0 <= result < 1
  double share() { return static_cast<double>(next() >> 11) * 0x1p-53; }
  // min <= result <= max
  std::int64_t between(std::int64_t min, std::int64_t max) {
    const auto width = static_cast<std::uint64_t>(max - min) + 1;
    return min + static_cast<std::int64_t>(next() % width);
  }

 private:
  std::uint64_t state_;
};

using Values = std::vector<double>;

// Steps of up to 0.05 either way.
void walk(Dice& dice, Values& values) {
  std::int64_t hundredths = dice.between(1'000, 9'000);
  for (double& value : values) {
    hundredths += dice.between(-5, 5);
    value = static_cast<double>(hundredths) / 100;
  }
}

// Periods of 10 min to 2 h; the noise is a sum of four even ones, 0.2 wide (standard deviation).
void noisy_sine(Dice& dice, Values& values) {
  const double level = 20 + 60 * dice.share();
  const double amplitude = 1 + dice.share();
  const double period = static_cast<double>(dice.between(600, 7'200));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double noise = dice.share() + dice.share() + dice.share() + dice.share() - 2;
    const double angle = 2 * std::numbers::pi * static_cast<double>(i) / period;
    const double value = level + amplitude * std::sin(angle) + 0.346 * noise;
    values[i] = std::round(value * 1000) / 1000;
  }
}

void counter(Dice& dice, Values& values) {
  std::int64_t count = dice.between(0, 1'000'000);
  for (double& value : values) value = static_cast<double>(count += dice.between(0, 12));
}

// Changes every half hour or so, in halves.
void set_point(Dice& dice, Values& values) {
  double point = static_cast<double>(dice.between(40, 160)) / 2;
  for (double& value : values) {
    if (dice.between(1, 1'800) == 1) point = static_cast<double>(dice.between(40, 160)) / 2;
    value = point;
  }
}

// Changes every two or three minutes.
void boolean(Dice& dice, Values& values) {
  bool on = dice.between(0, 1) == 1;
  for (double& value : values) {
    if (dice.between(1, 150) == 1) on = !on;
    value = on ? 1 : 0;
  }
}

void make_signal(std::size_t index, Dice& dice, CorpusTag& tag) {
  const std::size_t kind = index % 20;
  tag.type = kind < 12   ? ValueType::kFloat64
             : kind < 14 ? ValueType::kInt64
             : kind < 17 ? ValueType::kFloat64
                         : ValueType::kBool;
  if (kind < 6) return walk(dice, tag.values);
  if (kind < 12) return noisy_sine(dice, tag.values);
  if (kind < 14) return counter(dice, tag.values);
  if (kind < 17) return set_point(dice, tag.values);
  boolean(dice, tag.values);
}

// 0, 1, 2... ms, each with 0.43 of the chance of the one before, at most 9.
std::int64_t lateness_ms(Dice& dice) {
  std::int64_t late = 0;
  while (late < 9 && dice.share() < 0.43) ++late;
  return late;
}

double rounded(double value, std::uint8_t decimals) {
  // Beyond 2^53 every double is whole: nothing behind the point is left to round.
  const double power = std::pow(10.0, decimals);
  const double scaled = value * power;
  return std::abs(scaled) < 0x1p53 ? std::round(scaled) / power : value;
}

void read_on(const BenchColumn& column, std::size_t number, std::size_t from, Values& values) {
  const std::size_t length = column.values.size();
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t passage = (from + i) / length;
    const std::size_t ahead = (from + i) % length;
    const std::size_t at = passage % 2 == 0 ? ahead : length - 1 - ahead;
    const double value = column.values[at];
    if (passage == 0 || column.type == ValueType::kBool) {
      values[i] = value;
    } else {
      const double factor = 0.95 + 0.1 * Dice((number << 32) + passage).share();
      values[i] = rounded(value * factor, column.decimals[at]);
    }
  }
}

std::string name_of(std::size_t index) {
  std::string digits = std::to_string(index);
  if (digits.size() < 4) digits.insert(0, 4 - digits.size(), '0');
  return "t" + digits;
}

}  // namespace

BenchCorpus BenchCorpus::synthetic(const CorpusSize& size) { return BenchCorpus(size); }

Result<BenchCorpus> BenchCorpus::recorded(sys::FileSystem& files, const std::string& directory,
                                          const CorpusSize& size) {
  Result<std::vector<BenchColumn>> columns = read_bench_columns(files, directory);
  if (!columns.ok()) return std::move(columns).error();
  BenchCorpus corpus(size);
  corpus.columns_ = std::move(columns).value();
  return corpus;
}

CorpusTag BenchCorpus::tag(std::size_t index) const {
  LS_ASSERT(index < size_.tags);
  CorpusTag tag{name_of(index), ValueType::kFloat64, {}, Values(size_.samples)};
  Dice dice(index);
  if (columns_.empty()) {
    make_signal(index, dice, tag);
  } else {
    const std::size_t number = index % columns_.size();
    tag.type = columns_[number].type;
    read_on(columns_[number], number, index / columns_.size() * size_.samples, tag.values);
  }
  tag.times_ns.reserve(size_.samples);
  for (std::size_t i = 0; i < size_.samples; ++i) {
    std::int64_t off_ms = 0;
    if (columns_.empty()) {
      off_ms = lateness_ms(dice);
    } else if (index % 2 == 1) {
      off_ms = dice.between(-5, 5);
    }
    tag.times_ns.push_back(kFirstNs + static_cast<std::int64_t>(i) * kStepNs +
                           off_ms * kMillisecondNs);
  }
  return tag;
}

}  // namespace lineshaft::app
