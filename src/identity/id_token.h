// identity/id_token.h: what an ID token says (OpenID Connect Core 1.0, 2 and 3.1.3.7), once its
// signature is right. Pure; threads: any.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "identity/jose.h"

namespace lineshaft::identity {

// Clocks of servers differ; more than a minute is for their keepers to mend.
inline constexpr Nanoseconds kClockSkew = std::chrono::seconds(60);
inline constexpr std::size_t kSubjectBytesMax = 255;  // OpenID Connect Core 1.0, 2: sub
inline constexpr std::size_t kGroupsMax = 1'000;
inline constexpr std::size_t kGroupBytesMax = 256;

// What the token must fit.
struct IdTokenRules {
  std::string issuer;
  std::string client_id;
  std::string nonce;
  std::string access_token;  // that came with it, for at_hash
  std::string groups_claim;  // "groups", "realm_access.roles"; "": none is read
  Timestamp now;
  Timestamp asked;           // when the person was sent to the provider
  bool must_be_new = false;  // the person had to prove themselves anew: auth_time says so
  // The person signed in there so long ago at most, if auth_time says anything.
  std::optional<Nanoseconds> age_max = {};
};

struct IdTokenClaims {
  std::string subject;  // with the issuer it names the person for ever
  std::string email;    // as it says; nothing but a text
  bool email_verified = false;
  std::string name;
  std::vector<std::string> groups;
  std::string acr;
  std::vector<std::string> amr;
  std::optional<Timestamp> auth_time;
};

// Requires: the signature of `jws` is right, by a key of the provider.
// Errors: kProviderRefused saying which claim does not fit.
Result<IdTokenClaims> read_id_token(const Jws& jws, const IdTokenRules& rules);

// The left half of the digest that belongs to the algorithm, as at_hash has it.
std::string half_digest(JwsAlgorithm algorithm, std::string_view text);

}  // namespace lineshaft::identity
