// identity/service.h: the implementation of Identity; a .cpp per group of calls.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "identity/audit_log.h"
#include "identity/audit_trail.h"
#include "identity/hash_gate.h"
#include "identity/id_token.h"
#include "identity/identity.h"
#include "identity/provider_client.h"
#include "identity/providers.h"
#include "identity/state.h"

namespace lineshaft::identity {

class Service final : public Identity, public Providers {
 public:
  Service(std::unique_ptr<records::Database> database, sys::Clock& clock, sys::Random& random,
          IdentityOptions options);
  // Reads the tables. Call it once, before anything else.
  Status load();

  // claim.cpp
  bool claimed() const override;
  std::optional<Organisation> first_organisation() const override;
  Result<std::string> issue_claim_code() override;
  Result<NewSession> claim(const ClaimRequest& request) override;

  // organisations.cpp
  std::vector<Organisation> organisations() const override;
  OrganisationSize size_of(TenantId tenant) const override;
  std::vector<std::uint64_t> people_of(TenantId tenant) const override;
  Result<MadeOrganisation> create_organisation(const Principal& actor,
                                               const NewOrganisation& request) override;
  Status suspend_organisation(const Principal& actor, TenantId tenant, bool suspended) override;
  Status set_leaving(const Principal& actor, std::optional<Timestamp> leaves) override;
  Status remove_organisation(const Principal& actor, TenantId tenant) override;
  void ask_for_room(Room room) override;

  // sign_in.cpp
  Result<NewSession> sign_in(const SignInRequest& request) override;
  Nanoseconds sign_in_delay(std::string_view email, std::string_view address) const override;
  Status change_password(std::string_view cookie, std::string_view old_password,
                         std::string_view new_password, std::string_view address) override;

  // sessions.cpp
  Result<Session> find_session(std::string_view cookie, Use use) override;
  Status check_csrf(std::string_view cookie, std::string_view csrf_token) const override;
  Status sign_out(std::string_view cookie) override;
  Status sign_out_everywhere(const Principal& actor, UserId user) override;

  // tokens.cpp
  Result<Principal> find_token(std::string_view secret) override;
  Result<Principal> find_token(TokenId token) override;
  Result<NewToken> create_token(const Principal& actor, const TokenRequest& request) override;
  Result<std::vector<Token>> list_tokens(const Principal& actor) const override;
  Status revoke_token(const Principal& actor, TokenId token) override;

  // people.cpp
  Result<std::vector<User>> list_users(const Principal& actor) const override;
  bool has_user(TenantId tenant, UserId user) const override;
  Result<User> create_user(const Principal& actor, const NewUser& user) override;
  Result<User> update_user(const Principal& actor, UserId user, const UserChange& change) override;
  Status remove_user(const Principal& actor, UserId user) override;
  Status set_password(const Principal& actor, UserId user, std::string_view password) override;

  // rights_changes.cpp
  Result<GrantsAnswer> set_grants(const Principal& actor, UserId user,
                                  std::vector<Grant> grants) override;
  Result<RightsPolicy> rights_policy(const Principal& actor) const override;
  Result<PolicyAnswer> set_rights_policy(const Principal& actor,
                                         const RightsPolicy& policy) override;
  Result<std::vector<RightsRequest>> list_rights_requests(const Principal& actor) const override;
  Status approve_rights(const Principal& actor, std::uint64_t request) override;
  Status drop_rights(const Principal& actor, std::uint64_t request) override;
  Result<std::vector<Explanation>> explain_access(const Principal& actor,
                                                  std::optional<UserId> user, Permission what,
                                                  std::string_view path) const override;
  std::uint64_t access_changes() const override { return access_changes_; }

  // service.cpp
  Status append_audit(const Principal& actor, std::string_view action, std::string_view object,
                      std::string_view detail) override;
  Result<AuditPage> list_audit(const Principal& actor, std::uint64_t offset,
                               std::uint64_t limit) override;
  AuditTrail& trail() override { return *trail_; }
  Status maintain() override;

  // sign_in.cpp
  Result<Principal> verify_person(const SignInRequest& request) override;
  std::optional<Principal> find_person(std::string_view email) const override;

  // second_step.cpp
  Result<SignInStep> begin_sign_in(const SignInRequest& request) override;
  Result<NewSession> finish_sign_in(std::string_view pending, const FactorAnswer& answer) override;
  Result<PasskeyChallenge> begin_passkey_sign_in(const SignInRequest& request) override;
  Result<NewSession> finish_passkey_sign_in(std::string_view pending,
                                            const PasskeyAnswer& answer) override;

