// sys/http_text.h: the parts of a request target as text; what the HTTP server trusts nobody with.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace lineshaft::sys {

struct Target {
  std::string path;   // decoded once; starts with "/"; no NUL, no "." or ".." level
  std::string query;  // raw, without "?"
};

// Splits the target of a request line. nullopt for what is not origin-form ("/..."), for a
// fragment, or for a path as above that is not allowed.
std::optional<Target> parse_target(std::string_view target);

}  // namespace lineshaft::sys
