// api/rights_view.h: for which party of the register a request speaks, and how lists of the
// register are answered. Include it in .cpp files only.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/resources.h"
#include "base/date.h"
#include "identity/operator.h"
#include "rights/register.h"

namespace lineshaft::api {

// The register of rights, its agreements and the ledger are one for the server: parties of several
// organisations meet there. The operator keeps it; whoever else sees what their party is party to.
inline constexpr TenantId kRegister = identity::kOperator;

// The party that the person speaks for. Errors: kDenied: none is set for the account, or it is a
// program's token.
Result<std::string> spoken_for(const Services& services, const Request& request);

// Who manages the register, of the operator, sees all of it; everybody else what the party they
// speak for is party to: nothing, as long as none is set for the account.
Result<rights::View> rights_view(const Services& services, const Request& request);

// The same of statements, reports of use and books, which who settles sees all of.
Result<rights::View> books_view(const Services& services, const Request& request);

// The day in UTC.
Day today(const Services& services);

// The query parameter as a day; `fallback` if it is left out. Errors: kInvalidArgument naming it.
Result<Day> query_day(const Request& request, std::string_view name, Day fallback);

// search, kind, status, office, family, owner, on. Errors: kInvalidArgument naming the parameter.
Result<rights::AssetFilter> asset_filter(const Services& services, const Request& request);

// {"items":[...],"total":n} of all there are.
template <typename Thing>
Reply page_of(const std::vector<Thing>& things, Json (*to_json)(const Thing&)) {
  Json items = Json::array();
  for (const Thing& thing : things) items.push_back(to_json(thing));
  return Reply::json({{"items", std::move(items)}, {"total", things.size()}});
}

}  // namespace lineshaft::api
