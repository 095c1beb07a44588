// base/percent.h: text inside an address of the web: RFC 3986, 2.1.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace lineshaft {

// "炉 1/a" -> "%E7%82%89%201%2Fa": a value of a query, or a level of a path. Letters, digits, -._~
// and what `plain` lists stay as they are.
std::string percent_encode(std::string_view text, std::string_view plain = "");

// "%E7%82%89+1" -> "炉+1", or "炉 1" with `plus_is_space`, as queries have it. Nothing for a
// malformed escape or a NUL.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space);

}  // namespace lineshaft
