// identity/provider_store.h: the tables of identity providers, of the accounts there that belong to
// people here, and of sessions that began by them. As store.h.
// Errors of every function: as records::Statement::step.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "identity/providers.h"
#include "identity/secrets.h"
#include "records/database.h"

namespace lineshaft::identity {

struct ProviderRow {
  Provider provider;
  Bytes secret;         // of the client
  bool sealed = false;  // the secret is
};

// An account of an issuer: who it belongs to, for ever. Without a user it belonged to somebody who
// was removed, and opens nothing.
struct ProviderLinkRow {
  TenantId tenant;
  std::string issuer;
  std::string subject;
  std::optional<UserId> user;
  std::vector<Grant> granted = {};  // what the groups brought at the last sign-in
  Timestamp since;
};

Status migrate_providers(records::Database& database);

Result<std::vector<ProviderRow>> load_providers(records::Database& database);
// By the digest of the cookie.
Result<std::vector<std::pair<Digest, ProviderId>>> load_session_providers(
    records::Database& database);
// How many people are linked, by issuer.
Result<std::vector<std::pair<std::string, std::size_t>>> count_links(records::Database& database,
                                                                     TenantId tenant);

// `row.provider.id` is ignored; the new one is returned.
Result<ProviderId> insert_provider(records::Database& database, const ProviderRow& row);
Status update_provider(records::Database& database, const ProviderRow& row);
Status update_provider_secret(records::Database& database, const ProviderRow& row);
Status delete_provider(records::Database& database, ProviderId id);
// And all links: of an organisation that is removed.
Status delete_providers_of(records::Database& database, TenantId tenant);

Result<std::optional<ProviderLinkRow>> find_link(records::Database& database, TenantId tenant,
                                                 const std::string& issuer,
                                                 const std::string& subject);
Result<std::vector<ProviderLinkRow>> links_of(records::Database& database, UserId user);
Status put_link(records::Database& database, const ProviderLinkRow& link);
Status delete_link(records::Database& database, UserId user, std::string_view issuer);

Status put_session_provider(records::Database& database, const Digest& digest, ProviderId id);

}  // namespace lineshaft::identity
