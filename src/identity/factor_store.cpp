#include "identity/factor_store.h"

#include <algorithm>
#include <array>
#include <utility>

#include "records/select.h"

namespace lineshaft::identity {
namespace {

using records::Database;
using records::Statement;

constexpr std::array<std::string_view, 2> kSteps{
    // 1: times are nanoseconds since 1970; kinds, rules and strengths the numbers of factors.h.
    R"(CREATE TABLE factors (
         id INTEGER PRIMARY KEY AUTOINCREMENT,
         user INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
         kind INTEGER NOT NULL CHECK (kind IN (1, 2)), name TEXT NOT NULL,
         created INTEGER NOT NULL, used INTEGER,
         secret BLOB NOT NULL, step INTEGER NOT NULL,
         rp_id TEXT NOT NULL, credential BLOB UNIQUE, key BLOB NOT NULL,
         sign_count INTEGER NOT NULL) STRICT;
       CREATE INDEX factors_of_user ON factors (user);
       CREATE TABLE factor_people (
         user INTEGER PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
         handle BLOB NOT NULL, due INTEGER, notice TEXT NOT NULL) STRICT;
       CREATE TABLE factor_rules (
         tenant INTEGER PRIMARY KEY REFERENCES organisations (id) ON DELETE CASCADE,
         rule INTEGER NOT NULL) STRICT;
       CREATE TABLE recovery_codes (
         user INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
         digest BLOB NOT NULL CHECK (length(digest) = 32), used INTEGER,
         PRIMARY KEY (user, digest)) STRICT;
       CREATE TABLE session_origins (
         digest BLOB PRIMARY KEY REFERENCES sessions (digest) ON DELETE CASCADE,
         address TEXT NOT NULL, agent TEXT NOT NULL, strength INTEGER NOT NULL) STRICT;
       CREATE TABLE invitations (
         id INTEGER PRIMARY KEY AUTOINCREMENT,
         tenant INTEGER NOT NULL REFERENCES organisations (id) ON DELETE CASCADE,
         email TEXT NOT NULL, name TEXT NOT NULL, role INTEGER NOT NULL,
         digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
         created INTEGER NOT NULL, expires INTEGER NOT NULL,
         by INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
         UNIQUE (tenant, email)) STRICT;
       CREATE INDEX invitations_by ON invitations (by);
       CREATE TABLE recovery_grants (
         user INTEGER PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
         digest BLOB NOT NULL CHECK (length(digest) = 32),
         expires INTEGER NOT NULL, tries_left INTEGER NOT NULL) STRICT;)",
    // 2: TotpDevice::late in nanoseconds; 3 s is kTotpTyping.
    "ALTER TABLE factors ADD COLUMN late INTEGER NOT NULL DEFAULT 3000000000",
};

std::int64_t number(UserId id) { return static_cast<std::int64_t>(id.value); }
UserId user_at(Statement& row, int column) {
  return UserId{static_cast<std::uint64_t>(row.int64(column))};
}
Bytes bytes_at(Statement& row, int column) {
  const ByteSpan blob = row.blob(column);
  return {blob.begin(), blob.end()};
}
Digest digest_at(Statement& row, int column) {
  Digest digest{};
  const ByteSpan blob = row.blob(column);
  if (blob.size() == digest.size()) std::ranges::copy(blob, digest.begin());
  return digest;
}
std::optional<Timestamp> time_at(Statement& row, int column) {
  const std::optional<std::int64_t> ns = row.optional_int64(column);
  return ns ? std::optional(Timestamp{*ns}) : std::nullopt;
}
std::optional<std::int64_t> ns_of(const std::optional<Timestamp>& time) {
  return time ? std::optional(time->ns) : std::nullopt;
}

template <typename Row>
Result<std::optional<Row>> first_of(Result<std::vector<Row>> rows) {
  if (!rows) return std::move(rows).error();
  if (rows->empty()) return std::optional<Row>();
  return std::optional<Row>(std::move(rows->front()));
}

FactorRow factor_at(Statement& row) {
  return {.factor = {.id = FactorId{static_cast<std::uint64_t>(row.int64(0))},
                     .kind = static_cast<FactorKind>(row.int64(2)),
                     .name = std::string(row.text(3)),
                     .created = Timestamp{row.int64(4)},
                     .used = time_at(row, 5),
                     .rp_id = std::string(row.text(8))},
          .user = user_at(row, 1),
          .secret = bytes_at(row, 6),
          .device = {row.int64(7), Nanoseconds(row.int64(12))},
          .credential = bytes_at(row, 9),
          .key = bytes_at(row, 10),
          .sign_count = static_cast<std::uint32_t>(row.int64(11))};
}

