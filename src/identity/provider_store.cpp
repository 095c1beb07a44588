#include "identity/provider_store.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "identity/grant_store.h"
#include "identity/provider_json.h"
#include "records/select.h"

namespace lineshaft::identity {
namespace {

using records::Database;
using records::Statement;

constexpr std::array<std::string_view, 1> kSteps{
    // 1: settings as in provider_json.h; times are nanoseconds since 1970; `granted` as
    // grant_lines.
    R"(CREATE TABLE providers (
         id INTEGER PRIMARY KEY AUTOINCREMENT,
         tenant INTEGER NOT NULL REFERENCES organisations (id),
         handle TEXT NOT NULL UNIQUE, settings TEXT NOT NULL,
         secret BLOB NOT NULL, sealed INTEGER NOT NULL, created INTEGER NOT NULL) STRICT;
       CREATE TABLE provider_links (
         tenant INTEGER NOT NULL REFERENCES organisations (id),
         issuer TEXT NOT NULL, subject TEXT NOT NULL,
         user INTEGER REFERENCES users (id) ON DELETE SET NULL,
         granted TEXT NOT NULL, since INTEGER NOT NULL,
         PRIMARY KEY (tenant, issuer, subject)) STRICT;
       CREATE INDEX provider_links_of_user ON provider_links (user);
       CREATE TABLE session_providers (
         digest BLOB PRIMARY KEY REFERENCES sessions (digest) ON DELETE CASCADE,
         provider INTEGER NOT NULL) STRICT;)",
};

constexpr std::string_view kLinks =
    "SELECT tenant, issuer, subject, user, granted, since FROM provider_links ";

std::int64_t number(ProviderId id) { return static_cast<std::int64_t>(id.value); }
std::int64_t number(UserId id) { return static_cast<std::int64_t>(id.value); }

// One whose settings cannot be read is kept, so that it can be set right, and opens nothing.
ProviderRow provider_at(Statement& row) {
  const ByteSpan secret = row.blob(4);
  ProviderRow out{.provider = {.id = ProviderId{static_cast<std::uint64_t>(row.int64(0))},
                               .tenant = TenantId{static_cast<std::uint32_t>(row.int64(1))},
                               .handle = std::string(row.text(2)),
                               .settings = {},
                               .created = Timestamp{row.int64(6)}},
                  .secret = {secret.begin(), secret.end()},
                  .sealed = row.int64(5) != 0};
  const Result<Json> json = parse_json(row.text(3));
  Result<ProviderSettings> settings =
      json ? provider_settings_from_json(*json) : Result<ProviderSettings>(json.error());
  if (settings) {
    out.provider.settings = *std::move(settings);
  } else {
    log_warn("identity", "the settings of identity provider " + out.provider.handle +
                             " cannot be read: " + settings.error().text());
    out.provider.settings.enabled = false;
  }
  return out;
}

ProviderLinkRow link_at(Statement& row) {
  const std::optional<std::int64_t> user = row.optional_int64(3);
  return {.tenant = TenantId{static_cast<std::uint32_t>(row.int64(0))},
          .issuer = std::string(row.text(1)),
          .subject = std::string(row.text(2)),
          .user = user ? std::optional(UserId{static_cast<std::uint64_t>(*user)}) : std::nullopt,
          .granted = grants_of_lines(row.text(4)),
          .since = Timestamp{row.int64(5)}};
}

}  // namespace

Status migrate_providers(Database& database) {
  return database.migrate("identity.providers", kSteps);
}

Result<std::vector<ProviderRow>> load_providers(Database& database) {
  return records::select<ProviderRow>(
      database,
      "SELECT id, tenant, handle, settings, secret, sealed, created "
      "FROM providers ORDER BY id",
      provider_at);
}

Result<std::vector<std::pair<Digest, ProviderId>>> load_session_providers(Database& database) {
  return records::select<std::pair<Digest, ProviderId>>(
      database, "SELECT digest, provider FROM session_providers", [](Statement& row) {
        Digest digest{};
        const ByteSpan blob = row.blob(0);
        if (blob.size() == digest.size()) std::ranges::copy(blob, digest.begin());
        return std::pair(digest, ProviderId{static_cast<std::uint64_t>(row.int64(1))});
      });
}

