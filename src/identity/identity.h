// identity/identity.h: organisations, people, sessions, tokens and the audit trail.
//
// Threads: every call may come from any thread. Three kinds of cost, named at each group:
//   quick    memory only, microseconds; may run on an event loop
//   blocks   waits for the disk (one commit); run it on a worker thread
//   slow     blocks, and hashes a password as well: tens of milliseconds and 19 MiB while it runs
// Errors that every blocking call can give besides those named: kIoError, kDiskFull,
// kStorePoisoned, kCorrupt.
//
// The tenant always comes from the Principal. Calls that take one ask authorise() themselves, so a
// forgotten check in a caller does not open a door.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "identity/access.h"
#include "identity/audit.h"
#include "identity/duties.h"
#include "identity/factors.h"
#include "identity/invitations.h"
#include "model/sample.h"
#include "records/database.h"
#include "sys/clock.h"

namespace lineshaft::identity {

class Providers;
class WebFetcher;

using TokenId = StrongId<struct TokenIdName, std::uint64_t>;  // from 1, never reused

inline constexpr Nanoseconds kClaimCodeLifetime = std::chrono::minutes(15);
inline constexpr Nanoseconds kSessionIdleMax = std::chrono::hours(12);
inline constexpr Nanoseconds kSessionAgeMax = std::chrono::hours(7 * 24);
inline constexpr std::size_t kSessionsPerUserMax = 20;  // the one idle longest gives way
inline constexpr std::size_t kUsersPerTenantMax = 10'000;
inline constexpr std::size_t kTokensPerTenantMax = 1'000;
inline constexpr std::size_t kNameCharactersMax = 128;
inline constexpr std::size_t kEmailBytesMax = 254;  // RFC 5321 by way of RFC 3696 erratum 1690

// Stored as these numbers: never change one.
enum class OrganisationState : std::uint8_t {
  kActive = 1,
  kSuspended = 2,  // nobody of it gets in; what it has stays
  kRemoved = 3,    // its number is never given again
};

struct Organisation {
  TenantId id;
  std::string name;
  OrganisationState state = OrganisationState::kActive;
  std::optional<Timestamp> leaves = {};  // its administrator asked for it: then all of it goes
};

// Its first administrator comes with it. Without a password one is made.
struct NewOrganisation {
  std::string name;
  std::string email;
  std::string person;
  std::string password = {};
};

struct OrganisationSize {
  std::size_t people = 0;
  std::size_t tokens = 0;
};

struct User {
  UserId id;
  TenantId tenant;
  std::string email;  // normalised: trimmed, ASCII letters in lower case
  std::string name;
  Access access;
  Timestamp created;
};

// `password`: of the administrator, if it was made: shown once and cannot be had again.
struct MadeOrganisation {
  Organisation organisation;
  User administrator;
  std::string password;
};

struct Token {
  TokenId id;
  TenantId tenant;
  std::string name;
  Access access;
  Timestamp created;
  std::optional<Timestamp> last_used;  // exact to a minute
  std::optional<Timestamp> expires;
};

// The identity provider by which a session began.
struct SessionProvider {
  std::string handle;
  std::string name;
  std::string sign_out;  // address of its own sign-out; "": it has none, or is not known now
};

struct Session {
  Principal principal;
  User user;
  Organisation organisation;
  std::string csrf_token;
  Strength strength = Strength::kPassword;
  FactorState factors;
  std::optional<SessionProvider> provider = {};
};

// `cookie` is the secret that the browser keeps: 43 characters of base64url. Never log it.
struct NewSession {
  std::string cookie;
  Session session;
};

// `secret` ("lsh_" and 43 characters of base64url) is shown once and cannot be had again.
struct NewToken {
  std::string secret;
  Token token;
};

// `address`: the peer's numeric address, for the limits on attempts and the audit trail. `agent`:
// what the browser or program calls itself, for the list of sessions.
struct ClaimRequest {
  std::string code;
  std::string organisation;
  std::string email;
  std::string name;
  std::string password;
  std::string address;
  std::string agent = {};
};

struct SignInRequest {
  std::string email;
  std::string password;
  std::string address;
  std::string previous_cookie;  // a session that the browser still had: ended on success; or ""
  std::string agent = {};
  PasskeyScope passkeys = {};  // where passkeys can be used; empty: nowhere
};

struct NewUser {
  std::string email;
  std::string name;
  Access access;  // a role by itself counts everywhere
  std::string password;
};

// What changes; the rest stays.
struct UserChange {
  std::optional<std::string> name;
  std::optional<Access> access;
};

// What came of a change of rights: done, or waiting for a second person.
struct GrantsAnswer {
  User user;  // as it is now
  std::optional<RightsRequest> waits;
};
struct PolicyAnswer {
  RightsPolicy policy;  // as it is now
  std::optional<RightsRequest> waits;
};

struct TokenRequest {
  std::string name;
  Access access;
  std::optional<Timestamp> expires;
};

struct IdentityOptions {
  // Each hash takes 19 MiB while it runs: a flood of sign-ins must not become a flood of memory.
  std::size_t hashes_at_once_max = 2;
  // Callers that may wait for their turn to hash; one more is refused with kSignInBusy.
  std::size_t hashes_waiting_max = 32;
  SecretSeal* seal =
      nullptr;  // must outlive Identity; null keeps the secrets of codes in the clear
  // Of the keys of the audit trail, and must outlive Identity; null: the real ones.
  sys::FileSystem* audit_files = nullptr;
  // Asks identity providers, and must outlive Identity; null: nobody signs in by one.
  WebFetcher* web = nullptr;
};

class Identity {
 public:
  // Takes the database for itself; another connection to the same file is fine. `clock` and
  // `random` must outlive the object. Errors: as migrate(). Slow.
  static Result<std::unique_ptr<Identity>> open(std::unique_ptr<records::Database> database,
                                                sys::Clock& clock, sys::Random& random,
                                                IdentityOptions options = {});
  virtual ~Identity() = default;

