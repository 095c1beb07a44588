// connect/profiles.h: what is known of devices of certain makers: their limits and habits, as
// settings that suit them. Data, in profiles.inc; the page is docs/reference/profiles.md.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connect/connection.h"
#include "model/json.h"

namespace lineshaft::connect {

// The names of the profiles of a protocol, in the order of the table.
std::vector<std::string> profile_names(Protocol protocol);

// For forms: [{"name", "title", "limits", "source", "settings", "signal", "zh": {"title",
// "limits"}}], "settings" and "signal" being what it sets of a connection and of each signal.
Json profiles_json(Protocol protocol);

// `settings` of a connection with what its member "profile" stands for: the profile is the default
// of what they leave out. Without that member they stay as they are.
// Errors: kInvalidArgument: "profile: ...", there is none of that name for the protocol.
Result<Json> with_profile(Protocol protocol, const Json& settings);

// The same for a signal, of a profile that exists or "".
Json signal_with_profile(Protocol protocol, std::string_view profile, const Json& signal);

}  // namespace lineshaft::connect
