// model/quality.h: the quality of a sample as an OPC UA StatusCode.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace lineshaft {

// 32-bit StatusCode of OPC UA Part 4, 7.38: the top two bits are the severity, bits 16-27 the
// sub-code. Numbers from OPC UA Part 6, Annex A (StatusCode.csv).
struct Quality {
  std::uint32_t code = 0;

  bool good() const { return (code >> 30) == 0; }
  bool uncertain() const { return (code >> 30) == 1; }
  bool bad() const { return (code >> 30) >= 2; }
  friend auto operator<=>(const Quality&, const Quality&) = default;
};

namespace quality {
inline constexpr Quality kGood{0x00000000};
inline constexpr Quality kUncertain{0x40000000};
inline constexpr Quality kUncertainLastUsableValue{0x40900000};
inline constexpr Quality kUncertainSubstituteValue{0x40910000};
inline constexpr Quality kUncertainEngineeringUnitsExceeded{0x40940000};
inline constexpr Quality kUncertainDataSubNormal{0x40A40000};
inline constexpr Quality kBad{0x80000000};
inline constexpr Quality kBadCommunicationError{0x80050000};
inline constexpr Quality kBadTimeout{0x800A0000};
inline constexpr Quality kBadNoCommunication{0x80310000};
inline constexpr Quality kBadWaitingForInitialData{0x80320000};
inline constexpr Quality kBadNotWritable{0x803B0000};
inline constexpr Quality kBadOutOfRange{0x803C0000};
inline constexpr Quality kBadNotSupported{0x803D0000};
inline constexpr Quality kBadTypeMismatch{0x80740000};
inline constexpr Quality kBadNoData{0x809B0000};
inline constexpr Quality kBadDataLost{0x809D0000};
inline constexpr Quality kBadConfigurationError{0x80890000};
inline constexpr Quality kBadNotConnected{0x808A0000};
inline constexpr Quality kBadDeviceFailure{0x808B0000};
inline constexpr Quality kBadSensorFailure{0x808C0000};
inline constexpr Quality kBadOutOfService{0x808D0000};
}  // namespace quality

// The standard's name without the value ("BadTimeout"); "0x80xxxxxx" for a code we do not know.
std::string quality_name(Quality quality);
// The inverse; also "0x80050000" and the decimal number of a code that the standard defines.
// Numbers 1 to 255 are refused: they are qualities of classic OPC, where 192 is good and 0 is bad.
// Errors: kInvalidArgument naming the text.
Result<Quality> parse_quality(std::string_view text);

}  // namespace lineshaft
