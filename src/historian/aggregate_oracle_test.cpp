// Aggregates of random series in memory and overlapping files, compared with the definitions of
// Part 13 applied to all samples in the plainest way: one corner of the line after the other.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <random>

#include "historian/oracle_fixture.h"

namespace lineshaft::historian {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

// A corner of the line of a window: a sample, or the bound at one of its ends.
struct Corner {
  std::int64_t time;
  Quality quality;
  double number;
  bool is_sample;
  bool usable() const { return !quality.bad(); }
};

class Plain {
 public:
  Plain(std::vector<Sample> samples, AggregateOptions options, bool stepped)
      : samples_(std::move(samples)), options_(options), stepped_(stepped) {}

  AggregateValue value(Aggregate aggregate, std::int64_t from, std::int64_t to) const;

 private:
  using Maybe = std::optional<Corner>;
  using Number = std::optional<double>;

  // A sample with the options applied: what is not usable is BadNoData.
  Corner corner(const Sample& sample) const {
    const double number = as_double(sample.value);
    const bool bad = sample.quality.bad() || !std::isfinite(number) ||
                     (options_.treat_uncertain_as_bad && sample.quality.uncertain());
    return {sample.time.ns, bad ? quality::kBadNoData : sample.quality, bad ? 0 : number, true};
  }
  static bool is_good(const Sample& sample) {
    return sample.quality.good() && std::isfinite(as_double(sample.value));
  }
  Maybe before(std::int64_t at, bool usable) const {
    Maybe found;
    for (const Sample& sample : samples_) {
      const Corner c = corner(sample);
      if (c.time < at && (c.usable() || !usable)) found = c;
    }
    return found;
  }
  Maybe from(std::int64_t at, bool usable) const {
    for (const Sample& sample : samples_) {
      const Corner c = corner(sample);
      if (c.time >= at && (c.usable() || !usable)) return c;
    }
    return {};
  }
  static double line(std::int64_t at, const Corner& a, const Corner& b) {
    const long double slope =
        (static_cast<long double>(b.number) - a.number) / static_cast<long double>(b.time - a.time);
    return static_cast<double>(a.number + slope * static_cast<long double>(at - a.time));
  }
  static Corner estimate(std::int64_t at, double number, bool good) {
    return {at, good ? quality::kGood : quality::kUncertainDataSubNormal, number, false};
  }

  Corner simple(std::int64_t at) const {
    const Maybe a = before(at, false);
    const Maybe b = from(at, false);
    const Corner none{at, quality::kBadNoData, 0, false};
    if (b && b->time == at) return *b;
    if (!a || !a->usable() || !b) return none;
    if (stepped_) return estimate(at, a->number, a->quality.good());
    if (!b->usable()) return estimate(at, a->number, false);
    return estimate(at, line(at, *a, *b), a->quality.good() && b->quality.good());
  }
  Corner interpolated(std::int64_t at) const {
    const Maybe a = before(at, true);
    const Maybe b = from(at, true);
    if (b && b->time == at) return *b;
    if (!a) return {at, quality::kBadNoData, 0, false};
    const bool skipped_before = before(at, false)->time != a->time;
    bool good = a->quality.good() && !skipped_before;
    if (stepped_) return estimate(at, a->number, good && from(at, false).has_value());
    if (b) {
      good = good && b->quality.good() && from(at, false)->time == b->time;
      return estimate(at, line(at, *a, *b), good);
    }
    const Maybe first = before(a->time, true);
    if (options_.use_sloped_extrapolation && first) {
      return estimate(at, line(at, *first, *a), false);
    }
    return estimate(at, a->number, false);
  }

  std::vector<Corner> corners(std::int64_t s, std::int64_t e, bool over_bad) const {
    std::vector<Corner> all;
    for (const Sample& sample : samples_) {
      if (sample.time.ns < s || sample.time.ns >= e) continue;
      if (over_bad && !corner(sample).usable()) continue;
      all.push_back(corner(sample));
    }
    const Corner start = over_bad ? interpolated(s) : simple(s);
    if (all.empty() || all.front().time != s) all.insert(all.begin(), start);
    all.push_back(over_bad ? interpolated(e) : simple(e));
    all.back().time = e;
    return all;
  }

