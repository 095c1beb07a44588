// sys/http_text.h: the parts of a request target as text; what the HTTP server trusts nobody with.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace lineshaft::sys {

// "%E7%82%89+1" -> "炉+1" (a plus stays a plus in a path; see plus_is_space).
// nullopt for a malformed escape or a NUL.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space);

struct Target {
  std::string path;   // decoded once; starts with "/"; no NUL, no "." or ".." level
  std::string query;  // raw, without "?"
};

// Splits the target of a request line. nullopt for what is not origin-form ("/..."), for a
// fragment, or for a path as above that is not allowed.
std::optional<Target> parse_target(std::string_view target);

}  // namespace lineshaft::sys
