// connect/opcua/node_id.h: the text form of an OPC UA NodeId (Part 6, 5.3.1.10) to its parts and
// back: "i=2258", "ns=2;s=Line 1.Speed",
// "nsu=urn:maker:plc;g=09087e75-8e5e-499b-954f-f2a9603db28a", "ns=1;b=Zm9v". With `nsu` the
// namespace is named by its URI, which stays true when a server numbers its namespaces anew; that
// is the form that browsing gives and that connections keep.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

namespace lineshaft::connect::opcua {

inline constexpr std::size_t kNodeIdBytesMax = 4096 + 256;  // a string id of 4096 and a URI

struct Guid {
  std::uint8_t bytes[16] = {};  // in the order of the text
  friend bool operator==(const Guid&, const Guid&) = default;
};
struct Opaque {
  std::string bytes;
  friend bool operator==(const Opaque&, const Opaque&) = default;
};

struct NodeName {
  // Either the URI of the namespace or, if that is empty, its number at the server.
  std::string namespace_uri;
  std::uint16_t namespace_index = 0;
  std::variant<std::uint32_t, std::string, Guid, Opaque> id;
  friend bool operator==(const NodeName&, const NodeName&) = default;
};

// Strict: no spaces around, decimal numbers in range, UTF-8, base64 with its padding. In a URI the
// signs '%' and ';' are written as %25 and %3B, as Part 6 says.
// Errors: kInvalidArgument saying what was expected where.
Result<NodeName> parse_node_id(std::string_view text);

// The inverse: parse_node_id(node_id_text(name)) == name.
std::string node_id_text(const NodeName& name);

}  // namespace lineshaft::connect::opcua
