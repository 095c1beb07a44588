// identity/factor_store.h: the tables of second factors, of where sessions came from, and of
// invitations. As store.h: on the caller's connection, in the caller's transaction.
// Errors of every function: as records::Statement::step.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "identity/identity.h"
#include "identity/secrets.h"
#include "identity/totp.h"
#include "records/database.h"

namespace lineshaft::identity {

struct FactorRow {
  Factor factor;
  UserId user;
  Bytes secret;       // of one-time codes; in the table kTotpSecretBytes, or longer: sealed
  TotpDevice device;  // that shows them
  std::optional<TotpSeen> seen = std::nullopt;  // in memory only: see try_totp
  Bytes credential;                             // of a passkey, as the next two
  Bytes key;                                    // COSE_Key
  std::uint32_t sign_count = 0;
};

// What is kept of a person beside the factors.
struct FactorPerson {
  UserId user;
  Bytes handle;  // by which authenticators know the person; random, tells nothing
  std::optional<Timestamp> due;
  std::string notice;
};

struct SessionOrigin {
  Digest digest;
  std::string address;
  std::string agent;
  Strength strength = Strength::kPassword;
};

struct RecoveryGrant {
  Digest digest;
  Timestamp expires;
  int tries_left = 0;
};

Status migrate_factors(records::Database& database);

Result<std::vector<FactorRow>> load_factors(records::Database& database);
Result<std::vector<FactorPerson>> load_factor_people(records::Database& database);
Result<std::vector<std::pair<TenantId, FactorRule>>> load_factor_rules(records::Database& database);
Result<std::vector<SessionOrigin>> load_session_origins(records::Database& database);
// How many unused ones a person has.
Result<std::vector<std::pair<UserId, std::size_t>>> load_recovery_code_counts(
    records::Database& database);

// `row.factor.id` is ignored; the new one is returned. Errors: kConflict: the passkey is known.
Result<FactorId> insert_factor(records::Database& database, const FactorRow& row);
Status update_factor_secret(records::Database& database, const FactorRow& row);
Status update_factor_use(records::Database& database, const FactorRow& row);
Status delete_factor(records::Database& database, FactorId factor);
// And the recovery codes.
Status delete_factors_of(records::Database& database, UserId user);
Status put_factor_person(records::Database& database, const FactorPerson& person);
Status put_factor_rule(records::Database& database, TenantId tenant, FactorRule rule);

// In the place of those that the person had.
Status replace_recovery_codes(records::Database& database, UserId user,
                              const std::vector<Digest>& digests);
// Was it one of the person's, unused until now?
Result<bool> use_recovery_code(records::Database& database, UserId user, const Digest& digest,
                               Timestamp now);

Status put_session_origin(records::Database& database, const SessionOrigin& origin);

// `invitation.id` is ignored. In the place of one that the address had from the same organisation.
Result<InvitationId> insert_invitation(records::Database& database, const Invitation& invitation,
                                       UserId by, const Digest& digest);
Result<std::vector<Invitation>> load_invitations(records::Database& database, TenantId tenant);
Result<std::optional<Invitation>> find_invitation(records::Database& database,
                                                  const Digest& digest);
Status delete_invitation(records::Database& database, InvitationId invitation);
Status delete_invitations_by(records::Database& database, UserId user);

Status put_recovery_grant(records::Database& database, UserId user, const RecoveryGrant& grant);
Result<std::optional<RecoveryGrant>> find_recovery_grant(records::Database& database, UserId user);
Status delete_recovery_grant(records::Database& database, UserId user);

}  // namespace lineshaft::identity
