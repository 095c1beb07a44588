// identity/service.h: the implementation of Identity; a .cpp per group of calls.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "identity/audit_log.h"
#include "identity/audit_trail.h"
#include "identity/hash_gate.h"
#include "identity/identity.h"
#include "identity/state.h"

namespace lineshaft::identity {

class Service final : public Identity {
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

  // --- any lock state ---
  Status write_waiting();
  std::string new_secret();
  AuditRow audit_row(const Principal& actor, std::string_view action, std::string object,
                     std::string detail, std::string before = "", std::string after = "") const;
  Result<std::string> hash_at_gate(std::string_view password);
  Result<bool> verify_at_gate(const std::string& hash, std::string_view password);

  Status check_room_for_user(TenantId tenant) const;   // locks by itself
  Status check_room_for_token(TenantId tenant) const;  // locks by itself
  DraftSession draft_session(UserId user, std::string cookie);
  // May `actor` give a new person, or a new token, such rights alone? rights_changes.cpp
  Status check_new_user(const Principal& actor, const Access& access) const;   // locks by itself
  Status check_new_token(const Principal& actor, const Access& access) const;  // locks by itself
  Access access_in(TenantId tenant, const Access& access) const;               // locks by itself
  void keep_user(const User& user);                                            // locks by itself

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
  Status open_audit();
  Status delete_sessions(const std::vector<Digest>& digests);
  Status put_draft(const DraftSession& draft);
  Status check_code(const Digest& typed);
  Status check_unchanged(const std::string& account, const Credential& credential);
  Result<NewSession> start_session(const Credential& credential, const SignInRequest& request);
  Result<User> change_user(const Principal& actor, UserId id, const UserChange& change);
  Status write_unwritten(const Unwritten& unwritten);
  // rights_changes.cpp
  Result<RightsRequest> wait_for_second(const Principal& actor, RightsRequest request);
  Status apply_policy(const Principal& actor, const RightsPolicy& policy,
                      const std::string& detail);

  // --- state_mutex_ held ---
  Session session_of(std::string_view cookie, const User& user) const;
  bool expired(const LiveSession& session) const;
  bool expired(const LiveToken& token) const;
  Result<User> user_of(const Principal& actor, UserId user) const;
  std::vector<Digest> sessions_of(UserId user, const Digest* except = nullptr) const;
  std::vector<Digest> surplus_sessions_of(UserId user) const;
  void end_sessions(const std::vector<Digest>& digests);
  Unwritten collect_unwritten();
  // rights_changes.cpp
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
  Status admit(const std::string& account, std::string_view address);
  void note_refused_claim(const std::string& address);
  void note_refusal(const std::string& account, std::string_view address, std::string_view why);

  sys::Clock& clock_;
  HashGate gate_;
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
Principal principal_of(const User& user);

}  // namespace lineshaft::identity
