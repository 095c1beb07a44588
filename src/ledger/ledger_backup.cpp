// A backup: the copy is a ledger's directory too, whose log is brought up to date entry by entry.
#include <algorithm>

#include "ledger/file_names.h"
#include "ledger/ledger.h"
#include "ledger/source.h"
#include "wal/recovery.h"

namespace lineshaft::ledger {
namespace {

constexpr std::size_t kBatchBytes = 1024 * 1024;
// Where the log of a copy that has rotted is written anew, until it is whole.
constexpr const char* kFreshLogDirectory = "log.fresh";

// What the log in a directory holds.
struct Held {
  Peaks peaks;
  std::string damage;  // "" if every entry can be read
};

// Reads all of it. Errors: kIoError, kFormatTooNew.
Result<Held> look_at(sys::FileSystem& files, const std::string& log) {
  Held held;
  const Result<wal::Recovery> read =
      wal::read_log(files, log, {}, [&](wal::Lsn lsn, std::uint8_t, ByteSpan payload) -> Status {
        if (lsn.value == held.peaks.size() + 1) held.peaks.append(leaf_hash(payload));
        return {};
      });
  if (!read) return read.error();
  if (!read->damages.empty()) {
    const wal::Damage& first = read->damages.front();
    held.damage = first.file + " is damaged at byte " + std::to_string(first.offset);
  }
  return held;
}

Status remove_files(sys::FileSystem& files, const std::string& directory) {
  if (!files.exists(directory)) return {};
  const Result<std::vector<std::string>> names = files.list(directory);
  if (!names) return names.error();
  for (const std::string& name : *names) {
    if (Status gone = files.remove(sys::join_path(directory, name)); !gone) return gone;
  }
  return files.sync_directory(directory);
}

// Writes what differs.
Status keep_file(sys::FileSystem& files, const std::string& path, ByteSpan content) {
  const Result<Bytes> kept = sys::read_file(files, path, kNoteBytesMax);
  if (kept && std::equal(kept->begin(), kept->end(), content.begin(), content.end())) return {};
  return sys::write_file_atomically(files, path, content);
}

}  // namespace

class Ledger::Copier {
 public:
  Copier(Ledger& ledger, const std::string& directory, sys::Random& random,
         const std::function<bool()>& go_on)
      : ledger_(ledger),
        files_(ledger.files_),
        directory_(directory),
        log_(sys::join_path(directory, kLogDirectory)),
        random_(random),
        go_on_(go_on) {}

  Result<BackupReport> run() {
    if (Status made = files_.create_directories(log_); !made) return std::move(made).error();
    const auto lock = files_.lock_directory(directory_);
    if (!lock) return lock.error();
    if (Status ours = check_key(); !ours) return std::move(ours).error();
    // Signed first: then it counts exactly what the copy is to hold.
    const Result<SignedNote> note = ledger_.checkpoint();
    if (note) {
      size_ = Checkpoint::parse(note->text).value().size;
    } else {
      size_ = ledger_.last().value;
      report_.damages.push_back(note.error().text());
    }
    Status done = take_entries();
    if (done) done = take_keys();
    if (done) done = take_witnesses();
    const bool is_covered = note && report_.damages.empty();
    if (done && is_covered) {
      done = keep_file(files_, target(kCheckpointFile), as_bytes(note->encoded()));
    }
    if (!done) return std::move(done).error();
    return std::move(report_);
  }

 private:
  std::string target(const char* name) const { return sys::join_path(directory_, name); }

  Status check_key() const {
    const Result<Bytes> theirs = sys::read_file(files_, target(kVerifierKeyFile), kNoteBytesMax);
    const std::optional<NoteKey> key = ledger_.key();
    if (!theirs || !key || as_text(*theirs) == key->text()) return {};
    return Error{ErrorId::kConflict, directory_ + " holds the copy of another ledger"};
  }

  Status take_entries() {
    const Result<Held> held = look_at(files_, log_);
    if (!held) return held.error();
    report_.entries = held->peaks.size();
    if (!held->damage.empty()) return renew(held->damage);
    if (held->peaks.size() > size_) return keep_newer();
    const Result<Sha256> root = ledger_.root_of(held->peaks.size());
    if (!root) return keep(root.error());
    if (*root != held->peaks.root()) {
      return Error{ErrorId::kConflict, directory_ + " holds another ledger: one of its first " +
                                           std::to_string(held->peaks.size()) + " entries differs"};
    }
    return extend(log_, held->peaks.size());
  }

  // What the ledger has lost stays in the copy.
  Status keep(const Error& why) {
    report_.damages.push_back(why.text() + "; the copy made before is kept");
    return {};
  }

  Status keep_newer() {
    if (const auto lost = ledger_.read_only()) return keep(*lost);
    return Error{ErrorId::kConflict, directory_ + " holds a newer copy, or one of another ledger"};
  }

