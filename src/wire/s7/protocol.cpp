#include "wire/s7/protocol.h"

#include <algorithm>
#include <array>

namespace lineshaft::s7 {

namespace {

std::string hex_digits(unsigned number, unsigned digits) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string text;
  for (unsigned i = digits; i > 0; --i) text.push_back(kDigits[number >> (4 * (i - 1)) & 15]);
  return text;
}

std::string_view words_of(ReturnCode code) {
  switch (code) {
    case ReturnCode::kReserved:
      return "no result";
    case ReturnCode::kHardwareFault:
      return "hardware fault";
    case ReturnCode::kAccessDenied:
      return "access is not allowed; on an S7-1200 or 1500 permit PUT/GET access and lower the "
             "protection level";
    case ReturnCode::kAddressOutOfRange:
      return "the address lies outside of the area or data block";
    case ReturnCode::kTypeNotSupported:
      return "the data type is not supported";
    case ReturnCode::kTypeInconsistent:
      return "length or data type do not fit the address";
    case ReturnCode::kDoesNotExist:
      return "there is no such data block, or it has optimized access; switch that off in its "
             "properties";
    case ReturnCode::kOk:
      return "done";
  }
  return "a code that is not known";
}

struct Words {
  std::uint16_t code;
  std::string_view text;
};

constexpr std::array<Words, 22> kRefusals = {{
    {0x0110, "invalid block number"},
    {0x0112, "invalid parameter"},
    {0x011B, "the job is not possible in the state of the block"},
    {0x8001, "the service cannot be carried out in the present state of the device"},
    {0x8003, "the job was broken off for want of resources"},
    {0x8104, "the device does not have this function"},
    {0x8204, "the kind of object does not fit the function"},
    {0x8301, "the device has not enough memory for the job"},
    {0x8302, "the device has no resources left; close other connections"},
    {0x8304, "there is no further connection to be had; close other connections"},
    {0x8404, "the function is not available after a serious error"},
    {0x8500, "the length of the PDU is wrong"},
    {0x8701, "the address is wrong"},
    {0x8702, "the address is wrong or the protection level forbids the access"},
    {0xD401, "the device does not have this system information"},
    {0xD402, "the device does not have this part of the system information"},
    {0xD403, "the system information has another form"},
    {0xD404, "the system information is locked"},
    {0xD406, "the device has too many jobs for system information"},
    {0xD602, "the protection level forbids the access"},
    {0xDC01, "invalid date or time"},
    {0xEF01, "a parameter is wrong"},
}};

std::string_view class_words(unsigned error_class) {
  switch (error_class) {
    case 0x81:
      return "the connection is in no state for this";
    case 0x82:
      return "error in the definition of an object";
    case 0x83:
      return "not enough resources";
    case 0x84:
      return "the device could not process the job";
    case 0x85:
      return "error in the request";
    case 0x87:
      return "access error";
    case 0xD2:
      return "error in a block";
    case 0xD4:
      return "no system information";
    case 0xD6:
      return "refused by the protection level";
    default:
      return "a code that is not known";
  }
}

}  // namespace

std::size_t element_bytes(Element element) {
  switch (element) {
    case Element::kBit:
    case Element::kByte:
    case Element::kChar:
      return 1;
    case Element::kWord:
    case Element::kInt:
    case Element::kCounter:
    case Element::kTimer:
      return 2;
    case Element::kDword:
    case Element::kDint:
    case Element::kReal:
      return 4;
  }
  return 0;
}

std::string return_code_text(ReturnCode code) {
  return std::string(words_of(code)) + " (" + hex_digits(static_cast<std::uint8_t>(code), 2) + ")";
}

std::string refusal_text(Refusal refusal) {
  const auto known = std::ranges::find(kRefusals, refusal.code, &Words::code);
  const std::string_view words =
      known != kRefusals.end() ? known->text : class_words(refusal.code >> 8u);
  return std::string(words) + " (" + hex_digits(refusal.code, 4) + ")";
}

}  // namespace lineshaft::s7