  // --- first run --- claimed, first_organisation: quick.
  virtual bool claimed() const = 0;
  virtual std::optional<Organisation> first_organisation() const = 0;
  // A new single-use code, "7KQM-2F9X-0TBD": 60 random bits, good for kClaimCodeLifetime of running
  // time and ten wrong tries; replaces the one before. Only its hash is kept, in memory: print it
  // on the terminal and forget it. Errors: kAlreadyClaimed. Quick.
  virtual Result<std::string> issue_claim_code() = 0;
  // Makes the first organisation (always tenant 1) and its administrator, both or neither, and
  // signs that person in. A refused password or name leaves the code good.
  // Errors: kAlreadyClaimed, kClaimRefused, kInvalidArgument (naming the field), kPasswordRefused,
  // kSignInBusy. Slow.
  virtual Result<NewSession> claim(const ClaimRequest& request) = 0;

  // --- organisations --- The one that claimed the server runs it for the others (operator.h).
  // Those that are not removed, in order of id. Quick.
  virtual std::vector<Organisation> organisations() const = 0;
  virtual OrganisationSize size_of(TenantId tenant) const = 0;  // quick
  // The numbers of its people, for rooms that keep something by them. Quick.
  virtual std::vector<std::uint64_t> people_of(TenantId tenant) const = 0;
  // The organisation and its administrator, both or neither; entered in both trails. Errors:
  // kDenied (platform.manage), kInvalidArgument, kPasswordRefused, kConflict (the
  // address is taken), kSignInBusy. Slow.
  virtual Result<MadeOrganisation> create_organisation(const Principal& actor,
                                                       const NewOrganisation& request) = 0;
  // Takes effect at once, sessions and tokens included; lifted, they work again. Errors: kDenied
  // (as above), kNotFound, kConflict (the operator's own). Blocks.
  virtual Status suspend_organisation(const Principal& actor, TenantId tenant, bool suspended) = 0;
  // When the organisation of `actor` will be removed; nothing: it stays. Errors: kDenied
  // (user.manage), kConflict (the operator's own). Blocks.
  virtual Status set_leaving(const Principal& actor, std::optional<Timestamp> leaves) = 0;
  // Takes its people, sessions and tokens away, for ever; its trail stays. `actor` may be nobody
  // once the time has come that set_leaving set. Errors: kDenied, kNotFound, kConflict (as above).
  // Blocks.
  virtual Status remove_organisation(const Principal& actor, TenantId tenant) = 0;
  // Asked before a person or token is made, with how many there are; an error refuses it. Set
  // before the object is shared.
  enum class Kind : std::uint8_t { kPerson, kToken };
  using Room = std::function<Status(TenantId tenant, Kind kind, std::size_t have)>;
  virtual void ask_for_room(Room room) = 0;

