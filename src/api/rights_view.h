// api/rights_view.h: for which party of the register a request speaks.
#pragma once

#include <string>

#include "api/resources.h"
#include "rights/register.h"

namespace lineshaft::api {

// The party that the person speaks for. Errors: kDenied: none is set for the account, or it is a
// program's token.
Result<std::string> spoken_for(const Services& services, const Request& request);

// Who manages the register sees all of it; everybody else what the party they speak for is party
// to: nothing, as long as none is set for the account.
Result<rights::View> rights_view(const Services& services, const Request& request);

}  // namespace lineshaft::api
