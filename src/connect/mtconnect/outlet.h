// connect/mtconnect/outlet.h: the running MTConnect agent of a flow.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "connect/flow.h"
#include "wire/mtconnect/model.h"

namespace lineshaft::connect {

// The devices of an agent stand when it starts: with other tags it is started anew with another
// instanceId, a moment after the last change, and its clients come back. Errors: kAddressInUse.
Result<std::unique_ptr<Outlet>> make_mtconnect_outlet(const MtconnectAgentFlowSettings& settings,
                                                      const OutletMeans& means);

// One device for each machine (the path without its last level) with its availability and a data
// item "t<id>" for each tag: a sample of the standard where the unit tells which, else a VARIABLE.
std::vector<mtconnect::Component> devices_of_tags(std::span<const FlowTag* const> tags);

}  // namespace lineshaft::connect
