#include "sys/destinations.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <span>
#include <utility>

namespace lineshaft::sys {
namespace {

// As IPv6 has it; IPv4 as ::ffff:a.b.c.d, so that both spellings of it are one address.
using Address = std::array<std::uint8_t, 16>;
constexpr unsigned kMappedBits = 96;

struct Network {
  Address address;
  unsigned bits;
};

constexpr Address ipv4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d) {
  return {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d};
}

constexpr Network kLoopback[] = {
    {ipv4(127, 0, 0, 0), kMappedBits + 8},
    {ipv4(0, 0, 0, 0), 128},
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 128},
    {{}, 128},
};
// The single addresses are those at which Alibaba's, Oracle's, Azure's, Amazon's and Google's
// machines ask for their credentials beside 169.254.169.254, as the manuals of these clouds say.
constexpr Network kLinkLocal[] = {
    {ipv4(169, 254, 0, 0), kMappedBits + 16},
    {ipv4(100, 100, 100, 200), 128},
    {ipv4(192, 0, 0, 192), 128},
    {ipv4(168, 63, 129, 16), 128},
    {{0xfe, 0x80}, 10},
    {{0xfd, 0x00, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54}, 128},
    {{0xfd, 0x20, 0x00, 0xce, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54}, 128},
};
constexpr Network kPrivate[] = {
    {ipv4(10, 0, 0, 0), kMappedBits + 8},
    {ipv4(172, 16, 0, 0), kMappedBits + 12},
    {ipv4(192, 168, 0, 0), kMappedBits + 16},
    {ipv4(100, 64, 0, 0), kMappedBits + 10},
    {{0xfc}, 7},
};

bool contains(const Address& network, unsigned bits, const Address& address) {
  for (unsigned i = 0; i < bits; ++i) {
    const unsigned shift = 7 - i % 8;
    if (((network[i / 8] ^ address[i / 8]) >> shift & 1U) != 0) return false;
  }
  return true;
}

bool is_in(std::span<const Network> networks, const Address& address) {
  return std::ranges::any_of(networks, [&](const Network& network) {
    return contains(network.address, network.bits, address);
  });
}

bool is_ipv4(const Address& address) { return contains(ipv4(0, 0, 0, 0), kMappedBits, address); }

AddressKind kind_of(const Address& address) {
  if (is_in(kLoopback, address)) return AddressKind::kLoopback;
  if (is_in(kLinkLocal, address)) return AddressKind::kLinkLocal;
  if (is_in(kPrivate, address)) return AddressKind::kPrivate;
  return AddressKind::kPublic;
}

std::string_view describe(AddressKind kind) {
  switch (kind) {
    case AddressKind::kLoopback:
      return "this machine itself";
    case AddressKind::kLinkLocal:
      return "a link-local address, or one at which a cloud hands out secrets";
    case AddressKind::kPrivate:
      return "a private address";
    case AddressKind::kPublic:
      break;
  }
  return "a public address";
}

constexpr std::pair<std::string_view, AddressKind> kWords[] = {
    {"loopback", AddressKind::kLoopback},
    {"localhost", AddressKind::kLoopback},  // RFC 6761: nothing else
    {"link-local", AddressKind::kLinkLocal},
    {"private", AddressKind::kPrivate},
    {"public", AddressKind::kPublic},
};

std::optional<Address> read_address(std::string_view text) {
  const std::string plain(text.substr(0, text.find('%')));  // fe80::1%eth0
  in_addr v4{};
  if (inet_pton(AF_INET, plain.c_str(), &v4) == 1) {
    Address address = ipv4(0, 0, 0, 0);
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(&v4);
    std::copy_n(bytes, 4, address.begin() + 12);
    return address;
  }
  Address address{};
  if (inet_pton(AF_INET6, plain.c_str(), address.data()) == 1) return address;
  return std::nullopt;
}

std::optional<unsigned> read_number(std::string_view text, unsigned max) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number > max) return std::nullopt;
  return number;
}

std::string lower_name(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  std::string name(host);
  for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return name;
}

// Letters, digits, '-', '_' and '.'; what ends in a number is an address that somebody mistyped.
bool is_host_name(std::string_view name) {
  constexpr std::string_view kDigits = "0123456789";
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyz0123456789-_.";
  if (name.empty() || name.size() > 253 || name.find_first_not_of(kAllowed) != name.npos) {
    return false;
  }
  const std::string_view last = name.substr(name.rfind('.') + 1);
  return last.find_first_not_of(kDigits) != last.npos;
}

struct Parts {
  std::string_view place;
  std::string_view ports;  // "" for all
};

// "[a]:b" and "[a]"; "a:b" if that is the only colon; else all of it is the place.
std::optional<Parts> split_ports(std::string_view entry) {
  if (entry.starts_with('[')) {
    const std::size_t end = entry.find(']');
    if (end == entry.npos) return std::nullopt;
    const std::string_view rest = entry.substr(end + 1);
    if (!rest.empty() && (rest[0] != ':' || rest.size() == 1)) return std::nullopt;
    return Parts{entry.substr(1, end - 1), rest.empty() ? rest : rest.substr(1)};
  }
  if (std::ranges::count(entry, ':') != 1) return Parts{entry, {}};
  const std::size_t colon = entry.find(':');
  if (colon + 1 == entry.size()) return std::nullopt;
  return Parts{entry.substr(0, colon), entry.substr(colon + 1)};
}

