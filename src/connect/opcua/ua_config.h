// connect/opcua/ua_config.h: the parts of open62541's configuration that need its policy plugins.
// Includes its headers: for the .cpp files of this folder only.
#pragma once

#include <open62541/client.h>
#include <open62541/server.h>

#include <span>
#include <string>

#include "connect/opcua/settings.h"
#include "connect/opcua/trust.h"

namespace lineshaft::connect::opcua {

// Bounds of one message in both directions: far below open62541's 512 MB, far above what a batch of
// a thousand values needs.
void set_own_limits(UA_ConnectionConfig& config);

// Fills `policy` for one of policies(). False: the certificate or key cannot be used for it.
bool make_policy(UA_SecurityPolicy& policy, const Policy& which, ByteSpan certificate, ByteSpan key,
                 const UA_Logger* logger);

// Gives a client the policy None and those of `uris`, for the channel and for users.
bool add_policies(UA_ClientConfig& config, const Identity& own, std::span<const std::string> uris,
                  const UA_Logger* logger);

// The user's certificate and key instead of ours for users. Errors: kInvalidArgument.
Status set_user_certificate(UA_ClientConfig& config, const Settings& settings,
                            std::span<const std::string> uris, const UA_Logger* logger);

}  // namespace lineshaft::connect::opcua
