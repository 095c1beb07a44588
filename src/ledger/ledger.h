// ledger/ledger.h: the ledger of an installation: takes journals, keeps them for ever, and proves
// what it holds. The log is the journal (docs/formats/ledger.md); all else is made of it.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ledger/checkpoint.h"
#include "ledger/journal.h"
#include "ledger/merkle.h"
#include "ledger/state.h"
#include "ledger/tree_file.h"
#include "ledger/witnesses.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/shared_mutex.h"
#include "wal/log.h"
#include "wal/record_reader.h"

namespace lineshaft::ledger {

struct LedgerOptions {
  std::string directory;  // of this ledger alone
  // Its name for ever, taken when it is made: best one that looks like an address.
  std::string origin = "lineshaft.local/ledger";
  std::size_t segment_bytes = wal::kSegmentBytes;  // smaller in tests
};

// The answer to a journal that was taken. It is on the disk.
struct Receipt {
  Sequence sequence;
  bool is_repeat = false;  // it had been taken before: this is the answer of then
};

// A journal as one party may see it.
struct JournalView {
  Sequence sequence;
  Journal journal;  // with the legs in the party's own accounts only
  std::size_t legs_hidden = 0;
  Sha256 leaf{};  // of the whole
};

struct JournalPage {
  std::vector<JournalView> journals;  // the newest first
  std::optional<Sequence> older;      // there may be more, before this one
};

struct StatementLine {
  Sequence sequence;
  JournalKind kind = JournalKind::kPost;
  std::int32_t effective_day = 0;
  Timestamp recorded;
  Int128 amount = 0;   // of all its legs in this account
  Int128 balance = 0;  // posted, after it; the same as before for reservations
  std::string key;
  std::string memo;
};

struct Statement {
  Int128 opening = 0;  // posted, before the first line
  Int128 closing = 0;
  std::vector<StatementLine> lines;
  std::optional<Sequence> goes_on;  // there are more lines, from this journal on
};

enum class ExportOf : std::uint8_t {
  kAll,       // up to now
  kCosigned,  // up to the newest checkpoint that witnesses cosigned, with their signatures
};

// Parts of a long text, one a call; "" ends it.
using Pieces = std::function<Result<std::string>()>;

// What a backup tells about itself.
struct BackupReport {
  std::uint64_t entries = 0;         // in the copy
  std::uint64_t entries_copied = 0;  // of them now
  std::vector<std::string> damages;  // sentences: what the ledger has lost, so that it is not new
};

// Threads: any, for every call. Calls that change wait until what they did is on the disk; calls
// that come meanwhile are done together, with one sync for all of them.
class Ledger {
 public:
  // Opens or makes the ledger. It opens whatever is damaged; then read_only() says what.
  // Errors: kLocked, kIoError, kFormatTooNew. Cost: reads the log, about 1 us a journal.
  static Result<std::unique_ptr<Ledger>> open(sys::FileSystem& files, sys::Random& random,
                                              sys::Clock& clock, LedgerOptions options);
  ~Ledger();

  // Takes the journal; the ledger sets `recorded`. The same request again, also after a crash,
  // gets the same answer and is not done twice.
  // Errors: of check_journal and State::apply; kLedgerReadOnly; kDiskFull: nothing is taken, later
  // ones may be; kIoError, kStorePoisoned: not known whether it is taken, ask again after the
  // next start.
  Result<Receipt> post(Journal journal);
  // The same for many in their order, each judged by itself, with one sync for all. An answer per
  // journal.
  std::vector<Result<Receipt>> post_each(std::vector<Journal> journals);

  // Why nothing is taken any more: journals are lost or are not what they were; or the disk failed.
  std::optional<Error> read_only() const;

  Sequence last() const;
  Sha256 root() const;
  std::optional<AccountId> find_account(const std::string& name) const;
  // The journal with this idempotency key. Errors: kNotFound; of reading.
  Result<Sequence> find_journal(const std::string& key) const;
  // Errors: kAccountUnknown.
  Result<AccountView> account(AccountId id);
  // Of one owner, or of all if it is empty; in order of their ids.
  std::vector<AccountView> accounts(const std::string& owner);
  // The same as of any journal. Errors: kNotFound: there is no such journal yet; of reading.
  // Cost: for any but the newest, all journals up to it, about 1 us each.
  Result<std::vector<AccountView>> trial_balance(Sequence at, const std::string& owner);

  // Errors: kNotFound, also if none of its legs is in an account of `owner` (empty: sees all).
  Result<JournalView> journal(Sequence sequence, const std::string& owner) const;
  // The newest ones before `before`, at most `max`, that journal() shows. Looks at no more than
  // 100,000 of them at once: then there may be fewer on the page, and older ones.
  // Errors: of reading. Cost: about 1 us for each that it looks at.
  Result<JournalPage> journals(Sequence before, const std::string& owner, std::size_t max) const;
  // What happened to an account after `after`, up to `through`, at most `lines_max` lines.
  // Errors: kAccountUnknown, kNotFound, of reading. Cost: all journals up to it, about 0.5 us each.
  Result<Statement> statement(AccountId id, Sequence after, Sequence through,
                              std::size_t lines_max) const;

  // That the journal is in the ledger of the first `size` journals. Errors: kNotFound; of reading.
  Result<Proof> prove_inclusion(Sequence sequence, std::uint64_t size);
  // That the ledger of `size` journals continues that of `old_size`. Errors: as above.
  Result<Proof> prove_consistency(std::uint64_t old_size, std::uint64_t size);
  Result<Sha256> root_of(std::uint64_t size);

