// identity/audit_log.h: who did what and when, in order, for ever; each entry sealed as it is
// written.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "identity/audit.h"
#include "identity/audit_seals.h"
#include "records/database.h"

namespace lineshaft::identity {

using AuditRow = AuditEntry;  // its id is given by the log

// A failure to reach the disk, which must not keep people from looking at what is wrong.
bool is_disk_trouble(const Error& error);

// Threads: the owner guards it together with the database. Errors: as records::Statement::step.
class AuditLog {
 public:
  static constexpr std::size_t kActorBytesMax = 320;
  static constexpr std::size_t kActionBytesMax = 64;
  static constexpr std::size_t kObjectBytesMax = 600;
  static constexpr std::size_t kDetailBytesMax = 4096;
  static constexpr std::size_t kChangeBytesMax = 8192;  // of `before`, of `after`
  static constexpr std::size_t kWaitingMax = 1'000;
  // More refused sign-ins than this in a minute are counted in the next row instead of written, so
  // that guessing passwords cannot fill the disk.
  static constexpr std::uint32_t kRefusalsPerMinute = 60;

  // `database` must outlive the log.
  explicit AuditLog(records::Database& database) : database_(database) {}

  // Brings the tables up to date, seals entries of before this version, and compares what is there
  // with the checkpoint that was kept beside the records. What is found wrong is told by trouble().
  // Call it once, before anything else. Cost: O(1); 40 us for each entry that was never sealed.
  Status open(sys::FileSystem& files, sys::Random& random, Timestamp now);

  // Adds one row in the caller's transaction. Texts too long are cut between characters.
  Status write(const AuditRow& row);

  // A transaction of its own, with the rows that wait. Success: all of them are on the disk.
  Status append(const AuditRow& row);
  // As append(), but when the disk fails the row waits in memory. Beyond kWaitingMax rows are
  // counted and the count is written in their place.
  Status append_or_wait(AuditRow row);
  void wait(AuditRow row);
  // append_or_wait() within kRefusalsPerMinute. `now`: monotonic clock.
  Status append_refusal(AuditRow row, Nanoseconds now);

  Status write_waiting();
  bool waiting() const { return !waiting_.empty(); }

  // What is wrong with the trail, naming the first bad entry; "" if nothing was found.
  const std::string& trouble() const { return trouble_; }
  void tell_trouble(const std::string& what);
  const AuditKeys& keys() const { return seals_->keys(); }
  const std::string& directory() const { return directory_; }

  // Newest first.
  Result<AuditPage> list(TenantId tenant, std::uint64_t offset, std::uint64_t limit);

 private:
  Status write_all_waiting();
  Status seal_old();
  Status seal_next(std::uint64_t id, const ledger::Sha256& leaf);
  Status note_new_key(Timestamp now);
  Status check_checkpoint(sys::FileSystem& files);

  records::Database& database_;
  std::string directory_;  // of keys, checkpoint, witnesses
  std::optional<AuditSeals> seals_;
  std::string trouble_;
  std::deque<AuditRow> waiting_;
  std::uint64_t lost_ = 0;
  Nanoseconds minute_began_{};
  std::uint32_t refusals_in_minute_ = 0;
  std::uint64_t refusals_unlisted_ = 0;
};

}  // namespace lineshaft::identity
