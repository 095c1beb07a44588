// app/backup.h: copies of a whole data directory: history, people and connections, ledger,
// certificate. What a copy holds is again a data directory. docs/how-to/back-up-and-restore.md.
#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <thread>

#include "api/backups.h"
#include "historian/backup.h"
#include "historian/historian.h"
#include "ledger/ledger.h"
#include "sys/clock.h"
#include "sys/file.h"

namespace lineshaft::app {

// A server that runs. Everything must outlive what uses it.
struct BackupSource {
  sys::FileSystem& files;
  sys::Random& random;
  historian::Historian& historian;
  ledger::Ledger& ledger;
  std::string data_directory;
};

// Copies what is new since the last time into `directory`, whose files are replaced one by one, so
// that a crash leaves a copy that can be restored. Uploads that wait to be imported are left out.
// Errors: kInvalidArgument: no absolute path, or inside the data directory; kConflict: something
// else is in there; kLocked; those of Historian::back_up, Database::back_up
// and Ledger::back_up.
Result<historian::BackupReport> back_up(const BackupSource& source, const std::string& directory,
                                        const historian::BackupProgress& go_on);

// Makes a new data directory of a copy; it appears when it is whole. An attempt that was cut off is
// continued. Errors: kFileMissing: it is no copy; kConflict: `data` exists; kLocked; kCorrupt: the
// records are damaged; as restore_store. That the ledger is not what was signed is no error: it is
// named among the damages, and a server that starts on it takes no journals. `stores`: reads and
// writes history and ledger, where these are enciphered; null: `files`.
Result<historian::BackupReport> restore(sys::FileSystem& files, const std::string& backup,
                                        const std::string& data,
                                        const historian::BackupProgress& go_on,
                                        sys::FileSystem* stores = nullptr);

// Runs one at a time on a thread of its own. The destructor stops it.
class BackupService final : public api::Backups {
 public:
  BackupService(BackupSource source, sys::Clock& clock);
  ~BackupService() override;
  Status start(const std::string& directory) override;
  api::BackupStatus status() const override;

 private:
  void run(const std::string& directory);
  void keep_success(Timestamp time);

  const BackupSource source_;
  sys::Clock& clock_;
  std::atomic<bool> stopping_ = false;
  std::mutex start_mutex_;  // guards thread_
  std::thread thread_;
  mutable std::mutex mutex_;
  api::BackupStatus status_;  // guarded by mutex_
};

}  // namespace lineshaft::app
