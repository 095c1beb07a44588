#include "api/rights_view.h"

namespace lineshaft::api {

Result<std::string> spoken_for(const Services& services, const Request& request) {
  const identity::Principal& who = request.principal;
  if (who.kind == identity::PrincipalKind::kUser) {
    const auto party = services.rights->party_of(request.tenant(), who.id);
    if (!party) return party.error();
    if (*party) return **party;
  }
  return Error{ErrorId::kDenied,
               who.name + " speaks for no party of the register; an administrator can set it"};
}

Result<rights::View> rights_view(const Services& services, const Request& request) {
  if (identity::authorise(request.principal, identity::Permission::kRightsManage)) {
    return rights::View{request.tenant(), {}};
  }
  Result<std::string> party = spoken_for(services, request);
  if (!party && party.error().id != ErrorId::kDenied) return party.error();
  return rights::View{request.tenant(), party ? *std::move(party) : std::string()};
}

}  // namespace lineshaft::api
