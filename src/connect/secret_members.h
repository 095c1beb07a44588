// connect/secret_members.h: what is secret in the documents of this room, so that others can seal
// it without knowing the protocols.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/json.h"

namespace lineshaft::connect {

// Can a document of this kind hold any?
bool may_hold_secrets(std::string_view kind);

// JSON pointers ("/settings/password") to the members of a document of `kind` that are secret,
// whether they are there or not. None for a kind without secrets.
std::vector<std::string> secret_members(std::string_view kind, const Json& document);

}  // namespace lineshaft::connect
