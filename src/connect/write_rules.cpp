#include "connect/write_rules.h"

#include <array>
#include <cmath>
#include <string>

#include "connect/protocol.h"

namespace lineshaft::connect {

namespace {

constexpr std::array<std::string_view, 3> kNames = {"none", "again", "second-person"};
constexpr std::uint32_t kIntervalMax = 86'400'000;

std::string number_text(double number) { return to_text(Value(number)); }

// Nothing for what is no number.
std::optional<double> number_in(const Value& value) {
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return static_cast<double>(*whole);
  if (const auto* number = std::get_if<float>(&value)) return *number;
  if (const auto* number = std::get_if<double>(&value)) return *number;
  return std::nullopt;
}

}  // namespace

std::string_view confirm_name(Confirm confirm) { return kNames[static_cast<std::size_t>(confirm)]; }

std::optional<Confirm> parse_confirm(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<Confirm>(i);
  }
  return std::nullopt;
}

Status check_rules(const WriteRules& rules, ValueType type) {
  const bool has_limit = rules.low || rules.high;
  if (has_limit && (type == ValueType::kBool || type == ValueType::kString)) {
    return Error{ErrorId::kInvalidArgument, "write_low, write_high: only numbers have limits"};
  }
  if (rules.low && rules.high && *rules.low > *rules.high) {
    return Error{ErrorId::kInvalidArgument, "write_low: must not be above write_high"};
  }
  return check_number("write_interval_ms", rules.interval_ms, 0, kIntervalMax);
}

Status check_range(const Value& value, std::optional<double> low, std::optional<double> high) {
  const auto number = number_in(value);
  if (!number || (!low && !high)) return {};
  // Asked this way round, so that what is not a number is outside.
  const bool inside = (!low || *number >= *low) && (!high || *number <= *high);
  if (inside) return {};
  const std::string range = !high  ? "below " + number_text(*low)
                            : !low ? "above " + number_text(*high)
                                   : "outside " + number_text(*low) + " to " + number_text(*high);
  return Error{ErrorId::kInvalidArgument, "value: " + to_text(value) + " is " + range +
                                              ", which may be written to this signal"};
}

}  // namespace lineshaft::connect
