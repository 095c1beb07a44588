// connect/write_rules.h: what a write to a signal must keep to, beside being switched on.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "model/value.h"

namespace lineshaft::connect {

// How a write is confirmed before it is sent.
enum class Confirm : std::uint8_t {
  kNone,          // it is sent at once
  kAgain,         // asked for twice, value and machine repeated
  kSecondPerson,  // the second time by somebody else
};

std::string_view confirm_name(Confirm confirm);  // "none", "again", "second-person"
std::optional<Confirm> parse_confirm(std::string_view name);

struct WriteRules {
  // Smallest and largest value, in the unit of the signal. Absent: the range of the signal.
  std::optional<double> low = std::nullopt;
  std::optional<double> high = std::nullopt;
  std::uint32_t interval_ms = 0;  // 0..86'400'000: the least time between two writes
  Confirm confirm = Confirm::kNone;
  friend bool operator==(const WriteRules&, const WriteRules&) = default;
};

// Errors: kInvalidArgument naming the rule.
Status check_rules(const WriteRules& rules, ValueType type);

// Errors: kInvalidArgument "value: 1500 is outside 0 to 1200". Text and bits have no range.
Status check_range(const Value& value, std::optional<double> low, std::optional<double> high);

}  // namespace lineshaft::connect
