// connect/opcua/write_methods.h: methods of our server by which a client takes both steps of a
// write that needs two. Includes open62541's headers: for the .cpp files of this folder only.
#pragma once

#include <open62541/server.h>

#include "connect/opcua/server.h"

namespace lineshaft::connect::opcua {

// What a client is told when the house refuses a write.
UA_StatusCode refusal(const Error& error);

// Adds below Objects the object Writes (i=1 of the namespace of the tags) with the methods
//   RequestWrite(Signal, Value) -> (Token, Machine, Expires, SecondPerson)     (i=2)
//   ConfirmWrite(Signal, Value, Token, Machine)                                (i=3)
// Signal is the id of the variable, a text. Good from ConfirmWrite means, as for a write, that the
// order was taken. Requires: the contexts of the variables are TagNodes, and serve_history() was
// called.
Status add_write_methods(UA_Server* server, UA_UInt16 tag_namespace);

}  // namespace lineshaft::connect::opcua
