// rights/licence_json.h: licences as JSON, and the exact text that its sides approve. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "model/json.h"
#include "rights/licence_book.h"

namespace lineshaft::rights {

// Everything that is agreed: the licence without its status and version.
Json licence_json(const Licence& licence);
// RFC 8785, so that the same licence has the same text in every installation.
// Errors: kInvalidArgument: the terms are no JSON with whole numbers.
Result<std::string> licence_text(const Licence& licence);
// As licence_json, with status, version, digest and approvals.
Json kept_licence_json(const KeptLicence& kept);
Json conflict_json(const Conflict& conflict);

// Members that only answers have are passed over. Errors: kInvalidArgument naming the field.
Result<Licence> licence_from_json(const Json& object);

}  // namespace lineshaft::rights
