#include "ledger/verify.h"

#include "ledger/export.h"
#include "ledger/file_names.h"
#include "ledger/source.h"
#include "wal/recovery.h"

namespace lineshaft::ledger {
namespace {

constexpr std::uint64_t kProgressEvery = 4096;

Error failed(std::string what) { return {ErrorId::kVerificationFailed, std::move(what)}; }
std::string entry_name(std::uint64_t sequence) { return "entry " + std::to_string(sequence); }

// Takes entry after entry, with their hashes, and says which is the first that is wrong.
class Audit {
 public:
  // `marks`: checkpoints that the entries must continue.
  explicit Audit(std::vector<Checkpoint> marks) : marks_(std::move(marks)), roots_(marks_.size()) {
    note_roots();
  }

  Status take(const ExportReader::Entry& entry, const Earlier& earlier) {
    const auto& [sequence, hash, bytes] = entry;
    const std::string name = entry_name(sequence.value);
    if (sequence.value != state_.last().value + 1) {
      return failed(entry_name(state_.last().value + 1) + " is missing");
    }
    if (Status read = decode_journal(bytes, journal_); !read) {
      if (read.error().id == ErrorId::kFormatTooNew) {
        return Error{read.error().id, name + ": " + read.error().what};
      }
      return failed(name + ": " + read.error().what);
    }
    const Result<Taken> taken = state_.apply(journal_, earlier);
    if (!taken) return failed(name + ": " + taken.error().text());
    if (taken->is_repeat) return failed(name + " repeats " + entry_name(taken->sequence.value));
    state_.settle();
    peaks_.append(hash);
    note_roots();
    return {};
  }

  const State& state() const { return state_; }
  const Peaks& peaks() const { return peaks_; }

  Status check_marks() const {
    for (std::size_t i = 0; i < marks_.size(); ++i) {
      const Checkpoint& mark = marks_[i];
      if (mark.size > peaks_.size()) {
        return failed(entry_name(peaks_.size() + 1) + " is missing: a checkpoint counts " +
                      std::to_string(mark.size));
      }
      if (roots_[i] == mark.root) continue;
      return failed("at least one of the entries 1 to " + std::to_string(mark.size) +
                    " is another than the one that was signed");
    }
    return {};
  }

 private:
  void note_roots() {
    for (std::size_t i = 0; i < marks_.size(); ++i) {
      if (marks_[i].size == peaks_.size()) roots_[i] = peaks_.root();
    }
  }

