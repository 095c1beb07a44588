#include "rights/metering.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "base/assert.h"
#include "base/hex.h"
#include "model/money.h"
#include "sys/sha256.h"

namespace lineshaft::rights {
namespace {

constexpr std::array<std::string_view, 3> kMeterKinds{"counter", "sum", "hours"};
constexpr std::int64_t kDayNs = std::int64_t{24} * 3600 * 1'000'000'000;
constexpr Int128 kHourNs = Int128{3600} * 1'000'000'000;

Int128 power_of_ten(unsigned exponent) {
  Int128 power = 1;
  for (unsigned i = 0; i < exponent; ++i) power *= 10;
  return power;
}

Result<Int128> scaled(std::string_view decimal, unsigned digits) {
  const Result<Decimal> exact = Decimal::parse(decimal);
  if (!exact) return exact.error();
  const Result<Decimal> rounded = exact->rounded(digits, Rounding::kHalfEven);
  if (!rounded) return rounded.error();
  const Int128 end = power_of_ten(kMoneyDigitsMax);
  if (rounded->coefficient() >= end || rounded->coefficient() <= -end) {
    return Error{ErrorId::kInvalidArgument, "a quantity of more than 30 digits"};
  }
  return rounded->coefficient();
}

std::string line_of(const Sample& sample) {
  std::array<std::uint8_t, 4> code{};
  for (unsigned i = 0; i < code.size(); ++i) {
    code[i] = static_cast<std::uint8_t>(sample.quality.code >> (24 - 8 * i));
  }
  return format_rfc3339(sample.time) + ' ' + to_text(sample.value) + ' ' + hex_text(code) + '\n';
}

}  // namespace

std::string_view name_of(MeterKind kind) { return kMeterKinds[static_cast<std::size_t>(kind)]; }

Result<MeterKind> parse_meter_kind(std::string_view word) {
  const auto found = std::ranges::find(kMeterKinds, word);
  if (found != kMeterKinds.end()) return static_cast<MeterKind>(found - kMeterKinds.begin());
  return Error{ErrorId::kInvalidArgument,
               "'" + std::string(word) + "' is none of: counter, sum, hours"};
}

Result<Int128> quantity_of(const Value& value, unsigned digits) {
  if (type_of(value) == ValueType::kString) {
    return Error{ErrorId::kTypeMismatch, "a text is no quantity"};
  }
  if (const bool* on = std::get_if<bool>(&value)) return *on ? power_of_ten(digits) : Int128{0};
  return scaled(to_text(value), digits);
}

Result<Int128> MeterReader::value_of(const Value& value) const {
  if (plan_.kind != MeterKind::kHours) return quantity_of(value, plan_.digits);
  const double number = as_double(value);
  if (!std::isfinite(number)) return quantity_of(value, 0);
  return Int128{number != 0 ? 1 : 0};
}

MeterReader::MeterReader(Plan plan, TimeRange period, const std::optional<Sample>& before)
    : plan_(std::move(plan)), period_(period), running_since_(period.from) {
  LS_ASSERT(!period.empty());
  for (Timestamp from = period.from; from < period.to;) {
    const std::int64_t into_day = ((from.ns % kDayNs) + kDayNs) % kDayNs;
    const Timestamp to = std::min(from + Nanoseconds(kDayNs - into_day), period.to);
    reading_.days.push_back({{from, to}, 0, 0, 0, 0, ""});
    from = to;
  }
  gap_from_ = period.from;
  if (before) {
    last_line_ = line_of(*before);
    last_time_ = before->time;
    const Result<Int128> value = value_of(before->value);
    if (before->quality.good() && value) {
      last_value_ = *value;
      gap_from_.reset();
    }
  }
  if (gap_from_ && plan_.owed_since) {
    const Result<Int128> value = value_of(plan_.owed_since->value);
    if (value) last_value_ = *value;
  }
  begin_text(reading_.days.front());
}

void MeterReader::begin_text(const MeteredDay& day) {
  text_ = "lineshaft meter reading\ntag " + plan_.tag + "\nkind " +
          std::string(name_of(plan_.kind)) + "\nfrom " + format_rfc3339(day.range.from) + "\nto " +
          format_rfc3339(day.range.to) + "\nbefore " +
          (last_line_.empty() ? "nothing\n" : last_line_);
}

void MeterReader::end_days_before(Timestamp at) {
  while (day_ < reading_.days.size() && reading_.days[day_].range.to <= at) {
    MeteredDay& day = reading_.days[day_++];
    day.evidence = hex_text(sys::sha256(as_bytes(text_)));
    if (day_ < reading_.days.size()) begin_text(reading_.days[day_]);
  }
}

MeteredDay& MeterReader::day_at(Timestamp at) {
  const auto day =
      std::ranges::find_if(reading_.days, [&](const MeteredDay& one) { return at < one.range.to; });
  LS_ASSERT(day != reading_.days.end());
  return *day;
}

void MeterReader::open_gap(Timestamp from) {
  if (!gap_from_) gap_from_ = std::max(from, period_.from);
}

void MeterReader::close_gap(Timestamp to, bool is_bridged) {
  if (!gap_from_) return;
  const TimeRange range{*gap_from_, to};
  gap_from_.reset();
  if (!range.empty()) (is_bridged ? reading_.bridged : reading_.gaps).push_back(range);
}

// The last value was known until the last sample; what came after it nobody has seen.
void MeterReader::silence_until(Timestamp at) {
  if (gap_from_ || !last_time_ || plan_.silence_max <= Nanoseconds(0)) return;
  if (at - *last_time_ <= plan_.silence_max) return;
  open_gap(*last_time_);
  if (*last_time_ < period_.from && !plan_.owed_since) last_value_.reset();
}

// Hours of the stretch up to `at`, or up to where a gap began, divided among its days. Rounded
// down once, on all that came together in the period.
void MeterReader::run_until(Timestamp at) {
  if (plan_.kind != MeterKind::kHours) return;
  const Timestamp end = gap_from_ ? std::min(*gap_from_, at) : at;
  const Int128 unit = power_of_ten(plan_.digits);
  const bool runs = last_value_ && *last_value_ != 0;
  for (Timestamp from = running_since_; runs && from < end;) {
    MeteredDay& day = day_at(from);
    const Timestamp to = std::min(day.range.to, end);
    const Int128 before = run_ns_ * unit / kHourNs;
    run_ns_ += (to - from).count();
    day.quantity += run_ns_ * unit / kHourNs - before;
    from = to;
  }
  running_since_ = std::max(running_since_, at);
}

Status MeterReader::count(Timestamp at, Int128 value) {
  MeteredDay& day = day_at(at);
  if (value < 0) {
    return Error{ErrorId::kInvalidArgument, plan_.tag + ": the value at " + format_rfc3339(at) +
                                                " is negative, and no quantity"};
  }
  if (plan_.kind == MeterKind::kSum) {
    day.quantity += value;
  } else if (plan_.kind == MeterKind::kCounter && last_value_) {
    const bool begins_anew = value < *last_value_;
    day.resets += begins_anew ? 1 : 0;
    // What a counter shows after it began anew has come since; how much was lost in a gap before
    // that, nobody knows: the gap stays one.
    if (!begins_anew) {
      day.quantity += value - *last_value_;
    } else if (!gap_from_) {
      day.quantity += value;
    }
  }
  const bool is_bridged = plan_.kind == MeterKind::kCounter && last_value_ && value >= *last_value_;
  close_gap(at, is_bridged);
  last_value_ = value;
  return {};
}

Status MeterReader::add(const Sample& sample) {
  LS_ASSERT(period_.contains(sample.time));
  silence_until(sample.time);
  run_until(sample.time);
  end_days_before(sample.time);
  MeteredDay& day = reading_.days[day_];
  day.samples += 1;
  last_line_ = line_of(sample);
  text_ += last_line_;
  last_time_ = sample.time;
  Result<Int128> value = value_of(sample.value);
  if (!value && value.error().id == ErrorId::kTypeMismatch) {
    return Error{value.error().id, plan_.tag + ": " + value.error().what};
  }
  if (sample.quality.good() && value) return count(sample.time, *value);
  day.bad += 1;
  open_gap(sample.time);
  return {};
}

Result<MeterReading> MeterReader::finish(std::optional<Timestamp> next) {
  const bool goes_on = next && last_time_ && *next - *last_time_ <= plan_.silence_max;
  if (!goes_on) silence_until(period_.to);
  run_until(period_.to);
  end_days_before(period_.to);
  close_gap(period_.to, false);
  const Int128 end = power_of_ten(kMoneyDigitsMax);
  for (const MeteredDay& day : reading_.days) {
    if (day.quantity < end) continue;
    return Error{ErrorId::kInvalidArgument, plan_.tag + ": a quantity of more than 30 digits"};
  }
  return std::move(reading_);
}

}  // namespace lineshaft::rights