  // The copy has rotted: it is written anew beside, and takes its place when it is whole.
  Status renew(const std::string& damage) {
    if (const auto lost = ledger_.read_only()) return keep({lost->id, damage + ", " + lost->what});
    const std::string fresh = target(kFreshLogDirectory);
    Status done = remove_files(files_, fresh);
    if (done) done = extend(fresh, 0);
    if (!done || !report_.damages.empty()) return done;
    done = remove_files(files_, log_);
    if (!done) return done;
    const Result<std::vector<std::string>> names = files_.list(fresh);
    if (!names) return names.error();
    // In their order: a crash leaves the first entries, and the next backup goes on behind them.
    for (const std::string& name : *names) {
      done = files_.rename(sys::join_path(fresh, name), sys::join_path(log_, name));
      if (done) done = files_.sync_directory(log_);
      if (!done) return done;
    }
    return {};
  }

  // Writes the entries behind the first `held` into a log that holds these, and reads all of it.
  Status extend(const std::string& log, std::uint64_t held) {
    Status written = held < size_ ? append({held + 1}, log) : Status();
    if (!written && written.error().id == ErrorId::kCorrupt) return keep(written.error());
    if (!written) return written;
    const Result<Held> there = look_at(files_, log);
    if (!there) return there.error();
    const Result<Sha256> root = ledger_.root_of(size_);
    if (!root) return root.error();
    if (!there->damage.empty() || there->peaks.size() != size_ || there->peaks.root() != *root) {
      return Error{ErrorId::kCorrupt, log + " reads back wrong after copying"};
    }
    report_.entries = size_;
    report_.entries_copied = size_ - held;
    return {};
  }

  Status append(Sequence from, const std::string& log) {
    wal::LogOptions options;
    options.directory = log;
    options.segment_bytes = ledger_.options_.segment_bytes;
    Result<std::unique_ptr<wal::Log>> opened =
        wal::Log::open(files_, random_, options, {from.value - 1},
                       [](wal::Lsn, std::uint8_t, ByteSpan) { return Status(); });
    if (!opened) return std::move(opened).error();
    Status read = read_entries(ledger_.reader_, from, {size_}, [&](Sequence, ByteSpan entry) {
      batch_.insert(batch_.end(), entry.begin(), entry.end());
      ends_.push_back(batch_.size());
      return batch_.size() < kBatchBytes ? Status() : write_batch(**opened);
    });
    // What stands before the first that cannot be read is kept all the same.
    Status written = write_batch(**opened);
    if (written) written = (*opened)->sync();
    return read ? written : read;
  }

  Status write_batch(wal::Log& log) {
    std::vector<ByteSpan> payloads;
    payloads.reserve(ends_.size());
    std::size_t begin = 0;
    for (const std::size_t end : ends_) {
      payloads.push_back(ByteSpan(batch_).subspan(begin, end - begin));
      begin = end;
    }
    Status written = log.append_all(kJournalRecord, payloads);
    batch_.clear();
    ends_.clear();
    if (written && !go_on_()) return Error{ErrorId::kCancelled, "the copy was stopped"};
    return written;
  }

  Status take_witnesses() const {
    const std::string from = ledger_.path_of(kWitnessDirectory);
    const std::string to = target(kWitnessDirectory);
    const bool has_some = files_.exists(from);
    if (!has_some && !files_.exists(to)) return {};
    if (Status made = files_.create_directories(to); !made) return made;
    const Result<std::vector<std::string>> names =
        has_some ? files_.list(from) : std::vector<std::string>();
    if (!names) return names.error();
    for (const std::string& name : *names) {
      const Result<Bytes> bytes =
          sys::read_file(files_, sys::join_path(from, name), 2 * kNoteBytesMax);
      if (!bytes && bytes.error().id == ErrorId::kFileMissing) continue;
      if (!bytes) return bytes.error();
      if (Status kept = keep_file(files_, sys::join_path(to, name), *bytes); !kept) return kept;
    }
    const Result<std::vector<std::string>> kept = files_.list(to);
    if (!kept) return kept.error();
    for (const std::string& name : *kept) {
      if (std::ranges::count(*names, name) > 0) continue;
      if (Status gone = files_.remove(sys::join_path(to, name)); !gone) return gone;
    }
    return files_.sync_directory(to);
  }

  // A key that is lost may still be whole in the copy.
  Status take_keys() const {
    if (!ledger_.key()) return {};
    for (const char* const name : {kSigningKeyFile, kVerifierKeyFile}) {
      const Result<Bytes> bytes = sys::read_file(files_, ledger_.path_of(name), kNoteBytesMax);
      if (!bytes) return bytes.error();
      if (Status kept = keep_file(files_, target(name), *bytes); !kept) return kept;
    }
    return {};
  }

  Ledger& ledger_;
  sys::FileSystem& files_;
  const std::string directory_;
  const std::string log_;
  sys::Random& random_;
  const std::function<bool()>& go_on_;
  std::uint64_t size_ = 0;  // entries that the copy is to hold
  Bytes batch_;
  std::vector<std::size_t> ends_;  // of the entries in it
  BackupReport report_;
};

Result<BackupReport> Ledger::back_up(const std::string& directory, sys::Random& random,
                                     const std::function<bool()>& go_on) {
  return Copier(*this, directory, random, go_on).run();
}

}  // namespace lineshaft::ledger
