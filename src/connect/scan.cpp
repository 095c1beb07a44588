#include "connect/scan.h"

#include <algorithm>
#include <charconv>

#include "connect/protocol.h"

namespace lineshaft::connect {

namespace {

Error invalid(std::string what) { return {ErrorId::kInvalidArgument, std::move(what)}; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

std::vector<std::string_view> parts_of(std::string_view text) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t comma = text.find(',');
    parts.push_back(trimmed(text.substr(0, comma)));
    if (comma == std::string_view::npos) return parts;
    text.remove_prefix(comma + 1);
  }
}

std::optional<std::uint32_t> parse_number(std::string_view text, std::uint32_t max) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number <= max ? std::optional(number) : std::nullopt;
}

std::optional<std::uint32_t> parse_ipv4(std::string_view text) {
  std::uint32_t address = 0;
  for (int i = 0; i < 4; ++i) {
    const std::size_t dot = text.find('.');
    if ((dot == std::string_view::npos) != (i == 3)) return std::nullopt;
    const auto byte = parse_number(text.substr(0, dot), 255);
    if (!byte) return std::nullopt;
    address = address << 8 | *byte;
    text.remove_prefix(i == 3 ? text.size() : dot + 1);
  }
  return address;
}

std::string ipv4_text(std::uint32_t address) {
  std::string text;
  for (int shift = 24; shift >= 0; shift -= 8) {
    text += std::to_string(address >> shift & 0xFF);
    if (shift > 0) text += '.';
  }
  return text;
}

struct Block {
  std::uint32_t first;
  std::uint32_t bits;  // of the prefix
};
// RFC 1918, RFC 6598, loopback and link local.
constexpr Block kPrivate[] = {{0x0A000000, 8},  {0xAC100000, 12}, {0xC0A80000, 16},
                              {0x64400000, 10}, {0x7F000000, 8},  {0xA9FE0000, 16}};

// All of first..last lies in one of the blocks.
bool is_private(std::uint32_t first, std::uint32_t last) {
  return std::ranges::any_of(kPrivate, [&](const Block& block) {
    return (first ^ block.first) >> (32 - block.bits) == 0 &&
           (last ^ block.first) >> (32 - block.bits) == 0;
  });
}

// Unique local, link local, loopback; a name is not an IPv6 address and somebody's own word.
bool is_private_text(std::string_view text) {
  if (text.find(':') == std::string_view::npos) return true;
  return text == "::1" || text.starts_with("fc") || text.starts_with("fd") ||
         text.starts_with("fe8") || text.starts_with("fe9") || text.starts_with("fea") ||
         text.starts_with("feb");
}

struct Range {
  std::uint32_t first = 0;
  std::uint32_t last = 0;
};

Result<Range> parse_network(std::string_view text, std::size_t slash) {
  const auto base = parse_ipv4(text.substr(0, slash));
  const auto bits = parse_number(text.substr(slash + 1), 32);
  if (!base || !bits || *bits < 16) {
    return invalid("addresses: '" + std::string(text) +
                   "' is not a network as 192.168.1.0/24 (16 to 32 bits)");
  }
  const std::uint32_t hosts = *bits == 32 ? 0 : 0xFFFFFFFFU >> *bits;
  Range range{*base & ~hosts, *base | hosts};
  if (*bits <= 30) range = {range.first + 1, range.last - 1};
  return range;
}

Result<Range> parse_range(std::string_view text, std::size_t dash) {
  const auto first = parse_ipv4(trimmed(text.substr(0, dash)));
  const std::string_view end = trimmed(text.substr(dash + 1));
  auto last = parse_ipv4(end);
  if (const auto byte = parse_number(end, 255); first && byte) last = (*first & ~0xFFU) | *byte;
  if (!first || !last || *last < *first || *last - *first >= kScanHostsMax) {
    return invalid("addresses: '" + std::string(text) +
                   "' is not a range as 10.0.0.5-10.0.0.20 of at most 65536 addresses");
  }
  return Range{*first, *last};
}

