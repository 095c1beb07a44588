#include "identity/store.h"

#include <algorithm>
#include <array>
#include <utility>

#include "identity/grant_store.h"
#include "records/select.h"

namespace lineshaft::identity {
namespace {

using records::Database;
using records::Statement;

constexpr std::array<std::string_view, 1> kSteps{
    // 1: times are nanoseconds since 1970, durations nanoseconds, roles the numbers of access.h.
    R"(CREATE TABLE organisations (
         id INTEGER PRIMARY KEY, name TEXT NOT NULL, created INTEGER NOT NULL) STRICT;
       CREATE TABLE users (
         id INTEGER PRIMARY KEY AUTOINCREMENT,
         tenant INTEGER NOT NULL REFERENCES organisations (id),
         email TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
         role INTEGER NOT NULL CHECK (role BETWEEN 1 AND 4),
         hash TEXT NOT NULL, created INTEGER NOT NULL) STRICT;
       CREATE TABLE sessions (
         digest BLOB PRIMARY KEY CHECK (length(digest) = 32),
         user INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
         created INTEGER NOT NULL, age INTEGER NOT NULL,
         used INTEGER NOT NULL, idle INTEGER NOT NULL) STRICT;
       CREATE INDEX sessions_of_user ON sessions (user);
       CREATE TABLE tokens (
         id INTEGER PRIMARY KEY AUTOINCREMENT,
         tenant INTEGER NOT NULL REFERENCES organisations (id),
         name TEXT NOT NULL, role INTEGER NOT NULL CHECK (role BETWEEN 1 AND 4),
         digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
         created INTEGER NOT NULL, age INTEGER NOT NULL, last_used INTEGER, expires INTEGER) STRICT;
       CREATE TABLE audit (
         id INTEGER PRIMARY KEY AUTOINCREMENT, tenant INTEGER NOT NULL, time INTEGER NOT NULL,
         actor TEXT NOT NULL, action TEXT NOT NULL, object TEXT NOT NULL,
         detail TEXT NOT NULL) STRICT;
       CREATE INDEX audit_of_tenant ON audit (tenant, id);)",
};

// The column `role` is of before there were grants (grant_store.h). It must not be empty: an older
// program that reads this file takes everybody for a viewer.
constexpr std::int64_t kRoleOfBefore = 1;

Digest digest_from(ByteSpan blob) {
  Digest digest{};
  if (blob.size() == digest.size()) std::ranges::copy(blob, digest.begin());
  return digest;
}

std::optional<Timestamp> optional_time(Statement& row, int column) {
  const std::optional<std::int64_t> ns = row.optional_int64(column);
  return ns ? std::optional(Timestamp{*ns}) : std::nullopt;
}

std::optional<std::int64_t> optional_ns(const std::optional<Timestamp>& time) {
  return time ? std::optional(time->ns) : std::nullopt;
}

}  // namespace

Status migrate_store(Database& database) {
  Status own = database.migrate("identity", kSteps);
  return own ? migrate_grants(database) : own;
}

Result<std::vector<Organisation>> load_organisations(Database& database) {
  return records::select<Organisation>(
      database, "SELECT id, name FROM organisations ORDER BY id", [](Statement& row) {
        return Organisation{TenantId{static_cast<std::uint32_t>(row.int64(0))},
                            std::string(row.text(1))};
      });
}

Result<std::vector<User>> load_users(Database& database) {
  Result<std::vector<User>> users = records::select<User>(
      database, "SELECT id, tenant, email, name, created FROM users", [](Statement& row) {
        return User{.id = UserId{static_cast<std::uint64_t>(row.int64(0))},
                    .tenant = TenantId{static_cast<std::uint32_t>(row.int64(1))},
                    .email = std::string(row.text(2)),
                    .name = std::string(row.text(3)),
                    .access = {},
                    .created = Timestamp{row.int64(4)}};
      });
  Result<GrantsOf> grants = load_user_grants(database);
  if (!grants) return std::move(grants).error();
  if (!users) return users;
  for (User& user : *users) user.access = Access((*grants)[user.id.value]);
  return users;
}

Result<std::vector<SessionRow>> load_sessions(Database& database) {
  return records::select<SessionRow>(
      database, "SELECT digest, user, created, age, used, idle FROM sessions", [](Statement& row) {
        return SessionRow{.digest = digest_from(row.blob(0)),
                          .user = UserId{static_cast<std::uint64_t>(row.int64(1))},
                          .created = Timestamp{row.int64(2)},
                          .age = Nanoseconds(row.int64(3)),
                          .used = Timestamp{row.int64(4)},
                          .idle = Nanoseconds(row.int64(5))};
      });
}

