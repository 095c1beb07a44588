// Licences: drafted, checked for conflicts, approved by every side, ended.
#include <nlohmann/json.hpp>

#include "api/resources.h"
#include "api/rights_view.h"
#include "rights/licence_json.h"
#include "rights/register_json.h"

namespace lineshaft::api {
namespace {

using rights::View;

Result<Reply> list(const Services& services, const Request& request) {
  const Result<View> view = rights_view(services, request);
  if (!view) return view.error();
  rights::LicenceFilter filter;
  filter.asset = request.query("asset").value_or("");
  filter.party = request.query("party").value_or("");
  if (const auto word = request.query("status"); word && !word->empty()) {
    const auto status = rights::parse_licence_status(*word);
    if (!status) return Error{status.error().id, "status: " + status.error().what};
    filter.status = *status;
  }
  const auto licences = services.licences->list(*view, filter);
  if (!licences) return licences.error();
  return page_of<rights::KeptLicence>(*licences, rights::kept_licence_json);
}

Result<Reply> get(const Services& services, const Request& request) {
  const Result<View> view = rights_view(services, request);
  if (!view) return view.error();
  const auto kept = services.licences->get(*view, request.name("licence"));
  if (!kept) return kept.error();
  return Reply::json(kept_licence_json(*kept));
}

Result<Reply> put(const Services& services, const Request& request) {
  const Result<Json> body = request.body();
  if (!body) return body.error();
  Result<rights::Licence> licence = rights::licence_from_json(*body);
  if (!licence) return licence.error();
  const bool is_new = licence->version == 0;
  if (Status noted = audit(services, request, is_new ? "licence.create" : "licence.change",
                           licence->id, dump(*body));
      !noted) {
    return noted.error();
  }
  const auto kept = services.licences->put(kRegister, *std::move(licence));
  if (!kept) return kept.error();
  return Reply::json(kept_licence_json(*kept), is_new ? 201 : 200);
}

Result<Reply> conflicts(const Services& services, const Request& request) {
  const Result<View> view = rights_view(services, request);
  if (!view) return view.error();
  const auto found = services.licences->conflicts(*view, request.name("licence"));
  if (!found) return found.error();
  return page_of<rights::Conflict>(*found, rights::conflict_json);
}

// A person approves for the party they speak for, and for no other.
Result<Reply> approve(const Services& services, const Request& request) {
  const Result<Json> body = request.body();
  if (!body) return body.error();
  if (Status known = only_fields(*body, {"digest"}); !known) return known.error();
  const Result<std::string> digest = required_string(*body, "digest");
  if (!digest) return digest.error();
  const std::string id = request.name("licence");
  const Result<std::string> party = spoken_for(services, request);
  if (!party) return party.error();
  const View view{kRegister, *party};
  if (const auto seen = services.licences->get(view, id); !seen) return seen.error();
  if (Status noted = audit(services, request, "licence.approve", id, *party + " " + *digest);
      !noted) {
    return noted.error();
  }
  const auto kept =
      services.licences->approve(kRegister, id, *party, *digest, request.principal.name);
  if (!kept) return kept.error();
  return Reply::json(kept_licence_json(*kept));
}

Result<Reply> end(const Services& services, const Request& request) {
  const Result<Json> body = request.body();
  if (!body) return body.error();
  if (Status known = only_fields(*body, {"on"}); !known) return known.error();
  const Result<Day> on = rights::required_day(*body, "on");
  if (!on) return on.error();
  const std::string id = request.name("licence");
  if (Status noted = audit(services, request, "licence.end", id, "on " + day_text(*on)); !noted) {
    return noted.error();
  }
  const auto kept = services.licences->end(kRegister, id, *on);
  if (!kept) return kept.error();
  return Reply::json(kept_licence_json(*kept));
}

}  // namespace

std::vector<Route> licence_routes(const Services& services) {
  using identity::Permission;
  const Rule read = Rule::needs(Permission::kRightsRead);
  const Rule manage = Rule::needs(Permission::kRightsManage);
  return {
      {"GET", "/rights/licences", read, "Licences that one grants or is granted", "", "LicencePage",
       bind(services, list)},
      {"PUT", "/rights/licences", manage, "Draft a licence, or replace a version of a draft",
       "Licence", "Licence", bind(services, put)},
      {"GET", "/rights/licences/{licence}", read, "One licence", "", "Licence",
       bind(services, get)},
      {"GET", "/rights/licences/{licence}/conflicts", read,
       "Everything that stands against signing it now", "", "ConflictPage",
       bind(services, conflicts)},
      {"POST", "/rights/licences/{licence}/approve", read,
       "Approve exactly this text for the party one speaks for; with the last word it is signed",
       "LicenceApproval", "Licence", bind(services, approve)},
      {"POST", "/rights/licences/{licence}/end", manage, "End a signed licence before its time",
       "LicenceEnd", "Licence", bind(services, end)},
  };
}

}  // namespace lineshaft::api
