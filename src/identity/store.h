// identity/store.h: the tables of this room: organisations, people, sessions, tokens.
// Every function runs on the caller's connection and, if there is one, in the caller's transaction.
// Errors of every function: as records::Statement::step.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "identity/identity.h"
#include "identity/secrets.h"
#include "records/database.h"

namespace lineshaft::identity {

// In place of a hash, of who signs in by an identity provider only: no password fits it.
inline constexpr std::string_view kNoPassword = "!";

struct Credential {
  UserId user;
  std::string hash;
};

struct SessionRow {
  Digest digest;  // of the cookie; the cookie itself is nowhere
  UserId user;
  Timestamp created;
  Nanoseconds age;  // elapsed since `created` when written
  Timestamp used;
  Nanoseconds idle;  // elapsed since `used` when written
};

struct TokenRow {
  Token token;
  Digest digest;    // of the secret
  Nanoseconds age;  // elapsed since `token.created` when written
};

Status migrate_store(records::Database& database);

// Without their states, see organisation_store.h.
Result<std::vector<Organisation>> load_organisations(records::Database& database);
Result<std::vector<User>> load_users(records::Database& database);
Result<std::vector<SessionRow>> load_sessions(records::Database& database);
Result<std::vector<TokenRow>> load_tokens(records::Database& database);

Status insert_organisation(records::Database& database, const Organisation& organisation,
                           Timestamp created);

// `user.id` is ignored; the new one is returned. Errors: kConflict: the address is taken.
Result<UserId> insert_user(records::Database& database, const User& user, std::string_view hash);
Status update_user_row(records::Database& database, const User& user);
Status update_user_hash(records::Database& database, UserId user, std::string_view hash);
Status delete_user(records::Database& database, UserId user);  // and the sessions
Result<std::optional<Credential>> find_credential(records::Database& database,
                                                  std::string_view email);

Status put_session(records::Database& database, const SessionRow& session);
Status delete_session(records::Database& database, const Digest& digest);

// `row.token.id` is ignored; the new one is returned.
Result<TokenId> insert_token(records::Database& database, const TokenRow& row);
Status update_token_use(records::Database& database, const TokenRow& row);
Status delete_token(records::Database& database, TokenId token);

}  // namespace lineshaft::identity