  // enrolment.cpp
  Status show_password(std::string_view cookie, std::string_view password,
                       std::string_view address) override;
  Result<TotpEnrolment> begin_totp(std::string_view cookie) override;
  Result<PasskeyChallenge> begin_passkey(std::string_view cookie,
                                         const PasskeyScope& scope) override;
  Result<std::vector<std::string>> renew_recovery_codes(std::string_view cookie) override;
  Result<Enrolled> confirm_totp(std::string_view cookie, std::string_view enrolment,
                                std::string_view code, std::string_view name) override;
  Result<Enrolled> confirm_passkey(std::string_view cookie, std::string_view pending,
                                   const PasskeyAnswer& answer, std::string_view name) override;
  Status remove_factor(std::string_view cookie, FactorId factor) override;

  // standing.cpp
  Result<std::vector<Factor>> own_factors(std::string_view cookie) const override;
  std::size_t recovery_codes_left(UserId user) const override;
  Result<std::vector<std::pair<UserId, FactorStanding>>> factor_standings(
      const Principal& actor) const override;
  Status reset_factors(const Principal& actor, UserId user) override;
  FactorRule factor_rule(TenantId tenant) const override;
  Status seal_stale_factors() override;
  Status set_factor_rule(const Principal& actor, FactorRule rule) override;

  // open_sessions.cpp
  Status rename_self(std::string_view cookie, std::string_view name) override;
  Result<std::vector<OpenSession>> list_sessions(const Principal& actor, UserId user,
                                                 std::string_view cookie) const override;
  Status end_session(const Principal& actor, UserId user, std::string_view session) override;
  Status end_other_sessions(std::string_view cookie) override;

  // invitations.cpp
  Result<NewInvitation> invite(const Principal& actor, const InvitationRequest& request) override;
  Result<std::vector<Invitation>> list_invitations(const Principal& actor) override;
  Status revoke_invitation(const Principal& actor, InvitationId invitation) override;
  Result<std::pair<Invitation, Organisation>> look_at_invitation(std::string_view secret) override;
  Result<NewSession> accept_invitation(const AcceptRequest& request) override;

  // recovery.cpp
  Result<std::string> issue_recovery(std::string_view email) override;
  Result<NewSession> recover(const RecoverRequest& request) override;

  // providers.cpp
  Providers& providers() override { return *this; }
  Result<std::vector<Provider>> list_providers(const Principal& actor) override;
  Result<Provider> create_provider(const Principal& actor, const ProviderSettings& settings,
                                   std::string_view secret) override;
  Result<Provider> change_provider(const Principal& actor, ProviderId id,
                                   const ProviderSettings& settings,
                                   const std::optional<std::string>& secret) override;
  Status remove_provider(const Principal& actor, ProviderId id) override;
  Result<ProviderCheck> check_provider(const Principal& actor, ProviderId id) override;
  std::vector<ProviderButton> provider_buttons(std::string_view handle) const override;
  std::vector<ProviderButton> providers_of(TenantId tenant) const override;

  // provider_sign_in.cpp
  Result<ProviderAway> begin_provider(const ProviderBeginning& beginning) override;
  Result<ProviderArrival> finish_provider(const ProviderReturn& back) override;

  // provider_account.cpp
  Result<std::vector<ProviderLink>> own_links(std::string_view cookie) override;
  Status unlink_provider(std::string_view cookie, std::string_view issuer) override;

 private:
  // A session that is made but not yet anywhere.
  struct DraftSession {
    std::string cookie;
    Digest digest;
    LiveSession live;
  };
  struct Unwritten;  // what maintain() takes to the disk
  struct Approval {
    RightsRequest request;
    std::string asked_by;
    User user;  // as it is to be; id 0: the policy changes
  };
  // Somebody who is back from a provider, which has said who that is.
  struct Arrived {
    ProviderFlow flow;
    Provider provider;
    IdTokenClaims claims;
  };

  // --- any lock state ---
  Status write_waiting();
  std::string new_secret();
  AuditRow audit_row(const Principal& actor, std::string_view action, std::string object,
                     std::string detail, std::string before = "", std::string after = "") const;
  Result<std::string> hash_at_gate(std::string_view password);
  Result<bool> verify_at_gate(const std::string& hash, std::string_view password);

