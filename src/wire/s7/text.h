// wire/s7/text.h: characters of S7 strings to UTF-8 and back.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace lineshaft::s7 {

// STRING and CHAR: every byte is a character of ISO 8859-1.
std::string utf8_of_latin1(ByteSpan bytes);
// Requires: text is well-formed UTF-8. Errors: kInvalidArgument for a character beyond U+00FF.
Result<Bytes> latin1_of_utf8(std::string_view text);

// WSTRING and WCHAR: UTF-16, high byte first. Half a surrogate pair becomes U+FFFD; an odd last
// byte is left out.
std::string utf8_of_utf16(ByteSpan bytes);
// Requires: text is well-formed UTF-8. Errors: kInvalidArgument for a character beyond U+FFFF: CPUs
// count every two bytes as a character, and would cut a pair.
Result<Bytes> utf16_of_utf8(std::string_view text);

}  // namespace lineshaft::s7
