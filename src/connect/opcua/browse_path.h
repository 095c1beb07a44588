// connect/opcua/browse_path.h: the way from one node to another by names, in text. Companion models
// (Machinery, PackML, ISA-95) fix the names below a machine's object, not the ids of its nodes:
// with a path one list of signals fits every machine of a model.
//
//   {http://opcfoundation.org/UA/Machinery/}MachineryBuildingBlocks/{...}MachineryItemState/CurrentState
//
// Names are separated by '/'. The URI of the namespace that a name belongs to stands before it in
// braces; without one it is a name of OPC UA itself. In a name '&' stands before each '/', '{' and
// '&' that belongs to it, as in Part 4, A.2.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace lineshaft::connect::opcua {

inline constexpr std::size_t kBrowsePathBytesMax = 4'096;
inline constexpr std::size_t kBrowsePathNamesMax = 32;

struct BrowseName {
  std::string namespace_uri;  // "": OPC UA itself
  std::string name;
  friend bool operator==(const BrowseName&, const BrowseName&) = default;
};

// "" is no name at all: the start itself. Errors: kInvalidArgument saying what was expected where.
Result<std::vector<BrowseName>> parse_browse_path(std::string_view text);

}  // namespace lineshaft::connect::opcua
