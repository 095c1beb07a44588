// The register of intellectual property: parties, centres and their members, assets and owners.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "api/resources.h"
#include "api/rights_view.h"
#include "rights/register_json.h"

namespace lineshaft::api {
namespace {

using rights::View;

constexpr std::uint64_t kAssetsPerPageMax = 1'000;

// --- parties ---

Result<Reply> list_parties(const Services& services, const Request& request) {
  const Result<View> view = rights_view(services, request);
  if (!view) return view.error();
  const auto parties = services.rights->list_parties(*view);
  if (!parties) return parties.error();
  return page_of<rights::Party>(*parties, rights::party_json);
}

Result<Reply> get_party(const Services& services, const Request& request) {
  const Result<View> view = rights_view(services, request);
  if (!view) return view.error();
  const auto party = services.rights->get_party(*view, request.name("party"));
  if (!party) return party.error();
  return Reply::json(rights::party_json(*party));
}

Result<Reply> put_party(const Services& services, const Request& request) {
  const Result<Json> body = request.body();
  if (!body) return body.error();
  Result<rights::Party> party = rights::party_from_json(*body);
  if (!party) return party.error();
  const std::string action = party->version == 0 ? "party.create" : "party.change";
  if (Status noted = audit(services, request, action, party->id, dump(*body)); !noted) {
    return noted.error();
  }
  const bool is_new = party->version == 0;
  const auto kept = services.rights->put_party(kRegister, *std::move(party));
  if (!kept) return kept.error();
  return Reply::json(rights::party_json(*kept), is_new ? 201 : 200);
}

Result<Reply> list_memberships(const Services& services, const Request& request) {
  const Result<View> view = rights_view(services, request);
  if (!view) return view.error();
  const auto memberships = services.rights->list_memberships(*view);
  if (!memberships) return memberships.error();
  return page_of<rights::Membership>(*memberships, rights::membership_json);
}

Result<Reply> add_membership(const Services& services, const Request& request) {
  const Result<Json> body = request.body();
  if (!body) return body.error();
  const auto membership = rights::membership_from_json(*body);
  if (!membership) return membership.error();
  if (Status noted = audit(services, request, "membership.add",
                           membership->centre + " " + membership->member, dump(*body));
      !noted) {
    return noted.error();
  }
  if (Status added = services.rights->add_membership(kRegister, *membership); !added) {
    return added.error();
  }
  return Reply::json(rights::membership_json(*membership), 201);
}

Result<Reply> end_membership(const Services& services, const Request& request) {
  const Result<Json> body = request.body();
  if (!body) return body.error();
  if (Status known = only_fields(*body, {"centre", "member", "on"}); !known) return known.error();
  const Result<std::string> centre = required_string(*body, "centre");
  if (!centre) return centre.error();
  const Result<std::string> member = required_string(*body, "member");
  if (!member) return member.error();
  const Result<Day> on = rights::required_day(*body, "on");
  if (!on) return on.error();
  if (Status noted = audit(services, request, "membership.end", *centre + " " + *member,
                           "on " + day_text(*on));
      !noted) {
    return noted.error();
  }
  if (Status ended = services.rights->end_membership(kRegister, *centre, *member, *on); !ended) {
    return ended.error();
  }
  return Reply::nothing();
}

// What the register shows to whom asks: all of it, or what a party is party to; "" for none. Who
// sees all may speak for a party too.
Result<Reply> get_view(const Services& services, const Request& request) {
  const Result<View> view = rights_view(services, request);
  if (!view) return view.error();
  const Result<std::string> party = spoken_for(services, request);
  if (!party && party.error().id != ErrorId::kDenied) return party.error();
  return Reply::json({{"all", !view->party},
                      {"party", view->party.value_or("")},
                      {"speaks_for", party ? *party : std::string()}});
}

// --- assets ---

Result<Reply> list_assets(const Services& services, const Request& request) {
  const Result<View> view = rights_view(services, request);
  if (!view) return view.error();
  const auto filter = asset_filter(services, request);
  if (!filter) return filter.error();
  const auto offset = request.query_number("offset", 0, INT32_MAX);
  if (!offset) return offset.error();
  const auto limit = request.query_number("limit", 100, kAssetsPerPageMax);
  if (!limit) return limit.error();
  const auto assets = services.rights->list_assets(*view, *filter, *offset, *limit);
  if (!assets) return assets.error();
  Json items = Json::array();
  for (const rights::AssetRow& row : assets->rows) items.push_back(rights::asset_row_json(row));
  return Reply::json({{"items", std::move(items)}, {"total", assets->total}});
}

Result<Reply> get_asset(const Services& services, const Request& request) {
  const Result<View> view = rights_view(services, request);
  if (!view) return view.error();
  auto asset = services.rights->get_asset(*view, request.name("asset"));
  if (!asset) return asset.error();
  const auto owners = services.rights->shares_on(kRegister, asset->id, today(services));
  if (!owners) return owners.error();
  return Reply::json(rights::asset_row_json({*std::move(asset), *owners}));
}

Result<Reply> put_asset(const Services& services, const Request& request) {
  const Result<Json> body = request.body();
  if (!body) return body.error();
  Result<rights::Asset> asset = rights::asset_from_json(*body);
  if (!asset) return asset.error();
  const bool is_new = asset->version == 0;
  if (Status noted = audit(services, request, is_new ? "asset.create" : "asset.change", asset->id,
                           dump(*body));
      !noted) {
    return noted.error();
  }
  const auto kept = services.rights->put_asset(kRegister, *std::move(asset));
  if (!kept) return kept.error();
  return Reply::json(rights::asset_json(*kept), is_new ? 201 : 200);
}

Result<Reply> list_events(const Services& services, const Request& request) {
  const Result<View> view = rights_view(services, request);
  if (!view) return view.error();
  const auto events = services.rights->list_events(*view, request.name("asset"));
  if (!events) return events.error();
  return page_of<rights::Event>(*events, rights::event_json);
}

Result<Reply> add_event(const Services& services, const Request& request) {
  const Result<Json> body = request.body();
  if (!body) return body.error();
  auto event = rights::event_from_json(*body);
  if (!event) return event.error();
  if (event->kind == rights::EventKind::kAct &&
      !rights::knows_act(services.deadlines->rules(), event->act)) {
    return Error{ErrorId::kInvalidArgument,
                 "act: no rule pack knows '" + event->act.substr(0, rights::kIdBytesMax) + "'"};
  }
  const std::string asset = request.name("asset");
  if (Status noted = audit(services, request, "asset.event", asset, dump(*body)); !noted) {
    return noted.error();
  }
  const auto kept = services.rights->add_event(kRegister, asset, *std::move(event), today(services),
                                               request.principal.name);
  if (!kept) return kept.error();
  return Reply::json(rights::event_json(*kept), 201);
}

Result<Reply> list_ownership(const Services& services, const Request& request) {
  const Result<View> view = rights_view(services, request);
  if (!view) return view.error();
  const auto entries = services.rights->list_ownership(*view, request.name("asset"));
  if (!entries) return entries.error();
  return page_of<rights::Ownership>(*entries, rights::ownership_json);
}

Result<Reply> add_ownership(const Services& services, const Request& request) {
  const Result<Json> body = request.body();
  if (!body) return body.error();
  auto ownership = rights::ownership_from_json(*body);
  if (!ownership) return ownership.error();
  const std::string asset = request.name("asset");
  if (Status noted = audit(services, request, "asset.ownership", asset, dump(*body)); !noted) {
    return noted.error();
  }
  const auto kept = services.rights->add_ownership(kRegister, asset, *std::move(ownership),
                                                   request.principal.name);
  if (!kept) return kept.error();
  return Reply::json(rights::ownership_json(*kept), 201);
}

}  // namespace

std::vector<Route> rights_routes(const Services& services) {
  using identity::Permission;
  const Rule read = Rule::needs(Permission::kRightsRead);
  const Rule manage = Rule::needs(Permission::kRightsManage);
  return {
      {"GET", "/rights/parties", read, "Centres, organisations and persons", "", "PartyPage",
       bind(services, list_parties)},
      {"PUT", "/rights/parties", manage, "Make a party, or replace a version of it", "Party",
       "Party", bind(services, put_party)},
      {"GET", "/rights/parties/{party}", read, "One party", "", "Party", bind(services, get_party)},
      {"GET", "/rights/memberships", read, "Who belongs to which centre, since when", "",
       "MembershipPage", bind(services, list_memberships)},
      {"POST", "/rights/memberships", manage, "A party joins a centre", "Membership", "Membership",
       bind(services, add_membership)},
      {"POST", "/rights/memberships/end", manage, "A party leaves a centre", "MembershipEnd", "",
       bind(services, end_membership)},
      {"GET", "/rights/view", read, "Which part of the register one sees", "", "RightsView",
       bind(services, get_view)},
      {"GET", "/rights/assets", read, "A page of assets with their owners on a day", "",
       "AssetPage", bind(services, list_assets)},
      {"PUT", "/rights/assets", manage, "Make an asset, or replace a version of it", "Asset",
       "Asset", bind(services, put_asset)},
      {"GET", "/rights/assets/{asset}", read, "One asset with its owners of today", "", "Asset",
       bind(services, get_asset)},
      {"GET", "/rights/assets/{asset}/events", read, "What happened to an asset", "",
       "AssetEventPage", bind(services, list_events)},
      {"POST", "/rights/assets/{asset}/events", manage, "Add what happened; the status follows",
       "AssetEvent", "AssetEvent", bind(services, add_event)},
      {"GET", "/rights/assets/{asset}/ownership", read, "Who owned which shares since when", "",
       "OwnershipPage", bind(services, list_ownership)},
      {"POST", "/rights/assets/{asset}/ownership", manage,
       "Add who owns an asset from a day on, or correct such an entry", "Ownership", "Ownership",
       bind(services, add_ownership)},
  };
}

}  // namespace lineshaft::api
