#include "records/database.h"

#include <sqlite3.h>

#include <utility>

#include "base/log.h"
#include "records/sqlite_error.h"

namespace lineshaft::records {
namespace {

// Up to here every index entry is compared with its table at open, above that only the structure: a
// start must not take minutes.
constexpr std::int64_t kFullCheckBytesMax = std::int64_t{64} * 1024 * 1024;
constexpr std::int64_t kSynchronousFull = 2;
constexpr int kDamagedNamesMax = 10'000;

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string name_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// Renames the database and the files that belong to it, so that the parts still fit each other.
Result<std::string> set_aside(sys::FileSystem& files, const std::string& path) {
  std::string aside;
  for (int number = 1; number <= kDamagedNamesMax; ++number) {
    aside = path + ".damaged-" + std::to_string(number);
    if (!files.exists(aside) && !files.exists(aside + "-wal")) break;
  }
  for (const char* part : {"", "-wal", "-shm"}) {
    if (!files.exists(path + part)) continue;
    if (Status renamed = files.rename(path + part, aside + part); !renamed) {
      return std::move(renamed).error();
    }
  }
  if (Status synced = files.sync_directory(directory_of(path)); !synced) {
    return std::move(synced).error();
  }
  return aside;
}

Status create_if_missing(sys::FileSystem& files, const std::string& path) {
  if (files.exists(path)) return {};
  Result<std::unique_ptr<sys::File>> file = files.open(path, sys::OpenMode::kCreateNew);
  if (!file) return std::move(file).error();
  return files.sync_directory(directory_of(path));
}

}  // namespace

Database::Database(std::string path, sqlite3* handle) : path_(std::move(path)), handle_(handle) {}

Database::~Database() { sqlite3_close_v2(handle_); }

Result<std::unique_ptr<Database>> Database::open(sys::FileSystem& files,
                                                 const DatabaseOptions& options) {
  if (!options.check) {
    if (files.exists(options.path)) return connect(options);
    return Error{ErrorId::kFileMissing, options.path + " does not exist"};
  }
  const std::string& path = options.path;
  std::string damage;
  if (!files.exists(path) && files.exists(path + "-wal")) {
    damage = "the file is missing, but its log is there";
  } else {
    if (Status made = create_if_missing(files, path); !made) return std::move(made).error();
    Result<std::unique_ptr<Database>> opened = connect_checked(options);
    if (opened || opened.error().code() != ErrorCode::kCorrupt) return opened;
    damage = opened.error().what;
  }

  Result<std::string> aside = set_aside(files, path);
  if (!aside) return std::move(aside).error();
  if (Status made = create_if_missing(files, path); !made) return std::move(made).error();
  Result<std::unique_ptr<Database>> fresh = connect_checked(options);
  if (!fresh) return fresh;
  const std::string sentence = name_of(path) + " was damaged (" + damage +
                               "): it was set aside as " + name_of(*aside) +
                               ", and an empty one took its place";
  log_error("records", sentence);
  (*fresh)->recovery_.damages.push_back(sentence);
  return fresh;
}

Result<std::unique_ptr<Database>> Database::connect(const DatabaseOptions& options) {
  // Without a mutex of its own: one thread at a time is the rule of this class.
  sqlite3* handle = nullptr;
  const int opened =
      sqlite3_open_v2(options.path.c_str(), &handle,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  // Also after a failure: the handle carries the message and has to be closed.
  std::unique_ptr<Database> database(new Database(options.path, handle));
  if (opened != SQLITE_OK) return database->fail(opened, "opening");
  if (Status ready = database->configure(options); !ready) return std::move(ready).error();
  return database;
}

Result<std::unique_ptr<Database>> Database::connect_checked(const DatabaseOptions& options) {
  Result<std::unique_ptr<Database>> database = connect(options);
  if (!database) return database;
  Status whole = (*database)->check_integrity();
  if (whole) return database;
  // What is damaged stays as it was found: closing must not move the log into the file.
  sqlite3_db_config((*database)->handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  return std::move(whole).error();
}

Status Database::configure(const DatabaseOptions& options) {
  const auto wait =
      std::chrono::duration_cast<std::chrono::milliseconds>(options.busy_timeout).count();
  sqlite3_busy_timeout(handle_, static_cast<int>(wait));
  // A file that was made to harm cannot run SQL of its own or write into SQLite's own tables.
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);

  {
    Result<Statement> mode = prepare("PRAGMA journal_mode=WAL");
    if (!mode) return std::move(mode).error();
    Result<bool> row = mode->step();
    if (!row) return std::move(row).error();
    if (!*row || mode->text(0) != "wal") {
      return Error{ErrorId::kIoError, path_ + ": the volume does not allow a write-ahead log"};
    }
  }
  // secure_delete: what was revoked does not stay readable in free pages.
  for (const char* setting :
       {"PRAGMA synchronous=FULL", "PRAGMA foreign_keys=ON", "PRAGMA cell_size_check=ON",
        "PRAGMA secure_delete=ON", "PRAGMA mmap_size=0", "PRAGMA cache_size=-1024",
        "PRAGMA journal_size_limit=4194304"}) {
    if (Status set = execute(setting); !set) return set;
  }
  // The library ignores settings that it was built without, so ask what holds.
  const std::pair<const char*, std::int64_t> wanted[] = {{"PRAGMA synchronous", kSynchronousFull},
                                                         {"PRAGMA foreign_keys", 1}};
  for (const auto& [question, answer] : wanted) {
    Result<std::int64_t> holds = pragma(question);
    if (!holds) return std::move(holds).error();
    if (*holds != answer) {
      return Error{ErrorId::kInternal, std::string(question) + " is " + std::to_string(*holds)};
    }
  }
  return {};
}

Status Database::check_integrity() {
  Result<std::int64_t> pages = pragma("PRAGMA page_count");
  if (!pages) return std::move(pages).error();
  Result<std::int64_t> page_bytes = pragma("PRAGMA page_size");
  if (!page_bytes) return std::move(page_bytes).error();

  const bool small = *pages * *page_bytes <= kFullCheckBytesMax;
  Result<Statement> check = prepare(small ? "PRAGMA integrity_check(1)" : "PRAGMA quick_check(1)");
  if (!check) return std::move(check).error();
  Result<bool> row = check->step();
  if (!row) return std::move(row).error();
  if (!*row) return Error{ErrorId::kCorrupt, "the check gave no answer"};
  const std::string answer(check->text(0));
  if (answer != "ok") return Error{ErrorId::kCorrupt, answer};
  return check->finish();
}

Result<std::int64_t> Database::pragma(std::string_view sql) {
  Result<Statement> statement = prepare(sql);
  if (!statement) return std::move(statement).error();
  Result<bool> row = statement->step();
  if (!row) return std::move(row).error();
  if (!*row) return std::int64_t{-1};
  return statement->int64(0);
}

Status Database::migrate(std::string_view component, std::span<const std::string_view> steps) {
  Result<Transaction> transaction = begin();
  if (!transaction) return std::move(transaction).error();
  if (Status made = execute("CREATE TABLE IF NOT EXISTS schema_versions ("
                            "component TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT");
      !made) {
    return made;
  }
  std::size_t seen = 0;
  {
    Result<Statement> version = prepare("SELECT version FROM schema_versions WHERE component = ?1");
    if (!version) return std::move(version).error();
    version->bind(component);
    Result<bool> row = version->step();
    if (!row) return std::move(row).error();
    if (*row) seen = static_cast<std::size_t>(version->int64(0));
  }
  if (seen > steps.size()) {
    return Error{ErrorId::kFormatTooNew, name_of(path_) + " has version " + std::to_string(seen) +
                                             " of '" + std::string(component) +
                                             "', this program knows " +
                                             std::to_string(steps.size())};
  }
  for (std::string_view step : steps.subspan(seen)) {
    if (Status done = execute(std::string(step)); !done) return done;
  }
  Status noted =
      run("INSERT INTO schema_versions (component, version) VALUES (?1, ?2) "
          "ON CONFLICT (component) DO UPDATE SET version = excluded.version",
          component, static_cast<std::int64_t>(steps.size()));
  if (!noted) return noted;
  return transaction->commit();
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* handle = nullptr;
  const char* rest = nullptr;
  const int done =
      sqlite3_prepare_v2(handle_, sql.data(), static_cast<int>(sql.size()), &handle, &rest);
  if (done != SQLITE_OK) return fail(done, "preparing a statement");
  LS_ASSERT(handle != nullptr);
  LS_ASSERT(rest == sql.data() + sql.size());
  return Statement(*this, handle);
}

Result<Transaction> Database::begin() {
  if (poisoned_) return poisoned_error(path_);
  LS_ASSERT(sqlite3_get_autocommit(handle_) != 0);
  if (Status begun = execute("BEGIN IMMEDIATE"); !begun) return std::move(begun).error();
  return Transaction(*this);
}

std::int64_t Database::last_insert_id() const { return sqlite3_last_insert_rowid(handle_); }

std::int64_t Database::changed_rows() const { return sqlite3_changes64(handle_); }

Status Database::execute(const std::string& sql) {
  const int done = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
  if (done == SQLITE_OK) return {};
  return fail(done, "writing");
}

Error Database::fail(int code, std::string_view doing) {
  if (is_failed_sync(code)) {
    poisoned_ = true;
    log_error("records", name_of(path_) + ": a sync failed: no more writes until a restart");
  }
  return sqlite_error(code, std::string(doing) + " " + path_ + " failed: " +
                                (handle_ != nullptr ? sqlite3_errmsg(handle_) : "out of memory"));
}

Transaction::Transaction(Transaction&& other) noexcept
    : database_(std::exchange(other.database_, nullptr)) {}

Transaction::~Transaction() {
  if (database_ == nullptr || sqlite3_get_autocommit(database_->handle_) != 0) return;
  // Can only fail for want of a transaction, which some errors end by themselves.
  sqlite3_exec(database_->handle_, "ROLLBACK", nullptr, nullptr, nullptr);
}

Status Transaction::commit() {
  LS_ASSERT(database_ != nullptr);
  Status committed = database_->execute("COMMIT");
  // After a failure the destructor undoes what the library left open.
  if (committed) database_ = nullptr;
  return committed;
}

}  // namespace lineshaft::records
