#include <algorithm>
#include <utility>

#include "identity/audit_entry.h"
#include "identity/service.h"
#include "identity/text_rules.h"

namespace lineshaft::identity {
namespace {

constexpr std::string_view kPrefix = "lsh_";

// For the audit trail.
std::string fields_of(const Token& token) {
  return text_object({{"name", token.name},
                      {"access", access_text(token.access)},
                      {"expires", token.expires ? format_rfc3339(*token.expires) : "never"}});
}

}  // namespace

// The clock says so, or the token has lived as long as it was to live when it was made.
bool Service::expired(const LiveToken& token) const {
  const std::optional<Timestamp>& expires = token.token.expires;
  if (!expires) return false;
  return clock_.now() >= *expires || token.age.elapsed(clock_) >= *expires - token.token.created;
}

Principal Service::use_of(LiveToken& used) {
  Token& token = used.token;
  token.last_used = clock_.now();
  return Principal{.kind = PrincipalKind::kToken,
                   .tenant = token.tenant,
                   .id = token.id.value,
                   .access = token.access,
                   .name = "token:" + token.name};
}

Result<Principal> Service::find_token(std::string_view secret) {
  const Error unknown{ErrorId::kNotSignedIn, "there is no such token, or it is expired"};
  if (secret.size() != kPrefix.size() + kSecretCharacters || !secret.starts_with(kPrefix)) {
    return unknown;
  }
  const Digest digest = digest_of(secret);
  const std::lock_guard lock(state_mutex_);
  const auto found = state_.tokens.find(digest);
  if (found == state_.tokens.end() || expired(found->second)) return unknown;
  if (!state_.is_open(found->second.token.tenant)) return unknown;
  return use_of(found->second);
}

Result<Principal> Service::find_token(TokenId token) {
  const std::lock_guard lock(state_mutex_);
  const auto found = std::ranges::find_if(
      state_.tokens, [&](const auto& each) { return each.second.token.id == token; });
  if (found == state_.tokens.end() || expired(found->second) ||
      !state_.is_open(found->second.token.tenant)) {
    return Error{ErrorId::kNotSignedIn, "the certificate's token is revoked or expired"};
  }
  return use_of(found->second);
}

Status Service::check_room_for_token(TenantId tenant) const {
  const std::lock_guard lock(state_mutex_);
  const auto count = std::ranges::count_if(
      state_.tokens, [&](const auto& each) { return each.second.token.tenant == tenant; });
  if (static_cast<std::size_t>(count) < kTokensPerTenantMax) {
    return state_.room ? state_.room(tenant, Kind::kToken, static_cast<std::size_t>(count))
                       : Status();
  }
  return Error{ErrorId::kConflict, "the organisation has " + std::to_string(kTokensPerTenantMax) +
                                       " tokens already: revoke one first"};
}

Result<NewToken> Service::create_token(const Principal& actor, const TokenRequest& request) {
  if (Status may = authorise(actor, Permission::kTokenManage); !may) return std::move(may).error();
  if (Status may = check_new_token(actor, request.access); !may) return std::move(may).error();
  Result<std::string> name = normalise_name("name", request.name);
  if (!name) return std::move(name).error();
  const std::string secret = std::string(kPrefix) + new_secret();
  const Stopwatch age = Stopwatch::start(clock_);
  if (request.expires && *request.expires <= age.started()) {
    return Error{ErrorId::kInvalidArgument, "expires: must be in the future"};
  }
  TokenRow row{.token = {.id = {},
                         .tenant = actor.tenant,
                         .name = std::move(name).value(),
                         .access = access_in(actor.tenant, request.access),
                         .created = age.started(),
                         .last_used = std::nullopt,
                         .expires = request.expires},
               .digest = digest_of(secret),
               .age = Nanoseconds(0)};
  const std::lock_guard database_lock(database_mutex_);
  if (Status room = check_room_for_token(actor.tenant); !room) return std::move(room).error();
  const AuditRow audit = audit_row(actor, "token.create", row.token.name,
                                   access_text(row.token.access), "", fields_of(row.token));
  Status kept = commit_with(audit, [&]() -> Status {
    Result<TokenId> id = insert_token(*database_, row);
    if (!id) return std::move(id).error();
    row.token.id = *id;
    return {};
  });
  if (!kept) return std::move(kept).error();
  const std::lock_guard lock(state_mutex_);
  state_.tokens.insert_or_assign(row.digest, LiveToken{row.token, row.digest, age, std::nullopt});
  return NewToken{secret, row.token};
}

Result<std::vector<Token>> Service::list_tokens(const Principal& actor) const {
  if (Status may = authorise(actor, Permission::kUserRead); !may) return std::move(may).error();
  std::vector<Token> tokens;
  {
    const std::lock_guard lock(state_mutex_);
    for (const auto& [digest, each] : state_.tokens) {
      if (each.token.tenant == actor.tenant) tokens.push_back(each.token);
    }
  }
  std::ranges::sort(tokens, {}, &Token::id);
  return tokens;
}

Status Service::revoke_token(const Principal& actor, TokenId token) {
  if (Status may = authorise(actor, Permission::kTokenManage); !may) return may;
  const std::lock_guard database_lock(database_mutex_);
  std::string name;
  std::string before;
  {
    const std::lock_guard lock(state_mutex_);
    const auto found = std::ranges::find_if(state_.tokens, [&](const auto& each) {
      return each.second.token.id == token && each.second.token.tenant == actor.tenant;
    });
    if (found == state_.tokens.end()) {
      return Error{ErrorId::kNotFound, "there is no token " + std::to_string(token.value)};
    }
    name = found->second.token.name;
    before = fields_of(found->second.token);
  }
  Status kept = commit_with(audit_row(actor, "token.revoke", name, "", std::move(before)),
                            [&] { return delete_token(*database_, token); });
  if (!kept) return kept;
  const std::lock_guard lock(state_mutex_);
  std::erase_if(state_.tokens, [&](const auto& each) { return each.second.token.id == token; });
  ++access_changes_;
  return {};
}

}  // namespace lineshaft::identity
