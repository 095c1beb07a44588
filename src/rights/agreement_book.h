// rights/agreement_book.h: agreements with their versions, approvals and signatures, and the
// consent to changes of shares, kept in tables of records.db.
//
// A version is never changed. It is approved and signed while it is the newest; when every side has
// signed, it is in force and takes the place of the one before. Who is a side of the version in
// force signs the next one too, also if it is no longer a side of it: nobody is left out behind its
// back.
//
// Threads: any; calls wait for each other. Every call blocks for the disk.
// Errors of every call besides those named: as records::Statement::step.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rights/agreement.h"
#include "rights/register.h"
#include "rights/signing_key.h"

namespace lineshaft::rights {

struct AgreementApproval {
  std::string party;
  Timestamp time;
  std::string by;
};

struct AgreementSignature {
  std::string party;
  Timestamp time;
  std::string by;
  PublicKey key;
  Signature signature{};
};

struct KeptAgreement {
  Agreement agreement;
  std::string text;                            // exactly what is signed
  std::string digest;                          // SHA-256 of it, in hexadecimal digits
  std::vector<std::string> signers;            // who must approve and sign, in order
  std::vector<AgreementApproval> approvals;    // in order of time
  std::vector<AgreementSignature> signatures;  // in order of time
  Timestamp made;
  std::string made_by;
  std::optional<Timestamp> in_force;  // since the last signature
  bool is_newest = false;
  bool is_current = false;  // the newest that is in force
};

struct Consent {
  std::string party;
  Timestamp time;
  std::string by;
};

// Other shares of a result, to which the sides of an agreement consent before the register takes
// them.
struct ShareChange {
  std::int64_t sequence = 0;  // from 1 in its agreement
  std::string agreement;
  std::string asset;
  Day from;
  std::vector<Share> shares;  // in order of party
  std::string digest;         // of share_change_text
  Timestamp proposed;
  std::string proposed_by;
  std::vector<Consent> consents;     // in order of time
  std::vector<std::string> missing;  // whose consent is still needed; none: it may be entered
};

class AgreementBook {
 public:
  // Takes the database for itself; the register and the clock must outlive the book.
  // Errors: as Database::migrate.
  static Result<std::unique_ptr<AgreementBook>> open(std::unique_ptr<records::Database> database,
                                                     Register& parties, sys::Clock& clock);

  // The newest version of each that the view shows, in order of id; `project` "" for all. A party
  // sees the versions of which it is a side.
  Result<std::vector<KeptAgreement>> list(const View& view, std::string_view project);
  // All versions that the view shows, oldest first. kNotFound also if there is none.
  Result<std::vector<KeptAgreement>> versions(const View& view, std::string_view id);
  // Version 0: the newest. Errors: kNotFound.
  Result<KeptAgreement> get(const View& view, std::string_view id, std::int64_t version);

  // Keeps the next version after agreement.version (0: the first). A party drafts for projects that
  // it has accepted, and the next version of what it signs. Errors: of check_agreement; kNotFound:
  // no such project, party or agreement; kDenied: the party has not accepted the project;
  // kConflict: the id is taken, another version is there, or a side is not in the project.
  Result<KeptAgreement> put(const View& view, Agreement agreement, std::string_view by);

  // The word of `party` for the text with `digest`, which must be that of the newest version.
  // Errors: kNotFound; kDenied: no side; kConflict: another text by now, or the party has not
  // accepted the project.
  Result<KeptAgreement> approve(TenantId tenant, std::string_view id, std::string_view party,
                                std::string_view digest, std::string_view by);

  // Takes a signature of signed_message(party, text). With the last one the version is in force.
  // Errors: as approve; kConflict: somebody has not approved yet, named; kInvalidArgument: the
  // signature is not one of this text by this key.
  Result<KeptAgreement> sign(TenantId tenant, std::string_view id, std::string_view party,
                             const PublicKey& key, const Signature& signature, std::string_view by);

  // --- changes of shares ---
  // Errors: kNotFound; kConflict: no version is in force, the asset is no result of its project, or
  // the same change was proposed before; kInvalidArgument naming the share.
  Result<ShareChange> propose(const View& view, ShareChange change, std::string_view by);
  Result<std::vector<ShareChange>> share_changes(const View& view, std::string_view id);
  // Errors: kNotFound; kDenied: no side of the version in force.
  Result<ShareChange> consent(TenantId tenant, std::string_view id, std::int64_t sequence,
                              std::string_view party, std::string_view digest, std::string_view by);

 private:
  AgreementBook(std::unique_ptr<records::Database> database, Register& parties, sys::Clock& clock)
      : database_(std::move(database)), register_(parties), clock_(clock) {}

  Status check_parties(TenantId tenant, Agreement& agreement);
  // mutex_ held:
  Result<KeptAgreement> approved_by(TenantId tenant, std::string_view id, std::string_view party,
                                    std::string_view digest);
  Status write(TenantId tenant, Agreement& agreement, std::string_view by);
  Status check_project(const View& view, const Agreement& agreement);
  Result<ShareChange> read_change(TenantId tenant, std::string_view id, std::int64_t sequence);

  std::mutex mutex_;  // never held while the register is called, which reads these tables itself
  std::unique_ptr<records::Database> database_;  // guarded by mutex_
  Register& register_;
  sys::Clock& clock_;
};

}  // namespace lineshaft::rights
