// connect/scan.h: who answers at which addresses? What to knock at, and what was found there.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connect/connection.h"

namespace lineshaft::connect {

struct MachineIdentification {
  std::string vendor;
  std::string product;
  std::string revision;
};

// A port at which machines of a protocol usually listen.
struct Door {
  std::uint16_t port = 0;
  bool tls = false;
};

struct ScanDoor {
  Protocol protocol = Protocol::kModbusTcp;
  Door door;
};

inline constexpr std::size_t kScanProbesMax = 256;  // of one request; a range is asked in parts
inline constexpr std::size_t kScanHostsMax = 65'536;
inline constexpr std::size_t kScanDoorsMax = 4'096;

// Every door of every host is knocked at, host by host.
struct ScanRequest {
  std::vector<std::string> hosts;            // 1..kScanHostsMax addresses or names
  std::vector<ScanDoor> doors;               // 1..kScanDoorsMax
  std::vector<std::uint8_t> unit_ids = {1};  // Modbus: these at every door; 1..kScanProbesMax
  std::uint32_t timeout_ms = 500;            // 50..60'000
  std::uint64_t from = 0;                    // how many knocks were done in the parts before
};

struct ScanHit {
  std::string host;
  std::uint16_t port = 0;
  std::uint8_t unit_id = 0;  // Modbus; the slot of an S7 CPU
  std::optional<MachineIdentification> identification;
  // Set by the scan:
  Protocol protocol = Protocol::kModbusTcp;
  bool tls = false;
  // What a connection to it is set to; absent where only the address is known.
  std::optional<ProtocolSettings> settings = std::nullopt;
};

// A door that was not knocked at: a knock is a connection and the protocol's first question, in the
// clear, and plain.allow (sys/reach.h) lets nothing go there so. Not of TLS, nor of OPC UA, whose
// first question everybody may hear.
struct ScanLeftOut {
  ScanDoor door;
  std::vector<std::string> hosts;  // in order of the request
};

struct ScanReport {
  std::vector<ScanHit> hits;          // by address, in order of the request, then port and unit
  std::vector<ScanLeftOut> left_out;  // of this part, in order of the doors of the request
  std::uint64_t total = 0;            // knocks of the whole range
  std::optional<std::uint64_t> next;  // `from` of the next part; absent after the last
};

// "192.168.1.0/24", "10.0.0.5-10.0.0.20", "10.0.0.5-20", "plc.local", "fd00::5"; several with
// commas. A network's own and its broadcast address are left out. `allow_public`: else ranges and
// addresses of the internet are refused, because knocking there is somebody else's business.
// Errors: kInvalidArgument naming the part.
Result<std::vector<std::string>> parse_addresses(std::string_view text, bool allow_public);

// "502, 5020-5029". Errors: kInvalidArgument.
Result<std::vector<std::uint16_t>> parse_ports(std::string_view text);

// The usual doors of these protocols; with `ports` these ports, plain, for each of them instead.
std::vector<ScanDoor> scan_doors(const std::vector<Protocol>& protocols,
                                 const std::vector<std::uint16_t>& ports);

// Errors: kInvalidArgument naming what is beyond its limits.
Status check_scan(const ScanRequest& request);

}  // namespace lineshaft::connect
