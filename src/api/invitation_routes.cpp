// Inviting people, and what a person leaves behind who goes.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "api/session_reply.h"

namespace lineshaft::api {
namespace {

using identity::Permission;

Json invitation_json(const identity::Invitation& invitation) {
  return {{"id", invitation.id.value},
          {"email", invitation.email},
          {"name", invitation.name},
          {"role", identity::role_name(invitation.role)},
          {"created", format_rfc3339(invitation.created)},
          {"expires", format_rfc3339(invitation.expires)},
          {"by", invitation.by}};
}

Result<Reply> list(const Services& services, const Request& request) {
  const auto invitations = services.identity.list_invitations(request.principal);
  if (!invitations) return invitations.error();
  Json items = Json::array();
  for (const auto& each : *invitations) items.push_back(invitation_json(each));
  return Reply::json({{"items", std::move(items)}, {"total", invitations->size()}});
}

Result<Reply> invite(const Services& services, const Request& request) {
  const Result<Json> body = request.body();
  if (!body) return body.error();
  const auto fields = strings(*body, {"email", "name", "role"});
  if (!fields) return fields.error();
  const auto& [email, name, role_text] = *fields;
  const Result<identity::Role> role = identity::parse_role(role_text);
  if (!role) return role.error();
  const auto made = services.identity.invite(request.principal, {email, name, *role});
  if (!made) return made.error();
  Json json = invitation_json(made->invitation);
  json["secret"] = made->secret;
  // Behind '#', which browsers keep to themselves: no server and no log ever sees it.
  json["link"] = "/join#" + made->secret;
  return Reply::json(json, 201);
}

Result<Reply> revoke(const Services& services, const Request& request) {
  const Result<std::uint32_t> id = request.id();
  if (!id) return id.error();
  Status done = services.identity.revoke_invitation(request.principal, identity::InvitationId{*id});
  if (!done) return std::move(done).error();
  return Reply::nothing();
}

// The secret comes in a body, never in an address.
Result<Reply> look(const Services& services, const Request& request) {
  const Result<Json> body = request.body();
  if (!body) return body.error();
  const Result<std::string> secret = required_string(*body, "secret");
  if (!secret) return secret.error();
  const auto found = services.identity.look_at_invitation(*secret);
  if (!found) return found.error();
  const auto& [invitation, organisation] = *found;
  const auto providers = services.identity.providers().providers_of(organisation.id);
  return Reply::json({{"organisation", organisation.name},
                      {"email", invitation.email},
                      {"name", invitation.name},
                      {"role", identity::role_name(invitation.role)},
                      {"by", invitation.by},
                      {"expires", format_rfc3339(invitation.expires)},
                      {"providers", provider_buttons_json(providers)}});
}

Result<Reply> accept(const Services& services, const Request& request) {
  const Result<Json> body = request.body();
  if (!body) return body.error();
  const auto fields = strings(*body, {"secret", "password"});
  if (!fields) return fields.error();
  const Result<std::string> name = optional_string(*body, "name", "");
  if (!name) return name.error();
  const auto& [secret, password] = *fields;
  const auto session =
      services.identity.accept_invitation({secret, *name, password, request.http.peer.host,
                                           std::string(request.http.header("user-agent"))});
  if (!session) return session.error();
  return session_reply(*session, 201);
}

// --- leaving ---

// Runs that wait and that this person made or approved: their approvals stand, but nobody should
// count on this person for the next one.
Result<Json> runs_of(const Services& services, TenantId tenant, const identity::User& person) {
  Json items = Json::array();
  if (services.royalties == nullptr) return items;
  const auto runs = services.royalties->list_runs(tenant);
  if (!runs) return runs.error();
  const std::string number = std::to_string(person.id.value);
  for (const rights::RoyaltyRun& run : *runs) {
    if (run.state != rights::RunState::kDraft && run.state != rights::RunState::kApproved) continue;
    const bool involved = run.made_by == person.name || run.made_by == person.email ||
                          std::ranges::any_of(run.approvals, [&](const auto& approval) {
                            return approval.user == number;
                          });
    if (involved) items.push_back(run.id);
  }
  return items;
}

// The first step of removing somebody, for who may: it names royalty runs that not everybody sees
// who looks at people.
Result<Reply> leaving(const Services& services, const Request& request) {
  const Result<std::uint32_t> id = request.id();
  if (!id) return id.error();
  const identity::UserId user{*id};
  const auto sessions = services.identity.list_sessions(request.principal, user, "");
  if (!sessions) return sessions.error();
  const auto users = services.identity.list_users(request.principal);
  if (!users) return users.error();
  const auto person = std::ranges::find(*users, user, &identity::User::id);
  if (person == users->end()) return Error{ErrorId::kNotFound, "there is no such user"};
  const auto invitations = services.identity.list_invitations(request.principal);
  if (!invitations) return invitations.error();
  const Result<Json> runs = runs_of(services, request.tenant(), *person);
  if (!runs) return runs.error();
  std::string party;
  if (services.rights != nullptr) {
    const auto spoken_for = services.rights->party_of(request.tenant(), *id);
    if (!spoken_for) return spoken_for.error();
    party = spoken_for->value_or("");
  }
  return Reply::json(
      {{"sessions", sessions->size()},
       {"invitations", std::ranges::count(*invitations, person->email, &identity::Invitation::by)},
       {"speaks_for", party},
       {"runs", *runs}});
}

}  // namespace

std::vector<Route> invitation_routes(const Services& services) {
  const Rule people = Rule::needs(Permission::kUserManage);
  return {
      {"GET", "/invitations", Rule::needs(Permission::kUserRead), "Invitations that wait", "",
       "InvitationPage", bind(services, list)},
      {"POST", "/invitations", people, "Invite a person; the link is shown once", "NewInvitation",
       "Invitation", bind(services, invite)},
      {"DELETE", "/invitations/{id}", people, "Withdraw an invitation", "", "",
       bind(services, revoke)},
      {"POST", "/invitations/look", Rule::anyone(), "What an invitation says", "InvitationSecret",
       "InvitationView", bind(services, look)},
      {"POST", "/invitations/accept", Rule::anyone(), "Accept an invitation and sign in",
       "InvitationAcceptance", "Session", bind(services, accept)},
      {"GET", "/users/{id}/leaving", people, "What ends or is left when a person goes", "",
       "Leaving", bind(services, leaving)},
  };
}

}  // namespace lineshaft::api
