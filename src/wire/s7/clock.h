// wire/s7/clock.h: dates, times of day and durations as S7 CPUs store them.
//
// A CPU's clock has no time zone. Dates therefore are text without one ("2026-11-23T18:50:00.25");
// durations and times of day are numbers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "wire/s7/address.h"

namespace lineshaft::s7 {

inline constexpr std::int64_t kDayMs = 86'400'000;

// S5TIME in milliseconds, 0..9'990'000: digits times base. Nothing for digits above 9.
std::optional<std::int64_t> decode_s5time(std::uint16_t word);
// With the finest base that holds it. Errors: kInvalidArgument unless that base holds it exactly.
Result<std::uint16_t> encode_s5time(std::int64_t ms);

// COUNTER, 0..999. Nothing for digits above 9.
std::optional<std::int64_t> decode_counter(std::uint16_t word);
Result<std::uint16_t> encode_counter(std::int64_t count);

constexpr bool is_date(DataType type) {
  return type == DataType::kDate || type == DataType::kDt || type == DataType::kLdt ||
         type == DataType::kDtl;
}

// Requires: is_date(type), bytes of its width. Nothing for bytes that are no date, which is what a
// variable holds before its first assignment. Fractions of a second as far as they are not zero:
// 3, 6 or 9 digits.
std::optional<std::string> decode_date(DataType type, ByteSpan bytes);

// Requires: is_date(type). Errors: kInvalidArgument for text that is no date or has a time zone,
// a date beyond the type's range, or a fraction finer than the type has.
Result<Bytes> encode_date(DataType type, std::string_view text);

}  // namespace lineshaft::s7