  Status check_room_for_user(TenantId tenant) const;   // locks by itself
  Status check_room_for_token(TenantId tenant) const;  // locks by itself
  // May `actor` give a new person, or a new token, such rights alone? rights_changes.cpp
  Status check_new_user(const Principal& actor, const Access& access) const;   // locks by itself
  Status check_new_token(const Principal& actor, const Access& access) const;  // locks by itself
  Access access_in(TenantId tenant, const Access& access) const;               // locks by itself
  void keep_user(const User& user);                                            // locks by itself
  DraftSession draft_session(UserId user, std::string cookie, const SignInRequest& from,
                             Strength strength);
  Bytes random_bytes(std::size_t count);
  std::string organisation_name(TenantId tenant) const;  // "" if there is none; locks by itself

  // --- database_mutex_ held ---
  // One transaction: what `change` does (a Status()), and the entry in the audit trail.
  template <typename Change>
  Status commit_with(const AuditRow& audit, Change change) {
    Result<records::Transaction> transaction = database_->begin();
    if (!transaction) return std::move(transaction).error();
    if (Status done = change(); !done) return done;
    if (Status done = audit_.write(audit); !done) return done;
    return transaction->commit();
  }
  Status change_organisation(const Principal& actor, std::string_view action,
                             const Organisation& changed);
  Status open_audit();
  Status delete_sessions(const std::vector<Digest>& digests);
  Status put_draft(const DraftSession& draft);
  Status check_code(const Digest& typed);
  Status check_unchanged(const std::string& account, const Credential& credential);
  // What is done in the transaction of a new session, and whether it must reach the disk.
  struct Beginning {
    UserId user;
    const SignInRequest& from;
    Strength strength = Strength::kPassword;
    std::string detail = {};               // for the audit trail, after the address
    std::function<Status()> change = {};   // may be none
    bool must_keep = false;                // a session in memory alone will not do
    std::vector<Digest> ends = {};         // further sessions that end with it
    ProviderId provider = {};              // that said who it is
    std::optional<Timestamp> proved = {};  // when the person signed in there, if it says so
    bool factor_at_once = false;           // a second factor that is owed is owed now
  };
  Result<NewSession> start_session(const Beginning& beginning);
  Result<NewSession> second_step_passed(const Pending& pending, Strength strength, FactorRow used);
  Result<NewSession> try_code(Pending pending, std::string_view code);
  Result<NewSession> try_recovery_code(Pending pending, std::string_view code);
  Result<NewSession> try_passkey(Pending pending, const PasskeyAnswer& answer);
  // A passkey's answer to a challenge, for a person; what to write of it. Notes a copied one.
  Result<FactorRow> check_passkey(const Pending& pending, const FactorRow& passkey,
                                  const PasskeyAnswer& answer, bool must_verify_user);
  Result<Enrolled> add_factor(const Session& session, std::string_view cookie, FactorRow row);
  Result<NewSession> finish_recovery(const RecoverRequest& request, UserId user,
                                     const std::string& hash);
  Status load_factor_tables();
  // providers.cpp
  Status load_provider_tables();
  Status seal_stale_providers();
  Result<ProviderRow> sealed_secret(Provider provider, std::string_view secret);
  Result<std::string> opened_secret(const ProviderRow& row) const;
  // provider_people.cpp: the person that an account of a provider belongs to, found, linked or
  // made; with the roles that the groups bring now.
  Result<User> person_of(const Arrived& arrived);
  Result<User> invited_of(const Arrived& arrived);
  Result<User> linked_by_address(const Arrived& arrived, const std::string& address);
  Result<User> make_person(const Arrived& arrived, User user, const Invitation* invitation);
  Result<User> with_groups(const Arrived& arrived, User user, ProviderLinkRow link);
  // provider_sign_in.cpp
  Result<ProviderArrival> let_in(const Arrived& arrived);
  Result<ProviderArrival> link_account(const Arrived& arrived, const ProviderReturn& back);
  Result<ProviderArrival> confirm_person(const Arrived& arrived, const ProviderReturn& back);
  // What the table holds of a row's secret; the row itself with nothing to seal or no seal.
  Result<FactorRow> sealed(const FactorRow& row, TenantId tenant);
  Result<User> change_user(const Principal& actor, UserId id, const UserChange& change);
  Status write_unwritten(const Unwritten& unwritten);
  // rights_changes.cpp
  Result<RightsRequest> wait_for_second(const Principal& actor, RightsRequest request);
  Status apply_policy(const Principal& actor, const RightsPolicy& policy,
                      const std::string& detail);

