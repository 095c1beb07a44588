// What a station sends is a value of the signal's type, and goes back as it was when nothing is
// scaled; commands say what was asked. Input: 4 bytes of format, then an element and times.
#include <cstdint>

#include "base/assert.h"
#include "base/bytes.h"
#include "wire/iec104/value.h"

using namespace lineshaft;

namespace {

void check_times(ByteReader& input) {
  const iec104::StationClock clock{static_cast<std::int16_t>(input.u8() * 5 - 720)};
  const iec104::Time56 time = iec104::read_time56(input);
  if (const auto instant = iec104::to_timestamp(time, clock)) {
    const iec104::Time56 again = iec104::to_time56(*instant, clock);
    LS_ASSERT(again.invalid || iec104::to_timestamp(again, clock) == instant);
  }
  const Timestamp near{static_cast<std::int64_t>(input.read_le<std::uint64_t>())};
  const auto instant = iec104::to_timestamp(iec104::read_time24(input), clock, near);
  if (!instant) return;
  const Nanoseconds apart = *instant - near;
  LS_ASSERT(apart >= -std::chrono::minutes(31) && apart <= std::chrono::minutes(31));
}

void check_command(const iec104::PointFormat& format, std::uint8_t kind, const Value& value) {
  const auto command = static_cast<iec104::CommandKind>(kind % 7);
  const auto element = iec104::make_command(command, format, value, {});
  if (!element) return;
  LS_ASSERT(iec104::fits(iec104::command_element(command), *element));
  LS_ASSERT(iec104::command_value(*element).has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteReader input(ByteSpan(data, size));
  iec104::PointFormat format;
  format.kind = static_cast<iec104::PointKind>(input.u8() % 8);
  const std::uint8_t command = input.u8();
  if (input.u8() % 2 == 1) format.scale = 0.1;
  format.offset = input.u8() % 2;
  if (!iec104::check_format(format)) return 0;
  const iec104::Element element = iec104::read_element(iec104::monitor_element(format.kind), input);
  const auto reading = iec104::read_point(format, element);
  LS_ASSERT(reading && type_of(reading->value) == iec104::value_type(format));
  const auto again = iec104::read_point(format, iec104::make_point(format, *reading));
  LS_ASSERT(again.has_value());
  if (!format.scaled()) LS_ASSERT(same_bits(again->value, reading->value));
  LS_ASSERT(again->quality.code >> 30 == reading->quality.code >> 30);
  check_command(format, command, reading->value);
  check_times(input);
  return 0;
}