  State state_{KeySeed{}};
  Peaks peaks_;
  const std::vector<Checkpoint> marks_;
  std::vector<Sha256> roots_;  // of as many entries
  Journal journal_;
};

// The checkpoint that the reader kept, if there is one.
Result<std::vector<Checkpoint>> kept_marks(const VerifyOptions& options) {
  if (!options.kept) return std::vector<Checkpoint>{};
  if (!options.key) {
    return Error{ErrorId::kInvalidArgument,
                 "a checkpoint that was kept needs the key that signed it"};
  }
  Result<Checkpoint> kept = open_checkpoint(*options.kept, *options.key);
  if (!kept) return std::move(kept).error();
  return std::vector<Checkpoint>{*std::move(kept)};
}

// The note's checkpoint, if the right key signed it.
Result<Checkpoint> open_note(std::string_view text, const std::string& key_text,
                             const VerifyOptions& options) {
  const Result<NoteKey> key = NoteKey::parse(key_text);
  if (!key) return failed("the ledger's key: " + key.error().what);
  if (options.key && *options.key != *key) {
    return failed("the ledger names the key " + key->text() + " and not " + options.key->text());
  }
  const Result<SignedNote> note = parse_note(text);
  if (!note) return failed("the checkpoint: " + note.error().what);
  Result<Checkpoint> opened = open_checkpoint(*note, *key);
  if (!opened) return failed("the checkpoint: " + opened.error().what);
  for (const NoteKey& witness : options.witnesses) {
    if (verify_note(*note, witness)) continue;
    return failed("the checkpoint is not cosigned by the witness " + witness.text());
  }
  return opened;
}

Verified verified(const Audit& audit, std::string key, std::optional<Checkpoint> checkpoint) {
  return {audit.peaks().size(), audit.peaks().root(), std::move(key), std::move(checkpoint),
          views_of(audit.state(), "")};
}

// That the entries are those of the checkpoint.
Status check_root(const Audit& audit, const Checkpoint& checkpoint) {
  const std::uint64_t there = audit.peaks().size();
  if (checkpoint.size > there) {
    return failed(entry_name(there + 1) + " is missing: the checkpoint counts " +
                  std::to_string(checkpoint.size));
  }
  if (checkpoint.size < there) {
    return failed(entry_name(checkpoint.size + 1) + " is not covered by the checkpoint");
  }
  if (checkpoint.root == audit.peaks().root()) return {};
  return failed("at least one of the entries 1 to " + std::to_string(there) +
                " is another than the one that was signed");
}

Result<std::string> read_text(sys::FileSystem& files, const std::string& directory,
                              const char* name) {
  const Result<Bytes> bytes = sys::read_file(files, sys::join_path(directory, name), kNoteBytesMax);
  if (!bytes) return bytes.error();
  return std::string(as_text(*bytes));
}

}  // namespace

Result<Verified> verify_export(sys::FileSystem& files, const std::string& path,
                               const VerifyOptions& options) {
  Result<std::vector<Checkpoint>> marks = kept_marks(options);
  if (!marks) return std::move(marks).error();
  Result<std::unique_ptr<ExportReader>> opened = ExportReader::open(files, path);
  if (!opened) return std::move(opened).error();
  ExportReader& reader = **opened;
  Audit audit(*std::move(marks));
  Result<ExportReader::End> end = reader.read_all([&](const ExportReader::Entry& entry) -> Status {
    if (leaf_hash(entry.bytes) != entry.hash) {
      return failed(entry_name(entry.sequence.value) + " is not what the hash beside it says");
    }
    if (Status taken = audit.take(entry, reader); !taken) return taken;
    if (options.progress && entry.sequence.value % kProgressEvery == 0) {
      options.progress(reader.position(), reader.bytes());
    }
    return {};
  });
  if (!end) return std::move(end).error();
  const Result<Checkpoint> checkpoint = open_note(end->note, end->key, options);
  if (!checkpoint) return checkpoint.error();
  if (Status good = audit.check_marks(); !good) return std::move(good).error();
  if (Status good = check_root(audit, *checkpoint); !good) return std::move(good).error();
  return verified(audit, std::move(end->key), *checkpoint);
}

Result<Verified> verify_directory(sys::FileSystem& files, const std::string& directory,
                                  const VerifyOptions& options) {
  Result<std::vector<Checkpoint>> marks = kept_marks(options);
  if (!marks) return std::move(marks).error();
  const std::string log = sys::join_path(directory, kLogDirectory);
  if (!files.exists(log)) return Error{ErrorId::kFileMissing, log};
  std::string key;
  std::optional<Checkpoint> signed_last;
  if (Result<std::string> note = read_text(files, directory, kCheckpointFile); note) {
    Result<std::string> text = read_text(files, directory, kVerifierKeyFile);
    if (!text) return std::move(text).error();
    key = *std::move(text);
    Result<Checkpoint> opened = open_note(*note, key, options);
    if (!opened) return std::move(opened).error();
    signed_last = *std::move(opened);
  } else if (note.error().id != ErrorId::kFileMissing) {
    return std::move(note).error();
  }
  // What was signed last need not be the end: later entries are covered by the next checkpoint.
  if (signed_last) marks->push_back(*signed_last);
  Audit audit(*std::move(marks));
  wal::RecordReader reader(files, log);
  const LogEarlier earlier(reader);
  const Result<wal::Recovery> read =
      wal::read_log(files, log, {}, [&](wal::Lsn lsn, std::uint8_t type, ByteSpan bytes) -> Status {
        if (type != kJournalRecord) {
          return Error{ErrorId::kFormatTooNew, entry_name(lsn.value) + " has an unknown type"};
        }
        return audit.take({{lsn.value}, leaf_hash(bytes), bytes}, earlier);
      });
  if (!read) return read.error();
  for (const wal::Damage& damage : read->damages) {
    return failed(entry_name(audit.peaks().size() + 1) + " cannot be read: " + damage.file +
                  " is damaged at byte " + std::to_string(damage.offset));
  }
  if (Status good = audit.check_marks(); !good) return std::move(good).error();
  return verified(audit, std::move(key), std::move(signed_last));
}

}  // namespace lineshaft::ledger