Result<std::vector<std::pair<std::string, std::size_t>>> count_links(Database& database,
                                                                     TenantId tenant) {
  return records::select<std::pair<std::string, std::size_t>>(
      database,
      "SELECT issuer, count(*) FROM provider_links WHERE tenant = ?1 AND user IS NOT NULL "
      "GROUP BY issuer",
      [](Statement& row) {
        return std::pair(std::string(row.text(0)), static_cast<std::size_t>(row.int64(1)));
      },
      std::int64_t{tenant.value});
}

Result<ProviderId> insert_provider(Database& database, const ProviderRow& row) {
  const Provider& provider = row.provider;
  Status added = database.run(
      "INSERT INTO providers (tenant, handle, settings, secret, sealed, created) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
      std::int64_t{provider.tenant.value}, provider.handle,
      dump(provider_settings_json(provider.settings)), ByteSpan(row.secret),
      std::int64_t{row.sealed}, provider.created);
  if (!added) return std::move(added).error();
  return ProviderId{static_cast<std::uint64_t>(database.last_insert_id())};
}

Status update_provider(Database& database, const ProviderRow& row) {
  return database.run("UPDATE providers SET settings = ?2, secret = ?3, sealed = ?4 WHERE id = ?1",
                      number(row.provider.id), dump(provider_settings_json(row.provider.settings)),
                      ByteSpan(row.secret), std::int64_t{row.sealed});
}

Status update_provider_secret(Database& database, const ProviderRow& row) {
  return database.run("UPDATE providers SET secret = ?2, sealed = ?3 WHERE id = ?1",
                      number(row.provider.id), ByteSpan(row.secret), std::int64_t{row.sealed});
}

Status delete_provider(Database& database, ProviderId id) {
  return database.run("DELETE FROM providers WHERE id = ?1", number(id));
}

Status delete_providers_of(Database& database, TenantId tenant) {
  const std::int64_t of{tenant.value};
  Status gone = database.run("DELETE FROM provider_links WHERE tenant = ?1", of);
  return gone ? database.run("DELETE FROM providers WHERE tenant = ?1", of) : gone;
}

Result<std::optional<ProviderLinkRow>> find_link(Database& database, TenantId tenant,
                                                 const std::string& issuer,
                                                 const std::string& subject) {
  auto rows = records::select<ProviderLinkRow>(
      database, std::string(kLinks) + "WHERE tenant = ?1 AND issuer = ?2 AND subject = ?3", link_at,
      std::int64_t{tenant.value}, issuer, subject);
  if (!rows) return std::move(rows).error();
  if (rows->empty()) return std::optional<ProviderLinkRow>();
  return std::optional(std::move(rows->front()));
}

Result<std::vector<ProviderLinkRow>> links_of(Database& database, UserId user) {
  return records::select<ProviderLinkRow>(
      database, std::string(kLinks) + "WHERE user = ?1 ORDER BY issuer", link_at, number(user));
}

Status put_link(Database& database, const ProviderLinkRow& link) {
  const std::optional<std::int64_t> user =
      link.user ? std::optional(number(*link.user)) : std::nullopt;
  return database.run(
      "INSERT INTO provider_links (tenant, issuer, subject, user, granted, since) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (tenant, issuer, subject) "
      "DO UPDATE SET user = excluded.user, granted = excluded.granted, since = excluded.since",
      std::int64_t{link.tenant.value}, link.issuer, link.subject, user, grant_lines(link.granted),
      link.since);
}

Status delete_link(Database& database, UserId user, std::string_view issuer) {
  return database.run("DELETE FROM provider_links WHERE user = ?1 AND issuer = ?2", number(user),
                      issuer);
}

Status put_session_provider(Database& database, const Digest& digest, ProviderId id) {
  return database.run("INSERT INTO session_providers (digest, provider) VALUES (?1, ?2)",
                      ByteSpan(digest), number(id));
}

}  // namespace lineshaft::identity
