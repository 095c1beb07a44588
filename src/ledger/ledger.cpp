// Opening, and reading back what the log holds.
#include "ledger/ledger.h"

#include <shared_mutex>

#include "ledger/file_names.h"
#include "ledger/snapshot.h"
#include "ledger/source.h"
#include "wal/format.h"

namespace lineshaft::ledger {
namespace {

KeySeed seed_of(sys::Random& random) {
  KeySeed seed{};
  random.fill(seed);
  return seed;
}

}  // namespace

Ledger::Ledger(sys::FileSystem& files, sys::Clock& clock, LedgerOptions options,
               const KeySeed& seed)
    : files_(files),
      clock_(clock),
      options_(std::move(options)),
      reader_(files, sys::join_path(options_.directory, kLogDirectory)),
      state_(seed),
      tree_(files, sys::join_path(options_.directory, kTreeFile)),
      witnesses_(files, sys::join_path(options_.directory, kWitnessDirectory)) {}

Ledger::~Ledger() = default;

Result<std::unique_ptr<Ledger>> Ledger::open(sys::FileSystem& files, sys::Random& random,
                                             sys::Clock& clock, LedgerOptions options) {
  if (Status made = files.create_directories(options.directory); !made) {
    return std::move(made).error();
  }
  Result<std::unique_ptr<sys::DirectoryLock>> lock = files.lock_directory(options.directory);
  if (!lock) return std::move(lock).error();
  std::unique_ptr<Ledger> ledger(new Ledger(files, clock, std::move(options), seed_of(random)));
  ledger->directory_lock_ = *std::move(lock);
  if (Status loaded = ledger->load(random); !loaded) return std::move(loaded).error();
  return ledger;
}

Status Ledger::load(sys::Random& random) {
  load_key(random);
  const Sequence in_snapshot = load_snapshot_file();
  wal::LogOptions log_options;
  log_options.directory = path_of(kLogDirectory);
  log_options.segment_bytes = options_.segment_bytes;
  Result<std::unique_ptr<wal::Log>> log =
      wal::Log::open(files_, random, log_options, {in_snapshot.value},
                     [this](wal::Lsn lsn, std::uint8_t type, ByteSpan payload) {
                       return replay(lsn, type, payload);
                     });
  if (!log) return std::move(log).error();
  log_ = *std::move(log);
  state_.settle();
  note_damages(log_->recovery());
  if (!stopped_ && log_->recovery().last.value < state_.last().value) {
    stop({ErrorId::kLedgerReadOnly,
          "journals from " + std::to_string(log_->recovery().last.value + 1) + " to " +
              std::to_string(state_.last().value) + " are lost: the log ends before the snapshot"});
  }
  // Numbers that were given out and are not there any more would be missing for ever.
  if (!stopped_ && log_->last().value != state_.last().value) {
    stop({ErrorId::kLedgerReadOnly, "the log goes on after " + std::to_string(log_->last().value) +
                                        ", the journals end at " +
                                        std::to_string(state_.last().value)});
  }
  if (!stopped_) check_last_checkpoint();
  return {};
}

// The journal from which on the log must be read, less one.
Sequence Ledger::load_snapshot_file() {
  std::optional<Snapshot> found = load_snapshot(files_, path_of(kSnapshotFile));
  if (found && tree_.open(node_count(found->peaks.size()))) {
    state_ = std::move(found->state);
    peaks_ = std::move(found->peaks);
  } else {
    tree_.restart();
  }
  return state_.last();
}

std::string Ledger::path_of(const char* name) const {
  return sys::join_path(options_.directory, name);
}

void Ledger::stop(Error why) {
  if (!stopped_) stopped_ = std::move(why);
}

Status Ledger::replay(wal::Lsn lsn, std::uint8_t type, ByteSpan payload) {
  // What follows a hole cannot be judged without what is missing.
  if (stopped_) return {};
  const std::string name = "journal " + std::to_string(lsn.value);
  if (lsn.value != state_.last().value + 1) {
    stop({ErrorId::kLedgerReadOnly, "journals " + std::to_string(state_.last().value + 1) + " to " +
                                        std::to_string(lsn.value - 1) + " are lost"});
    return {};
  }
  if (type != kJournalRecord) {
    return Error{ErrorId::kFormatTooNew, name + " has the unknown type " + std::to_string(type)};
  }
  if (Status read = decode_journal(payload, scratch_); !read) {
    if (read.error().id == ErrorId::kFormatTooNew) return read;
    stop({ErrorId::kLedgerReadOnly, name + " is damaged: " + read.error().what});
    return {};
  }
  const Result<Taken> taken = state_.apply(scratch_, LogEarlier(reader_));
  if (!taken || taken->is_repeat) {
    stop({ErrorId::kLedgerReadOnly,
          name + " does not follow from those before it: " +
              (taken ? "it repeats journal " + std::to_string(taken->sequence.value)
                     : taken.error().text())});
    return {};
  }
  state_.settle();
  made_.clear();
  peaks_.append(leaf_hash(payload), made_);
  tree_.append(made_);
  return {};
}

void Ledger::note_damages(const wal::Recovery& recovery) {
  for (const wal::Damage& damage : recovery.damages) {
    const bool none_missing = damage.first_missing == damage.next_present;
    // The header of a segment may be damaged and all records be there.
    if (none_missing && damage.offset == 0 && damage.bytes == wal::kSegmentHeaderBytes) continue;
    // Of several things the first says from where on journals are missing.
    if (stopped_ && damage.first_missing.value != state_.last().value + 1) return;
    std::string what = "journals from " + std::to_string(damage.first_missing.value) + " ";
    if (!none_missing) what += "to " + std::to_string(damage.next_present.value - 1) + " ";
    what += "are lost: " + damage.file + " is damaged at byte " + std::to_string(damage.offset);
    stopped_ = Error{ErrorId::kLedgerReadOnly, std::move(what)};
    return;
  }
}

std::optional<Error> Ledger::read_only() const {
  const std::shared_lock lock(mutex_);
  return stopped_;
}

}  // namespace lineshaft::ledger