Result<std::vector<TokenRow>> load_tokens(Database& database) {
  Result<std::vector<TokenRow>> rows = records::select<TokenRow>(
      database, "SELECT id, tenant, name, created, last_used, expires, digest, age FROM tokens",
      [](Statement& row) {
        return TokenRow{.token = {.id = TokenId{static_cast<std::uint64_t>(row.int64(0))},
                                  .tenant = TenantId{static_cast<std::uint32_t>(row.int64(1))},
                                  .name = std::string(row.text(2)),
                                  .access = {},
                                  .created = Timestamp{row.int64(3)},
                                  .last_used = optional_time(row, 4),
                                  .expires = optional_time(row, 5)},
                        .digest = digest_from(row.blob(6)),
                        .age = Nanoseconds(row.int64(7))};
      });
  Result<GrantsOf> grants = load_token_grants(database);
  if (!grants) return std::move(grants).error();
  if (!rows) return rows;
  for (TokenRow& row : *rows) row.token.access = Access((*grants)[row.token.id.value]);
  return rows;
}

Status insert_organisation(Database& database, const Organisation& organisation,
                           Timestamp created) {
  return database.run("INSERT INTO organisations (id, name, created) VALUES (?1, ?2, ?3)",
                      std::int64_t{organisation.id.value}, organisation.name, created);
}

Result<UserId> insert_user(Database& database, const User& user, std::string_view hash) {
  Status added = database.run(
      "INSERT INTO users (tenant, email, name, role, hash, created) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
      std::int64_t{user.tenant.value}, user.email, user.name, kRoleOfBefore, hash, user.created);
  if (added) {
    const UserId id{static_cast<std::uint64_t>(database.last_insert_id())};
    if (Status put = put_user_grants(database, id, user.access); !put) {
      return std::move(put).error();
    }
    return id;
  }
  if (added.error().id != ErrorId::kConflict) return std::move(added).error();
  return Error{ErrorId::kConflict, "email: " + user.email + " has an account already"};
}

Status update_user_row(Database& database, const User& user) {
  Status updated = database.run("UPDATE users SET name = ?2 WHERE id = ?1",
                                static_cast<std::int64_t>(user.id.value), user.name);
  return updated ? put_user_grants(database, user.id, user.access) : updated;
}

Status update_user_hash(Database& database, UserId user, std::string_view hash) {
  return database.run("UPDATE users SET hash = ?2 WHERE id = ?1",
                      static_cast<std::int64_t>(user.value), hash);
}

Status delete_user(Database& database, UserId user) {
  return database.run("DELETE FROM users WHERE id = ?1", static_cast<std::int64_t>(user.value));
}

Result<std::optional<Credential>> find_credential(Database& database, std::string_view email) {
  Result<Statement> select = database.prepare("SELECT id, hash FROM users WHERE email = ?1");
  if (!select) return std::move(select).error();
  select->bind(email);
  Result<bool> row = select->step();
  if (!row) return std::move(row).error();
  if (!*row) return std::optional<Credential>();
  Credential credential{UserId{static_cast<std::uint64_t>(select->int64(0))},
                        std::string(select->text(1))};
  if (Status read = select->finish(); !read) return std::move(read).error();
  return std::optional(std::move(credential));
}

Status put_session(Database& database, const SessionRow& session) {
  return database.run(
      "INSERT INTO sessions (digest, user, created, age, used, idle) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6) "
      "ON CONFLICT (digest) DO UPDATE SET age = excluded.age, used = excluded.used, "
      "idle = excluded.idle",
      ByteSpan(session.digest), static_cast<std::int64_t>(session.user.value), session.created,
      std::int64_t{session.age.count()}, session.used, std::int64_t{session.idle.count()});
}

Status delete_session(Database& database, const Digest& digest) {
  return database.run("DELETE FROM sessions WHERE digest = ?1", ByteSpan(digest));
}

Result<TokenId> insert_token(Database& database, const TokenRow& row) {
  Status added = database.run(
      "INSERT INTO tokens (tenant, name, role, digest, created, age, expires) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
      std::int64_t{row.token.tenant.value}, row.token.name, kRoleOfBefore, ByteSpan(row.digest),
      row.token.created, std::int64_t{row.age.count()}, optional_ns(row.token.expires));
  if (!added) return std::move(added).error();
  const TokenId id{static_cast<std::uint64_t>(database.last_insert_id())};
  if (Status put = put_token_grants(database, id, row.token.access); !put) {
    return std::move(put).error();
  }
  return id;
}

Status update_token_use(Database& database, const TokenRow& row) {
  return database.run("UPDATE tokens SET last_used = ?2, age = ?3 WHERE id = ?1",
                      static_cast<std::int64_t>(row.token.id.value),
                      optional_ns(row.token.last_used), std::int64_t{row.age.count()});
}

Status delete_token(Database& database, TokenId token) {
  return database.run("DELETE FROM tokens WHERE id = ?1", static_cast<std::int64_t>(token.value));
}

}  // namespace lineshaft::identity
