#include <utility>

#include "identity/service.h"
#include "identity/text_rules.h"

namespace lineshaft::identity {
namespace {

Error refused_invitation() {
  return {ErrorId::kInvitationRefused, "there is no such invitation, or not any more"};
}

}  // namespace

Result<NewInvitation> Service::invite(const Principal& actor, const InvitationRequest& request) {
  if (Status may = authorise(actor, Permission::kUserManage); !may) return std::move(may).error();
  if (actor.kind != PrincipalKind::kUser) {
    return Error{ErrorId::kDenied, "people are invited by people, who answer for it"};
  }
  const Access wanted({{request.role, std::string(kEverywhere)}});
  if (Status may = check_new_user(actor, wanted); !may) return std::move(may).error();
  Result<std::string> email = normalise_email(request.email);
  if (!email) return std::move(email).error();
  Result<std::string> name = normalise_name("name", request.name);
  if (!name) return std::move(name).error();
  const Timestamp now = clock_.now();
  NewInvitation made{new_secret(),
                     {.id = {},
                      .tenant = actor.tenant,
                      .email = std::move(email).value(),
                      .name = std::move(name).value(),
                      .role = request.role,
                      .created = now,
                      .expires = now + kInvitationLifetime,
                      .by = actor.name}};
  Invitation& invitation = made.invitation;
  const std::lock_guard database_lock(database_mutex_);
  Result<std::optional<Credential>> known = find_credential(*database_, invitation.email);
  if (!known) return std::move(known).error();
  if (*known) {
    return Error{ErrorId::kConflict, "email: " + invitation.email + " has an account already"};
  }
  Result<std::vector<Invitation>> open = load_invitations(*database_, actor.tenant);
  if (!open) return std::move(open).error();
  if (open->size() >= kInvitationsPerTenantMax) {
    return Error{ErrorId::kConflict, "there are " + std::to_string(kInvitationsPerTenantMax) +
                                         " invitations already: withdraw some"};
  }
  const AuditRow audit = audit_row(actor, "invitation.create", invitation.email,
                                   "role " + std::string(role_name(invitation.role)));
  Status kept = commit_with(audit, [&]() -> Status {
    Result<InvitationId> id =
        insert_invitation(*database_, invitation, UserId{actor.id}, digest_of(made.secret));
    if (!id) return std::move(id).error();
    invitation.id = *id;
    return {};
  });
  if (!kept) return std::move(kept).error();
  return made;
}

Result<std::vector<Invitation>> Service::list_invitations(const Principal& actor) {
  if (Status may = authorise(actor, Permission::kUserRead); !may) return std::move(may).error();
  const std::lock_guard lock(database_mutex_);
  return load_invitations(*database_, actor.tenant);
}

Status Service::revoke_invitation(const Principal& actor, InvitationId id) {
  if (Status may = authorise(actor, Permission::kUserManage); !may) return may;
  const std::lock_guard lock(database_mutex_);
  Result<std::vector<Invitation>> open = load_invitations(*database_, actor.tenant);
  if (!open) return std::move(open).error();
  for (const Invitation& each : *open) {
    if (each.id != id) continue;
    return commit_with(audit_row(actor, "invitation.revoke", each.email, ""),
                       [&] { return delete_invitation(*database_, id); });
  }
  return Error{ErrorId::kNotFound, "there is no invitation " + std::to_string(id.value)};
}

Result<std::pair<Invitation, Organisation>> Service::look_at_invitation(std::string_view secret) {
  const std::lock_guard database_lock(database_mutex_);
  Result<std::optional<Invitation>> found = find_invitation(*database_, digest_of(secret));
  if (!found) return std::move(found).error();
  if (!*found || (*found)->expires <= clock_.now()) return refused_invitation();
  const std::lock_guard lock(state_mutex_);
  const auto organisation = state_.organisations.find((*found)->tenant);
  const bool open =
      organisation != state_.organisations.end() && state_.is_open(organisation->first);
  if (!open) return refused_invitation();
  return std::pair(**found, organisation->second);
}

Result<NewSession> Service::accept_invitation(const AcceptRequest& request) {
  Result<std::pair<Invitation, Organisation>> known = look_at_invitation(request.secret);
  if (!known) return std::move(known).error();
  const Invitation& invitation = known->first;
  Result<std::string> name =
      normalise_name("name", request.name.empty() ? invitation.name : request.name);
  if (!name) return std::move(name).error();
  if (Status fit = check_password(request.password, invitation.email, known->second.name); !fit) {
    return std::move(fit).error();
  }
  Result<std::string> hash = hash_at_gate(request.password);
  if (!hash) return std::move(hash).error();
  User user{
      .id = {},
      .tenant = invitation.tenant,
      .email = invitation.email,
      .name = std::move(name).value(),
      .access = access_in(invitation.tenant, Access({{invitation.role, std::string(kEverywhere)}})),
      .created = clock_.now()};
  const SignInRequest from{.email = user.email,
                           .password = {},
                           .address = request.address,
                           .previous_cookie = {},
                           .agent = request.agent};
  if (Status room = check_room_for_user(user.tenant); !room) return std::move(room).error();
  const std::lock_guard database_lock(database_mutex_);
  // Asked again: it may have been used or withdrawn while the password was hashed.
  Result<std::optional<Invitation>> still = find_invitation(*database_, digest_of(request.secret));
  if (!still) return std::move(still).error();
  if (!*still) return refused_invitation();
  DraftSession draft = draft_session({}, new_secret(), from, Strength::kPassword);
  std::optional<FactorPerson> person;
  const AuditRow audit = audit_row(principal_of(user), "invitation.accept", user.email,
                                   "invited by " + invitation.by + ", from " + request.address);
  Status kept = commit_with(audit, [&]() -> Status {
    Result<UserId> id = insert_user(*database_, user, *hash);
    if (!id) return std::move(id).error();
    user.id = *id;
    draft.live.user = *id;
    {
      const std::lock_guard lock(state_mutex_);
      person = person_at_sign_in(user, true);
    }
    Status done = delete_invitation(*database_, invitation.id);
    if (done && person) done = put_factor_person(*database_, *person);
    return done ? put_draft(draft) : done;
  });
  if (!kept) return std::move(kept).error();
  const std::lock_guard lock(state_mutex_);
  draft.live.used_on_disk = draft.live.idle.started();
  state_.users[user.id] = user;
  if (person) state_.factors[user.id].person = *std::move(person);
  state_.sessions.insert_or_assign(draft.digest, draft.live);
  return NewSession{draft.cookie, session_of(draft.cookie, user)};
}

}  // namespace lineshaft::identity
