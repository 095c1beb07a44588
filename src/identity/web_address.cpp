#include "identity/web_address.h"

#include <algorithm>
#include <charconv>

namespace lineshaft::identity {
namespace {

constexpr std::size_t kHostBytesMax = 253;
constexpr std::size_t kPathBytesMax = 1'000;

Error wrong(const std::string& why) { return {ErrorId::kInvalidArgument, "the address " + why}; }

bool is_visible(char c) { return c > ' ' && c < 0x7f; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool is_host(std::string_view host, bool bracketed) {
  if (host.empty() || host.size() > kHostBytesMax) return false;
  return std::ranges::all_of(host, [&](char c) {
    if (bracketed) {
      return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':' ||
             c == '.';
    }
    return is_digit(c) || is_letter(c) || c == '-' || c == '.';
  });
}

}  // namespace

Result<WebAddress> parse_web_address(std::string_view text) {
  constexpr std::string_view kScheme = "https://";
  if (text.size() > kWebAddressBytesMax) return wrong("is too long");
  if (!std::ranges::all_of(text, is_visible)) return wrong("is not visible ASCII throughout");
  if (!text.starts_with(kScheme)) return wrong("does not begin with https://");
  if (text.find_first_of("#\\\"<>") != text.npos)
    return wrong("has a fragment or a wrong character");
  std::string_view rest = text.substr(kScheme.size());
  std::string_view place = rest.substr(0, rest.find_first_of("/?"));
  rest.remove_prefix(place.size());
  WebAddress address;
  const bool bracketed = place.starts_with('[');
  const std::size_t end = bracketed ? place.find(']') : place.find(':');
  const std::string_view host =
      bracketed ? place.substr(1, end == place.npos ? 0 : end - 1) : place.substr(0, end);
  if (!is_host(host, bracketed)) return wrong("has no host that is one");
  address.host = host;
  place.remove_prefix(end == place.npos ? place.size() : end + (bracketed ? 1 : 0));
  if (!place.empty()) {
    place.remove_prefix(1);
    const auto [last, code] =
        std::from_chars(place.data(), place.data() + place.size(), address.port);
    if (code != std::errc{} || last != place.data() + place.size() || address.port == 0) {
      return wrong("has no port that is one");
    }
  }
  address.target = rest.starts_with('/') ? std::string(rest) : "/" + std::string(rest);
  return address;
}

Status check_issuer(std::string_view text) {
  const Result<WebAddress> address = parse_web_address(text);
  if (!address) return Error{ErrorId::kInvalidArgument, "issuer: " + address.error().what};
  if (text.find('?') != text.npos) {
    return Error{ErrorId::kInvalidArgument, "issuer: the address has a query"};
  }
  return {};
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    if (is_digit(c) || is_letter(c) || std::string_view("-._~").find(c) != std::string_view::npos) {
      encoded += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded += '%';
    encoded += kDigits[byte >> 4U];
    encoded += kDigits[byte & 15U];
  }
  return encoded;
}

std::string form_text(std::initializer_list<std::pair<std::string_view, std::string_view>> fields) {
  std::string form;
  for (const auto& [name, value] : fields) {
    if (!form.empty()) form += '&';
    form += percent_encoded(name) + "=" + percent_encoded(value);
  }
  return form;
}

std::string with_query(std::string address, const std::string& form) {
  address += address.find('?') == std::string::npos ? '?' : '&';
  return address + form;
}

std::string own_path(std::string_view path) {
  const bool own = path.size() <= kPathBytesMax && path.starts_with('/') &&
                   !path.starts_with("//") && path.find('\\') == path.npos &&
                   std::ranges::all_of(path, is_visible);
  return own ? std::string(path) : "/";
}

}  // namespace lineshaft::identity
