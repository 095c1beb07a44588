#include "identity/audit_log.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/utf8.h"

namespace lineshaft::identity {
namespace {

std::string cut(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return std::string(text);
  constexpr std::string_view kMark = "...";
  return std::string(utf8_prefix(text, bytes_max - kMark.size())) + std::string(kMark);
}

}  // namespace

bool is_disk_trouble(const Error& error) {
  return error.id == ErrorId::kDiskFull || error.id == ErrorId::kIoError ||
         error.id == ErrorId::kStorePoisoned;
}

Status AuditLog::write(const AuditRow& row) {
  return database_.run(
      "INSERT INTO audit (tenant, time, actor, action, object, detail) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
      std::int64_t{row.tenant.value}, row.time, cut(row.actor, kActorBytesMax),
      cut(row.action, kActionBytesMax), cut(row.object, kObjectBytesMax),
      cut(row.detail, kDetailBytesMax));
}

Status AuditLog::write_all_waiting() {
  for (const AuditRow& row : waiting_) {
    if (Status written = write(row); !written) return written;
  }
  if (lost_ == 0) return {};
  const AuditRow& last = waiting_.back();
  return write({last.tenant, last.time, "server", "audit.lose", "",
                std::to_string(lost_) + " entries found no room on the disk"});
}

Status AuditLog::append(const AuditRow& row) {
  Result<records::Transaction> transaction = database_.begin();
  if (!transaction) return std::move(transaction).error();
  if (Status written = write_all_waiting(); !written) return written;
  if (Status written = write(row); !written) return written;
  if (Status kept = transaction->commit(); !kept) return kept;
  waiting_.clear();
  lost_ = 0;
  return {};
}

Status AuditLog::append_or_wait(AuditRow row) {
  Status appended = append(row);
  if (appended || !is_disk_trouble(appended.error())) return appended;
  wait(std::move(row));
  return {};
}

void AuditLog::wait(AuditRow row) {
  if (waiting_.empty()) log_warn("identity", "audit entries wait in memory for the disk");
  if (waiting_.size() == kWaitingMax) {
    ++lost_;
    return;
  }
  waiting_.push_back(std::move(row));
}

Status AuditLog::append_refusal(AuditRow row, Nanoseconds now) {
  if (now - minute_began_ >= std::chrono::minutes(1)) {
    minute_began_ = now;
    refusals_in_minute_ = 0;
  }
  if (refusals_in_minute_ == kRefusalsPerMinute) {
    ++refusals_unlisted_;
    return {};
  }
  ++refusals_in_minute_;
  if (refusals_unlisted_ > 0) {
    row.detail += "; " + std::to_string(refusals_unlisted_) + " more before it are not listed";
    refusals_unlisted_ = 0;
  }
  return append_or_wait(std::move(row));
}

Status AuditLog::write_waiting() {
  if (waiting_.empty()) return {};
  Result<records::Transaction> transaction = database_.begin();
  if (!transaction) return std::move(transaction).error();
  if (Status written = write_all_waiting(); !written) return written;
  if (Status kept = transaction->commit(); !kept) return kept;
  waiting_.clear();
  lost_ = 0;
  return {};
}

Result<AuditPage> AuditLog::list(TenantId tenant, std::uint64_t offset, std::uint64_t limit) {
  const std::int64_t owner = tenant.value;
  Result<records::Statement> count =
      database_.prepare("SELECT count(*) FROM audit WHERE tenant = ?1");
  if (!count) return std::move(count).error();
  count->bind(owner);
  if (Result<bool> row = count->step(); !row) return std::move(row).error();
  AuditPage page;
  page.total = static_cast<std::uint64_t>(count->int64(0));

  Result<records::Statement> select = database_.prepare(
      "SELECT id, time, actor, action, object, detail FROM audit WHERE tenant = ?1 "
      "ORDER BY id DESC LIMIT ?2 OFFSET ?3");
  if (!select) return std::move(select).error();
  // An offset beyond what the database can count is beyond the end as well.
  const std::uint64_t within = std::min(offset, page.total);
  select->bind(owner, static_cast<std::int64_t>(limit), static_cast<std::int64_t>(within));
  for (;;) {
    Result<bool> row = select->step();
    if (!row) return std::move(row).error();
    if (!*row) return page;
    page.entries.push_back({.id = static_cast<std::uint64_t>(select->int64(0)),
                            .time = Timestamp{select->int64(1)},
                            .actor = std::string(select->text(2)),
                            .action = std::string(select->text(3)),
                            .object = std::string(select->text(4)),
                            .detail = std::string(select->text(5))});
  }
}

}  // namespace lineshaft::identity