Invitation invitation_at(Statement& row) {
  return {.id = InvitationId{static_cast<std::uint64_t>(row.int64(0))},
          .tenant = TenantId{static_cast<std::uint32_t>(row.int64(1))},
          .email = std::string(row.text(2)),
          .name = std::string(row.text(3)),
          .role = static_cast<Role>(row.int64(4)),
          .created = Timestamp{row.int64(5)},
          .expires = Timestamp{row.int64(6)},
          .by = std::string(row.text(7))};
}

constexpr std::string_view kInvitations =
    "SELECT i.id, i.tenant, i.email, i.name, i.role, i.created, i.expires, u.email "
    "FROM invitations AS i JOIN users AS u ON u.id = i.by ";

}  // namespace

Status migrate_factors(Database& database) { return database.migrate("identity.factors", kSteps); }

Result<std::vector<FactorRow>> load_factors(Database& database) {
  // A passkey has a credential, a secret of codes has none: NULL reads as no bytes.
  return records::select<FactorRow>(
      database,
      "SELECT id, user, kind, name, created, used, secret, step, rp_id, "
      "coalesce(credential, x''), key, sign_count, late FROM factors ORDER BY id",
      factor_at);
}

Result<std::vector<FactorPerson>> load_factor_people(Database& database) {
  return records::select<FactorPerson>(
      database, "SELECT user, handle, due, notice FROM factor_people", [](Statement& row) {
        return FactorPerson{user_at(row, 0), bytes_at(row, 1), time_at(row, 2),
                            std::string(row.text(3))};
      });
}

Result<std::vector<std::pair<TenantId, FactorRule>>> load_factor_rules(Database& database) {
  return records::select<std::pair<TenantId, FactorRule>>(
      database, "SELECT tenant, rule FROM factor_rules", [](Statement& row) {
        return std::pair(TenantId{static_cast<std::uint32_t>(row.int64(0))},
                         static_cast<FactorRule>(row.int64(1)));
      });
}

Result<std::vector<SessionOrigin>> load_session_origins(Database& database) {
  return records::select<SessionOrigin>(
      database, "SELECT digest, address, agent, strength FROM session_origins", [](Statement& row) {
        return SessionOrigin{digest_at(row, 0), std::string(row.text(1)), std::string(row.text(2)),
                             static_cast<Strength>(row.int64(3))};
      });
}

Result<std::vector<std::pair<UserId, std::size_t>>> load_recovery_code_counts(Database& database) {
  return records::select<std::pair<UserId, std::size_t>>(
      database, "SELECT user, count(*) FROM recovery_codes WHERE used IS NULL GROUP BY user",
      [](Statement& row) {
        return std::pair(user_at(row, 0), static_cast<std::size_t>(row.int64(1)));
      });
}

Result<FactorId> insert_factor(Database& database, const FactorRow& row) {
  const Factor& factor = row.factor;
  Status added = database.run(
      "INSERT INTO factors (user, kind, name, created, secret, step, rp_id, credential, key, "
      "sign_count, late) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, nullif(?8, x''), ?9, ?10, ?11)",
      number(row.user), static_cast<std::int64_t>(factor.kind), factor.name, factor.created,
      ByteSpan(row.secret), row.device.step, factor.rp_id, ByteSpan(row.credential),
      ByteSpan(row.key), std::int64_t{row.sign_count}, std::int64_t{row.device.late.count()});
  if (!added) return std::move(added).error();
  return FactorId{static_cast<std::uint64_t>(database.last_insert_id())};
}

Status update_factor_secret(Database& database, const FactorRow& row) {
  return database.run("UPDATE factors SET secret = ?2 WHERE id = ?1",
                      static_cast<std::int64_t>(row.factor.id.value), ByteSpan(row.secret));
}

Status update_factor_use(Database& database, const FactorRow& row) {
  return database.run(
      "UPDATE factors SET used = ?2, step = ?3, sign_count = ?4, late = ?5 WHERE id = ?1",
      static_cast<std::int64_t>(row.factor.id.value), ns_of(row.factor.used), row.device.step,
      std::int64_t{row.sign_count}, std::int64_t{row.device.late.count()});
}

Status delete_factor(Database& database, FactorId factor) {
  return database.run("DELETE FROM factors WHERE id = ?1", static_cast<std::int64_t>(factor.value));
}

Status delete_factors_of(Database& database, UserId user) {
  Status done = database.run("DELETE FROM factors WHERE user = ?1", number(user));
  if (!done) return done;
  return database.run("DELETE FROM recovery_codes WHERE user = ?1", number(user));
}

