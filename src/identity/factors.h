// identity/factors.h: the words of second factors, of one's own sessions, of invitations and of
// recovery, as Identity (identity.h) speaks them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "model/sample.h"

namespace lineshaft::identity {

using FactorId = StrongId<struct FactorIdName, std::uint64_t>;          // from 1, never reused
using InvitationId = StrongId<struct InvitationIdName, std::uint64_t>;  // from 1, never reused
using ProviderId = StrongId<struct ProviderIdName, std::uint64_t>;      // from 1, never reused

// Who must have a second factor has so long from the first sign-in at which it was demanded.
inline constexpr Nanoseconds kFactorGrace = std::chrono::hours(24);
// Between the password and the second factor, and from a challenge to its answer.
inline constexpr Nanoseconds kPendingLifetime = std::chrono::minutes(5);
inline constexpr Nanoseconds kEnrolmentLifetime = std::chrono::minutes(10);
inline constexpr int kFactorTries = 5;  // for one password typed; then it is asked for again
// A session that began so lately need not show its password again to change how one signs in.
inline constexpr Nanoseconds kFreshSession = std::chrono::minutes(10);
inline constexpr Nanoseconds kInvitationLifetime = std::chrono::hours(7 * 24);
inline constexpr Nanoseconds kRecoveryCodeLifetime = std::chrono::hours(1);
inline constexpr std::size_t kFactorsPerUserMax = 10;
inline constexpr std::size_t kRecoveryCodes = 10;
inline constexpr std::size_t kInvitationsPerTenantMax = 1'000;

// Stored as these numbers: never change one.
enum class FactorKind : std::uint8_t { kTotp = 1, kPasskey = 2 };
std::string_view factor_kind_name(FactorKind kind);  // "totp", "passkey"

struct Factor {
  FactorId id;
  FactorKind kind = FactorKind::kTotp;
  std::string name;
  Timestamp created;
  std::optional<Timestamp> used;
  std::string rp_id;  // of a passkey: the host's name that it works at
};

// Seals what must be readable again (the secrets of one-time codes); joined in app/. `bound`: what
// it is and whose; opening has to name the same. Errors: of the keys, of the disk.
class SecretSeal {
 public:
  virtual ~SecretSeal() = default;
  virtual Result<std::string> seal(TenantId owner, std::string_view bound,
                                   std::string_view plain) = 0;
  virtual Result<std::string> open(TenantId owner, std::string_view bound,
                                   std::string_view sealed) const = 0;
  // Under the newest key of its owner?
  virtual bool is_current(TenantId owner, std::string_view sealed) const = 0;
};

// Who must have a second factor. Stored as these numbers.
enum class FactorRule : std::uint8_t { kNobody = 0, kAdministrators = 1, kEveryone = 2 };
std::string_view factor_rule_name(FactorRule rule);  // "nobody", "administrators", "everyone"
Result<FactorRule> parse_factor_rule(std::string_view name);

// How a session was begun. Stored as these numbers.
enum class Strength : std::uint8_t {
  kPassword = 1,
  kPasswordAndCode = 2,
  kPasswordAndPasskey = 3,
  kPasskey = 4,
  kRecoveryCode = 5,  // password and one of the ten
  // By an outside identity provider (providers.h).
  kProvider = 6,
  kProviderStrong = 7,  // which says that it asked for a second factor
  kProviderAndCode = 8,
  kProviderAndPasskey = 9,
  kProviderAndRecoveryCode = 10,
};
std::string_view strength_name(Strength strength);

// What stands between a session and its permissions.
struct FactorState {
  std::size_t enrolled = 0;
  bool demanded = false;
  // Demanded and not there: until then all is permitted, from then on nothing but enrolling.
  std::optional<Timestamp> due;
  std::string notice;  // what an administrator did to this person's factors, once in words; or ""
};

// A host's name that passkeys are bound to, and the address of the page: "https://plant.example".
struct PasskeyScope {
  std::string rp_id;
  std::string origin;
};

// What navigator.credentials gave, decoded.
struct PasskeyAnswer {
  Bytes credential;
  Bytes client_data;         // JSON
  Bytes attestation;         // of a registration
  Bytes authenticator_data;  // of a sign-in, as the next two
  Bytes signature;
  Bytes user_handle;
};

// What a browser must be told to make or use a passkey.
struct PasskeyChallenge {
  std::string pending;    // secret that the answer must come with
  std::string challenge;  // base64url
  std::string rp_id;
  std::vector<std::string> credentials;  // base64url: to use, or not to make again
  // Of a registration.
  std::string user_handle;  // base64url
  std::string user_name;
  std::string display_name;
};

// The password was right; now one of the factors is asked for.
struct PendingSignIn {
  std::string pending;
  bool totp = false;
  bool recovery_codes = false;
  std::optional<PasskeyChallenge> passkey;  // its `pending` is the same
};

struct TotpEnrolment {
  std::string enrolment;  // secret that the confirmation must come with
  std::string secret;     // base32
  std::string uri;        // otpauth://
};

// `recovery_codes`: with the first factor of a person, shown once; else empty.
struct Enrolled {
  Factor factor;
  std::vector<std::string> recovery_codes;
};

// The answer to a second step: one of them.
struct FactorAnswer {
  std::string code;
  std::string recovery_code;
  std::optional<PasskeyAnswer> passkey;
};

struct OpenSession {
  std::string id;  // names it to its owner; of no use as a cookie
  bool own = false;
  Timestamp created;
  Timestamp used;
  Timestamp ends;  // at the latest; earlier without use
  std::string address;
  std::string agent;  // what the browser calls itself
  Strength strength = Strength::kPassword;
};

// Of one person, for administrators.
struct FactorStanding {
  std::size_t totp = 0;
  std::size_t passkeys = 0;
  std::size_t recovery_codes = 0;
  bool demanded = false;
  std::optional<Timestamp> due;
};

}  // namespace lineshaft::identity