// Nothing: `part` is a single name or address.
Result<std::optional<Range>> range_of(std::string_view part) {
  Result<Range> range = Range{};
  const std::size_t dash = part.find('-');
  if (const std::size_t slash = part.find('/'); slash != std::string_view::npos) {
    range = parse_network(part, slash);
  } else if (const auto one = parse_ipv4(part)) {
    range = Range{*one, *one};
  } else if (dash != std::string_view::npos && parse_ipv4(trimmed(part.substr(0, dash)))) {
    range = parse_range(part, dash);
  } else {
    return std::optional<Range>();
  }
  if (!range) return range.error();
  return std::optional<Range>(*range);
}

}  // namespace

Result<std::vector<std::string>> parse_addresses(std::string_view text, bool allow_public) {
  std::vector<std::string> hosts;
  for (const std::string_view part : parts_of(text)) {
    if (part.empty()) return invalid("addresses: an address, a range or a name is missing");
    const auto range = range_of(part);
    if (!range) return range.error();
    const bool fine = *range ? is_private((*range)->first, (*range)->last) : is_private_text(part);
    if (!fine && !allow_public) {
      return invalid("addresses: '" + std::string(part) +
                     "' is not of a private network; set allow_public if it is yours to ask");
    }
    if (!*range) {
      if (!is_name(part, 253)) return invalid("addresses: a host name has at most 253 bytes");
      hosts.emplace_back(part);
      continue;
    }
    if (hosts.size() + ((*range)->last - (*range)->first) >= kScanHostsMax) {
      return invalid("addresses: more than 65536; ask for a part of them");
    }
    for (std::uint64_t at = (*range)->first; at <= (*range)->last; ++at) {
      hosts.push_back(ipv4_text(static_cast<std::uint32_t>(at)));
    }
  }
  return hosts;
}

Result<std::vector<std::uint16_t>> parse_ports(std::string_view text) {
  std::vector<std::uint16_t> ports;
  for (const std::string_view part : parts_of(text)) {
    const std::size_t dash = part.find('-');
    const auto first = parse_number(trimmed(part.substr(0, dash)), 65535);
    const auto last = dash == std::string_view::npos
                          ? first
                          : parse_number(trimmed(part.substr(dash + 1)), 65535);
    if (!first || !last || *first < 1 || *last < *first ||
        ports.size() + (*last - *first) >= kScanDoorsMax) {
      return invalid("ports: '" + std::string(part) +
                     "' is not a port or range as 502 or 5020-5029, 4096 at most");
    }
    for (std::uint32_t port = *first; port <= *last; ++port) {
      ports.push_back(static_cast<std::uint16_t>(port));
    }
  }
  return ports;
}

std::vector<ScanDoor> scan_doors(const std::vector<Protocol>& protocols,
                                 const std::vector<std::uint16_t>& ports) {
  std::vector<ScanDoor> doors;
  for (const Protocol protocol : protocols) {
    if (ports.empty()) {
      for (const Door& door : kind_of(protocol).doors()) doors.push_back({protocol, door});
    }
    for (const std::uint16_t port : ports) doors.push_back({protocol, {port, false}});
  }
  return doors;
}

Status check_scan(const ScanRequest& request) {
  Status ok = check_number("addresses", request.hosts.size(), 1, kScanHostsMax);
  if (ok) ok = check_number("ports times protocols", request.doors.size(), 1, kScanDoorsMax);
  if (ok) ok = check_number("unit_ids", request.unit_ids.size(), 1, kScanProbesMax);
  if (ok) ok = check_number("timeout_ms", request.timeout_ms, 50, 60'000);
  for (const std::string& host : request.hosts) {
    if (ok) ok = check_host(host);
  }
  const std::uint64_t total = request.hosts.size() * request.doors.size();
  if (ok) ok = check_number("from", request.from, 0, total - 1);
  return ok;
}

}  // namespace lineshaft::connect