  Quality status_of(long double good, long double bad, long double total) const {
    if (good * 100 >= total * options_.percent_data_good) return quality::kGood;
    if (bad * 100 >= total * options_.percent_data_bad) return quality::kBad;
    return quality::kUncertainDataSubNormal;
  }

  struct Line {
    long double area = 0, usable = 0, bad = 0, sound = 0, good = 0, zero = 0;
  };
  Line follow(const std::vector<Corner>& all, bool stepped) const {
    Line line;
    for (std::size_t i = 0; i + 1 < all.size(); ++i) {
      const Corner& a = all[i];
      const Corner& b = all[i + 1];
      auto ns = static_cast<long double>(b.time - a.time);
      const bool is_last_of_all = a.is_sample && a.time == samples_.back().time.ns;
      if (a.usable() && is_last_of_all) ns = 1;
      if (!a.usable()) {
        line.bad += ns;
        continue;
      }
      line.usable += ns;
      line.area +=
          ns * (stepped || !b.usable() ? static_cast<long double>(a.number)
                                       : (static_cast<long double>(a.number) + b.number) / 2);
      if (!a.quality.good()) continue;
      line.good += ns;
      if (a.number == 0) line.zero += ns;
      if (stepped || b.quality.good()) line.sound += ns;
    }
    return line;
  }

