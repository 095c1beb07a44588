// api/backups.h: copies of the whole server, as the API sees them. Joined in app/.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace lineshaft::api {

enum class BackupState : std::uint8_t { kNone, kRunning, kDone, kFailed };
std::string_view backup_state_name(BackupState state);  // "none", "running", ...

struct BackupStatus {
  BackupState state = BackupState::kNone;  // of the last one since the start
  std::string directory;
  Timestamp started, finished;
  std::uint64_t bytes_done = 0, bytes_total = 0;  // of the history
  std::uint64_t files = 0, files_copied = 0, bytes = 0, bytes_copied = 0;
  std::vector<std::string> damages;       // found in the store
  std::optional<Error> error;             // of one that failed
  std::optional<Timestamp> last_success;  // the end of the newest one, before the start too
};

// Threads: any.
class Backups {
 public:
  virtual ~Backups() = default;
  // Begins a copy of the server into a directory of the server's machine.
  // Errors: kInvalidArgument: no absolute path, or inside the data directory; kConflict: one runs.
  virtual Status start(const std::string& directory) = 0;
  virtual BackupStatus status() const = 0;
};

}  // namespace lineshaft::api
