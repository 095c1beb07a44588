// Accounts of identity providers that a signed-in person calls their own.
#include <algorithm>
#include <utility>

#include "identity/grant_store.h"
#include "identity/provider_groups.h"
#include "identity/service.h"

namespace lineshaft::identity {
namespace {

Error not_signed_in() { return {ErrorId::kNotSignedIn, "the session that began this has ended"}; }

}  // namespace

// Requires: database_mutex_ held.
Result<ProviderArrival> Service::link_account(const Arrived& arrived, const ProviderReturn& back) {
  const Provider& provider = arrived.provider;
  if (digest_of(back.cookie) != arrived.flow.session) return not_signed_in();
  const Result<Session> session = session_with(back.cookie);
  if (!session) return session.error();
  const User& user = session->user;
  auto link =
      find_link(*database_, provider.tenant, provider.settings.issuer, arrived.claims.subject);
  if (!link) return std::move(link).error();
  const ProviderArrival done{arrived.flow.return_to, ProviderDone{ProviderPurpose::kLink}};
  if (*link && (*link)->user == user.id) return done;
  if (*link && (*link)->user) {
    return Error{ErrorId::kConflict, "that account of the provider is somebody else's here"};
  }
  const auto own = links_of(*database_, user.id);
  if (!own) return own.error();
  if (std::ranges::find(*own, provider.settings.issuer, &ProviderLinkRow::issuer) != own->end()) {
    return Error{ErrorId::kConflict,
                 "another account of the same provider is yours already: remove it first"};
  }
  const ProviderLinkRow made{.tenant = provider.tenant,
                             .issuer = provider.settings.issuer,
                             .subject = arrived.claims.subject,
                             .user = user.id,
                             .granted = {},
                             .since = clock_.now()};
  AuditRow audit = audit_row(session->principal, "provider.link", user.email,
                             provider.settings.name + ", account " + arrived.claims.subject);
  audit.address = arrived.flow.from.address;
  Status kept = commit_with(audit, [&] { return put_link(*database_, made); });
  if (!kept) return std::move(kept).error();
  return done;
}

// Requires: database_mutex_ held. The provider has asked the person anew: read_id_token() saw to
// it.
Result<ProviderArrival> Service::confirm_person(const Arrived& arrived,
                                                const ProviderReturn& back) {
  const Provider& provider = arrived.provider;
  const Digest digest = digest_of(back.cookie);
  if (digest != arrived.flow.session) return not_signed_in();
  const Result<Session> session = session_with(back.cookie);
  if (!session) return session.error();
  const auto link =
      find_link(*database_, provider.tenant, provider.settings.issuer, arrived.claims.subject);
  if (!link) return link.error();
  if (!*link || (*link)->user != session->user.id) {
    return Error{ErrorId::kProviderRefused,
                 "another person signed in at the provider than the one who is signed in here"};
  }
  const std::lock_guard lock(state_mutex_);
  const auto live = state_.sessions.find(digest);
  if (live == state_.sessions.end()) return not_signed_in();
  live->second.proved = clock_.monotonic();
  return ProviderArrival{arrived.flow.return_to, ProviderDone{ProviderPurpose::kConfirm}};
}

Result<std::vector<ProviderLink>> Service::own_links(std::string_view cookie) {
  const Result<Session> session = session_with(cookie);
  if (!session) return session.error();
  const std::lock_guard database_lock(database_mutex_);
  const auto rows = links_of(*database_, session->user.id);
  if (!rows) return rows.error();
  std::vector<ProviderLink> links;
  const std::lock_guard lock(state_mutex_);
  for (const ProviderLinkRow& row : *rows) {
    ProviderLink link{.handle = {}, .name = row.issuer, .issuer = row.issuer, .since = row.since};
    for (const auto& [id, live] : state_.providers) {
      const Provider& provider = live.row.provider;
      if (provider.tenant != row.tenant || provider.settings.issuer != row.issuer) continue;
      link.handle = provider.handle;
      link.name = provider.settings.name;
    }
    links.push_back(std::move(link));
  }
  return links;
}

Status Service::unlink_provider(std::string_view cookie, std::string_view issuer) {
  const Result<Session> session = session_with(cookie);
  if (!session) return session.error();
  const std::lock_guard database_lock(database_mutex_);
  User user = session->user;
  const auto links = links_of(*database_, user.id);
  if (!links) return links.error();
  const auto link = std::ranges::find(*links, issuer, &ProviderLinkRow::issuer);
  if (link == links->end()) return Error{ErrorId::kNotFound, "there is no such link"};
  const auto credential = find_credential(*database_, user.email);
  if (!credential) return credential.error();
  if (links->size() == 1 && *credential && (*credential)->hash == kNoPassword) {
    return Error{ErrorId::kConflict,
                 "you have no password, so this is your only way in: ask an administrator for a "
                 "password first"};
  }
  {
    // What the groups brought goes with it.
    const std::lock_guard lock(state_mutex_);
    const Remapped rights = remap(user.access.grants(), link->granted, {});
    const Access after(rights.all, withheld_in(user.tenant));
    if (Status stays = check_office(user, after); !stays) return stays;
    user.access = after;
  }
  Status kept =
      commit_with(audit_row(session->principal, "provider.unlink", user.email,
                            std::string(issuer) + ", account " + link->subject),
                  [&] {
                    Status done = delete_link(*database_, user.id, issuer);
                    return done ? put_user_grants(*database_, user.id, user.access) : done;
                  });
  if (!kept) return kept;
  keep_user(user);
  return {};
}

}  // namespace lineshaft::identity