std::optional<Network> read_network(std::string_view place) {
  const std::size_t slash = place.find('/');
  const auto address = read_address(place.substr(0, slash));
  if (!address || place.find('%') != place.npos) return std::nullopt;
  if (slash == place.npos) return Network{*address, 128};
  const bool is_v4 = place.find(':') == place.npos;
  const auto bits = read_number(place.substr(slash + 1), is_v4 ? 32 : 128);
  if (!bits) return std::nullopt;
  const Network network{*address, is_v4 ? kMappedBits + *bits : *bits};
  for (unsigned i = network.bits; i < 128; ++i) {
    if (((network.address[i / 8] >> (7 - i % 8)) & 1U) != 0) return std::nullopt;
  }
  return network;
}

}  // namespace

Destinations::Destinations() : Destinations(*parse({"loopback", "private"})) {}

Destinations Destinations::anywhere() {
  Destinations all;
  all.entries_ = {"loopback", "private", "link-local", "public"};
  all.anywhere_ = true;
  return all;
}

Result<Destinations::Rule> Destinations::read_rule(std::string_view entry) {
  const Error wrong{ErrorId::kInvalidArgument,
                    "'" + std::string(entry.substr(0, 300)) +
                        "' is neither loopback, private, link-local or public, nor a network as "
                        "10.20.0.0/16, nor a host name, with or without :port; nor none alone"};
  const auto parts = split_ports(entry);
  if (!parts) return wrong;
  Rule rule;
  if (!parts->ports.empty()) {
    const std::size_t dash = parts->ports.find('-');
    const auto first = read_number(parts->ports.substr(0, dash), 65535);
    const auto last =
        dash == parts->ports.npos ? first : read_number(parts->ports.substr(dash + 1), 65535);
    if (!first || !last || *first < 1 || *last < *first) return wrong;
    rule.first_port = static_cast<std::uint16_t>(*first);
    rule.last_port = static_cast<std::uint16_t>(*last);
  }
  if (parts->place == "none") return wrong;
  for (const auto& [word, kind] : kWords) {
    if (parts->place != word) continue;
    rule.kind = kind;
    return rule;
  }
  if (const auto network = read_network(parts->place)) {
    rule.by = Rule::By::kNetwork;
    rule.network = network->address;
    rule.bits = network->bits;
    return rule;
  }
  rule.by = Rule::By::kName;
  rule.name = lower_name(parts->place);
  if (!is_host_name(rule.name)) return wrong;
  return rule;
}

Result<Destinations> Destinations::parse(const std::vector<std::string>& entries) {
  Destinations made(entries);
  if (entries.size() == 1 && entries.front() == "none") return made;
  for (const std::string& entry : entries) {
    auto rule = read_rule(entry);
    if (!rule) return std::move(rule).error();
    made.rules_.push_back(*std::move(rule));
  }
  return made;
}

// ::/0 is all of IPv6, and IPv4 is written into a corner of it.
bool Destinations::Rule::holds(const Address& address) const {
  return contains(network, bits, address) && (bits >= kMappedBits || !is_ipv4(address));
}

std::optional<std::string> Destinations::why_not(const Endpoint& to, std::string_view address,
                                                 std::string_view setting) const {
  if (anywhere_) return std::nullopt;
  const auto at = read_address(address);
  const AddressKind kind = at ? kind_of(*at) : AddressKind::kPublic;
  const bool by_name = kind == AddressKind::kPrivate || kind == AddressKind::kPublic;
  const std::string name = lower_name(to.host);
  bool named = false;
  for (const Rule& rule : rules_) {
    if (to.port != 0 && (to.port < rule.first_port || to.port > rule.last_port)) continue;
    if (rule.by == Rule::By::kName) {
      if (rule.name != name) continue;
      if (by_name) return std::nullopt;
      named = true;
    } else if (at && (rule.by == Rule::By::kKind ? rule.kind == kind : rule.holds(*at))) {
      return std::nullopt;
    }
  }
  std::string what = to.text();
  if (at && address != to.host) what += " (" + std::string(address) + ")";
  if (at) what += ", " + std::string(describe(kind)) + ",";
  what += (named ? " is in " : " is not in ") + std::string(setting);
  if (named) what += " by its name only, which does not open such an address";
  return what;
}

Status Destinations::check(const Endpoint& to, std::string_view address) const {
  auto why = why_not(to, address, "outgoing.allow");
  return why ? Status(Error{ErrorId::kDestinationRefused, *std::move(why)}) : Status();
}

Status Destinations::check_numeric(const Endpoint& to) const {
  return is_numeric_host(to.host) ? check(to, to.host) : Status();
}

bool Destinations::includes(AddressKind kind) const {
  if (anywhere_) return true;
  return std::ranges::any_of(rules_, [&](const Rule& rule) {
    if (rule.first_port > 1 || rule.last_port < 65535) return false;
    if (rule.by == Rule::By::kKind) return rule.kind == kind;
    // Of networks only all of IPv4 or of IPv6 is as much as that.
    return rule.by == Rule::By::kNetwork && (rule.bits == 0 || rule.bits == kMappedBits);
  });
}

bool is_numeric_host(std::string_view host) { return read_address(host).has_value(); }

}  // namespace lineshaft::sys
