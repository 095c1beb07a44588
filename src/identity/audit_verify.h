// identity/audit_verify.h: finds the first entry of the trail that is not what was sealed: edited,
// missing, added, moved, cut off, or written anew by somebody who had the key.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "identity/audit.h"
#include "identity/audit_kept.h"
#include "identity/audit_seals.h"
#include "records/database.h"

namespace lineshaft::identity {

// One pass over the records, in steps, so that others may go on writing between them. The database
// must outlive it. One thread.
class AuditVerifier {
 public:
  AuditVerifier(records::Database& database, std::vector<ledger::NoteKey> keys, AuditKept kept);

  // Checks up to `count` more entries; fewer at the end of what there is, where it can go on later.
  // Errors: kVerificationFailed: "entry 17 ...", or "one of the entries 5 to 9 ..." when only
  // checkpoints say so; of reading. After an error do not go on.
  Result<std::uint64_t> step(std::uint64_t count);
  // That nothing is missing at the end of what is there now. Errors: kVerificationFailed.
  Status finish();

  std::uint64_t checked() const { return peaks_.size(); }
  std::uint64_t removed() const { return removed_; }
  ledger::Sha256 root() const { return peaks_.root(); }

 private:
  Status take(std::uint64_t id, const AuditEntry* entry, const Seal* seal);
  Status check_kept(std::uint64_t id, const std::vector<ledger::Sha256>& made);

  records::Database& database_;
  const std::vector<ledger::NoteKey> keys_;
  const AuditKept kept_;
  ledger::Peaks peaks_;
  std::uint64_t good_mark_ = 0;  // the largest checkpoint that was reached and right
  std::uint64_t removed_ = 0;
  bool began_ = false;
};

// The whole trail of a data directory whose server does not run.
struct AuditVerified {
  std::uint64_t entries = 0;
  std::uint64_t removed_through = 0;
  std::string root;
  std::string key;
};
// The checkpoint and the witnesses' beside the records are added to `kept`.
// Errors: kVerificationFailed, naming the first bad entry; kFileMissing, kIoError.
Result<AuditVerified> verify_audit_directory(sys::FileSystem& files, const std::string& data,
                                             AuditKept kept);
// What stands beside the records. Errors: kVerificationFailed, kIoError.
Result<std::vector<AuditKept::Mark>> marks_beside(sys::FileSystem& files,
                                                  const std::string& directory,
                                                  const std::vector<ledger::NoteKey>& keys);

}  // namespace lineshaft::identity
