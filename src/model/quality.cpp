#include "model/quality.h"

#include <array>
#include <charconv>
#include <cstdio>
#include <utility>

namespace lineshaft {
namespace {

constexpr std::pair<Quality, std::string_view> kNames[] = {
    {quality::kGood, "Good"},
    {quality::kUncertain, "Uncertain"},
    {quality::kUncertainLastUsableValue, "UncertainLastUsableValue"},
    {quality::kUncertainSubstituteValue, "UncertainSubstituteValue"},
    {quality::kUncertainEngineeringUnitsExceeded, "UncertainEngineeringUnitsExceeded"},
    {quality::kUncertainDataSubNormal, "UncertainDataSubNormal"},
    {quality::kBad, "Bad"},
    {quality::kBadCommunicationError, "BadCommunicationError"},
    {quality::kBadTimeout, "BadTimeout"},
    {quality::kBadNoCommunication, "BadNoCommunication"},
    {quality::kBadWaitingForInitialData, "BadWaitingForInitialData"},
    {quality::kBadNotWritable, "BadNotWritable"},
    {quality::kBadOutOfRange, "BadOutOfRange"},
    {quality::kBadNotSupported, "BadNotSupported"},
    {quality::kBadTypeMismatch, "BadTypeMismatch"},
    {quality::kBadNoData, "BadNoData"},
    {quality::kBadDataLost, "BadDataLost"},
    {quality::kBadConfigurationError, "BadConfigurationError"},
    {quality::kBadNotConnected, "BadNotConnected"},
    {quality::kBadDeviceFailure, "BadDeviceFailure"},
    {quality::kBadSensorFailure, "BadSensorFailure"},
    {quality::kBadOutOfService, "BadOutOfService"},
};

}  // namespace

std::string quality_name(Quality quality) {
  for (const auto& [known, name] : kNames) {
    if (known == quality) return std::string(name);
  }
  std::array<char, 16> hex{};
  std::snprintf(hex.data(), hex.size(), "0x%08X", quality.code);
  return hex.data();
}

Result<Quality> parse_quality(std::string_view text) {
  for (const auto& [known, name] : kNames) {
    if (name == text) return known;
  }
  const bool hex = text.starts_with("0x") || text.starts_with("0X");
  const std::string_view digits = hex ? text.substr(2) : text;
  Quality quality;
  const auto [end, code] =
      std::from_chars(digits.data(), digits.data() + digits.size(), quality.code, hex ? 16 : 10);
  const bool whole = code == std::errc{} && end == digits.data() + digits.size();
  const bool classic = !hex && quality.code > 0 && quality.code < 256;
  if (whole && !classic) return quality;
  return Error{ErrorId::kInvalidArgument,
               "'" + std::string(text.substr(0, 64)) +
                   "' is not a quality: write a name such as Good or BadTimeout, or a code such as "
                   "0x800A0000"};
}

}  // namespace lineshaft
