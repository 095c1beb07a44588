// base/utf8.h: what text from outside must be before anything keeps it.
#pragma once

#include <cstddef>
#include <string_view>

namespace lineshaft {

// Strict UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_utf8(std::string_view text);

// Contains a control character of ASCII (U+0000 to U+001F, U+007F).
bool has_control(std::string_view text);

// Code points of well-formed UTF-8; bytes that continue a code point are not counted.
std::size_t utf8_length(std::string_view text);

// The longest beginning of at most `bytes_max` bytes that does not cut a code point in two.
std::string_view utf8_prefix(std::string_view text, std::size_t bytes_max);

}  // namespace lineshaft
