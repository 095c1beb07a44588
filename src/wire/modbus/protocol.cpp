#include "wire/modbus/protocol.h"

#include <array>

namespace lineshaft::modbus {

namespace {

constexpr std::array<std::string_view, 4> kAreaNames = {"coil", "discrete", "input", "holding"};

std::string_view words_of(Exception exception) {
  switch (exception) {
    case Exception::kIllegalFunction:
      return "illegal function";
    case Exception::kIllegalDataAddress:
      return "illegal data address";
    case Exception::kIllegalDataValue:
      return "illegal data value";
    case Exception::kServerDeviceFailure:
      return "device failure";
    case Exception::kAcknowledge:
      return "accepted, still working";
    case Exception::kServerDeviceBusy:
      return "device busy";
    case Exception::kMemoryParityError:
      return "memory parity error";
    case Exception::kGatewayPathUnavailable:
      return "gateway path unavailable";
    case Exception::kGatewayTargetNoResponse:
      return "the device behind the gateway does not respond";
  }
  return "not in the standard";
}

}  // namespace

std::string_view area_name(Area area) { return kAreaNames[static_cast<std::size_t>(area)]; }

std::optional<Area> parse_area(std::string_view name) {
  for (std::size_t i = 0; i < kAreaNames.size(); ++i) {
    if (kAreaNames[i] == name) return static_cast<Area>(i);
  }
  return std::nullopt;
}

std::string exception_name(Exception exception) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  const auto code = static_cast<std::uint8_t>(exception);
  return std::string(words_of(exception)) + " (" + kDigits[code >> 4] + kDigits[code & 15] + ")";
}

}  // namespace lineshaft::modbus