  // --- sessions ---
  // Always a new session id, whatever the browser had. Errors: kSignInFailed (the same for an
  // unknown address and a wrong password), kTooManyAttempts, kSignInBusy. On a full disk it works:
  // the session then ends with the process, and the audit entry is written when there is room.
  // Slow. Who has a second factor: kFactorRequired, see begin_sign_in().
  virtual Result<NewSession> sign_in(const SignInRequest& request) = 0;
  // How long until sign_in() looks at a password of this pair again; 0 if at once. Quick.
  virtual Nanoseconds sign_in_delay(std::string_view email, std::string_view address) const = 0;

  // The session of a cookie. `touch` counts this as use, which starts the idle time anew; ask
  // without it for what runs by itself (an open WebSocket). Role, name and removal of the user take
  // effect at the next call. Errors: kNotSignedIn. Quick.
  enum class Use : std::uint8_t { kTouch, kLook };
  virtual Result<Session> find_session(std::string_view cookie, Use use = Use::kTouch) = 0;
  // Is `csrf_token` the one of the session with this cookie? Constant time. Errors: kCsrfRefused.
  // Does not look whether the session exists: ask find_session first. Quick.
  virtual Status check_csrf(std::string_view cookie, std::string_view csrf_token) const = 0;
  // Ends the session at once, also when the disk then refuses to note it. No session: success.
  // Blocks.
  virtual Status sign_out(std::string_view cookie) = 0;
  // Ends every session of a user of the principal's organisation: one's own, or with user.manage.
  // Errors: kDenied, kNotFound. Blocks.
  virtual Status sign_out_everywhere(const Principal& actor, UserId user) = 0;

  // --- tokens of programs ---
  // The principal of "lsh_..." (without "Bearer "). Errors: kNotSignedIn. Quick.
  virtual Result<Principal> find_token(std::string_view secret) = 0;
  // The same for who has proved otherwise to be the holder of a token: by a certificate that is
  // bound to it. Errors: kNotSignedIn. Quick.
  virtual Result<Principal> find_token(TokenId token) = 0;
  // Errors: kDenied (token.manage; nothing that one lacks), kInvalidArgument,
  // kConflict (kTokensPerTenantMax reached). Blocks.
  virtual Result<NewToken> create_token(const Principal& actor, const TokenRequest& request) = 0;
  // Errors: kDenied (user.read).
  virtual Result<std::vector<Token>> list_tokens(const Principal& actor) const = 0;  // quick
  // Works at once. Errors: kDenied (token.manage), kNotFound. Blocks.
  virtual Status revoke_token(const Principal& actor, TokenId token) = 0;

  // --- people --- (user.manage; nobody gives themselves what they lack)
  // With user.read.
  virtual Result<std::vector<User>> list_users(const Principal& actor) const = 0;  // quick
  // Is there such a person? Asks for no permission: for callers that have asked for theirs. Quick.
  virtual bool has_user(TenantId tenant, UserId user) const = 0;
  // Errors: kDenied, kInvalidArgument, kPasswordRefused, kConflict (the address is taken),
  // kSignInBusy. Slow.
  virtual Result<User> create_user(const Principal& actor, const NewUser& user) = 0;
  // Errors: kDenied, kNotFound, kInvalidArgument, kLastAdministrator. Blocks.
  virtual Result<User> update_user(const Principal& actor, UserId user,
                                   const UserChange& change) = 0;
  // Ends the sessions of the user. Tokens belong to the organisation and stay. Errors: kDenied,
  // kNotFound, kLastAdministrator. Blocks.
  virtual Status remove_user(const Principal& actor, UserId user) = 0;
  // Sets the password of another person and ends all sessions of that person. Errors: kDenied,
  // kNotFound, kPasswordRefused, kSignInBusy. Slow.
  virtual Status set_password(const Principal& actor, UserId user, std::string_view password) = 0;
  // Changes one's own password and ends all of one's other sessions. Wrong old passwords count as
  // failed sign-ins. Errors: kNotSignedIn, kSignInFailed, kTooManyAttempts, kPasswordRefused,
  // kSignInBusy. Slow.
  virtual Status change_password(std::string_view cookie, std::string_view old_password,
                                 std::string_view new_password, std::string_view address) = 0;

