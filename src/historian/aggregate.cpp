#include "historian/aggregate.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>

namespace lineshaft::historian {
namespace {

__extension__ using Wide = __int128;

constexpr std::array<std::string_view, 30> kNames = {"Interpolative",
                                                     "Average",
                                                     "TimeAverage",
                                                     "TimeAverage2",
                                                     "Total",
                                                     "Total2",
                                                     "Minimum",
                                                     "Maximum",
                                                     "MinimumActualTime",
                                                     "MaximumActualTime",
                                                     "Range",
                                                     "Count",
                                                     "Start",
                                                     "End",
                                                     "Delta",
                                                     "StartBound",
                                                     "EndBound",
                                                     "DeltaBounds",
                                                     "DurationGood",
                                                     "DurationBad",
                                                     "PercentGood",
                                                     "PercentBad",
                                                     "WorstQuality",
                                                     "StandardDeviationSample",
                                                     "VarianceSample",
                                                     "StandardDeviationPopulation",
                                                     "VariancePopulation",
                                                     "NumberOfTransitions",
                                                     "DurationInStateZero",
                                                     "DurationInStateNonZero"};
static_assert(kNames.size() == static_cast<std::size_t>(Aggregate::kDurationInStateNonZero) + 1);

constexpr std::uint64_t kTick = 1;  // how long the last sample of the series is known, in ns
constexpr double kNsPerMs = 1e6;
constexpr double kNsPerSecond = 1e9;

std::uint64_t ns_between(Timestamp from, Timestamp to) {
  return static_cast<std::uint64_t>(to.ns) - static_cast<std::uint64_t>(from.ns);
}

// The stretches of time that a window is cut into by its samples and its bounds.
struct Regions {
  std::uint64_t usable_ns = 0;  // that begin usable
  std::uint64_t bad_ns = 0;     // that do not
  std::uint64_t sound_ns = 0;   // that are good to the end, where the value slopes to it
  std::uint64_t good_ns = 0;    // that begin good
  std::uint64_t zero_ns = 0;    // that begin good with zero
  double area = 0;              // value * ns, of those that begin usable

  std::uint64_t total_ns() const { return usable_ns + bad_ns; }

  void add(std::uint64_t ns, const Bound& from, const Bound& to, bool stepped) {
    if (!from.usable()) {
      bad_ns += ns;
      return;
    }
    const auto wide = static_cast<double>(ns);
    usable_ns += ns;
    const bool slopes = !stepped && to.usable();
    area += slopes ? (from.number / 2 + to.number / 2) * wide : from.number * wide;
    if (!from.quality.good()) return;
    good_ns += ns;
    if (from.number == 0) zero_ns += ns;
    if (stepped || (to.usable() && to.quality.good())) sound_ns += ns;
  }

  void add(const Summary& run, const Summary& good, bool stepped) {
    usable_ns += run.usable_ns;
    bad_ns += ns_between(run.first_time, run.last_time) - run.usable_ns;
    sound_ns += stepped ? good.usable_ns : run.usable_ns - run.unsound_ns;
    good_ns += good.usable_ns;
    zero_ns += good.zero_ns;
    area += stepped ? run.held : run.sloped;
  }
};

// One window with what is around it.
class Window {
 public:
  Window(const WindowedSeries& series, std::uint32_t index, const Past& past, const Future& ahead,
         const Past& past_end, const Future& future, const AggregateOptions& options)
      : series_(series),
        options_(options),
        run_(series.runs[index]),
        good_(series.good[index]),
        raw_(series.raw.empty() ? run_ : series.raw[index]),
        past_(past),
        ahead_(ahead),
        past_end_(past_end),
        future_(future),
        from_(series.windows.start(index)),
        to_(index + 1 == series.windows.count() ? series.windows.range().to
                                                : series.windows.start(index + 1)),
        start_(simple_bound(from_, past, ahead, series.stepped)),
        end_(simple_bound(to_, past_end, future, series.stepped)) {}

  AggregateValue value(Aggregate aggregate) const {
    if (aggregate == Aggregate::kInterpolative) return interpolative();
    if (aggregate == Aggregate::kTimeAverage) return time_average(false);
    if (aggregate == Aggregate::kTotal) return time_average(true);
    AggregateValue value = is_outside() ? no_data() : value_inside(aggregate);
    if (is_partial() && aggregate != Aggregate::kAverage) {
      value.status.code |= history_bits::kDataValue | history_bits::kPartial;
    }
    return value;
  }

