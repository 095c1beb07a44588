// records/database.h: exact access to SQLite, the transactional store of everything that is neither
// samples nor money. The only users of the library underneath are the .cpp files of this room.
//
// What is promised: a commit that returned success is on the disk (write-ahead log, fdatasync
// before every answer; PRAGMA synchronous=FULL, checked at open); a transaction is kept whole or
// not at all. What is not: SQLite reads and writes the real disk through its own layer, not through
// sys:: FileSystem, so simulated disks do not reach it, and its pages carry no checksum of ours:
// damage inside a page is found only where it breaks the structure that open() checks.
//
// Threads: one thread at a time per Database and its Statements. Open one per thread, or guard it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "sys/file.h"

struct sqlite3;
struct sqlite3_stmt;

namespace lineshaft::records {

struct DatabaseOptions {
  std::string path;
  // How long a write waits for one of another connection to the same file.
  Nanoseconds busy_timeout = std::chrono::seconds(5);
  // The first connection of a process checks the file and sets a damaged one aside; later ones to
  // the same file must not.
  bool check = true;
};

// What the check at open found.
struct DatabaseRecovery {
  std::vector<std::string> damages;  // sentences: what was wrong, which file was set aside
};

class Database;

// One prepared statement. Runs are separate: run() and the first step() after bind() start anew.
// Must not outlive its Database.
class Statement {
 public:
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;
  ~Statement();

  // Binds all parameters in order (?1, ?2, ...). Requires: as many as the statement has.
  template <typename... Values>
  void bind(const Values&... values) {
    start(sizeof...(values));
    int index = 0;
    (bind_one(++index, values), ...);
  }

  // The next row: true if there is one, false at the end. Errors: kDiskFull, kIoError,
  // kStorePoisoned, kCorrupt, kConflict (a constraint), kLocked (busy_timeout passed).
  Result<bool> step();

  // Binds, runs to the end and throws rows away. Errors: as step().
  template <typename... Values>
  Status run(const Values&... values) {
    bind(values...);
    return finish();
  }

  // Runs to the end; rows that are left are thrown away. Errors: as step().
  Status finish();

  // A column of the current row, from 0. A value of another type than asked reads as zero or empty
  // and makes the next step() or finish() fail with kCorrupt: STRICT tables never hold one.
  // Views live until the next step(), bind() or run().
  std::int64_t int64(int column);
  std::string_view text(int column);
  ByteSpan blob(int column);
  std::optional<std::int64_t> optional_int64(int column);  // nullopt for NULL

 private:
  friend class Database;
  Statement(Database& database, sqlite3_stmt* handle) : database_(&database), handle_(handle) {}
  void start(std::size_t parameters);
  bool has_type(int column, int type);
  void bind_one(int index, std::int64_t value);
  void bind_one(int index, std::string_view value);
  void bind_one(int index, ByteSpan value);
  void bind_one(int index, std::nullopt_t);
  void bind_one(int index, const std::optional<std::int64_t>& value);
  void bind_one(int index, Timestamp value) { bind_one(index, value.ns); }

  Database* database_;
  sqlite3_stmt* handle_;  // owned
  int bind_problem_ = 0;  // the library's code for a value that cannot be bound
  bool mismatch_ = false;
  bool ended_ = false;
};

// A scope: what is not committed when it ends is undone.
class Transaction {
 public:
  Transaction(Transaction&& other) noexcept;
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  // Success: everything since begin() is on the disk. On an error nothing of it is kept; only after
  // a failed sync (kIoError) the next open() decides, and then for all of it or none.
  // Requires: not called before.
  Status commit();

 private:
  friend class Database;
  explicit Transaction(Database& database) : database_(&database) {}
  Database* database_;  // null when ended
};

class Database {
 public:
  // Opens or creates (for the owner only, 0600). A damaged file is renamed to `path`.damaged-N
  // together with its log, named in recovery(), and an empty one takes its place. A disk that fails
  // to read is not damage of the file: kIoError. Nothing else in the process may open the file: the
  // system drops the locks of all connections with the first descriptor that closes.
  // Errors: kIoError, kDiskFull, kLocked, kFileMissing (without `check`). Cost: reads the whole
  // file.
  static Result<std::unique_ptr<Database>> open(sys::FileSystem& files,
                                                const DatabaseOptions& options);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // Brings the tables of one component to the newest version: runs, in one transaction, the steps
  // that this file has not seen. Steps are for ever: only append. Errors: kFormatTooNew (the file
  // has seen more steps than there are; nothing is changed), as step().
  Status migrate(std::string_view component, std::span<const std::string_view> steps);

  // Errors: kCorrupt, kIoError. Requires: `sql` is one statement of ours, without outside text.
  Result<Statement> prepare(std::string_view sql);

  // Prepares and runs once. Errors: as step().
  template <typename... Values>
  Status run(std::string_view sql, const Values&... values) {
    Result<Statement> statement = prepare(sql);
    if (!statement) return std::move(statement).error();
    return statement->run(values...);
  }

  // Takes the write lock at once, so that a transaction that began can commit. Not nested.
  // Errors: kLocked, kStorePoisoned, kIoError.
  Result<Transaction> begin();

  // Makes `path` a copy of the file as of now, while others go on using it. The copy is durable and
  // checked before it takes the place of what was there. Errors: kDiskFull, kIoError, kLocked;
  // kCorrupt: this file is damaged. After an error what was there stands.
  Status back_up(sys::FileSystem& files, const std::string& path);
  // Checks a file that nobody has open. Errors: kFileMissing, kIoError; kCorrupt with what is
  // wrong.
  static Status verify(sys::FileSystem& files, const std::string& path);

  std::int64_t last_insert_id() const;
  std::int64_t changed_rows() const;  // by the last INSERT, UPDATE or DELETE

  // A sync failed: what the disk holds is unknown, so no write is taken any more. Reading goes on.
  bool poisoned() const { return poisoned_; }
  const DatabaseRecovery& recovery() const { return recovery_; }
  const std::string& path() const { return path_; }

 private:
  friend class Statement;
  friend class Transaction;
  Database(std::string path, sqlite3* handle);
  static Result<std::unique_ptr<Database>> connect(const DatabaseOptions& options);
  static Result<std::unique_ptr<Database>> connect_checked(const DatabaseOptions& options);
  Status configure(const DatabaseOptions& options);
  Status check_integrity();
  Result<std::int64_t> pragma(std::string_view sql);
  Status execute(const std::string& sql);
  Error fail(int code, std::string_view doing);

  std::string path_;
  sqlite3* handle_;  // owned
  bool poisoned_ = false;
  DatabaseRecovery recovery_;
};

}  // namespace lineshaft::records
