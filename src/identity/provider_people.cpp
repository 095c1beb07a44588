// Which person here an account of an identity provider belongs to, and with which roles.
#include <algorithm>
#include <utility>

#include "identity/audit_entry.h"
#include "identity/grant_store.h"
#include "identity/provider_groups.h"
#include "identity/service.h"
#include "identity/text_rules.h"

namespace lineshaft::identity {
namespace {

Error stranger(const std::string& why) { return {ErrorId::kProviderStranger, why}; }

constexpr const char* kInNoGroup = "that account is in no group that has a role here";

ProviderLinkRow new_link(const Provider& provider, const IdTokenClaims& claims, Timestamp now) {
  return {.tenant = provider.tenant,
          .issuer = provider.settings.issuer,
          .subject = claims.subject,
          .user = std::nullopt,
          .granted = {},
          .since = now};
}

std::string account_text(const Provider& provider, const IdTokenClaims& claims) {
  return provider.settings.name + ", account " + claims.subject;
}

// As the provider says, if that is a name.
std::string name_of(const IdTokenClaims& claims, const std::string& email) {
  if (Result<std::string> name = normalise_name("name", claims.name)) return *std::move(name);
  return email.substr(0, std::min<std::size_t>(email.find('@'), kNameCharactersMax));
}

}  // namespace

std::vector<Grant> Service::grants_of_one_hand(TenantId tenant, const Access& before,
                                               std::vector<Grant> mapped) const {
  if (!two_persons_in(tenant)) return mapped;
  std::erase_if(mapped, [&](const Grant& grant) {
    const bool has = std::ranges::find(before.grants(), grant) != before.grants().end();
    return !has && adds_security(before, Access({grant}));
  });
  return mapped;
}

// Requires of all below: database_mutex_ held, state_mutex_ not.
Result<User> Service::person_of(const Arrived& arrived) {
  const Provider& provider = arrived.provider;
  auto link =
      find_link(*database_, provider.tenant, provider.settings.issuer, arrived.claims.subject);
  if (!link) return std::move(link).error();
  if (*link && !(*link)->user) {
    return stranger("that account belonged to somebody who was removed here");
  }
  if (*link) {
    User user;
    {
      const std::lock_guard lock(state_mutex_);
      const auto found = state_.users.find(*(*link)->user);
      if (found == state_.users.end()) return stranger("that account belongs to nobody here");
      user = found->second;
    }
    return with_groups(arrived, std::move(user), **std::move(link));
  }
  if (const auto address = trusted_address(provider.settings, arrived.claims)) {
    return linked_by_address(arrived, *address);
  }
  if (!provider.settings.makes_people) {
    return stranger("that account belongs to nobody here, and who is new must be invited");
  }
  const Result<std::string> address = normalise_email(arrived.claims.email);
  if (!address || !arrived.claims.email_verified) {
    return stranger("the provider gives no address of that account that it has verified");
  }
  User user{.id = {},
            .tenant = provider.tenant,
            .email = *address,
            .name = name_of(arrived.claims, *address),
            .access = {},
            .created = clock_.now()};
  return make_person(arrived, std::move(user), nullptr);
}

// The provider is trusted to know whose address that is.
Result<User> Service::linked_by_address(const Arrived& arrived, const std::string& address) {
  const Provider& provider = arrived.provider;
  const Result<std::optional<Credential>> known = find_credential(*database_, address);
  if (!known) return known.error();
  if (*known) {
    User user;
    bool takes_two = false;
    {
      const std::lock_guard lock(state_mutex_);
      const auto found = state_.users.find((*known)->user);
      if (found == state_.users.end() || found->second.tenant != provider.tenant) {
        return stranger("that address has an account elsewhere");
      }
      user = found->second;
      takes_two = two_persons_in(provider.tenant) && adds_security({}, user.access);
    }
    // An account that one provider can open is not made to open by it alone.
    if (takes_two) return stranger("who may change rights links the account under Your account");
    const auto links = links_of(*database_, user.id);
    if (!links) return links.error();
    if (std::ranges::find(*links, provider.settings.issuer, &ProviderLinkRow::issuer) !=
        links->end()) {
      return stranger("that address belongs to another account of the provider here");
    }
    ProviderLinkRow link = new_link(provider, arrived.claims, clock_.now());
    link.user = user.id;
    AuditRow audit =
        audit_row(principal_of(user), "provider.link", user.email,
                  account_text(provider, arrived.claims) + ", by its verified address");
    audit.address = arrived.flow.from.address;
    Status kept = commit_with(audit, [&] { return put_link(*database_, link); });
    if (!kept) return std::move(kept).error();
    return with_groups(arrived, std::move(user), std::move(link));
  }
  const auto invitations = load_invitations(*database_, provider.tenant);
  if (!invitations) return invitations.error();
  const auto invitation = std::ranges::find(*invitations, address, &Invitation::email);
  const bool invited = invitation != invitations->end() && invitation->expires > clock_.now();
  if (!invited && !provider.settings.makes_people) {
    return stranger("that account belongs to nobody here, and who is new must be invited");
  }
  User user{.id = {},
            .tenant = provider.tenant,
            .email = address,
            .name = invited ? invitation->name : name_of(arrived.claims, address),
            .access = {},
            .created = clock_.now()};
  if (invited) user.access = Access(invitation->role);
  return make_person(arrived, std::move(user), invited ? &*invitation : nullptr);
}

// Whoever has the secret of an invitation is the one who was invited, with whatever account.
Result<User> Service::invited_of(const Arrived& arrived) {
  const Provider& provider = arrived.provider;
  const Result<std::optional<Invitation>> invitation =
      find_invitation(*database_, arrived.flow.invitation);
  if (!invitation) return invitation.error();
  if (!*invitation || (*invitation)->expires <= clock_.now() ||
      (*invitation)->tenant != provider.tenant) {
    return Error{ErrorId::kInvitationRefused, "there is no such invitation, or not any more"};
  }
  const auto link =
      find_link(*database_, provider.tenant, provider.settings.issuer, arrived.claims.subject);
  if (!link) return link.error();
  if (*link && (*link)->user) {
    return Error{ErrorId::kConflict, "that account of the provider is somebody's here already"};
  }
  User user{.id = {},
            .tenant = provider.tenant,
            .email = (*invitation)->email,
            .name = (*invitation)->name,
            .access = Access((*invitation)->role),
            .created = clock_.now()};
  return make_person(arrived, std::move(user), &**invitation);
}

// `user.access`: what is given by hand, by the invitation.
Result<User> Service::make_person(const Arrived& arrived, User user, const Invitation* invitation) {
  const Provider& provider = arrived.provider;
  const auto mapped = grants_by_groups(provider.settings, arrived.claims.groups);
  if (!mapped) return stranger(kInNoGroup);
  ProviderLinkRow link = new_link(provider, arrived.claims, clock_.now());
  {
    const std::lock_guard lock(state_mutex_);
    const Remapped rights =
        remap(user.access.grants(), {}, grants_of_one_hand(user.tenant, user.access, *mapped));
    user.access = Access(rights.all, withheld_in(user.tenant));
    link.granted = rights.granted;
  }
  if (user.access.grants().empty()) return stranger(kInNoGroup);
  if (Status fit = check_duties(user.access); !fit) return stranger(fit.error().what);
  if (Status room = check_room_for_user(user.tenant); !room) return std::move(room).error();
  const std::string how = invitation != nullptr ? "invited by " + invitation->by + ", " : "";
  AuditRow audit = audit_row(
      principal_of(user), invitation != nullptr ? "invitation.accept" : "user.create", user.email,
      how + "by " + account_text(provider, arrived.claims), "",
      text_object(
          {{"email", user.email}, {"name", user.name}, {"access", access_text(user.access)}}));
  audit.address = arrived.flow.from.address;
  Status kept = commit_with(audit, [&]() -> Status {
    Result<UserId> id = insert_user(*database_, user, kNoPassword);
    if (!id) return std::move(id).error();
    user.id = *id;
    link.user = *id;
    Status done = put_link(*database_, link);
    if (done && invitation != nullptr) done = delete_invitation(*database_, invitation->id);
    return done;
  });
  if (!kept && kept.error().id == ErrorId::kConflict) {
    return stranger(
        "that address has an account here: sign in to it, and link this one under "
        "Your account");
  }
  if (!kept) return std::move(kept).error();
  keep_user(user);
  return user;
}

// The groups are looked at anew each time: what they brought before and bring no more is gone.
Result<User> Service::with_groups(const Arrived& arrived, User user, ProviderLinkRow link) {
  const Provider& provider = arrived.provider;
  const auto mapped = grants_by_groups(provider.settings, arrived.claims.groups);
  const User was = user;
  const Access& before = was.access;
  Remapped rights;
  {
    const std::lock_guard lock(state_mutex_);
    rights = remap(before.grants(), link.granted,
                   grants_of_one_hand(user.tenant, before, mapped.value_or(std::vector<Grant>{})));
    user.access = Access(rights.all, withheld_in(user.tenant));
    if (Status stays = check_office(was, user.access); !stays) {
      return Error{ErrorId::kProviderRefused,
                   "the groups make nobody an administrator any more: " + stays.error().what};
    }
  }
  if (Status fit = check_duties(user.access); !fit) {
    return Error{ErrorId::kProviderRefused, "the groups do not go together: " + fit.error().what};
  }
  const bool changed = !(user.access == before);
  if (changed || rights.granted != link.granted) {
    link.granted = rights.granted;
    AuditRow audit = audit_row(principal_of(user), "user.grants", user.email,
                               access_text(before) + " -> " + access_text(user.access) +
                                   ", by the groups of " + provider.settings.name);
    audit.address = arrived.flow.from.address;
    Status kept = commit_with(audit, [&] {
      Status put = put_user_grants(*database_, user.id, user.access);
      return put ? put_link(*database_, link) : put;
    });
    if (!kept) return std::move(kept).error();
    keep_user(user);
  }
  if (!mapped || user.access.grants().empty()) return stranger(kInNoGroup);
  return user;
}

}  // namespace lineshaft::identity
