// Who speaks for which party of the register: the operator says which organisation a party is, and
// the administrator of that organisation who of it speaks.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "api/resources.h"
#include "api/rights_view.h"
#include "rights/party_links.h"

namespace lineshaft::api {
namespace {

using identity::Permission;

// The operator names anybody of its own for any party, who manages the register; the administrator
// of another organisation for the parties that this organisation is. A party of others is the same
// as none. Asked besides the rule of the route: the list of people is shown to who may name nobody.
Status may_name(const Services& services, const Request& request, const std::string& party) {
  if (Status people = identity::authorise(request.principal, Permission::kUserManage); !people) {
    return people;
  }
  if (identity::is_operator(request.principal)) {
    return identity::authorise(request.principal, Permission::kRightsManage);
  }
  if (party.empty()) return {};
  const auto links = services.party_links->all();
  if (!links) return links.error();
  const auto link = links->find(party);
  if (link != links->end() && link->second == request.tenant()) return {};
  return Error{ErrorId::kNotFound, "there is no party '" + party.substr(0, 64) + "'"};
}

// With the parties that one may name speakers for; of the operator all, which are not listed here.
Result<Reply> list_speakers(const Services& services, const Request& request) {
  const auto users = services.identity.list_users(request.principal);
  if (!users) return users.error();
  Json items = Json::array();
  for (const identity::User& user : *users) {
    const auto party = services.rights->party_of(kRegister, user.id.value);
    if (!party) return party.error();
    if (*party) items.push_back({{"user", user.id.value}, {"party", **party}});
  }
  Json parties = Json::array();
  const auto links = services.party_links->all();
  if (!links) return links.error();
  for (const auto& [party, tenant] : *links) {
    if (tenant == request.tenant()) parties.push_back(party);
  }
  const std::size_t total = items.size();
  return Reply::json(
      {{"items", std::move(items)}, {"total", total}, {"parties", std::move(parties)}});
}

// The party that an account speaks for; "" for none.
Result<Reply> set_speaker(const Services& services, const Request& request) {
  const Result<std::uint32_t> user = request.id();
  if (!user) return user.error();
  const Result<Json> body = request.body();
  if (!body) return body.error();
  if (Status known = only_fields(*body, {"party"}); !known) return known.error();
  const Result<std::string> party = required_string(*body, "party");
  if (!party) return party.error();
  const auto users = services.identity.list_users(request.principal);
  if (!users) return users.error();
  const bool is_known =
      std::ranges::any_of(*users, [&](const identity::User& one) { return one.id.value == *user; });
  if (!is_known) return Error{ErrorId::kNotFound, "there is no user " + std::to_string(*user)};
  if (Status may = may_name(services, request, *party); !may) return may.error();
  if (Status noted = audit(services, request, "speaker.set", std::to_string(*user), *party);
      !noted) {
    return noted.error();
  }
  const Status set = party->empty() ? services.rights->remove_speaker(kRegister, *user)
                                    : services.rights->set_speaker(kRegister, *user, *party);
  if (!set) return set.error();
  return Reply::nothing();
}

Result<Reply> list_links(const Services& services, const Request&) {
  const auto links = services.party_links->all();
  if (!links) return links.error();
  Json items = Json::array();
  for (const auto& [party, tenant] : *links) {
    items.push_back({{"party", party}, {"organisation", tenant.value}});
  }
  return Reply::json({{"items", std::move(items)}, {"total", links->size()}});
}

// Who of another organisation spoke for the party does so no more.
Status silence(const Services& services, const std::string& party, TenantId keep) {
  for (const identity::Organisation& one : services.identity.organisations()) {
    if (one.id == keep) continue;
    for (const std::uint64_t user : services.identity.people_of(one.id)) {
      const auto spoken = services.rights->party_of(kRegister, user);
      if (!spoken) return spoken.error();
      if (*spoken != party) continue;
      if (Status gone = services.rights->remove_speaker(kRegister, user); !gone) return gone;
    }
  }
  return {};
}

// {organisation: id}, or null: the one that keeps the register.
Result<Reply> set_link(const Services& services, const Request& request) {
  const std::string party = request.name("party");
  if (const auto known = services.rights->get_party({kRegister, {}}, party); !known) {
    return known.error();
  }
  const Result<Json> body = request.body();
  if (!body) return body.error();
  if (Status known = only_fields(*body, {"organisation"}); !known) return known.error();
  const auto id = optional_integer(*body, "organisation", 0, 0, UINT32_MAX);
  if (!id) return id.error();
  const TenantId tenant{static_cast<std::uint32_t>(*id)};
  const auto all = services.identity.organisations();
  const bool is_known = std::ranges::find(all, tenant, &identity::Organisation::id) != all.end();
  if (tenant != TenantId{} && !is_known) {
    return Error{ErrorId::kNotFound, "there is no organisation " + std::to_string(tenant.value)};
  }
  if (Status noted = audit(services, request, "party.link", party, std::to_string(tenant.value));
      !noted) {
    return noted.error();
  }
  const TenantId owner = tenant == TenantId{} ? kRegister : tenant;
  if (Status silenced = silence(services, party, owner); !silenced) return silenced.error();
  if (Status set = services.party_links->set(party, tenant); !set) return set.error();
  return Reply::json({{"party", party}, {"organisation", *id == 0 ? Json() : Json(*id)}});
}

}  // namespace

std::vector<Route> speaker_routes(const Services& services) {
  const Rule people = Rule::needs(Permission::kUserManage);
  const Rule manage = Rule::needs(Permission::kRightsManage);
  return {
      {"GET", "/rights/speakers", Rule::needs(Permission::kUserRead),
       "Which account speaks for which party", "", "SpeakerPage", bind(services, list_speakers)},
      {"PUT", "/users/{id}/party", people, "Set the party that an account speaks for", "Speaker",
       "", bind(services, set_speaker)},
      {"GET", "/rights/organisations", manage, "Which organisation each party is", "",
       "PartyLinkPage", bind(services, list_links)},
      {"PUT", "/rights/parties/{party}/organisation", manage,
       "Say which organisation a party is; its administrator names who speaks for it", "PartyLink",
       "PartyLink", bind(services, set_link)},
  };
}

}  // namespace lineshaft::api
