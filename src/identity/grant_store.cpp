#include "identity/grant_store.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

namespace lineshaft::identity {
namespace {

using records::Database;
using records::Statement;

constexpr std::array<std::string_view, 1> kSteps{
    // 1: roles are the numbers of permission.h; a place is "*" or a path. The column `role` of
    // users
    // and tokens is of before; nothing reads it any more. `grants` of a request: texts as
    // grant_text, one a line; user 0: the policy is what changes.
    R"(CREATE TABLE user_grants (
         user INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
         role INTEGER NOT NULL, place TEXT NOT NULL,
         PRIMARY KEY (user, role, place)) STRICT, WITHOUT ROWID;
       CREATE TABLE token_grants (
         token INTEGER NOT NULL REFERENCES tokens (id) ON DELETE CASCADE,
         role INTEGER NOT NULL, place TEXT NOT NULL,
         PRIMARY KEY (token, role, place)) STRICT, WITHOUT ROWID;
       INSERT INTO user_grants SELECT id, role, '*' FROM users;
       INSERT INTO token_grants SELECT id, role, '*' FROM tokens;
       CREATE TABLE rights_policies (
         tenant INTEGER PRIMARY KEY REFERENCES organisations (id),
         two_persons INTEGER NOT NULL, separate_auditor INTEGER NOT NULL) STRICT;
       CREATE TABLE rights_requests (
         id INTEGER PRIMARY KEY AUTOINCREMENT,
         tenant INTEGER NOT NULL REFERENCES organisations (id),
         user INTEGER NOT NULL, grants TEXT NOT NULL,
         two_persons INTEGER NOT NULL, separate_auditor INTEGER NOT NULL,
         asked_by INTEGER NOT NULL, asked INTEGER NOT NULL) STRICT;)",
};

// A number from a damaged file becomes a role that holds nothing, see permissions_of.
Role role_of(std::int64_t number) {
  return number >= 1 && number <= UINT8_MAX ? static_cast<Role>(number) : Role{0};
}

template <typename Take>
Status each_row(Database& database, std::string_view sql, Take take) {
  Result<Statement> select = database.prepare(sql);
  if (!select) return std::move(select).error();
  for (;;) {
    Result<bool> row = select->step();
    if (!row) return std::move(row).error();
    if (!*row) return {};
    take(*select);
  }
}

Result<GrantsOf> load_grants(Database& database, std::string_view sql) {
  GrantsOf grants;
  Status read = each_row(database, sql, [&](Statement& row) {
    grants[static_cast<std::uint64_t>(row.int64(0))].push_back(
        {role_of(row.int64(1)), std::string(row.text(2))});
  });
  if (!read) return std::move(read).error();
  return grants;
}

RightsPolicy policy_of(Statement& row, int column) {
  return {.two_persons = row.int64(column) != 0, .separate_auditor = row.int64(column + 1) != 0};
}

Status put_grants(Database& database, std::string_view remove, std::string_view insert,
                  std::int64_t holder, const Access& access) {
  if (Status gone = database.run(remove, holder); !gone) return gone;
  for (const Grant& grant : access.grants()) {
    Status put = database.run(insert, holder, static_cast<std::int64_t>(grant.role), grant.place);
    if (!put) return put;
  }
  return {};
}

}  // namespace

std::string grant_lines(const std::vector<Grant>& grants) {
  std::string lines;
  for (const Grant& grant : grants) lines += grant_text(grant) + "\n";
  return lines;
}

std::vector<Grant> grants_of_lines(std::string_view lines) {
  std::vector<Grant> grants;
  while (!lines.empty()) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    if (Result<Grant> grant = parse_grant(lines.substr(0, end))) grants.push_back(*grant);
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
  return grants;
}

Status migrate_grants(Database& database) { return database.migrate("identity.grants", kSteps); }

Result<GrantsOf> load_user_grants(Database& database) {
  return load_grants(database, "SELECT user, role, place FROM user_grants");
}

Result<GrantsOf> load_token_grants(Database& database) {
  return load_grants(database, "SELECT token, role, place FROM token_grants");
}

Result<std::map<TenantId, RightsPolicy>> load_policies(Database& database) {
  std::map<TenantId, RightsPolicy> policies;
  Status read =
      each_row(database, "SELECT tenant, two_persons, separate_auditor FROM rights_policies",
               [&](Statement& row) {
                 const TenantId tenant{static_cast<std::uint32_t>(row.int64(0))};
                 policies[tenant] = policy_of(row, 1);
               });
  if (!read) return std::move(read).error();
  return policies;
}

Result<std::vector<RightsRequest>> load_requests(Database& database) {
  std::vector<RightsRequest> requests;
  Status read =
      each_row(database,
               "SELECT id, tenant, user, grants, two_persons, separate_auditor, asked_by, asked "
               "FROM rights_requests ORDER BY id",
               [&](Statement& row) {
                 requests.push_back({.id = static_cast<std::uint64_t>(row.int64(0)),
                                     .tenant = TenantId{static_cast<std::uint32_t>(row.int64(1))},
                                     .user = UserId{static_cast<std::uint64_t>(row.int64(2))},
                                     .grants = grants_of_lines(row.text(3)),
                                     .policy = policy_of(row, 4),
                                     .asked_by = UserId{static_cast<std::uint64_t>(row.int64(6))},
                                     .asked = Timestamp{row.int64(7)}});
               });
  if (!read) return std::move(read).error();
  return requests;
}

Status put_user_grants(Database& database, UserId user, const Access& access) {
  return put_grants(database, "DELETE FROM user_grants WHERE user = ?1",
                    "INSERT INTO user_grants (user, role, place) VALUES (?1, ?2, ?3)",
                    static_cast<std::int64_t>(user.value), access);
}

Status put_token_grants(Database& database, TokenId token, const Access& access) {
  return put_grants(database, "DELETE FROM token_grants WHERE token = ?1",
                    "INSERT INTO token_grants (token, role, place) VALUES (?1, ?2, ?3)",
                    static_cast<std::int64_t>(token.value), access);
}

Status put_policy(Database& database, TenantId tenant, const RightsPolicy& policy) {
  return database.run(
      "INSERT INTO rights_policies (tenant, two_persons, separate_auditor) VALUES (?1, ?2, ?3) "
      "ON CONFLICT (tenant) DO UPDATE SET two_persons = excluded.two_persons, "
      "separate_auditor = excluded.separate_auditor",
      std::int64_t{tenant.value}, std::int64_t{policy.two_persons},
      std::int64_t{policy.separate_auditor});
}

Result<std::uint64_t> insert_request(Database& database, const RightsRequest& request) {
  Status added = database.run(
      "INSERT INTO rights_requests (tenant, user, grants, two_persons, separate_auditor, asked_by, "
      "asked) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
      std::int64_t{request.tenant.value}, static_cast<std::int64_t>(request.user.value),
      grant_lines(request.grants), std::int64_t{request.policy.two_persons},
      std::int64_t{request.policy.separate_auditor},
      static_cast<std::int64_t>(request.asked_by.value), request.asked);
  if (!added) return std::move(added).error();
  return static_cast<std::uint64_t>(database.last_insert_id());
}

Status delete_request(Database& database, std::uint64_t id) {
  return database.run("DELETE FROM rights_requests WHERE id = ?1", static_cast<std::int64_t>(id));
}

}  // namespace lineshaft::identity
