// sys/destinations.h: a list of addresses, as where this process may connect out to
// (`outgoing.allow` of docs/reference/configuration.md). Asked in one place, sys/permitted.h, of
// the address that a socket is about to be opened to: what a name was resolved to before, or is to
// others, counts for nothing. What else it is asked for: sys/reach.h.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sys/loop.h"

namespace lineshaft::sys {

// What an address is to whoever connects to it; every address is one of them.
enum class AddressKind : std::uint8_t {
  kLoopback,   // this machine: 127.0.0.0/8, ::1; and 0.0.0.0 and ::, which lead there on Linux
  kLinkLocal,  // 169.254.0.0/16, fe80::/10; and the other addresses at which clouds hand out
               // secrets
  kPrivate,    // RFC 1918, RFC 6598, RFC 4193
  kPublic,     // the rest
};

// A list of what is allowed; a value. Threads: any, as long as nobody assigns to it.
class Destinations {
 public:
  // "loopback" and "private": what holds where nobody says otherwise.
  Destinations();
  // Everything: for programs that a person runs with their own rights, as the command line is.
  static Destinations anywhere();

  // "none" alone is nothing, as no entry is. Else each entry is "loopback", "private", "link-local"
  // or "public"; an address or a network whose other bits are zero ("10.20.0.7", "10.20.0.0/16",
  // "fd00:7::/32"); or a host name. Behind it may stand a port or a range of ports:
  // "10.20.0.0/16:502", "[fd00:7::/32]:4840-4843", "broker.example.com:8883". Errors:
  // kInvalidArgument naming the entry.
  static Result<Destinations> parse(const std::vector<std::string>& entries);

  // May a socket be opened to `address` for somebody who asked for `to`? `address` is numeric; text
  // that is no address is allowed by its name alone. A name stands for private and public addresses
  // only: whoever answers for a name outside cannot point it at this machine.
  // Errors: kDestinationRefused, which names both and says what the address is.
  Status check(const Endpoint& to, std::string_view address) const;
  // The same before anything is resolved: of a host that is numeric. A name is judged later.
  Status check_numeric(const Endpoint& to) const;
  // The same for another list than outgoing.allow, whose name is `setting`: nothing if the address
  // is on it, else "8.8.8.8:53, a public address, is not in " and that. Port 0 is some port.
  std::optional<std::string> why_not(const Endpoint& to, std::string_view address,
                                     std::string_view setting) const;

  // Does an entry let through every address of that kind (of IPv4 at least), whatever the port?
  bool includes(AddressKind kind) const;
  bool empty() const { return rules_.empty() && !anywhere_; }  // nothing is allowed
  const std::vector<std::string>& entries() const { return entries_; }
  friend bool operator==(const Destinations& a, const Destinations& b) {
    return a.entries_ == b.entries_ && a.anywhere_ == b.anywhere_;
  }

 private:
  struct Rule {
    enum class By : std::uint8_t { kKind, kNetwork, kName };
    By by = By::kKind;
    AddressKind kind = AddressKind::kPublic;
    std::array<std::uint8_t, 16> network{};  // IPv4 in its last 4 bytes, as ::ffff:a.b.c.d
    unsigned bits = 128;                     // of the network, of the 128
    std::string name;                        // in lower case, without a dot at its end
    std::uint16_t first_port = 1;
    std::uint16_t last_port = 65535;
    bool holds(const std::array<std::uint8_t, 16>& address) const;  // of a network
  };
  explicit Destinations(std::vector<std::string> entries) : entries_(std::move(entries)) {}
  static Result<Rule> read_rule(std::string_view entry);

  std::vector<std::string> entries_;
  std::vector<Rule> rules_;
  bool anywhere_ = false;
};

// Is the host an address, and no name?
bool is_numeric_host(std::string_view host);

}  // namespace lineshaft::sys
