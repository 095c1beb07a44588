// rights/metering.h: reads what a machine has made off a tag of the historian, for royalties. A gap
// is never taken for zero, and every day's reading has a hash that anybody can compute again from
// the samples (docs/reference/royalties.md). No clock, no I/O; threads: one at a time per reader.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/decimal.h"
#include "base/result.h"
#include "base/time.h"
#include "model/sample.h"

namespace lineshaft::rights {

// How samples become a quantity.
enum class MeterKind : std::uint8_t {
  kCounter,  // the value only grows, or begins anew: what it has grown by
  kSum,      // every sample is a quantity by itself: their sum
  kHours,    // the hours in which the value is not zero
};

std::string_view name_of(MeterKind kind);
Result<MeterKind> parse_meter_kind(std::string_view word);

inline constexpr std::int64_t kMeteredDaysMax = 400;

// What was read on one day (UTC), or on the part of it that lies in the period.
struct MeteredDay {
  TimeRange range;
  Int128 quantity = 0;        // in 10^-digits
  std::uint64_t samples = 0;  // all that were looked at
  std::uint64_t bad = 0;      // of them not good
  std::uint64_t resets = 0;   // how often a counter began anew
  std::string evidence;       // SHA-256 of the reading as text, in hexadecimal digits
};

struct MeterReading {
  std::vector<MeteredDay> days;    // all of the period, in order of time
  std::vector<TimeRange> gaps;     // nothing is known of them; in order, apart from each other
  std::vector<TimeRange> bridged;  // gaps of which a counter that went on tells the sum
};

class MeterReader {
 public:
  struct Plan {
    std::string tag;  // path
    MeterKind kind = MeterKind::kCounter;
    unsigned digits = 0;  // behind the point of the quantity, up to 9
    // Longer without any sample is a gap; 0: it is not, the last value holds.
    Nanoseconds silence_max = std::chrono::minutes(5);
    // kCounter: the last good sample before the period, if what the counter has grown by since is
    // still owed whatever gap lies between. Without it, growth in a gap that began before the
    // period is nobody's debt: it was estimated or declared then, or the licence was not in force.
    std::optional<Sample> owed_since = std::nullopt;
  };

  // `before`: the last sample before the period, if there is one. Requires: the period is not empty
  // and has at most kMeteredDaysMax days.
  MeterReader(Plan plan, TimeRange period, const std::optional<Sample>& before);

  // The next sample. Requires: within the period, later than the one before. Errors:
  // kInvalidArgument: a negative quantity, or one of more than 30 digits; kTypeMismatch: a text.
  Status add(const Sample& sample);

  // `next`: when the first sample after the period is, if there is one. Errors: as add.
  Result<MeterReading> finish(std::optional<Timestamp> next);

 private:
  Result<Int128> value_of(const Value& value) const;
  MeteredDay& day_at(Timestamp at);
  void open_gap(Timestamp from);
  void close_gap(Timestamp to, bool is_bridged);
  void silence_until(Timestamp at);
  void run_until(Timestamp at);
  void end_days_before(Timestamp at);
  void begin_text(const MeteredDay& day);
  Status count(Timestamp at, Int128 value);

  Plan plan_;
  TimeRange period_;
  MeterReading reading_;
  std::size_t day_ = 0;  // whose text is being written
  std::string text_;
  std::string last_line_;               // of the sample before, for the head of the next text
  std::optional<Timestamp> last_time_;  // of any sample
  std::optional<Int128> last_value_;    // of the last good one, while a counter can go on from it
  std::optional<Timestamp> gap_from_;
  Timestamp running_since_;  // kHours: up to here the hours are counted
  Int128 run_ns_ = 0;
};

// The value with so many digits behind the point, rounded to the nearest, ties to even: of the
// shortest decimal that reads back as that number. Errors: kTypeMismatch: a text;
// kInvalidArgument: not finite, or more than 30 digits.
Result<Int128> quantity_of(const Value& value, unsigned digits);

}  // namespace lineshaft::rights
