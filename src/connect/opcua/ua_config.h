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

// A certificate and its key, in DER form. Borrowed.
struct KeyPair {
  ByteSpan certificate;
  ByteSpan key;
};

// Fills `policy` for one of policies(). False: the certificate or key cannot be used for it.
bool make_policy(UA_SecurityPolicy& policy, const Policy& which, UA_ApplicationType side,
                 const KeyPair& keys, const UA_Logger* logger);

// Gives a client the policy None and those of `uris`, for the channel and for users, with our
// certificates. False: we have none for one of them.
bool add_policies(UA_ClientConfig& config, const TrustStore& trust,
                  std::span<const std::string> uris, const UA_Logger* logger);

// The user's certificate and key instead of ours for users, by the policy `uri`.
// Errors: kInvalidArgument.
Status set_user_certificate(UA_ClientConfig& config, const Settings& settings,
                            const std::string& uri, const UA_Logger* logger);

}  // namespace lineshaft::connect::opcua
