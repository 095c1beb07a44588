// connect/opcua/ua_values.h: values, times, qualities and node ids between open62541 and our own
// vocabulary. Includes open62541's headers: for the .cpp files of this folder only.
#pragma once

#include <open62541/types.h>
#include <open62541/types_generated.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "base/time.h"
#include "connect/opcua/node_id.h"
#include "model/quality.h"
#include "model/value.h"

namespace lineshaft::connect::opcua {

// Owns one object of open62541 by its generated type: Ua<UA_Variant, UA_TYPES_VARIANT>.
template <typename T, int type>
class Ua {
 public:
  Ua() { UA_init(&object_, &UA_TYPES[type]); }
  ~Ua() { UA_clear(&object_, &UA_TYPES[type]); }
  Ua(const Ua& other) : Ua() { (void)UA_copy(&other.object_, &object_, &UA_TYPES[type]); }
  Ua(Ua&& other) noexcept : object_(other.object_) { UA_init(&other.object_, &UA_TYPES[type]); }
  Ua& operator=(Ua other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  T& operator*() { return object_; }
  const T& operator*() const { return object_; }
  T* operator->() { return &object_; }
  const T* operator->() const { return &object_; }
  T* get() { return &object_; }
  const T* get() const { return &object_; }

 private:
  T object_;
};

using UaNodeId = Ua<UA_NodeId, UA_TYPES_NODEID>;
using UaVariant = Ua<UA_Variant, UA_TYPES_VARIANT>;

// A view that lives as long as `text`, and a copy that the caller owns.
UA_String view_of(std::string_view text);
UA_String copy_of(std::string_view text);
inline std::string_view text_of(const UA_String& text) {
  return {reinterpret_cast<const char*>(text.data), text.length};
}

Timestamp to_timestamp(UA_DateTime time);  // saturates at the ends of our range
UA_DateTime to_datetime(Timestamp time);

// Requires: the URI, if any, was resolved: `index` is the namespace's number at the server.
UaNodeId to_ua(const NodeName& name, std::uint16_t index);
NodeName from_ua(const UA_NodeId& id, std::string_view namespace_uri);

// The type that a tag for values of this type has; nothing for what a tag cannot hold (structures).
std::optional<ValueType> tag_type(const UA_DataType* type);

// The scalar in a variant as a value of `type`. Numbers change their type only where nothing is
// lost: integers that the target can hold, never float32 to float64 or back.
// Errors: kTypeMismatch saying what the server sent, kInvalidArgument for a number out of range.
Result<Value> to_value(const UA_Variant& variant, ValueType type);

// The value as the server's node wants it. `like` is the type of the node's value.
// Errors: as above.
Result<UaVariant> to_variant(const Value& value, const UA_DataType* like);

// The value in the type that our own server gives it.
UaVariant to_variant(const Value& value);

// "BadNodeIdUnknown (0x80340000)".
std::string status_text(UA_StatusCode status);

}  // namespace lineshaft::connect::opcua
