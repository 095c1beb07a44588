// Royalty runs: made, approved by two people, posted, taken back; what if.
#include <nlohmann/json.hpp>

#include "api/resources.h"
#include "api/rights_view.h"
#include "rights/royalty_json.h"
#include "rights/royalty_statement.h"
#include "settlement/json_reader.h"
#include "settlement/run_json.h"

namespace lineshaft::api {
namespace {

using settlement::JsonReader;

rights::Person person_of(const Request& request) {
  return {std::to_string(request.principal.id), request.principal.name};
}

Result<Reply> list_runs(const Services& services, const Request& /*request*/) {
  const auto runs = services.royalties->list_runs(kRegister);
  if (!runs) return runs.error();
  return page_of<rights::RoyaltyRun>(*runs, rights::run_row_json);
}

Result<Reply> get_run(const Services& services, const Request& request) {
  const auto whole = services.royalties->get_run(kRegister, request.name("run"));
  if (!whole) return whole.error();
  const Result<Json> json = rights::whole_run_json(*whole);
  if (!json) return json.error();
  return Reply::json(*json);
}

// The bytes whose hash was approved.
Result<Reply> get_canonical(const Services& services, const Request& request) {
  const auto whole = services.royalties->get_run(kRegister, request.name("run"));
  if (!whole) return whole.error();
  const auto statement = settlement::settle(whole->inputs);
  if (!statement) return statement.error();
  const auto text = settlement::canonical_statement(whole->inputs, *statement);
  if (!text) return text.error();
  Reply reply;
  reply.body = *text;
  return reply;
}

Result<Reply> make_run(const Services& services, const Request& request) {
  const Result<Json> body = request.body();
  if (!body) return body.error();
  const auto wanted = rights::run_request_from_json(*body);
  if (!wanted) return wanted.error();
  if (Status noted = audit(services, request, "royalty.run.make", wanted->id, dump(*body));
      !noted) {
    return noted.error();
  }
  const auto whole = services.royalties->make_run(kRegister, *wanted, person_of(request));
  if (!whole) return whole.error();
  const Result<Json> json = rights::whole_run_json(*whole);
  if (!json) return json.error();
  return Reply::json(*json, 201);
}

// A person, not a program: two of them must have looked.
Result<Reply> approve_run(const Services& services, const Request& request) {
  const Result<Json> body = request.body();
  if (!body) return body.error();
  if (Status known = only_fields(*body, {"digest"}); !known) return known.error();
  const Result<std::string> digest = required_string(*body, "digest");
  if (!digest) return digest.error();
  if (request.principal.kind != identity::PrincipalKind::kUser) {
    return Error{ErrorId::kDenied, "a royalty run is approved by people, not by a token"};
  }
  const std::string id = request.name("run");
  if (Status noted = audit(services, request, "royalty.run.approve", id, *digest); !noted) {
    return noted.error();
  }
  const auto run = services.royalties->approve(kRegister, id, *digest, person_of(request));
  if (!run) return run.error();
  return Reply::json(rights::run_row_json(*run));
}

Result<Reply> change_run(
    const Services& services, const Request& request, const char* action,
    Result<rights::RoyaltyRun> (rights::RoyaltyBook::*change)(TenantId, std::string_view)) {
  const std::string id = request.name("run");
  if (Status noted = audit(services, request, action, id); !noted) return noted.error();
  const auto run = (services.royalties->*change)(kRegister, id);
  if (!run) return run.error();
  return Reply::json(rights::run_row_json(*run));
}
Result<Reply> post_run(const Services& services, const Request& request) {
  return change_run(services, request, "royalty.run.post", &rights::RoyaltyBook::post);
}
Result<Reply> reverse_run(const Services& services, const Request& request) {
  return change_run(services, request, "royalty.run.reverse", &rights::RoyaltyBook::reverse);
}

settlement::AssetPlan shares_from(JsonReader& reader) {
  reader.only({"asset", "shares"});
  settlement::AssetPlan plan;
  plan.id = reader.text("asset");
  plan.owners.push_back({{}, reader.list<settlement::Share>("shares", [](JsonReader& share) {
                           share.only({"party", "weight"});
                           return settlement::Share{
                               share.text("party"),
                               share.number("weight", 0, 1, rights::kWeightMax)};
                         })});
  return plan;
}

Result<rights::WhatIf> what_if_from_json(const Json& body) {
  JsonReader reader(body);
  reader.only({"terms", "shares", "links"});
  rights::WhatIf changes;
  if (reader.has("terms") && body["terms"].is_array()) {
    for (const Json& terms : body["terms"]) {
      changes.terms.push_back(reader.take("terms", settlement::terms_from_json(terms)));
    }
  }
  changes.shares = reader.list<settlement::AssetPlan>("shares", shares_from);
  if (reader.has("links")) {
    changes.links = reader.list<settlement::Link>("links", [](JsonReader& link) {
      link.only({"from", "to", "rate", "base"});
      return settlement::Link{link.text("from"), link.text("to"), link.rate("rate"),
                              link.one_of("base", settlement::kLinkBases)};
    });
  }
  if (reader.problem() != nullptr) return *reader.problem();
  return changes;
}

Result<Reply> what_if(const Services& services, const Request& request) {
  const Result<Json> body = request.body();
  if (!body) return body.error();
  const auto changes = what_if_from_json(*body);
  if (!changes) return changes.error();
  const std::string id = request.name("run");
  const auto found = services.royalties->what_if(kRegister, id, *changes);
  if (!found) return found.error();
  const auto whole = services.royalties->get_run(kRegister, id);
  if (!whole) return whole.error();
  const auto text = [&](Int128 amount) { return amount_text({amount, whole->run.currency}); };
  Json items = Json::array();
  for (const settlement::PayeeChange& change : *found) {
    items.push_back({{"payee", change.payee},
                     {"before", text(change.before)},
                     {"after", text(change.after)},
                     {"difference", text(change.after - change.before)}});
  }
  const std::size_t total = items.size();
  return Reply::json({{"items", std::move(items)}, {"total", total}});
}

}  // namespace

std::vector<Route> royalty_routes(const Services& services) {
  using identity::Permission;
  const Rule manage = Rule::needs(Permission::kSettlementManage);
  return {
      {"GET", "/royalty/runs", manage, "Royalty runs, newest first", "", "RoyaltyRunPage",
       bind(services, list_runs)},
      {"POST", "/royalty/runs", manage, "Make a run, or make it anew", "RoyaltyRunRequest",
       "WholeRoyaltyRun", bind(services, make_run)},
      {"GET", "/royalty/runs/{run}", manage, "A run with its statement", "", "WholeRoyaltyRun",
       bind(services, get_run)},
      {"GET", "/royalty/runs/{run}/statement", manage,
       "The canonical statement, byte for byte, whose SHA-256 is approved", "", "RoyaltyStatement",
       bind(services, get_canonical)},
      {"POST", "/royalty/runs/{run}/approve", manage,
       "Approve exactly this statement; it takes two people", "RoyaltyApproval", "RoyaltyRun",
       bind(services, approve_run)},
      {"POST", "/royalty/runs/{run}/post", manage, "Post an approved run to the ledger", "",
       "RoyaltyRun", bind(services, post_run)},
      {"POST", "/royalty/runs/{run}/reverse", manage, "Take the newest posted run back", "",
       "RoyaltyRun", bind(services, reverse_run)},
      {"POST", "/royalty/runs/{run}/what-if", manage,
       "What each payee would get with other terms, shares or links", "RoyaltyWhatIf",
       "RoyaltyChangePage", bind(services, what_if)},
  };
}

}  // namespace lineshaft::api
