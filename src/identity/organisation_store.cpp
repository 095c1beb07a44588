#include "identity/organisation_store.h"

#include <algorithm>
#include <array>
#include <utility>

#include "identity/store.h"

namespace lineshaft::identity {
namespace {

constexpr std::array<std::string_view, 1> kSteps{
    // 1: the numbers of OrganisationState; times are nanoseconds since 1970.
    R"(CREATE TABLE organisation_states (
         tenant INTEGER PRIMARY KEY REFERENCES organisations (id),
         state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 3), leaves INTEGER) STRICT;)",
};

// What a damaged number stands for lets nobody in.
OrganisationState state_of(std::int64_t number) {
  return number >= 1 && number <= 3 ? static_cast<OrganisationState>(number)
                                    : OrganisationState::kSuspended;
}

}  // namespace

Status migrate_organisations(records::Database& database) {
  return database.migrate("identity.organisations", kSteps);
}

Result<std::vector<Organisation>> load_all_organisations(records::Database& database) {
  Result<std::vector<Organisation>> all = load_organisations(database);
  if (!all) return all;
  auto select = database.prepare("SELECT tenant, state, leaves FROM organisation_states");
  if (!select) return std::move(select).error();
  for (;;) {
    const Result<bool> row = select->step();
    if (!row) return row.error();
    if (!*row) return all;
    const TenantId tenant{static_cast<std::uint32_t>(select->int64(0))};
    const auto found = std::ranges::find(*all, tenant, &Organisation::id);
    if (found == all->end()) continue;
    found->state = state_of(select->int64(1));
    if (const auto leaves = select->optional_int64(2)) found->leaves = Timestamp{*leaves};
  }
}

Status put_organisation_state(records::Database& database, const Organisation& organisation) {
  const std::optional<std::int64_t> leaves =
      organisation.leaves ? std::optional(organisation.leaves->ns) : std::nullopt;
  return database.run(
      "INSERT INTO organisation_states (tenant, state, leaves) VALUES (?1, ?2, ?3) "
      "ON CONFLICT (tenant) DO UPDATE SET state = excluded.state, leaves = excluded.leaves",
      std::int64_t{organisation.id.value}, static_cast<std::int64_t>(organisation.state), leaves);
}

Status delete_members(records::Database& database, TenantId tenant) {
  const std::int64_t number{tenant.value};
  if (Status gone = database.run("DELETE FROM users WHERE tenant = ?1", number); !gone) return gone;
  return database.run("DELETE FROM tokens WHERE tenant = ?1", number);
}

}  // namespace lineshaft::identity
