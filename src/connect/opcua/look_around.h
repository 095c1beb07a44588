// connect/opcua/look_around.h: walks a part of a server's tree and makes signals of its variables.
#pragma once

#include <memory>

#include "connect/opcua/trust.h"
#include "connect/protocol.h"

namespace lineshaft::connect::opcua {

struct Way;

// As ProtocolRuntime::browse. What is borrowed must outlive the task.
std::unique_ptr<Task> make_look_around(const Way& way, BrowseRequest request, BrowseDone done);

}  // namespace lineshaft::connect::opcua
