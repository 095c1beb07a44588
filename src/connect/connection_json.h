// connect/connection_json.h: connections as in docs/reference/api.md "Connections": one form for
// the API, the stored documents and the files of people.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "connect/connection.h"
#include "connect/manager.h"
#include "connect/protocol.h"
#include "model/json.h"

namespace lineshaft::connect {

// Name, protocol, enabled, writes_enabled, store, settings, groups; without the signals.
Json config_json(const ConnectionConfig& config, Secrets secrets);
Json signal_json(const SignalConfig& signal);
Json signals_json(const std::vector<SignalConfig>& signals);
Json status_json(const ConnectionStatus& status);
Json identification_json(const std::optional<MachineIdentification>& machine);

// Reads and checks a whole connection; absent fields take their defaults, unknown ones are refused.
// Without "groups" there is one, "normal", of a second.
// Errors: kInvalidArgument naming the field, for a signal with its index.
Result<ConnectionConfig> config_from_json(const Json& json);
// `profile`: of the connection; what a signal leaves out is as that has it.
Result<std::vector<SignalConfig>> signals_from_json(Protocol protocol, const Json& list,
                                                    std::string_view profile = "");
// Null or empty: one group, "normal", of a second.
Result<std::vector<PollGroup>> groups_from_json(const Json* list);
Result<ProtocolSettings> settings_from_json(Protocol protocol, const Json& json);

// Fills secrets that `json` (a connection or a test of one) leaves out from `before`, if both are
// of one protocol: whoever changes a connection cannot have seen them.
void keep_secrets(Json& json, const ConnectionConfig& before);

// What can be set of every protocol, for forms: {"name", "profiles": [as profiles_json],
// "settings": [field...], "point": [field...]}, a field {"name", "kind", "required", "advanced",
// "default"?, "min"?, "max"?, "choices"?}.
Json protocols_json();

// {"protocol", "settings", "signals"} of a test.
Result<TestRequest> test_from_json(const Json& json);
// {"addresses", "protocols"?, "ports"?, "unit_ids"?, "timeout_ms"?, "allow_public"?, "from"?}.
Result<ScanRequest> scan_from_json(const Json& json);
Json scan_json(const ScanReport& report);
// {"protocol", "settings", "node", "depth", "listen_ms"}.
Result<BrowseRequest> browse_from_json(const Json& json);
Json browse_json(const BrowseReport& report);
Json arguments_json(const std::vector<MethodArgument>& arguments);

}  // namespace lineshaft::connect