 private:
  // --- where the window lies ---
  bool begins_in_window() const { return run_.count > 0 && !past_.raw && run_.first_time > from_; }
  bool ends_in_window() const { return run_.count > 0 && !future_.raw; }
  bool is_partial() const { return begins_in_window() || ends_in_window(); }
  // Before the first sample of the series, or after its last.
  bool is_outside() const { return run_.count == 0 && (!past_.raw || !future_.raw); }

  // --- answers ---
  AggregateValue no_data() const { return {from_, quality::kBadNoData, {}}; }
  AggregateValue answer(Quality status, double number, std::uint32_t bits) const {
    if (status.bad()) return {from_, status, {}};
    if (bits != 0) status.code |= history_bits::kDataValue | bits;
    return {from_, status, number};
  }
  AggregateValue calculated(Quality status, double number) const {
    return answer(status, number, history_bits::kCalculated);
  }
  static Quality sound_if(bool sound) {
    return sound ? quality::kGood : quality::kUncertainDataSubNormal;
  }
  Quality status_of(std::uint64_t good, std::uint64_t bad, std::uint64_t total) const {
    if (Wide{good} * 100 >= Wide{total} * options_.percent_data_good) return quality::kGood;
    if (Wide{bad} * 100 >= Wide{total} * options_.percent_data_bad) return quality::kBad;
    return quality::kUncertainDataSubNormal;
  }
  Quality status_of_values() const {
    return status_of(good_.count - good_.bad, run_.bad, run_.count);
  }
  double good_count() const { return static_cast<double>(good_.count - good_.bad); }

  AggregateValue value_inside(Aggregate aggregate) const;
  AggregateValue interpolative() const;
  AggregateValue time_average(bool total) const;
  AggregateValue time_average2(bool total) const;
  AggregateValue average() const;
  AggregateValue extreme(bool max, bool actual_time) const;
  AggregateValue range() const;
  AggregateValue first_or_last(bool last) const;
  AggregateValue delta() const;
  AggregateValue delta_bounds() const;
  AggregateValue duration(Aggregate aggregate) const;
  AggregateValue duration_in_state(bool zero) const;
  AggregateValue worst_quality() const;
  AggregateValue spread(bool sample, bool root) const;
  AggregateValue transitions() const;

  Regions regions() const;

