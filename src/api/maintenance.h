// api/maintenance.h: long work on the history, as the API sees it. Joined in app/.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "historian/report.h"

namespace lineshaft::api {

enum class MaintenanceWork : std::uint8_t { kVerify, kCompact };
enum class MaintenanceState : std::uint8_t { kNone, kRunning, kDone, kFailed };
std::string_view maintenance_state_name(MaintenanceState state);  // "none", "running", ...

struct MaintenanceStatus {
  MaintenanceState state = MaintenanceState::kNone;  // of the last one since the start
  Timestamp started, finished;
  std::uint64_t bytes_done = 0, bytes_total = 0;  // of a verification
  historian::VerifyReport report;                 // of a verification that is done
  std::optional<Error> error;                     // of one that failed
};

// Threads: any.
class Maintenance {
 public:
  virtual ~Maintenance() = default;
  // Errors: kConflict: such work is running.
  virtual Status start(MaintenanceWork work) = 0;
  virtual MaintenanceStatus status(MaintenanceWork work) const = 0;
};

}  // namespace lineshaft::api
