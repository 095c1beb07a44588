// connect/opcua/arguments.h: what methods take and give, between open62541 and our own vocabulary.
// Includes open62541's headers: for the .cpp files of this folder only.
#pragma once

#include <vector>

#include "connect/method.h"
#include "connect/opcua/ua_values.h"

namespace lineshaft::connect::opcua {

// The list in a variant of Argument structures, at most kMethodArgumentsMax; empty for anything
// else.
struct Argument {
  MethodArgument described;
  UaNodeId type;
  bool any = false;  // of whichever type: the value's own one
};
std::vector<Argument> arguments_in(const UA_Variant& list);

// A value as people give it (7, 7.5, "A-17") in the type that the method wants.
// Requires: the argument is usable. Errors: kTypeMismatch, kInvalidArgument (out of range).
Result<UaVariant> to_argument(const Value& value, const Argument& wanted);

}  // namespace lineshaft::connect::opcua