  // --- for others ---

  // Which signs the checkpoints; nothing if the secret key is lost.
  std::optional<NoteKey> key() const;
  // What the ledger is now, signed and kept in its directory: what a later start finds must
  // continue it. Witnesses who cosigned just this are among the signatures. Errors:
  // kLedgerReadOnly: it would sign away what is lost; the key is lost; of writing.
  Result<SignedNote> checkpoint();
  // Everything in one file for `lineshaft ledger verify`. Replaces the file when all is written.
  // Errors: of checkpoint(), Witnesses::newest(), reading and writing.
  Status export_to(const std::string& path, ExportOf of = ExportOf::kAll);
  Witnesses& witnesses() { return witnesses_; }
  // What witnesses made of a checkpoint of this ledger. Gives back the names of those it knows.
  // Errors: kVerificationFailed: not this ledger's, or no known witness; kNotFound: it counts more
  // journals than there are; of Witnesses::keep().
  Result<std::vector<std::string>> take_cosigned(const SignedNote& note);
  // What is posted, as text for hledger. Errors: of reading and writing.
  Status write_hledger(const std::string& path) const;
  // Both in pieces, for who sends them on. The ledger outlives them. Errors: as above.
  Result<Pieces> export_pieces(ExportOf of);
  Pieces hledger_pieces() const;
  // So that the next start reads only what comes after. Takes no journal for about 0.1 s with a
  // million of them. Errors: of writing; kLedgerReadOnly.
  Status save_snapshot();
  // Makes `directory` that of a ledger with the same entries and keys, and with a checkpoint over
  // all of them. What it holds already is not written again, but read: each entry is hashed, and
  // the root compared. Journals go on being taken meanwhile. A crash leaves the copy of before,
  // or with more entries. `go_on` is asked now and then; false stops it.
  // Errors: kConflict: the directory holds another ledger, or a newer copy; kLocked;
  // kCancelled; kDiskFull, kIoError; kCorrupt: what was copied reads back wrong.
  // Cost: about 2 us an entry.
  Result<BackupReport> back_up(const std::string& directory, sys::Random& random,
                               const std::function<bool()>& go_on);

 private:
  struct Request {
    std::vector<Journal>& journals;
    std::vector<Result<Receipt>>& answers;
    bool done = false;
  };
  // Journals of a group that are applied but not in the log yet.
  struct Fresh {
    Journal* journal = nullptr;
    Result<Receipt>* answer = nullptr;
    std::size_t bytes_end = 0;  // in group_bytes_
  };
  class Source;  // reads earlier journals, also those of the group under way
  class Copier;  // makes a backup

  Ledger(sys::FileSystem& files, sys::Clock& clock, LedgerOptions options, const KeySeed& seed);

  Status load(sys::Random& random);
  Sequence load_snapshot_file();
  void load_key(sys::Random& random);
  Result<std::string> make_key(sys::Random& random);
  void check_last_checkpoint();
  std::string path_of(const char* name) const;
  Status replay(wal::Lsn lsn, std::uint8_t type, ByteSpan payload);
  void note_damages(const wal::Recovery& recovery);
  void stop(Error why);

  void commit(const std::vector<Request*>& group);
  void take(Journal& journal, Timestamp now, Result<Receipt>& answer);
  Status write_group();
  void take_back_after(std::size_t kept, const Error& why);
  void grow_tree();

  void give_up_expired();
  Result<bool> is_seen_by(const Journal& journal, const std::string& owner) const;
  // False if it is not for `owner`; else without the legs that are not.
  Result<bool> narrow(JournalView& view, const std::string& owner) const;
  Status append_hledger(Sequence sequence, ByteSpan bytes, std::string& text) const;
  Result<Sha256> checked_root(std::uint64_t size) const;
  Nodes nodes() const;
  Status rebuild_tree();
  // What `make` makes of the tree file, which is made anew once if that goes wrong.
  template <typename Made>
  Result<Made> from_tree(std::uint64_t size, const std::function<Result<Made>()>& make);

  sys::FileSystem& files_;
  sys::Clock& clock_;
  const LedgerOptions options_;
  std::unique_ptr<sys::DirectoryLock> directory_lock_;
  std::unique_ptr<wal::Log> log_;  // of the thread that commits
  mutable wal::RecordReader reader_;

  mutable sys::SharedMutex mutex_;  // guards what follows
  State state_;
  Peaks peaks_;
  TreeFile tree_;
  std::optional<Error> stopped_;

  // Of the thread that commits.
  std::vector<Fresh> fresh_;
  std::vector<Result<Receipt>*> repeats_;
  Bytes group_bytes_;
  std::vector<Sha256> made_;
  Journal scratch_;

  Witnesses witnesses_;
  std::mutex saving_mutex_;             // one checkpoint or snapshot is written at a time
  std::string kept_note_;               // the checkpoint in the directory, if we wrote it
  std::unique_ptr<NoteSigner> signer_;  // null: lost, and key_trouble_ says how
  std::optional<Error> key_trouble_;

  std::mutex queue_mutex_;  // guards what follows
  std::condition_variable turn_;
  std::vector<Request*> queue_;
  bool committing_ = false;  // one of the callers does it for all
};

}  // namespace lineshaft::ledger
