// identity/grant_store.h: the tables of grants, policies and changes that wait for a second person.
// Errors of every function: as records::Statement::step.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "identity/identity.h"
#include "records/database.h"

namespace lineshaft::identity {

// Requires: migrate_store() has run. Accounts of before there were grants get theirs from the one
// role that they had, everywhere.
Status migrate_grants(records::Database& database);

using GrantsOf = std::unordered_map<std::uint64_t, std::vector<Grant>>;  // by UserId or TokenId
Result<GrantsOf> load_user_grants(records::Database& database);
Result<GrantsOf> load_token_grants(records::Database& database);
Result<std::map<TenantId, RightsPolicy>> load_policies(records::Database& database);
Result<std::vector<RightsRequest>> load_requests(records::Database& database);

// In place of those there were.
Status put_user_grants(records::Database& database, UserId user, const Access& access);
Status put_token_grants(records::Database& database, TokenId token, const Access& access);
Status put_policy(records::Database& database, TenantId tenant, const RightsPolicy& policy);
// Grants as a text, one a line, and back. What is none is left out.
std::string grant_lines(const std::vector<Grant>& grants);
std::vector<Grant> grants_of_lines(std::string_view lines);
// `request.id` is ignored; the new one is returned.
Result<std::uint64_t> insert_request(records::Database& database, const RightsRequest& request);
Status delete_request(records::Database& database, std::uint64_t id);

}  // namespace lineshaft::identity
