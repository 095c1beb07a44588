#include "connect/flows/served_at.h"

#include <algorithm>

namespace lineshaft::connect {

namespace {

bool is_loopback(const std::string& host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

bool is_any(const std::string& host) { return host == "0.0.0.0" || host == "::"; }

bool is_numeric(const std::string& host) {
  if (host.find(':') != std::string::npos) {
    return std::ranges::all_of(host, [](char c) {
      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') ||
             c == ':' || c == '.';
    });
  }
  return std::ranges::count(host, '.') == 3 &&
         std::ranges::all_of(host, [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
}

}  // namespace

bool is_served_at(const sys::Endpoint& listen, const sys::Endpoint& to) {
  if (listen.port != to.port) return false;
  return listen.host == to.host ||
         (is_loopback(to.host) && (is_loopback(listen.host) || is_any(listen.host)));
}

void read_listen(Fields& fields, std::string& listen, std::uint16_t& port) {
  fields.string("listen", listen);
  fields.integer("port", port, 0, 65535);
}

Status check_listen(const std::string& listen) {
  if (is_numeric(listen)) return {};
  return Error{
      ErrorId::kInvalidArgument,
      "settings.listen: must be an address in numbers, as 127.0.0.1 for this machine alone "
      "or 0.0.0.0 for every network"};
}

}  // namespace lineshaft::connect
