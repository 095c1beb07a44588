// identity/web_address.h: addresses of web servers as identity providers give them: HTTPS only.
// Pure; threads: any.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace lineshaft::identity {

inline constexpr std::size_t kWebAddressBytesMax = 2'000;

struct WebAddress {
  std::string host;  // IPv6 without brackets
  std::uint16_t port = 443;
  std::string target;  // path and query, "/" at least
};

// "https://id.example:8443/plant?x=1": no other scheme, no user, no fragment, visible ASCII.
// Errors: kInvalidArgument.
Result<WebAddress> parse_web_address(std::string_view text);

// An issuer: as above, without a query (OpenID Connect Discovery 1.0, 3).
Status check_issuer(std::string_view text);

// Everything but letters, digits and -._~ as %XX (RFC 3986, 2.3).
std::string percent_encoded(std::string_view text);
// "a=1&b=x%20y"
std::string form_text(std::initializer_list<std::pair<std::string_view, std::string_view>> fields);
// The fields behind an address that may have a query already.
std::string with_query(std::string address, const std::string& form);

// A path of our own console, where a browser may go on: "/trends?tag=1". "/" for anything else.
std::string own_path(std::string_view path);

}  // namespace lineshaft::identity
