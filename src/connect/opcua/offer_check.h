// connect/opcua/offer_check.h: did a server offer the same in the clear, where anybody between
// could change its answer, as it does over the channel that is secured? OPC UA Part 4,
// CreateSession: a client verifies what it discovered. Pure.
#pragma once

#include <span>

#include "base/result.h"
#include "connect/opcua/endpoint.h"

namespace lineshaft::connect::opcua {

// Compares what a choice rests on: policies, modes, the server's ApplicationUri, and the users with
// their policies. Not the URLs, which are not followed, nor the order, nor what comes twice.
// Errors: kTlsFailed saying what differs.
Status check_offers(std::span<const OfferedEndpoint> in_the_clear,
                    std::span<const OfferedEndpoint> secured);

}  // namespace lineshaft::connect::opcua