Status put_factor_person(Database& database, const FactorPerson& person) {
  return database.run(
      "INSERT INTO factor_people (user, handle, due, notice) VALUES (?1, ?2, ?3, ?4) "
      "ON CONFLICT (user) DO UPDATE SET handle = excluded.handle, due = excluded.due, "
      "notice = excluded.notice",
      number(person.user), ByteSpan(person.handle), ns_of(person.due), person.notice);
}

Status put_factor_rule(Database& database, TenantId tenant, FactorRule rule) {
  return database.run(
      "INSERT INTO factor_rules (tenant, rule) VALUES (?1, ?2) "
      "ON CONFLICT (tenant) DO UPDATE SET rule = excluded.rule",
      std::int64_t{tenant.value}, static_cast<std::int64_t>(rule));
}

Status replace_recovery_codes(Database& database, UserId user, const std::vector<Digest>& digests) {
  Status done = database.run("DELETE FROM recovery_codes WHERE user = ?1", number(user));
  for (const Digest& digest : digests) {
    if (!done) return done;
    done = database.run("INSERT INTO recovery_codes (user, digest) VALUES (?1, ?2)", number(user),
                        ByteSpan(digest));
  }
  return done;
}

Result<bool> use_recovery_code(Database& database, UserId user, const Digest& digest,
                               Timestamp now) {
  Status done = database.run(
      "UPDATE recovery_codes SET used = ?3 WHERE user = ?1 AND digest = ?2 AND used IS NULL",
      number(user), ByteSpan(digest), now);
  if (!done) return std::move(done).error();
  return database.changed_rows() == 1;
}

Status put_session_origin(Database& database, const SessionOrigin& origin) {
  return database.run(
      "INSERT INTO session_origins (digest, address, agent, strength) VALUES (?1, ?2, ?3, ?4)",
      ByteSpan(origin.digest), origin.address, origin.agent,
      static_cast<std::int64_t>(origin.strength));
}

Result<InvitationId> insert_invitation(Database& database, const Invitation& invitation, UserId by,
                                       const Digest& digest) {
  Status done = database.run("DELETE FROM invitations WHERE tenant = ?1 AND email = ?2",
                             std::int64_t{invitation.tenant.value}, invitation.email);
  if (done) {
    done = database.run(
        "INSERT INTO invitations (tenant, email, name, role, digest, created, expires, by) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        std::int64_t{invitation.tenant.value}, invitation.email, invitation.name,
        static_cast<std::int64_t>(invitation.role), ByteSpan(digest), invitation.created,
        invitation.expires, number(by));
  }
  if (!done) return std::move(done).error();
  return InvitationId{static_cast<std::uint64_t>(database.last_insert_id())};
}

Result<std::vector<Invitation>> load_invitations(Database& database, TenantId tenant) {
  return records::select<Invitation>(
      database, std::string(kInvitations) + "WHERE i.tenant = ?1 ORDER BY i.email", invitation_at,
      std::int64_t{tenant.value});
}

Result<std::optional<Invitation>> find_invitation(Database& database, const Digest& digest) {
  return first_of(records::select<Invitation>(database,
                                              std::string(kInvitations) + "WHERE i.digest = ?1",
                                              invitation_at, ByteSpan(digest)));
}

Status delete_invitation(Database& database, InvitationId invitation) {
  return database.run("DELETE FROM invitations WHERE id = ?1",
                      static_cast<std::int64_t>(invitation.value));
}

Status delete_invitations_by(Database& database, UserId user) {
  return database.run("DELETE FROM invitations WHERE by = ?1", number(user));
}

Status put_recovery_grant(Database& database, UserId user, const RecoveryGrant& grant) {
  return database.run(
      "INSERT INTO recovery_grants (user, digest, expires, tries_left) VALUES (?1, ?2, ?3, ?4) "
      "ON CONFLICT (user) DO UPDATE SET digest = excluded.digest, expires = excluded.expires, "
      "tries_left = excluded.tries_left",
      number(user), ByteSpan(grant.digest), grant.expires, std::int64_t{grant.tries_left});
}

Result<std::optional<RecoveryGrant>> find_recovery_grant(Database& database, UserId user) {
  return first_of(records::select<RecoveryGrant>(
      database, "SELECT digest, expires, tries_left FROM recovery_grants WHERE user = ?1",
      [](Statement& row) {
        return RecoveryGrant{digest_at(row, 0), Timestamp{row.int64(1)},
                             static_cast<int>(row.int64(2))};
      },
      number(user)));
}

Status delete_recovery_grant(Database& database, UserId user) {
  return database.run("DELETE FROM recovery_grants WHERE user = ?1", number(user));
}

}  // namespace lineshaft::identity
