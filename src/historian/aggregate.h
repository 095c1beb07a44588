// historian/aggregate.h: the aggregates of OPC UA Part 13, computed from what is known of the
// windows of a series. Pure functions: no clock, no I/O, callable from any thread.
//
// Where the text of the standard and the examples of its Annex A differ, the examples count:
// - "Good" samples are those of good quality, whatever TreatUncertainAsBad says: that option is
//   about bounds, regions and percentages.
// - A region that is uncertain counts neither for PercentDataGood nor for PercentDataBad.
// - The last sample of the series is known for one tick of our clock (1 ns) and no longer.
// - Percentages and averages are of the time that is covered, not of the window.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "historian/fold.h"
#include "historian/interpolate.h"

namespace lineshaft::historian {

enum class Aggregate : std::uint8_t {
  kInterpolative,
  kAverage,
  kTimeAverage,   // always sloped, over bad samples
  kTimeAverage2,  // stepped or sloped as the tag is, without bad stretches
  kTotal,         // TimeAverage times the seconds it covers
  kTotal2,
  kMinimum,
  kMaximum,
  kMinimumActualTime,
  kMaximumActualTime,
  kRange,
  kCount,
  kStart,
  kEnd,
  kDelta,
  kStartBound,
  kEndBound,
  kDeltaBounds,
  kDurationGood,  // durations are in milliseconds
  kDurationBad,
  kPercentGood,
  kPercentBad,
  kWorstQuality,  // the value is a StatusCode
  kStandardDeviationSample,
  kVarianceSample,
  kStandardDeviationPopulation,
  kVariancePopulation,
  kNumberOfTransitions,  // changes of the value
  kDurationInStateZero,
  kDurationInStateNonZero,
};

// The name of the standard: "TimeAverage2".
std::string_view aggregate_name(Aggregate aggregate);
std::vector<std::string_view> aggregate_names();
// Errors: kInvalidArgument naming the text.
Result<Aggregate> parse_aggregate(std::string_view name);
// Does it mean something for texts too?
bool applies_to_text(Aggregate aggregate);

// AggregateConfigurationType of the standard, with its defaults.
struct AggregateOptions {
  bool treat_uncertain_as_bad = true;
  std::uint32_t percent_data_bad = 100;
  std::uint32_t percent_data_good = 100;
  bool use_sloped_extrapolation = false;

  // Errors: kInvalidArgument: more than 100 percent, or good < 100 - bad.
  Status check() const;
  // What counts as usable for these options and a tag of that type. Numbers that are not finite
  // count as bad.
  Opinion opinion(ValueType type) const;
};

struct AggregateValue {
  Timestamp time;               // of the start of the window, or of the sample
  Quality status;               // with history_bits
  std::optional<double> value;  // none if the status is bad
};

// What was found out about the windows of a series. The summaries are the caller's.
struct WindowedSeries {
  Windows windows;
  std::span<const Summary> runs;  // of each window, by the opinion of the options
  std::span<const Summary> good;  // by the opinion that only good quality is usable
  std::span<const Summary> raw;   // by quality alone; needed for kStart and kEnd
  Past before;                    // the range
  Future after;
  // The usable sample before the last usable one, for sloped extrapolation.
  std::optional<Seen> slope_from;
  bool stepped = false;
};

// For each window in turn one value for each aggregate.
std::vector<AggregateValue> evaluate(const WindowedSeries& series,
                                     std::span<const Aggregate> aggregates,
                                     const AggregateOptions& options);

}  // namespace lineshaft::historian
