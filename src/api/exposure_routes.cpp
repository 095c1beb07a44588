// What is reachable, and what to mend first.
#include <nlohmann/json.hpp>

#include "api/exposure.h"

namespace lineshaft::api {
namespace {

Json finding_json(const Finding& finding) {
  Json json = {{"id", finding.id},
               {"urgency", finding.urgency == Urgency::kMend ? "mend" : "look"},
               {"text", finding.text},
               {"remedy", finding.remedy}};
  if (!finding.name.empty()) json["name"] = finding.name;
  if (!finding.at.empty()) json["at"] = finding.at;
  if (finding.count > 0) json["count"] = finding.count;
  if (!finding.link.empty()) json["link"] = finding.link;
  return json;
}

Result<Reply> exposure(const Services& services, const Request& request) {
  // What is open is open to all who use the server, and the business of who runs it.
  if (request.tenant() != identity::kFirstTenant) {
    return Error{ErrorId::kDenied, "only the organisation that runs the server sees what is open"};
  }
  const Exposure seen = examine_exposure(services, request);
  Json listeners = Json::array();
  for (const Listener& one : seen.listeners) {
    listeners.push_back({{"what", one.what},
                         {"at", one.at},
                         {"outside", one.outside},
                         {"protection", protection_name(one.protection)},
                         {"encrypted", one.protection == Protection::kEncryption},
                         {"tags", one.tags}});
  }
  Json findings = Json::array();
  for (const Finding& finding : seen.findings) findings.push_back(finding_json(finding));
  return Reply::json({{"listeners", std::move(listeners)},
                      {"outgoing", seen.outgoing},
                      {"plain", seen.plain},
                      {"findings", std::move(findings)}});
}

}  // namespace

std::vector<Route> exposure_routes(const Services& services) {
  return {{"GET", "/exposure", Rule::needs(identity::Permission::kUserRead),
           "What others can reach, where the server may connect to, and what to mend first", "",
           "Exposure", bind(services, exposure)}};
}

}  // namespace lineshaft::api
