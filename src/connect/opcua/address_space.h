// connect/opcua/address_space.h: the tags of a server as nodes of OPC UA. Includes open62541's
// headers: for the .cpp files of this folder only.
#pragma once

#include <open62541/server.h>

#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "connect/opcua/server.h"
#include "connect/opcua/ua_values.h"

namespace lineshaft::connect::opcua {

// What a node of a tag carries as its context.
struct TagNode {
  Tag tag;
  UaNodeId id;
};

// A sample as open62541 keeps it: value, status and source time, whatever its quality.
Ua<UA_DataValue, UA_TYPES_DATAVALUE> data_value(const Sample& sample);

// Threads: the loop's. `server` must outlive it.
class AddressSpace {
 public:
  // `written` is how values of writable tags are read and written; null functions are not called.
  AddressSpace(UA_Server* server, UA_CallbackValueSource written);

  UA_UInt16 namespace_index() const { return namespace_; }
  Status put(const Tag& tag, const std::optional<Sample>& current);
  void remove(TagId tag);
  void publish(const Sample& sample);

 private:
  Result<UaNodeId> folder(const std::string& path);
  Status add_variable(TagNode& node, const UA_NodeId& parent, const std::optional<Sample>& current);
  Status add_details(const TagNode& node);
  Status add_property(const TagNode& node, const char* name, const UA_Variant& value);
  UaNodeId named(const std::string& text) const;

  UA_Server* server_;
  UA_CallbackValueSource written_;
  UA_UInt16 namespace_ = 0;
  std::unordered_map<std::uint32_t, std::unique_ptr<TagNode>> nodes_;  // by tag
  std::unordered_set<std::string> folders_;
};

}  // namespace lineshaft::connect::opcua
