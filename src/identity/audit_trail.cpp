#include "identity/audit_trail.h"

#include <algorithm>

#include "base/log.h"
#include "identity/audit_entry.h"
#include "identity/audit_export.h"

namespace lineshaft::identity {
namespace {

// Looked through at once while others wait for the connection: tens of milliseconds.
constexpr std::uint64_t kVerifiedAtOnce = 1'000;
// In one call of maintain(): a few seconds of work.
constexpr std::uint64_t kVerifiedEach = 20'000;
constexpr Nanoseconds kVerifiedAnewEvery = std::chrono::hours(24);
constexpr std::uint64_t kExportedAtOnce = 500;
constexpr std::int64_t kMonthHours = 731;  // 365.25 days / 12, rounded up
constexpr std::string_view kKeepMonths = "keep_months";

Status may_manage(const Principal& actor) { return authorise(actor, Permission::kAuditManage); }

AuditRow row_of(const Principal& actor, const AuditEvent& event, Timestamp now) {
  return {.tenant = actor.tenant,
          .time = now,
          .actor = actor.name,
          .action = event.action,
          .object = event.object,
          .detail = event.detail,
          .actor_kind = std::string(kind_word(actor)),
          .actor_id = actor.id,
          .door = std::string(door_word(actor.origin.door)),
          .address = actor.origin.address,
          .request = actor.origin.request,
          .before = event.before,
          .after = event.after,
          .result = std::string(result_word(event.result))};
}

}  // namespace

// An export under way.
struct Export {
  TenantId tenant;
  AuditFilter filter;
  std::uint64_t size = 0;
  std::uint64_t after = 0;
  std::string key;
  ledger::SignedNote note;
  std::optional<AuditExportWriter> writer;
  bool ended = false;
};

Trail::Trail(Writer writer, std::unique_ptr<records::Database> reading, sys::FileSystem& files,
             sys::Clock& clock)
    : writer_(writer),
      files_(files),
      clock_(clock),
      witnesses_(files, sys::join_path(writer.log.directory(), kAuditWitnesses)),
      reading_(std::move(reading)) {}

Status Trail::append(const Principal& actor, const AuditEvent& event) {
  const std::lock_guard lock(writer_.mutex);
  return writer_.log.append(row_of(actor, event, clock_.now()));
}

Status Trail::append_refusal(const Principal& actor, const AuditEvent& event) {
  const std::lock_guard lock(writer_.mutex);
  return writer_.log.append_refusal(row_of(actor, event, clock_.now()), clock_.monotonic());
}

Result<std::vector<AuditEntry>> Trail::find(TenantId tenant, const AuditFilter& filter,
                                            const AuditSpan& span) {
  const std::lock_guard lock(reading_mutex_);
  return find_entries(*reading_, tenant, filter, span);
}

Result<std::vector<AuditEntry>> Trail::search(const Principal& actor, const AuditFilter& filter,
                                              std::uint64_t before, std::uint64_t limit) {
  if (Status may = authorise(actor, Permission::kAuditRead); !may) return std::move(may).error();
  if (limit > kAuditPageMax) {
    return Error{ErrorId::kInvalidArgument, "limit: at most " + std::to_string(kAuditPageMax)};
  }
  return find(actor.tenant, filter,
              {.after = 0, .before = before, .order = AuditOrder::kNewestFirst, .limit = limit});
}

Result<std::vector<AuditEntry>> Trail::read_on(const Principal& actor, const AuditFilter& filter,
                                               std::uint64_t after, std::uint64_t limit) {
  if (Status may = authorise(actor, Permission::kAuditRead); !may) return std::move(may).error();
  if (limit > kAuditPageMax) {
    return Error{ErrorId::kInvalidArgument, "limit: at most " + std::to_string(kAuditPageMax)};
  }
  return find(actor.tenant, filter,
              {.after = after, .before = 0, .order = AuditOrder::kOldestFirst, .limit = limit});
}

// --- proof ---

Result<std::pair<ledger::Checkpoint, ledger::SignedNote>> Trail::newest() {
  const auto& keys = writer_.log.keys();
  const Result<std::uint64_t> size = count_seals(*reading_);
  if (!size) return size.error();
  if (*size == 0) {
    const ledger::Checkpoint empty{keys.signer->key().name, 0, ledger::empty_root()};
    return std::pair(empty, ledger::sign_checkpoint(empty, *keys.signer));
  }
  const Result<ledger::Sha256> root = ledger::root_at(*size, seal_nodes(*reading_));
  if (!root) return root.error();
  const ledger::Checkpoint now{keys.signer->key().name, *size, *root};
  // The seal is what was signed when the entry was written: a tree that differs from it is not
  // signed again.
  const Result<Seal> seal = read_seal(*reading_, *size);
  if (!seal) return seal.error();
  Result<ledger::SignedNote> note = note_of_seal(*seal, *size, *root, keys.known);
  if (!note) return std::move(note).error();
  // After a change of the key the last one signs what the one of before had signed, too.
  if (note->signatures.front().key_id != keys.signer->key().id()) {
    return std::pair(now, ledger::sign_checkpoint(now, *keys.signer));
  }
  return std::pair(now, *std::move(note));
}

Result<ledger::SignedNote> Trail::checkpoint() {
  const std::lock_guard lock(reading_mutex_);
  auto now = newest();
  if (!now) return std::move(now).error();
  witnesses_.add_signatures(now->second);
  return std::move(now->second);
}

Result<ledger::Sha256> Trail::root_of(std::uint64_t size) {
  const std::lock_guard lock(reading_mutex_);
  const Result<std::uint64_t> count = count_seals(*reading_);
  if (!count) return count.error();
  if (size > *count) {
    return Error{ErrorId::kNotFound, "the audit trail has " + std::to_string(*count) +
                                         " entries, not " + std::to_string(size)};
  }
  return ledger::root_at(size, seal_nodes(*reading_));
}

Result<ledger::Proof> Trail::consistency(std::uint64_t from, std::uint64_t to) {
  if (from == 0 || from > to) {
    return Error{ErrorId::kNotFound, "there is nothing to prove from " + std::to_string(from) +
                                         " to " + std::to_string(to) + " entries"};
  }
  if (const Result<ledger::Sha256> there = root_of(to); !there) return there.error();
  const std::lock_guard lock(reading_mutex_);
  return ledger::consistency_proof(from, to, seal_nodes(*reading_));
}

Result<std::vector<std::string>> Trail::take_cosigned(const ledger::SignedNote& note) {
  const ledger::NoteKey& key = writer_.log.keys().signer->key();
  const Result<ledger::Checkpoint> cosigned = ledger::open_checkpoint(note, key);
  if (!cosigned) return cosigned.error();
  const Result<ledger::Sha256> root = root_of(cosigned->size);
  if (!root) return root.error();
  if (*root != cosigned->root) {
    return Error{ErrorId::kVerificationFailed, "the checkpoint over " +
                                                   std::to_string(cosigned->size) +
                                                   " entries has another root than the trail"};
  }
  return witnesses_.keep(note, key);
}

// --- export ---

Result<AuditPieces> Trail::signed_export(const Principal& actor, const AuditFilter& filter) {
  if (Status may = authorise(actor, Permission::kAuditRead); !may) return std::move(may).error();
  auto state = std::make_shared<Export>();
  {
    const std::lock_guard lock(reading_mutex_);
    auto now = newest();
    if (!now) return std::move(now).error();
    state->size = now->first.size;
    state->note = std::move(now->second);
    state->key = writer_.log.keys().signer->key().text();
  }
  witnesses_.add_signatures(state->note);
  state->tenant = actor.tenant;
  state->filter = filter;
  // Shared, since a std::function is copied.
  return AuditPieces([this, state] { return export_piece(*state); });
}

Result<std::string> Trail::export_piece(Export& state) {
  std::string piece;
  if (state.ended) return piece;
  const std::lock_guard lock(reading_mutex_);
  if (!state.writer) {
    state.writer.emplace(state.size, seal_nodes(*reading_));
    piece = state.writer->begin(state.key);
  }
  const auto some = find_entries(*reading_, state.tenant, state.filter,
                                 {.after = state.after,
                                  .before = state.size + 1,
                                  .order = AuditOrder::kOldestFirst,
                                  .limit = kExportedAtOnce});
  if (!some) return some.error();
  for (const AuditEntry& entry : *some) {
    if (Status shown = state.writer->show(entry, piece); !shown) return std::move(shown).error();
    state.after = entry.id;
  }
  if (some->size() < kExportedAtOnce) {
    state.ended = true;
    if (Status done = state.writer->end(state.note, piece); !done) return std::move(done).error();
  }
  return piece;
}

// --- what runs by itself ---

Result<AuditStatus> Trail::status(const Principal& actor) {
  if (Status may = authorise(actor, Permission::kAuditRead); !may) return std::move(may).error();
  AuditStatus status;
  {
    const std::lock_guard lock(reading_mutex_);
    const Result<std::uint64_t> size = count_seals(*reading_);
    if (!size) return size.error();
    const Result<std::uint64_t> removed = removed_through(*reading_);
    if (!removed) return removed.error();
    const Result<std::uint32_t> months = keep_months(*reading_);
    if (!months) return months.error();
    status.entries = *size;
    status.removed_through = *removed;
    status.keep_months = *months;
    status.verified = verified_;
  }
  const std::lock_guard lock(writer_.mutex);
  status.trouble = writer_.log.trouble();
  status.key = writer_.log.keys().signer->key().text();
  return status;
}

Result<std::uint32_t> Trail::keep_months(records::Database& database) {
  const auto kept = audit_setting(database, kKeepMonths);
  if (!kept) return kept.error();
  return kept->has_value() ? static_cast<std::uint32_t>(**kept) : kAuditMonthsDefault;
}

Status Trail::set_keep_months(const Principal& actor, std::uint32_t months) {
  if (Status may = may_manage(actor); !may) return may;
  if (months < kAuditMonthsMin || months > 1200) {
    return Error{ErrorId::kInvalidArgument,
                 "keep_months: from " + std::to_string(kAuditMonthsMin) + " to 1200"};
  }
  const std::lock_guard lock(writer_.mutex);
  const Result<std::uint32_t> before = keep_months(writer_.database);
  if (!before) return before.error();
  Result<records::Transaction> transaction = writer_.database.begin();
  if (!transaction) return std::move(transaction).error();
  if (Status kept = set_audit_setting(writer_.database, kKeepMonths, months); !kept) return kept;
  const AuditEvent event{.action = "audit.retention",
                         .object = "",
                         .detail = "",
                         .before = "{\"keep_months\":" + std::to_string(*before) + "}",
                         .after = "{\"keep_months\":" + std::to_string(months) + "}"};
  if (Status noted = writer_.log.write(row_of(actor, event, clock_.now())); !noted) return noted;
  return transaction->commit();
}

// In steps, between which others get the connection.
Status Trail::verify_some() {
  for (std::uint64_t done = 0; done < kVerifiedEach;) {
    const std::lock_guard lock(reading_mutex_);
    const Nanoseconds now = clock_.monotonic();
    if (!verifier_ || now - verifying_since_ >= kVerifiedAnewEvery) {
      const auto& keys = writer_.log.keys().known;
      auto marks = marks_beside(files_, writer_.log.directory(), keys);
      if (!marks) return std::move(marks).error();
      verifier_.emplace(*reading_, keys, AuditKept{*std::move(marks), {}});
      verifying_since_ = now;
    }
    Result<std::uint64_t> step = verifier_->step(kVerifiedAtOnce);
    verified_ = std::max(verified_, verifier_->checked());
    if (!step) {
      verified_ = verifier_->checked();
      return std::move(step).error();
    }
    if (*step == 0) return verifier_->finish();
    done += *step;
  }
  return {};
}

// The evidence stays when something is wrong: then no newer one takes its place.
Status Trail::keep_checkpoint() {
  const std::lock_guard lock(reading_mutex_);
  auto now = newest();
  if (!now) return std::move(now).error();
  std::string text = now->second.encoded();
  if (text == kept_checkpoint_) return {};
  const std::string path = sys::join_path(writer_.log.directory(), kAuditCheckpoint);
  if (Status kept = sys::write_file_atomically(files_, path, as_bytes(text)); !kept) return kept;
  kept_checkpoint_ = std::move(text);
  return {};
}

Status Trail::remove_old() {
  const std::lock_guard lock(writer_.mutex);
  records::Database& database = writer_.database;
  const Result<std::uint32_t> months = keep_months(database);
  if (!months) return months.error();
  const Nanoseconds age = std::chrono::hours(kMonthHours * *months);
  const Timestamp limit{clock_.now().ns - age.count()};
  const Result<std::uint64_t> last = last_before(database, limit);
  if (!last) return last.error();
  const Result<std::uint64_t> removed = removed_through(database);
  if (!removed) return removed.error();
  if (*last <= *removed) return {};
  Principal server;
  server.tenant = TenantId{1};
  server.name = "server";
  server.origin.door = Door::kServer;
  Result<records::Transaction> transaction = database.begin();
  if (!transaction) return std::move(transaction).error();
  AuditEvent event;
  event.action = kAuditRemoveAction;
  event.object = std::to_string(*last);
  event.detail = "entries up to this one are older than " + std::to_string(*months) + " months";
  if (Status noted = writer_.log.write(row_of(server, event, clock_.now())); !noted) return noted;
  if (Status gone = delete_through(database, *last); !gone) return gone;
  return transaction->commit();
}

Status Trail::maintain() {
  if (Status good = verify_some(); !good) {
    if (good.error().id != ErrorId::kVerificationFailed) return good;
    const std::lock_guard lock(writer_.mutex);
    writer_.log.tell_trouble(good.error().what);
  }
  {
    const std::lock_guard lock(writer_.mutex);
    if (!writer_.log.trouble().empty()) return {};
  }
  if (Status removed = remove_old(); !removed) return removed;
  return keep_checkpoint();
}

}  // namespace lineshaft::identity
