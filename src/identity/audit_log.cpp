#include "identity/audit_log.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/log.h"
#include "base/utf8.h"
#include "identity/audit_entry.h"
#include "identity/audit_rows.h"

namespace lineshaft::identity {
namespace {

// Entries that the server makes for itself are listed with the organisation that claimed it.
constexpr TenantId kServerTenant{1};

// What is no text is kept as well as it goes: as nothing but its ASCII.
std::string as_utf8(std::string_view text) {
  std::string clean(text);
  if (is_utf8(text)) return clean;
  for (char& c : clean) {
    if (static_cast<unsigned char>(c) >= 0x80) c = '?';
  }
  return clean;
}

std::string cut(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return as_utf8(text);
  constexpr std::string_view kMark = "...";
  return as_utf8(utf8_prefix(text, bytes_max - kMark.size())) + std::string(kMark);
}

}  // namespace

bool is_disk_trouble(const Error& error) {
  return error.id == ErrorId::kDiskFull || error.id == ErrorId::kIoError ||
         error.id == ErrorId::kStorePoisoned;
}

Status AuditLog::open(sys::FileSystem& files, sys::Random& random, Timestamp now) {
  if (Status ready = migrate_audit(database_); !ready) return ready;
  const std::size_t slash = database_.path().rfind('/');
  directory_ = slash == std::string::npos
                   ? kAuditDirectory
                   : sys::join_path(database_.path().substr(0, slash), kAuditDirectory);
  Result<AuditKeys> keys = AuditKeys::open(files, directory_, random);
  if (!keys) return std::move(keys).error();
  const bool replaced = keys->replaced;
  seals_.emplace(database_, *std::move(keys));
  if (Status sealed = seal_old(); !sealed) return sealed;
  if (replaced) {
    if (Status noted = note_new_key(now); !noted) return noted;
  }
  return check_checkpoint(files);
}

// Entries of before there were seals get them in one step; else there is nothing to seal: an entry
// and its seal come together, so one without is not ours.
Status AuditLog::seal_old() {
  Result<std::uint64_t> next = seals_->next_id();
  if (!next) return std::move(next).error();
  Result<std::uint64_t> last = last_entry_id(database_);
  if (!last) return std::move(last).error();
  if (*next > 1) {
    if (*last >= *next) {
      tell_trouble("entry " + std::to_string(*next) + " was added without a seal");
    } else if (*last + 1 < *next) {
      tell_trouble("entry " + std::to_string(*last + 1) + " is missing");
    }
    return {};
  }
  Result<records::Transaction> transaction = database_.begin();
  if (!transaction) return std::move(transaction).error();
  for (std::uint64_t id = 1; id <= *last;) {
    Result<std::vector<AuditEntry>> some = entries_behind(database_, id - 1, kAuditPageMax);
    if (!some) return std::move(some).error();
    for (const AuditEntry& entry : *some) {
      // A number that no entry has gets the hash of nothing.
      for (; id < entry.id; ++id) {
        if (Status ready = seal_next(id, ledger::leaf_hash({})); !ready) return ready;
      }
      if (Status ready = seal_next(id, entry_hash(entry)); !ready) return ready;
      ++id;
    }
  }
  return transaction->commit();
}

Status AuditLog::seal_next(std::uint64_t id, const ledger::Sha256& leaf) {
  Result<std::uint64_t> next = seals_->next_id();
  if (!next) return std::move(next).error();
  LS_ASSERT(*next == id);
  return seals_->seal(id, leaf);
}

Status AuditLog::note_new_key(Timestamp now) {
  const auto& known = seals_->keys().known;
  log_warn("identity", "the key of the audit trail was lost: a new one signs from now on");
  return append({.tenant = kServerTenant,
                 .time = now,
                 .actor = "server",
                 .action = "audit.key",
                 .object = known.back().text(),
                 .detail = "the key of before is lost: " + known[known.size() - 2].text(),
                 .actor_kind = "server",
                 .door = "server",
                 .result = "done"});
}

// What was signed must still be there: a table that was cut off opens well by itself.
Status AuditLog::check_checkpoint(sys::FileSystem& files) {
  const std::string path = sys::join_path(directory_, kAuditCheckpoint);
  const Result<Bytes> text = sys::read_file(files, path, ledger::kNoteBytesMax);
  if (!text) {
    if (text.error().id != ErrorId::kFileMissing) tell_trouble(text.error().text());
    return {};
  }
  const Result<ledger::SignedNote> note = ledger::parse_note(as_text(*text));
  std::optional<ledger::Checkpoint> kept;
  for (const ledger::NoteKey& key : seals_->keys().known) {
    if (!note) break;
    if (auto opened = ledger::open_checkpoint(*note, key)) kept = *opened;
  }
  if (!kept) {
    tell_trouble(path + " is damaged");
    return {};
  }
  Result<std::uint64_t> count = count_seals(database_);
  if (!count) return std::move(count).error();
  if (*count < kept->size) {
    tell_trouble("entry " + std::to_string(*count + 1) +
                 " is missing: the last checkpoint counts " + std::to_string(kept->size));
    return {};
  }
  const Result<ledger::Sha256> root = ledger::root_at(kept->size, seal_nodes(database_));
  if (!root || *root != kept->root) {
    tell_trouble("at least one of the entries 1 to " + std::to_string(kept->size) +
                 " is another than the one that was signed");
  }
  return {};
}

void AuditLog::tell_trouble(const std::string& what) {
  if (trouble_.empty()) log_error("identity", "the audit trail is not what was signed: " + what);
  if (trouble_.empty()) trouble_ = what;
}

Status AuditLog::write(const AuditRow& row) {
  Result<std::uint64_t> id = seals_->next_id();
  if (!id) return std::move(id).error();
  AuditEntry entry = row;
  entry.id = *id;
  entry.actor = cut(row.actor, kActorBytesMax);
  entry.action = cut(row.action, kActionBytesMax);
  entry.object = cut(row.object, kObjectBytesMax);
  entry.detail = cut(row.detail, kDetailBytesMax);
  entry.address = cut(row.address, kActionBytesMax);
  entry.request = cut(row.request, kActionBytesMax);
  entry.before = cut(row.before, kChangeBytesMax);
  entry.after = cut(row.after, kChangeBytesMax);
  if (entry.result.empty()) entry.result = result_word(AuditResult::kDone);
  if (Status inserted = insert_entry(database_, entry); !inserted) return inserted;
  return seals_->seal(entry.id, entry_hash(entry));
}

Status AuditLog::write_all_waiting() {
  for (const AuditRow& row : waiting_) {
    if (Status written = write(row); !written) return written;
  }
  if (lost_ == 0) return {};
  const AuditRow& last = waiting_.back();
  return write({.tenant = last.tenant,
                .time = last.time,
                .actor = "server",
                .action = "audit.lose",
                .object = "",
                .detail = std::to_string(lost_) + " entries found no room on the disk",
                .actor_kind = "server",
                .door = "server",
                .result = "failed"});
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
  if (row.result.empty()) row.result = result_word(AuditResult::kRefused);
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
  Result<std::uint64_t> total = count_entries(database_, tenant);
  if (!total) return std::move(total).error();
  AuditPage page{.entries = {}, .total = *total};
  const std::uint64_t within = std::min(offset, page.total);
  AuditSpan span;
  span.limit = within + limit;
  Result<std::vector<AuditEntry>> found = find_entries(database_, tenant, {}, span);
  if (!found) return std::move(found).error();
  const auto skipped = static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(within, found->size()));
  page.entries.assign(std::make_move_iterator(found->begin() + skipped),
                      std::make_move_iterator(found->end()));
  return page;
}

}  // namespace lineshaft::identity