  // --- state_mutex_ held ---
  Result<Organisation> organisation_of(TenantId tenant) const;
  FactorState factor_state_of(const User& user) const;
  Principal principal_now(const User& user) const;  // with what a missing factor takes away
  bool factor_is_demanded(const User& user) const;
  const LiveFactors& factors_of(UserId user) const;
  // What factor_people will hold when `user` begins a session now; nothing if that is no news.
  // `shown`: a factor was, to somebody else than us.
  std::optional<FactorPerson> person_at_sign_in(const User& user, bool at_once,
                                                bool shown = false) const;
  PendingSignIn pending_of(const Pending& pending, std::string secret) const;
  Session session_of(std::string_view cookie, const User& user) const;
  bool expired(const LiveSession& session) const;
  bool is_fresh(const LiveSession& session) const;
  bool expired(const LiveToken& token) const;
  Principal use_of(LiveToken& token);
  Result<User> user_of(const Principal& actor, UserId user) const;
  std::vector<Digest> sessions_of(UserId user, const Digest* except = nullptr) const;
  std::vector<Digest> surplus_sessions_of(UserId user) const;
  void end_sessions(const std::vector<Digest>& digests);
  Unwritten collect_unwritten();
  // rights_changes.cpp
  // providers.cpp
  Result<LiveProvider> provider_of(const Principal& actor, ProviderId id) const;
  const LiveProvider* provider_by(std::string_view handle) const;  // null unless it is open
  std::optional<SessionProvider> session_provider(const LiveSession& session) const;
  Status check_provider_settings(const Principal& actor, const ProviderSettings* before,
                                 const ProviderSettings& after, ProviderId id) const;
  // provider_people.cpp: without what takes two people to give.
  std::vector<Grant> grants_of_one_hand(TenantId tenant, const Access& before,
                                        std::vector<Grant> mapped) const;
  bool two_persons_in(TenantId tenant) const;
  PermissionSet withheld_in(TenantId tenant) const;
  Status check_office(const User& user, const Access& after) const;
  Status check_gift(const Principal& actor, const User& user, const Access& after) const;
  Status check_change(const Principal& actor, const User& user, const Access& after) const;
  Status check_policy(TenantId tenant, const RightsPolicy& policy) const;
  Result<RightsRequest> request_of(const Principal& actor, std::uint64_t id) const;
  Result<Approval> approval_of(const Principal& actor, std::uint64_t id) const;

  // Checks a password of a known account under the limits on attempts: success, or kSignInFailed,
  // kTooManyAttempts, kSignInBusy. Locks by itself.
  Result<Credential> check_credential(const std::string& account, std::string_view password,
                                      std::string_view address);
  Status admit_factor(const std::string& account, std::string_view address);
  Result<Session> session_with(std::string_view cookie) const;  // without counting as use
  std::pair<std::vector<std::string>, std::vector<Digest>> make_recovery_codes(UserId user);
  Status admit(const std::string& account, std::string_view address);
  void note_refused_claim(const std::string& address);
  void note_refusal(const std::string& account, std::string_view address, std::string_view why);
  // provider_sign_in.cpp
  Result<Arrived> claims_of(ProviderFlow flow, const LiveProvider& live,
                            const ProviderReturn& back);
  Result<ProviderArrival> arrive(const Arrived& arrived, const ProviderReturn& back);
  Status admit_provider(const std::string& address);
  void note_provider_refusal(const Provider& provider, const std::string& address,
                             const std::string& why);

  sys::Clock& clock_;
  SecretSeal* seal_;
  sys::FileSystem& audit_files_;
  HashGate gate_;
  ProviderClient provider_client_;
  std::string nobody_hash_;  // what the password of an unknown account is compared with

  std::mutex random_mutex_;
  sys::Random& random_;  // guarded by random_mutex_

  // Order of locking: database_mutex_ before state_mutex_. The first is held while the disk works,
  // the second for microseconds. Whoever changes both holds the first throughout, so what is read
  // under it stays true until the change is made.
  std::mutex database_mutex_;
  std::unique_ptr<records::Database> database_;  // guarded by database_mutex_
  AuditLog audit_;                               // guarded by database_mutex_
  std::unique_ptr<Trail> trail_;                 // after load()

  mutable std::mutex state_mutex_;
  State state_;  // guarded by state_mutex_

  std::atomic<std::uint64_t> access_changes_ = 0;
};

// "ann@example.com", or the beginning of what was typed instead, in lower case.
std::string account_of(std::string_view email);
// What is kept of a recovery code: bound to its person. A fast hash is enough: nobody guesses
// 120 bits.
Digest recovery_code_digest(UserId user, std::string_view typed);
Principal principal_of(const User& user);
ProviderSource source_of_provider(const LiveProvider& live);

}  // namespace lineshaft::identity
