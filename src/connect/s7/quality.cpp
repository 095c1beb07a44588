#include "connect/s7/quality.h"

namespace lineshaft::connect {

Quality s7_quality(s7::ReturnCode code) {
  switch (code) {
    case s7::ReturnCode::kHardwareFault:
      return quality::kBadDeviceFailure;
    case s7::ReturnCode::kAccessDenied:
    case s7::ReturnCode::kAddressOutOfRange:
    case s7::ReturnCode::kTypeNotSupported:
    case s7::ReturnCode::kTypeInconsistent:
    case s7::ReturnCode::kDoesNotExist:
      return quality::kBadConfigurationError;
    default:
      return quality::kBadCommunicationError;
  }
}

Quality s7_quality(s7::Refusal refusal) {
  switch (refusal.code >> 8) {
    case 0x81:
    case 0x85:
      return quality::kBadNotSupported;
    case 0x82:
    case 0x87:
    case 0xD6:
      return quality::kBadConfigurationError;
    default:
      return quality::kBadCommunicationError;
  }
}

Quality s7_quality(const Error& why) {
  if (why.id == ErrorId::kTimeout) return quality::kBadTimeout;
  if (why.id == ErrorId::kBadAnswer || why.id == ErrorId::kDeviceRefused)
    return quality::kBadCommunicationError;
  return quality::kBadNotConnected;
}

Error s7_error(const std::string& where, s7::ReturnCode code) {
  return Error{ErrorId::kDeviceRefused, where + ": " + s7::return_code_text(code)};
}

Error s7_error(const std::string& where, s7::Refusal refusal) {
  return Error{ErrorId::kDeviceRefused, where + ": " + s7::refusal_text(refusal)};
}

}  // namespace lineshaft::connect