  // --- audit trail ---
  // Success: the entry is on disk. Sign-ins, claims, users and tokens are entered by Identity
  // itself; callers enter what they do (connections, tags, writes, imports). Too long texts are
  // cut. Never put a secret into it. Errors: only the general ones; then do not do what was to be
  // entered. Blocks.
  virtual Status append_audit(const Principal& actor, std::string_view action,
                              std::string_view object, std::string_view detail) = 0;
  // Errors: kDenied (audit.read), kInvalidArgument (limit above 1000). Blocks.
  virtual Result<AuditPage> list_audit(const Principal& actor, std::uint64_t offset,
                                       std::uint64_t limit) = 0;
  // Everything else that can be asked of the trail: search, export, proof.
  virtual AuditTrail& trail() = 0;

  // Writes what waits in memory (time of last use, entries that found no room) and forgets expired
  // sessions. Call it about once a minute and before the end. Blocks.
  virtual Status maintain() = 0;

  // --- rights --- (user.read for what shows them, user.manage for what changes them)
  // Errors: kDenied, kNotFound, kInvalidArgument, kConflict (duties that must not lie in one hand),
  // kLastAdministrator. Blocks.
  virtual Result<GrantsAnswer> set_grants(const Principal& actor, UserId user,
                                          std::vector<Grant> grants) = 0;
  virtual Result<RightsPolicy> rights_policy(const Principal& actor) const = 0;  // quick
  // Errors: kConflict: nobody would be left to do what it asks for. Blocks.
  virtual Result<PolicyAnswer> set_rights_policy(const Principal& actor,
                                                 const RightsPolicy& policy) = 0;
  // Oldest first. Quick.
  virtual Result<std::vector<RightsRequest>> list_rights_requests(const Principal& actor) const = 0;
  // By a person who neither asked for it nor gets it. Errors: kNotFound, kConflict (the same hand;
  // what was asked for cannot be done any more: drop it). Blocks.
  virtual Status approve_rights(const Principal& actor, std::uint64_t request) = 0;
  virtual Status drop_rights(const Principal& actor, std::uint64_t request) = 0;
  // Of one person, or of everybody in the organisation, by address. Errors: kNotFound. Quick.
  virtual Result<std::vector<Explanation>> explain_access(const Principal& actor,
                                                          std::optional<UserId> user,
                                                          Permission what,
                                                          std::string_view path) const = 0;
  // Has grown when anybody's rights have changed: whoever keeps a decision then asks again. Asks
  // for no permission. Quick.
  virtual std::uint64_t access_changes() const = 0;

  // --- people by other doors than the API ---
  // Who that is, without a session: for protocols that know people but no cookies. Every session of
  // such a protocol asks anew. Who has a second factor, or owes one, cannot come in by such a door.
  // Errors: as sign_in, kFactorMissing. Slow.
  virtual Result<Principal> verify_person(const SignInRequest& request) = 0;
  // The person of that address with the role of this moment; nothing if there is none. Quick.
  virtual std::optional<Principal> find_person(std::string_view email) const = 0;

  // --- signing in with a second factor ---
  // As sign_in() for who has none; else what the second step needs, for kPendingLifetime and
  // kFactorTries. Slow.
  using SignInStep = std::variant<NewSession, PendingSignIn>;
  virtual Result<SignInStep> begin_sign_in(const SignInRequest& request) = 0;
  // The second step. Wrong answers are limited like passwords, per account. Errors: kPendingOver,
  // kFactorRefused, kPasskeyRefused, kTooManyAttempts. Blocks.
  virtual Result<NewSession> finish_sign_in(std::string_view pending,
                                            const FactorAnswer& answer) = 0;
  // Without a password: a passkey that knows whose it is and checks who uses it. Quick.
  virtual Result<PasskeyChallenge> begin_passkey_sign_in(const SignInRequest& request) = 0;
  // Errors: kPendingOver, kPasskeyRefused. Blocks.
  virtual Result<NewSession> finish_passkey_sign_in(std::string_view pending,
                                                    const PasskeyAnswer& answer) = 0;

  // Signing in with the account of an outside identity provider.
  virtual Providers& providers() = 0;

