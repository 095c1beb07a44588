// rights/royalty_statement.h: what a royalty run says to the people in it. Pure functions.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "rights/royalty.h"
#include "settlement/statement.h"

namespace lineshaft::rights {

// The run with its findings and its statement, settled anew. Errors: as settlement::settle and
// settlement::canonical_statement.
Result<Json> whole_run_json(const WholeRun& whole);

// Who is paid or pays in it, in order.
std::vector<std::string> parties_of(const settlement::Statement& statement);

// What one party gets and pays, and everything that leads there: assets, licences, usage lines with
// their evidence, the readings of meters. `whole` is what whole_run_json gave. Errors: kNotFound:
// the party is not in it.
Result<Json> party_statement(const Json& whole, std::string_view party);

}  // namespace lineshaft::rights
