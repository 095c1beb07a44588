#include "model/quality.h"

#include <array>
#include <cstdio>
#include <utility>

namespace lineshaft {
namespace {

constexpr std::pair<Quality, std::string_view> kNames[] = {
    {quality::kGood, "Good"},
    {quality::kUncertain, "Uncertain"},
    {quality::kUncertainLastUsableValue, "UncertainLastUsableValue"},
    {quality::kBad, "Bad"},
    {quality::kBadCommunicationError, "BadCommunicationError"},
    {quality::kBadTimeout, "BadTimeout"},
    {quality::kBadNoCommunication, "BadNoCommunication"},
    {quality::kBadWaitingForInitialData, "BadWaitingForInitialData"},
    {quality::kBadNotWritable, "BadNotWritable"},
    {quality::kBadOutOfRange, "BadOutOfRange"},
    {quality::kBadNotSupported, "BadNotSupported"},
    {quality::kBadTypeMismatch, "BadTypeMismatch"},
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

}  // namespace lineshaft