  // --- one's own account --- What changes how one signs in needs a session younger than
  // kFreshSession, or its password again (kPasswordNeeded; then slow). Where a session began by an
  // identity provider, what counts is when the person signed in there. Errors of all: kNotSignedIn.
  virtual Status show_password(std::string_view cookie, std::string_view password,
                               std::string_view address) = 0;
  virtual Result<std::vector<Factor>> own_factors(std::string_view cookie) const = 0;  // quick
  virtual std::size_t recovery_codes_left(UserId user) const = 0;                      // quick
  // Requires of the next three calls: show_password() succeeded for this request.
  virtual Result<TotpEnrolment> begin_totp(std::string_view cookie) = 0;  // quick
  virtual Result<PasskeyChallenge> begin_passkey(std::string_view cookie,
                                                 const PasskeyScope& scope) = 0;  // quick
  // Old codes are void. Errors: kConflict without a factor. Blocks.
  virtual Result<std::vector<std::string>> renew_recovery_codes(std::string_view cookie) = 0;
  // Errors: kPendingOver, kFactorRefused, kPasskeyRefused, kConflict (too many), kInvalidArgument
  // (the name). All other sessions of the person end. Block.
  virtual Result<Enrolled> confirm_totp(std::string_view cookie, std::string_view enrolment,
                                        std::string_view code, std::string_view name) = 0;
  virtual Result<Enrolled> confirm_passkey(std::string_view cookie, std::string_view pending,
                                           const PasskeyAnswer& answer, std::string_view name) = 0;
  // The last one takes the recovery codes along. Errors: kNotFound; kConflict: the rule demands one
  // and it is the last. Requires: as begin_totp. Blocks.
  virtual Status remove_factor(std::string_view cookie, FactorId factor) = 0;
  virtual Status rename_self(std::string_view cookie, std::string_view name) = 0;  // blocks

  // --- sessions of one's own, and of others (user.read to see them, user.manage to end them) ---
  // `cookie` says which one is own.
  virtual Result<std::vector<OpenSession>> list_sessions(const Principal& actor, UserId user,
                                                         std::string_view cookie) const = 0;
  // Errors: kNotFound. Blocks.
  virtual Status end_session(const Principal& actor, UserId user, std::string_view session) = 0;
  // All of one's own but this one. Blocks.
  virtual Status end_other_sessions(std::string_view cookie) = 0;

  // --- factors of others (user.manage) ---
  // With user.read.
  virtual Result<std::vector<std::pair<UserId, FactorStanding>>> factor_standings(
      const Principal& actor) const = 0;  // quick
  // Takes all factors and recovery codes of another person away, and ends their sessions; they are
  // told at their next sign-in. Errors: kDenied (oneself, somebody with more rights), kNotFound.
  // Blocks.
  virtual Status reset_factors(const Principal& actor, UserId user) = 0;
  virtual FactorRule factor_rule(TenantId tenant) const = 0;  // quick
  // Seals the secrets of codes, and those of clients of identity providers, that are in the clear
  // or under former keys. Blocks.
  virtual Status seal_stale_factors() = 0;
  // Errors: kDenied; kFactorMissing: who demands one must have one. Blocks.
  virtual Status set_factor_rule(const Principal& actor, FactorRule rule) = 0;

  // --- invitations (user.manage) ---
  // Errors: kDenied, kInvalidArgument, kConflict (has an account, too many). In the place of one
  // that the address had. Blocks.
  virtual Result<NewInvitation> invite(const Principal& actor,
                                       const InvitationRequest& request) = 0;
  // With user.read; without the secrets. Blocks.
  virtual Result<std::vector<Invitation>> list_invitations(const Principal& actor) = 0;
  virtual Status revoke_invitation(const Principal& actor, InvitationId invitation) = 0;
  // What the invited is shown. Errors: kInvitationRefused. Blocks.
  virtual Result<std::pair<Invitation, Organisation>> look_at_invitation(
      std::string_view secret) = 0;
  // Makes the person and signs them in; the invitation is used up. A refused password leaves it.
  // Who then owes a second factor may do nothing before. Errors: kInvitationRefused,
  // kInvalidArgument, kPasswordRefused, kConflict, kSignInBusy. Slow.
  virtual Result<NewSession> accept_invitation(const AcceptRequest& request) = 0;

  // --- the way back in for who lost everything ---
  // Of a person with user.manage: a code like that of the claim, good once, for
  // kRecoveryCodeLifetime by the wall clock and ten tries, over restarts. For the terminal of who
  // can read the data directory anyway. Errors: kNotFound. Blocks.
  virtual Result<std::string> issue_recovery(std::string_view email) = 0;
  // Sets a new password, takes factors and recovery codes away, ends all sessions and begins a new
  // one, which must enrol before anything else where a factor is demanded.
  // Errors: kRecoveryRefused, kPasswordRefused, kTooManyAttempts, kSignInBusy. Slow.
  virtual Result<NewSession> recover(const RecoverRequest& request) = 0;
};

}  // namespace lineshaft::identity
