#include "app/backup.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <iterator>
#include <system_error>

#include "base/hex.h"
#include "base/log.h"
#include "identity/audit_seals.h"
#include "ledger/file_names.h"
#include "ledger/verify.h"
#include "records/database.h"
#include "vault/key_file.h"

namespace lineshaft::app {
namespace {

using historian::BackupProgress;
using historian::BackupReport;

// Tells the copies of one server from those of another.
constexpr std::string_view kMark = "backup.id";
constexpr std::size_t kMarkBytes = 16;
// In the data directory: when a backup was last made.
constexpr std::string_view kLastSuccess = "backup.last";
constexpr std::string_view kHistory = "history";
constexpr std::string_view kTenants = "tenants";
constexpr std::string_view kRecords = "records.db";
constexpr std::string_view kLedger = "ledger";
constexpr std::string_view kCertificates = "tls";
// Byte by byte: what is sealed stays sealed. Never master.key, which opens it all.
constexpr std::array<std::string_view, 7> kSmallFiles{
    "tls/certificate.pem", "tls/key.pem",   "tls/authority.pem", "tls/authority-key.pem",
    "provisioned",         vault::kKeyFile, vault::kKeyFileCopy};
// What the audit trail keeps beside the records: keys and witnesses. A checkpoint stands among the
// records with each entry, so the copy holds one that fits it.
constexpr std::string_view kAudit = "audit";
constexpr std::array<std::string_view, 2> kAuditFiles{identity::kAuditSigningKey,
                                                      identity::kAuditVerifierKeys};
constexpr std::size_t kSmallBytesMax = vault::kKeyFileBytesMax;

// Made for the first copy.
Result<std::string> own_mark(const BackupSource& source) {
  const std::string path = sys::join_path(source.data_directory, kMark);
  const Result<Bytes> known = sys::read_file(source.files, path, kSmallBytesMax);
  if (known) return std::string(as_text(*known));
  if (known.error().id != ErrorId::kFileMissing) return known.error();
  std::array<std::uint8_t, kMarkBytes> random{};
  source.random.fill(random);
  std::string mark = hex_text(random) + "\n";
  if (Status kept = sys::write_file_atomically(source.files, path, as_bytes(mark)); !kept) {
    return kept.error();
  }
  return mark;
}

Status check_place(const std::string& data, const std::string& directory) {
  const std::filesystem::path path(directory);
  if (!path.is_absolute()) {
    return Error{ErrorId::kInvalidArgument, "directory: must be an absolute path"};
  }
  std::error_code trouble;
  const auto inside = std::filesystem::weakly_canonical(path, trouble)
                          .lexically_relative(std::filesystem::weakly_canonical(data, trouble));
  if (inside.empty() || *inside.begin() != "..") {
    return Error{ErrorId::kInvalidArgument, "directory: must not be inside the data directory"};
  }
  return {};
}

// An empty directory, or one with a copy of this server.
Status take_place(sys::FileSystem& files, const std::string& directory, const std::string& mark) {
  const std::string path = sys::join_path(directory, kMark);
  const Result<Bytes> found = sys::read_file(files, path, kSmallBytesMax);
  if (found) {
    if (as_text(*found) == mark) return {};
    return Error{ErrorId::kConflict, directory + " holds the backup of another server"};
  }
  if (found.error().id != ErrorId::kFileMissing) return found.error();
  const Result<std::vector<std::string>> names = files.list(directory);
  if (!names) return names.error();
  for (const std::string& name : *names) {
    if (name.starts_with(kMark)) continue;  // what a crash left
    return Error{ErrorId::kConflict, directory + " is neither empty nor a backup"};
  }
  return sys::write_file_atomically(files, path, as_bytes(mark));
}

// Those that are not there stay as they are in the copy.
Status copy_small_files(sys::FileSystem& files, const std::string& from, const std::string& to) {
  if (Status made = files.create_directories(sys::join_path(to, kCertificates)); !made) return made;
  for (const std::string_view name : kSmallFiles) {
    const Result<Bytes> bytes = sys::read_file(files, sys::join_path(from, name), kSmallBytesMax);
    if (!bytes && bytes.error().id == ErrorId::kFileMissing) continue;
    if (!bytes) return bytes.error();
    const std::string path = sys::join_path(to, name);
    const Result<Bytes> kept = sys::read_file(files, path, kSmallBytesMax);
    if (kept && *kept == *bytes) continue;
    if (Status written = sys::write_file_atomically(files, path, *bytes); !written) return written;
  }
  return {};
}

// One that is not there becomes an empty one.
Status copy_directory(sys::FileSystem& files, const std::string& from, const std::string& to) {
  if (Status made = files.create_directories(to); !made) return made;
  const Result<std::vector<std::string>> names = files.list(from);
  if (!names) return names.error().id == ErrorId::kFileMissing ? Status() : names.error();
  for (const std::string& name : *names) {
    Status copied =
        historian::copy_file(files, sys::join_path(from, name), sys::join_path(to, name));
    if (!copied) return copied;
  }
  return files.sync_directory(to);
}

Status copy_audit_keys(sys::FileSystem& files, const std::string& from, const std::string& to) {
  const std::string beside = sys::join_path(from, kAudit);
  if (!files.exists(beside)) return {};  // the copy of a version before
  const std::string audit = sys::join_path(to, kAudit);
  if (Status made = files.create_directories(audit); !made) return made;
  for (const std::string_view name : kAuditFiles) {
    const Result<Bytes> bytes = sys::read_file(files, sys::join_path(beside, name), kSmallBytesMax);
    if (!bytes && bytes.error().id == ErrorId::kFileMissing) continue;
    if (!bytes) return bytes.error();
    Status written = sys::write_file_atomically(files, sys::join_path(audit, name), *bytes);
    if (!written) return written;
  }
  return copy_directory(files, sys::join_path(beside, identity::kAuditWitnesses),
                        sys::join_path(audit, identity::kAuditWitnesses));
}

Status back_up_records(const BackupSource& source, const std::string& directory) {
  records::DatabaseOptions options;
  options.path = sys::join_path(source.data_directory, kRecords);
  options.check = false;  // the server did
  const auto database = records::Database::open(source.files, options);
  if (!database) return database.error();
  return (*database)->back_up(source.files, sys::join_path(directory, kRecords));
}

// After the records: every journal that these say was posted is then in the ledger of the copy.
Status back_up_ledger(const BackupSource& source, const std::string& directory,
                      BackupReport& report, const BackupProgress& go_on) {
  Result<ledger::BackupReport> copied =
      source.ledger.back_up(sys::join_path(directory, kLedger), source.random,
                            [&] { return go_on(report.bytes, report.bytes); });
  if (!copied) return std::move(copied).error();
  for (std::string& damage : copied->damages) {
    report.damages.push_back("the ledger: " + std::move(damage));
  }
  return {};
}

// "a/b/" -> "a/b": a name can be added to it.
std::string without_slash(const std::string& path) {
  const std::size_t last = path.find_last_not_of('/');
  return last == std::string::npos ? path : path.substr(0, last + 1);
}

std::string parent_of(const std::string& path) {
  const std::string parent = std::filesystem::path(path).parent_path();
  return parent.empty() ? "." : parent;
}

Status restore_records(sys::FileSystem& files, const std::string& backup, const std::string& to) {
  const std::string path = sys::join_path(to, kRecords);
  if (Status copied = historian::copy_file(files, sys::join_path(backup, kRecords), path);
      !copied) {
    return copied;
  }
  return records::Database::verify(files, path);
}

// What is wrong with a restored ledger; "" if nothing is.
std::string flaw_of_ledger(sys::FileSystem& files, const std::string& ledger) {
  const Result<ledger::Verified> found = ledger::verify_directory(files, ledger, {});
  if (!found) return found.error().text();
  const std::uint64_t counted = found->checkpoint ? found->checkpoint->size : 0;
  if (counted == found->entries) return {};
  return "entry " + std::to_string(counted + 1) +
         " and what follows is not signed: the backup was not finished, or somebody added it";
}

// All of its files; then it is audited, as one is that somebody else gave us.
Status restore_ledger(sys::FileSystem& files, const std::string& backup, const std::string& to,
                      BackupReport& report) {
  const std::string from = sys::join_path(backup, kLedger);
  if (!files.exists(from)) {
    report.damages.push_back(from + " is missing: the restored server begins with an empty ledger");
    return {};
  }
  const std::string ledger = sys::join_path(to, kLedger);
  if (Status made = files.create_directories(ledger); !made) return made;
  for (const char* const name : {ledger::kLogDirectory, ledger::kWitnessDirectory}) {
    Status copied = copy_directory(files, sys::join_path(from, name), sys::join_path(ledger, name));
    if (!copied) return copied;
  }
  for (const char* const name : ledger::kKeptFiles) {
    const std::string path = sys::join_path(from, name);
    if (!files.exists(path)) continue;
    Status copied = historian::copy_file(files, path, sys::join_path(ledger, name));
    if (!copied) return copied;
  }
  if (Status synced = files.sync_directory(ledger); !synced) return synced;
  const std::string flaw = flaw_of_ledger(files, ledger);
  if (!flaw.empty()) report.damages.push_back("the ledger: " + flaw);
  return {};
}

// The histories of the organisations other than the first.
Status restore_tenants(sys::FileSystem& files, const std::string& backup, const std::string& to,
                       BackupReport& report, const BackupProgress& go_on) {
  const Result<std::vector<std::string>> tenants = files.list(sys::join_path(backup, kTenants));
  if (!tenants) return {};  // a copy of a server with one
  for (const std::string& tenant : *tenants) {
    const std::string place =
        sys::join_path(sys::join_path(std::string(kTenants), tenant), kHistory);
    const std::string store = sys::join_path(to, place);
    if (Status made = files.create_directories(store); !made) return made;
    Result<BackupReport> one =
        historian::restore_store(files, sys::join_path(backup, place), store, go_on);
    if (!one) return one.error();
    report.files += one->files;
    report.bytes += one->bytes;
    report.files_copied += one->files_copied;
    report.bytes_copied += one->bytes_copied;
    std::ranges::move(one->damages, std::back_inserter(report.damages));
  }
  return {};
}

// Everything but the name of the new directory.
Result<BackupReport> restore_into(sys::FileSystem& files, sys::FileSystem& stores,
                                  const std::string& backup, const std::string& to,
                                  const BackupProgress& go_on) {
  const Result<Bytes> mark = sys::read_file(files, sys::join_path(backup, kMark), kSmallBytesMax);
  if (!mark) return Error{mark.error().id, backup + " is no backup: " + mark.error().what};
  if (Status made = files.create_directories(to); !made) return made.error();
  Result<BackupReport> report = historian::restore_store(stores, sys::join_path(backup, kHistory),
                                                         sys::join_path(to, kHistory), go_on);
  if (!report) return report;
  Status done = restore_tenants(stores, backup, to, *report, go_on);
  if (done) done = restore_records(files, backup, to);
  if (done) done = copy_audit_keys(files, backup, to);
  if (done) done = restore_ledger(stores, backup, to, *report);
  if (done) done = copy_small_files(files, backup, to);
  if (done) done = sys::write_file_atomically(files, sys::join_path(to, kMark), *mark);
  if (!done) return done.error();
  return report;
}

}  // namespace

Result<BackupReport> back_up(const BackupSource& source, const std::string& directory,
                             const BackupProgress& go_on) {
  sys::FileSystem& files = source.files;
  if (Status fits = check_place(source.data_directory, directory); !fits) return fits.error();
  const Result<std::string> mark = own_mark(source);
  if (!mark) return mark.error();
  if (Status made = files.create_directories(directory); !made) return made.error();
  const auto lock = files.lock_directory(directory);
  if (!lock) return lock.error();
  if (Status taken = take_place(files, directory, *mark); !taken) return taken.error();
  Result<BackupReport> report =
      source.historian.back_up(sys::join_path(directory, kHistory), go_on);
  if (!report) return report;
  // Before the records: witnesses then know of no entry that the copy does not have.
  Status done = copy_audit_keys(files, source.data_directory, directory);
  // After the history: what is said about tags then is not older than their samples.
  if (done) done = back_up_records(source, directory);
  if (done) done = back_up_ledger(source, directory, *report, go_on);
  if (done) done = copy_small_files(files, source.data_directory, directory);
  if (!done) return done.error();
  return report;
}

Result<BackupReport> restore(sys::FileSystem& files, const std::string& backup,
                             const std::string& data_directory, const BackupProgress& go_on,
                             sys::FileSystem* stores) {
  const std::string data = without_slash(data_directory);
  const Result<std::vector<std::string>> names = files.list(data);
  if (names ? !names->empty() : files.exists(data)) {
    return Error{ErrorId::kConflict, data + " exists; name a new directory"};
  }
  const auto lock = files.lock_directory(backup);
  if (!lock) return lock.error();
  const std::string unfinished = data + ".restoring";
  Result<BackupReport> report =
      restore_into(files, stores != nullptr ? *stores : files, backup, unfinished, go_on);
  if (!report) return report;
  Status done = files.rename(unfinished, data);
  if (done) done = files.sync_directory(parent_of(data));
  if (!done) return done.error();
  return report;
}

BackupService::BackupService(BackupSource source, sys::Clock& clock)
    : source_(std::move(source)), clock_(clock) {
  const Result<Bytes> kept = sys::read_file(
      source_.files, sys::join_path(source_.data_directory, kLastSuccess), kSmallBytesMax);
  if (!kept) return;
  const Result<Timestamp> time = parse_timestamp(as_text(*kept));
  if (time) status_.last_success = *time;
}

// Requires: mutex_ is held. That it cannot be kept is said, but the backup is there.
void BackupService::keep_success(Timestamp time) {
  status_.last_success = time;
  const std::string path = sys::join_path(source_.data_directory, kLastSuccess);
  const Status kept =
      sys::write_file_atomically(source_.files, path, as_bytes(format_rfc3339(time)));
  if (!kept) log_warn("backup", kept.error().text());
}

BackupService::~BackupService() {
  stopping_ = true;
  const std::lock_guard lock(start_mutex_);
  if (thread_.joinable()) thread_.join();
}

Status BackupService::start(const std::string& directory) {
  const std::lock_guard one_at_a_time(start_mutex_);
  if (Status fits = check_place(source_.data_directory, directory); !fits) return fits;
  {
    const std::lock_guard lock(mutex_);
    if (status_.state == api::BackupState::kRunning) {
      return Error{ErrorId::kConflict, "a backup into " + status_.directory + " is running"};
    }
    const std::optional<Timestamp> last_success = status_.last_success;
    status_ = {};
    status_.last_success = last_success;
    status_.state = api::BackupState::kRunning;
    status_.directory = directory;
    status_.started = clock_.now();
  }
  if (thread_.joinable()) thread_.join();
  thread_ = std::thread([this, directory] { run(directory); });
  return {};
}

api::BackupStatus BackupService::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

void BackupService::run(const std::string& directory) {
  const Result<BackupReport> report =
      back_up(source_, directory, [this](std::uint64_t done, std::uint64_t total) {
        const std::lock_guard lock(mutex_);
        status_.bytes_done = done;
        status_.bytes_total = total;
        return !stopping_;
      });
  const std::lock_guard lock(mutex_);
  status_.finished = clock_.now();
  status_.state = report ? api::BackupState::kDone : api::BackupState::kFailed;
  if (!report) {
    status_.error = report.error();
    log_error("backup", report.error().text());
    return;
  }
  keep_success(status_.finished);
  status_.files = report->files;
  status_.files_copied = report->files_copied;
  status_.bytes = report->bytes;
  status_.bytes_copied = report->bytes_copied;
  status_.damages = report->damages;
  for (const std::string& damage : report->damages) log_warn("backup", damage);
  log_info("backup", directory + " holds " + std::to_string(report->files) + " files of history, " +
                         std::to_string(report->files_copied) + " of them new");
}

}  // namespace lineshaft::app