  std::vector<Sample> samples_;
  AggregateOptions options_;
  bool stepped_;
};

AggregateValue Plain::value(Aggregate aggregate, std::int64_t s, std::int64_t e) const {
  using enum Aggregate;
  std::vector<Sample> in;
  std::vector<Sample> good;
  std::uint64_t bad = 0;
  bool uncertain = false;
  for (const Sample& sample : samples_) {
    if (sample.time.ns < s || sample.time.ns >= e) continue;
    in.push_back(sample);
    if (is_good(sample)) good.push_back(sample);
    if (!corner(sample).usable()) ++bad;
    uncertain = uncertain || (corner(sample).usable() && sample.quality.uncertain());
  }
  const bool has_past = before(s, false).has_value();
  const bool has_future = from(e, false).has_value();
  const bool begins_here = !has_past && !in.empty() && in.front().time.ns > s;
  bool partial = begins_here || (!has_future && !in.empty());
  const auto n = static_cast<double>(good.size());
  const Quality of_values =
      status_of(n, static_cast<long double>(bad), static_cast<long double>(in.size()));
  Timestamp time{s};
  std::uint32_t bits = history_bits::kCalculated;
  const auto answer = [&](Quality status, double number) {
    AggregateValue value{time, status, {}};
    if (!status.bad()) value.value = number;
    if (status.bad()) bits = 0;
    if (partial) bits |= history_bits::kPartial;
    if (bits != 0) value.status.code |= bits | history_bits::kDataValue;
    return value;
  };
  const auto sound = [](bool is) { return is ? quality::kGood : quality::kUncertainDataSubNormal; };
  const auto none = [&] {
    time = {s};
    return answer(quality::kBadNoData, 0);
  };
  const auto of_corner = [&](const Corner& c) {
    bits = c.is_sample ? 0 : history_bits::kInterpolated;
    return answer(c.quality, c.number);
  };
  if (aggregate == kInterpolative) {
    partial = false;
    return of_corner(interpolated(s));
  }
  if (aggregate == kTimeAverage || aggregate == kTotal) {
    partial = begins_here;
    const std::vector<Corner> all = corners(s, e, true);
    long double area = 0;
    long double covered = 0;
    for (std::size_t i = 0; i + 1 < all.size(); ++i) {
      if (!all[i].usable()) continue;
      const auto ns = static_cast<long double>(all[i + 1].time - all[i].time);
      area += ns * (static_cast<long double>(all[i].number) + all[i + 1].number) / 2;
      covered += ns;
    }
    if (covered == 0) {
      partial = false;
      return none();
    }
    const bool all_good =
        all.front().quality.good() && all.back().quality.good() && bad == 0 && !uncertain;
    return answer(sound(all_good),
                  static_cast<double>(aggregate == kTotal ? area / 1e9L : area / covered));
  }
  if (in.empty() && !(has_past && has_future)) return none();
  const Line line = follow(corners(s, e, false), stepped_);
  const long double total = line.usable + line.bad;
  const auto extremes = [&](bool max) {
    const Sample* best = nullptr;
    bool beaten = false;
    for (const Sample& sample : good) {
      const double a = as_double(sample.value);
      if (best == nullptr || (max ? a > as_double(best->value) : a < as_double(best->value))) {
        best = &sample;
      }
    }
    for (const Sample& sample : in) {
      const double a = as_double(sample.value);
      if (best == nullptr || !corner(sample).usable()) continue;
      beaten = beaten || (max ? a > as_double(best->value) : a < as_double(best->value));
    }
    return std::pair(best, beaten || bad > 0);
  };
  switch (aggregate) {
    case kAverage: {
      partial = false;
      long double sum = 0;
      for (const Sample& sample : good) sum += as_double(sample.value);
      return good.empty() ? none() : answer(of_values, static_cast<double>(sum / n));
    }
    case kCount:
      return answer(of_values, n);
    case kTimeAverage2:
    case kTotal2:
      if (line.usable == 0) return none();
      return answer(
          status_of(line.sound, line.bad, total),
          static_cast<double>(aggregate == kTotal2 ? line.area / 1e9L : line.area / line.usable));
    case kMinimum:
    case kMaximum:
    case kMinimumActualTime:
    case kMaximumActualTime: {
      const bool actual = aggregate == kMinimumActualTime || aggregate == kMaximumActualTime;
      const auto [best, unsound] =
          extremes(aggregate == kMaximum || aggregate == kMaximumActualTime);
      if (best == nullptr) return none();
      int times = 0;
      for (const Sample& sample : good) {
        times += as_double(sample.value) == as_double(best->value) ? 1 : 0;
      }
      bits = actual || best->time.ns == s ? 0 : history_bits::kCalculated;
      if (times > 1) bits |= history_bits::kMultiValue;
      if (actual) time = best->time;
      return answer(sound(!unsound), as_double(best->value));
    }
    case kRange: {
      const auto [least, low] = extremes(false);
      const auto [most, high] = extremes(true);
      if (least == nullptr) return none();
      return answer(sound(!low && !high), as_double(most->value) - as_double(least->value));
    }
    case kStart:
    case kEnd: {
      if (in.empty()) return none();
      const Sample& end = aggregate == kStart ? in.front() : in.back();
      bits = 0;
      time = end.time;
      return answer(end.quality, as_double(end.value));
    }
    case kDelta:
      if (good.empty()) return none();
      return answer(sound(is_good(in.front()) && is_good(in.back())),
                    as_double(good.back().value) - as_double(good.front().value));
    case kStartBound:
      return of_corner(simple(s));
    case kEndBound:
      return answer(simple(e).quality, simple(e).number);
    case kDeltaBounds:
      if (!simple(s).usable() || !simple(e).usable()) return none();
      return answer(sound(simple(s).quality.good() && simple(e).quality.good()),
                    simple(e).number - simple(s).number);
    case kDurationGood:
      return answer(quality::kGood, static_cast<double>(line.good / 1e6L));
    case kDurationBad:
      return answer(quality::kGood, static_cast<double>(line.bad / 1e6L));
    case kPercentGood:
      return answer(quality::kGood, static_cast<double>(line.good / total * 100));
    case kPercentBad:
      return answer(quality::kGood, static_cast<double>(line.bad / total * 100));
    case kWorstQuality: {
      if (in.empty()) return none();
      const auto severity = [](const Sample& a) { return a.quality.code >> 30; };
      const Sample* worst = &in.front();
      int times = 0;
      for (const Sample& sample : in) {
        if (severity(sample) > severity(*worst)) worst = &sample;
      }
      for (const Sample& sample : in) times += severity(sample) == severity(*worst) ? 1 : 0;
      if (times > 1 && !worst->quality.good()) bits |= history_bits::kMultiValue;
      return answer(quality::kGood, worst->quality.code);
    }
    case kStandardDeviationSample:
    case kVarianceSample:
    case kStandardDeviationPopulation:
    case kVariancePopulation: {
      if (good.empty()) return none();
      long double mean = 0;
      long double squares = 0;
      for (const Sample& sample : good) mean += as_double(sample.value) / n;
      for (const Sample& a : good) squares += std::pow(as_double(a.value) - mean, 2.0L);
      const bool of_sample = aggregate == kStandardDeviationSample || aggregate == kVarianceSample;
      const auto variance =
          static_cast<double>(good.size() == 1 ? 0 : squares / (of_sample ? n - 1 : n));
      const bool root =
          aggregate == kStandardDeviationSample || aggregate == kStandardDeviationPopulation;
      return answer(sound(good.size() == in.size()), root ? std::sqrt(variance) : variance);
    }
    case kNumberOfTransitions: {
      Maybe last = before(s, true);
      double changes = 0;
      for (const Sample& sample : in) {
        const Corner c = corner(sample);
        if (!c.usable()) continue;
        if (!last || last->number != c.number) ++changes;
        last = c;
      }
      return answer(of_values, changes);
    }
    case kDurationInStateZero:
      return answer(status_of(line.good, line.bad, total), static_cast<double>(line.zero / 1e6L));
    case kDurationInStateNonZero:
      return answer(status_of(line.good, line.bad, total),
                    static_cast<double>((line.good - line.zero) / 1e6L));
    default:
      break;
  }
  return none();
}

std::string text_of(const AggregateValue& value) {
  char status[16];
  std::snprintf(status, sizeof status, "0x%08X", value.status.code);
  return std::to_string(value.time.ns) + " " + status + " " +
         (value.value ? to_text(Value(*value.value)) : "none");
}

// Equal up to rounding; numbers of the tests are at most about 3e3, areas 3e3 times the seconds.
bool same_value(const AggregateValue& a, const AggregateValue& b, double scale) {
  if (a.time != b.time || a.status != b.status || a.value.has_value() != b.value.has_value()) {
    return false;
  }
  if (!a.value || *a.value == *b.value || (std::isnan(*a.value) && std::isnan(*b.value))) {
    return true;
  }
  return std::abs(*a.value - *b.value) <= 1e-9 * std::max(scale, 1.0);
}

class RandomSeries {
 public:
  explicit RandomSeries(std::uint64_t seed) : random_(seed), store_(disk_, seed) {
    EXPECT_TRUE(store_.open().ok());
    TagSpec spec = spec_of("a/b", below(4) == 0 ? ValueType::kBool : ValueType::kFloat64);
    spec.interpolation = below(2) == 0 ? Interpolation::kStep : Interpolation::kLinear;
    stepped_ = spec.type == ValueType::kBool || spec.interpolation == Interpolation::kStep;
    tag_ = store_->ensure_tags({1}, {spec}).value()[0];
    is_bool_ = spec.type == ValueType::kBool;
    troubles_ = below(3);  // some series are all good
    // From samples a second apart to samples days apart.
    gap_ = (below(2) == 0 ? 1 : static_cast<std::int64_t>(below(100'000))) * kSecond + 1;
    for (std::uint64_t i = below(5); i > 0; --i) {
      append_some();
      if (below(3) > 0) {
        EXPECT_TRUE(store_->flush().ok());
      }
    }
  }

  void compare() {
    AggregateOptions options;
    options.treat_uncertain_as_bad = below(2) == 0;
    options.use_sloped_extrapolation = below(2) == 0;
    options.percent_data_bad = static_cast<std::uint32_t>(50 + below(51));
    options.percent_data_good = static_cast<std::uint32_t>(50 + below(51));
    const Plain plain(oracle_.scan({{1}, tag_}, {}), options, stepped_);
    // Sometimes so that whole blocks lie in a window, sometimes not.
    const std::int64_t from = below(3) == 0 ? -20 * gap_ : instant();
    const auto length = static_cast<std::int64_t>(below(3) == 0 ? 60 : below(40));
    const std::int64_t to = from + 1 + length * gap_;
    const std::int64_t step = 1 + (to - from) / static_cast<std::int64_t>(1 + below(7));
    std::vector<Aggregate> all;
    for (std::string_view name : aggregate_names()) all.push_back(*parse_aggregate(name));
    const auto got = store_->aggregates({1}, tag_, {{from}, {to}}, Nanoseconds(step), all, options);
    ASSERT_TRUE(got.ok()) << got.error().text();
    std::size_t i = 0;
    for (std::int64_t start = from; start < to; start += step) {
      const std::int64_t end = std::min(start + step, to);
      for (Aggregate aggregate : all) {
        const AggregateValue wanted = plain.value(aggregate, start, end);
        const double scale = wanted.value.value_or(0);
        ASSERT_TRUE(same_value((*got)[i], wanted, std::abs(scale) + 3e3))
            << aggregate_name(aggregate) << " from " << start << " to " << end << ": "
            << text_of((*got)[i]) << " instead of " << text_of(wanted);
        ++i;
      }
    }
    EXPECT_EQ(i, got->size());
    compare_instants(plain, options);
  }

 private:
  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
  std::int64_t instant() { return (static_cast<std::int64_t>(below(60)) - 10) * gap_ / 2; }

  void compare_instants(const Plain& plain, const AggregateOptions& options) {
    std::vector<Timestamp> times;
    for (std::uint64_t i = below(20); i > 0; --i) times.push_back({instant()});
    const auto got = store_->interpolated({1}, tag_, times, options).value();
    ASSERT_EQ(got.size(), times.size());
    for (std::size_t i = 0; i < times.size(); ++i) {
      const AggregateValue wanted = plain.value(Aggregate::kInterpolative, times[i].ns, 0);
      ASSERT_TRUE(same_value(got[i], wanted, std::abs(wanted.value.value_or(0)) + 3e3))
          << text_of(got[i]) << " instead of " << text_of(wanted);
    }
  }

  void append_some() {
    const Quality qualities[] = {quality::kBadTimeout, quality::kBad,
                                 quality::kUncertain,  quality::kUncertainLastUsableValue,
                                 quality::kGood,       quality::kGood,
                                 quality::kGood,       quality::kGood,
                                 quality::kGood};
    SampleBatch batch{{1}, kTimestampMin, {}};
    for (std::uint64_t i = below(25); i > 0; --i) {
      const Quality quality = troubles_ == 0 ? quality::kGood : qualities[below(9)];
      const double number = static_cast<double>(below(7)) * 333.1 - 999.3;
      Value value = below(4) == 0 ? 0.0 : number;
      if (troubles_ == 2 && below(12) == 0) value = below(2) == 0 ? std::nan("") : HUGE_VAL;
      if (is_bool_) value = below(2) == 0;
      batch.samples.push_back({tag_, {instant()}, quality, value});
    }
    EXPECT_TRUE(append(*store_, batch).ok());
    oracle_.append(batch);
  }

  std::mt19937_64 random_;
  sys::SimDisk disk_;
  OnDisk store_;
  Oracle oracle_;
  TagId tag_;
  bool stepped_ = false;
  bool is_bool_ = false;
  std::uint64_t troubles_ = 0;
  std::int64_t gap_ = kSecond;
};

TEST(Aggregates, OfRandomSeriesAreWhatTheirDefinitionsSay) {
  for (std::uint64_t seed = 1; seed <= 300 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomSeries series(seed);
    for (int i = 0; i < 4 && !testing::Test::HasFailure(); ++i) series.compare();
  }
}

}  // namespace
}  // namespace lineshaft::historian
