// identity/state.h: what identity keeps in memory, so that asking who somebody is never waits for
// the disk. The tables (store.h) hold the same; changes reach the disk first.
#pragma once

#include <map>
#include <optional>
#include <unordered_map>
#include <vector>

#include "identity/factor_store.h"
#include "identity/identity.h"
#include "identity/operator.h"
#include "identity/pending.h"
#include "identity/provider_flow.h"
#include "identity/provider_store.h"
#include "identity/secrets.h"
#include "identity/sign_in_limiter.h"
#include "identity/stopwatch.h"
#include "identity/store.h"

namespace lineshaft::identity {

struct LiveSession {
  UserId user;
  Stopwatch age;
  Stopwatch idle;
  // What the disk has; written anew when it is behind.
  std::optional<Timestamp> used_on_disk;
  Nanoseconds age_on_disk{};
  std::string address = {};
  std::string agent = {};
  Strength strength = Strength::kPassword;
  std::string notice = {};   // shown as long as this session lasts
  ProviderId provider = {};  // by which it began; 0: by none
  // When the person last signed in at the provider, by the monotonic clock; forgotten at a restart.
  std::optional<Nanoseconds> proved = {};
};

struct LiveProvider {
  ProviderRow row;
  std::uint64_t revision = 0;  // another one after each change
};

// How a person proves to be that person, beside the password.
struct LiveFactors {
  std::vector<FactorRow> factors;
  std::size_t recovery_codes = 0;
  FactorPerson person;
};

struct LiveToken {
  Token token;
  Digest digest;
  Stopwatch age;
  std::optional<Timestamp> use_on_disk;
};

// The code that is printed on the terminal. Only its digest is kept.
struct LiveClaimCode {
  Digest digest;
  Nanoseconds issued;  // monotonic: a first start may set the wall clock right
  int tries_left;
};

struct State {
  std::map<TenantId, Organisation> organisations;
  std::unordered_map<UserId, User> users;
  std::unordered_map<Digest, LiveSession, DigestHash> sessions;
  std::unordered_map<Digest, LiveToken, DigestHash> tokens;
  std::map<TenantId, RightsPolicy> policies;  // without an entry: all off
  std::vector<RightsRequest> requests;        // oldest first
  std::vector<Digest> ended;                  // sessions that the disk still has to forget
  std::optional<LiveClaimCode> claim_code;
  SignInLimiter limiter;
  Identity::Room room;

  bool is_open(TenantId tenant) const {
    const auto found = organisations.find(tenant);
    return found != organisations.end() && found->second.state == OrganisationState::kActive;
  }
  std::unordered_map<UserId, LiveFactors> factors;
  std::map<TenantId, FactorRule> factor_rules;  // absent: kAdministrators
  PendingBook pending;
  SignInLimiter factor_limiter;
  std::map<ProviderId, LiveProvider> providers;
  std::uint64_t provider_revisions = 0;
  ProviderFlows provider_flows;
  SignInLimiter provider_limiter;
};

}  // namespace lineshaft::identity