  const WindowedSeries& series_;
  const AggregateOptions& options_;
  const Summary& run_;
  const Summary& good_;
  const Summary& raw_;
  const Past& past_;      // of the start
  const Future& ahead_;   // of the start
  const Past& past_end_;  // of the end
  const Future& future_;  // of the end
  const Timestamp from_;
  const Timestamp to_;
  const Bound start_;
  const Bound end_;
};

Regions Window::regions() const {
  Regions regions;
  const bool stepped = series_.stepped;
  if (run_.count == 0) {
    regions.add(ns_between(from_, to_), start_, end_, stepped);
    return regions;
  }
  const Bound first = simple_bound(run_.first_time, past_, ahead_, stepped);
  if (run_.first_time > from_) {
    regions.add(ns_between(from_, run_.first_time), start_, first, stepped);
  }
  regions.add(run_, good_, stepped);
  const Bound last = run_.ends_usable() ? Bound{Quality{run_.last_quality}, run_.last, false}
                                        : Bound{quality::kBadNoData, 0, false};
  const bool known_on = future_.raw || !run_.ends_usable();
  regions.add(known_on ? ns_between(run_.last_time, to_) : kTick, last, end_, stepped);
  return regions;
}

AggregateValue Window::interpolative() const {
  const Bound bound = interpolated_bound(from_, past_, ahead_, series_.stepped, series_.slope_from);
  if (!bound.usable()) return no_data();
  return {from_, bound.status(), bound.number};
}

AggregateValue Window::time_average(bool total) const {
  const auto bound = [&](Timestamp at, const Past& past, const Future& future) {
    return interpolated_bound(at, past, future, series_.stepped, series_.slope_from);
  };
  const Bound start = bound(from_, past_, ahead_);
  const Bound end = bound(to_, past_end_, future_);
  if (!end.usable() || (!start.usable() && !run_.usable())) return no_data();
  Regions regions;
  if (!run_.usable()) {
    regions.add(ns_between(from_, to_), start, end, false);
  } else {
    const Bound first{Quality{run_.first_usable_quality}, run_.first, false};
    const Bound last{Quality{run_.last_usable_quality}, run_.last, false};
    if (start.usable()) regions.add(ns_between(from_, run_.first_usable), start, first, false);
    regions.usable_ns += ns_between(run_.first_usable, run_.last_usable);
    regions.area += run_.sloped_over_bad;
    regions.add(ns_between(run_.last_usable, to_), last, end, false);
  }
  const bool sound = start.usable() && start.quality.good() && end.quality.good() &&
                     run_.bad == 0 && run_.uncertain == 0;
  const double number =
      total ? regions.area / kNsPerSecond : regions.area / static_cast<double>(regions.usable_ns);
  AggregateValue value = calculated(sound_if(sound), number);
  // At the end of the series the value is extrapolated: the window is complete.
  if (begins_in_window()) value.status.code |= history_bits::kPartial;
  return value;
}

AggregateValue Window::time_average2(bool total) const {
  const Regions parts = regions();
  if (parts.usable_ns == 0) return no_data();
  const double number =
      total ? parts.area / kNsPerSecond : parts.area / static_cast<double>(parts.usable_ns);
  return calculated(status_of(parts.sound_ns, parts.bad_ns, parts.total_ns()), number);
}

AggregateValue Window::average() const {
  if (!good_.usable()) return no_data();
  return calculated(status_of_values(), good_.sum / good_count());
}

AggregateValue Window::extreme(bool max, bool actual_time) const {
  if (!good_.usable()) return no_data();
  const Timestamp time = max ? good_.max_time : good_.min_time;
  const bool beaten = run_.uncertain > 0 && (max ? run_.max > good_.max : run_.min < good_.min);
  std::uint32_t bits = 0;
  if (!actual_time && time != from_) bits |= history_bits::kCalculated;
  if (max ? good_.max_repeats : good_.min_repeats) bits |= history_bits::kMultiValue;
  AggregateValue value =
      answer(sound_if(run_.bad == 0 && !beaten), max ? good_.max : good_.min, bits);
  if (actual_time) value.time = time;
  return value;
}

AggregateValue Window::range() const {
  if (!good_.usable()) return no_data();
  const bool beaten = run_.uncertain > 0 && (run_.max > good_.max || run_.min < good_.min);
  return calculated(sound_if(run_.bad == 0 && !beaten), good_.max - good_.min);
}

AggregateValue Window::first_or_last(bool last) const {
  if (raw_.count == 0) return no_data();
  AggregateValue value;
  value.time = last ? raw_.last_time : raw_.first_time;
  value.status = Quality{last ? raw_.last_quality : raw_.first_quality};
  if (!value.status.bad()) value.value = last ? raw_.last : raw_.first;
  return value;
}

AggregateValue Window::delta() const {
  if (!good_.usable()) return no_data();
  return calculated(sound_if(good_.begins_usable() && good_.ends_usable()),
                    good_.last - good_.first);
}

AggregateValue Window::delta_bounds() const {
  if (!start_.usable() || !end_.usable()) return no_data();
  return calculated(sound_if(start_.quality.good() && end_.quality.good()),
                    end_.number - start_.number);
}

AggregateValue Window::duration(Aggregate aggregate) const {
  const Regions parts = regions();
  const bool bad = aggregate == Aggregate::kDurationBad || aggregate == Aggregate::kPercentBad;
  const bool percent = aggregate == Aggregate::kPercentGood || aggregate == Aggregate::kPercentBad;
  const auto ns = static_cast<double>(bad ? parts.bad_ns : parts.good_ns);
  return calculated(quality::kGood,
                    percent ? ns / static_cast<double>(parts.total_ns()) * 100 : ns / kNsPerMs);
}

AggregateValue Window::duration_in_state(bool zero) const {
  const Regions parts = regions();
  const std::uint64_t ns = zero ? parts.zero_ns : parts.good_ns - parts.zero_ns;
  return calculated(status_of(parts.good_ns, parts.bad_ns, parts.total_ns()),
                    static_cast<double>(ns) / kNsPerMs);
}

AggregateValue Window::worst_quality() const {
  if (run_.count == 0) return no_data();
  std::uint32_t bits = history_bits::kCalculated;
  if (run_.worst_repeats && !Quality{run_.worst_quality}.good()) bits |= history_bits::kMultiValue;
  return answer(quality::kGood, run_.worst_quality, bits);
}

AggregateValue Window::spread(bool sample, bool root) const {
  if (!good_.usable()) return no_data();
  const double n = good_count();
  double variance = 0;  // exactly, if all numbers are the same
  if (good_.min != good_.max) variance = good_.squares / (sample ? n - 1 : n);
  return calculated(sound_if(good_.bad == 0), root ? std::sqrt(variance) : variance);
}

AggregateValue Window::transitions() const {
  std::uint64_t count = run_.changes;
  // The first value that the series ever had is a change too.
  if (run_.usable() && (!past_.usable || past_.usable->number != run_.first)) ++count;
  return calculated(status_of_values(), static_cast<double>(count));
}

AggregateValue Window::value_inside(Aggregate aggregate) const {
  switch (aggregate) {
    case Aggregate::kInterpolative:
    case Aggregate::kTimeAverage:
    case Aggregate::kTotal:
      break;  // these have a value outside too
    case Aggregate::kAverage:
      return average();
    case Aggregate::kTimeAverage2:
    case Aggregate::kTotal2:
      return time_average2(aggregate == Aggregate::kTotal2);
    case Aggregate::kMinimum:
    case Aggregate::kMinimumActualTime:
      return extreme(false, aggregate == Aggregate::kMinimumActualTime);
    case Aggregate::kMaximum:
    case Aggregate::kMaximumActualTime:
      return extreme(true, aggregate == Aggregate::kMaximumActualTime);
    case Aggregate::kRange:
      return range();
    case Aggregate::kCount:
      return calculated(status_of_values(), good_count());
    case Aggregate::kStart:
    case Aggregate::kEnd:
      return first_or_last(aggregate == Aggregate::kEnd);
    case Aggregate::kDelta:
      return delta();
    case Aggregate::kStartBound:
      return start_.usable() ? AggregateValue{from_, start_.status(), start_.number} : no_data();
    case Aggregate::kEndBound:
      return end_.usable() ? calculated(end_.quality, end_.number) : no_data();
    case Aggregate::kDeltaBounds:
      return delta_bounds();
    case Aggregate::kDurationGood:
    case Aggregate::kDurationBad:
    case Aggregate::kPercentGood:
    case Aggregate::kPercentBad:
      return duration(aggregate);
    case Aggregate::kWorstQuality:
      return worst_quality();
    case Aggregate::kStandardDeviationSample:
    case Aggregate::kVarianceSample:
      return spread(true, aggregate == Aggregate::kStandardDeviationSample);
    case Aggregate::kStandardDeviationPopulation:
    case Aggregate::kVariancePopulation:
      return spread(false, aggregate == Aggregate::kStandardDeviationPopulation);
    case Aggregate::kNumberOfTransitions:
      return transitions();
    case Aggregate::kDurationInStateZero:
    case Aggregate::kDurationInStateNonZero:
      return duration_in_state(aggregate == Aggregate::kDurationInStateZero);
  }
  return no_data();
}

}  // namespace

std::string_view aggregate_name(Aggregate aggregate) {
  return kNames[static_cast<std::size_t>(aggregate)];
}

std::vector<std::string_view> aggregate_names() { return {kNames.begin(), kNames.end()}; }

Result<Aggregate> parse_aggregate(std::string_view name) {
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  if (found != kNames.end()) return static_cast<Aggregate>(std::distance(kNames.begin(), found));
  return Error{ErrorId::kInvalidArgument,
               "'" + std::string(name.substr(0, 64)) +
                   "' is not an aggregate: write a name of OPC UA Part 13 such as TimeAverage2"};
}

bool applies_to_text(Aggregate aggregate) {
  switch (aggregate) {
    case Aggregate::kCount:
    case Aggregate::kDurationGood:
    case Aggregate::kDurationBad:
    case Aggregate::kPercentGood:
    case Aggregate::kPercentBad:
    case Aggregate::kWorstQuality:
      return true;
    default:
      return false;
  }
}

Status AggregateOptions::check() const {
  if (percent_data_bad > 100 || percent_data_good > 100) {
    return Error{ErrorId::kInvalidArgument, "percentages go from 0 to 100"};
  }
  if (percent_data_good + percent_data_bad < 100) {
    return Error{ErrorId::kInvalidArgument,
                 "percent_data_good must be at least 100 - percent_data_bad"};
  }
  return {};
}

Opinion AggregateOptions::opinion(ValueType type) const {
  return {treat_uncertain_as_bad, type != ValueType::kString};
}

std::vector<AggregateValue> evaluate(const WindowedSeries& series,
                                     std::span<const Aggregate> aggregates,
                                     const AggregateOptions& options) {
  const std::vector<Past> pasts = pasts_of(series.runs, series.before);
  const std::vector<Future> futures = futures_of(series.runs, series.after);
  std::vector<AggregateValue> values;
  values.reserve(series.runs.size() * aggregates.size());
  for (std::uint32_t i = 0; i < series.windows.count(); ++i) {
    const Window window(series, i, pasts[i], futures[i], pasts[i + 1], futures[i + 1], options);
    for (Aggregate aggregate : aggregates) values.push_back(window.value(aggregate));
  }
  return values;
}

}  // namespace lineshaft::historian
