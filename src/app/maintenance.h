// app/maintenance.h: long work on the history of a running server: verify, compact.
#pragma once

#include <array>
#include <atomic>
#include <mutex>
#include <thread>

#include "api/maintenance.h"
#include "historian/historian.h"
#include "sys/clock.h"

namespace lineshaft::app {

// Runs one of each kind at a time, on threads of its own. The destructor stops a verification, and
// waits for a compaction.
class MaintenanceService final : public api::Maintenance {
 public:
  MaintenanceService(historian::Historian& historian, sys::Clock& clock)
      : historian_(historian), clock_(clock) {}
  ~MaintenanceService() override;
  Status start(api::MaintenanceWork work) override;
  api::MaintenanceStatus status(api::MaintenanceWork work) const override;

 private:
  struct Job {
    std::thread thread;             // guarded by start_mutex_
    api::MaintenanceStatus status;  // guarded by mutex_
  };
  Job& job(api::MaintenanceWork work) { return jobs_[static_cast<std::size_t>(work)]; }
  void run(api::MaintenanceWork work);
  Result<historian::VerifyReport> verify();

  historian::Historian& historian_;
  sys::Clock& clock_;
  std::atomic<bool> stopping_ = false;
  std::mutex start_mutex_;
  mutable std::mutex mutex_;
  std::array<Job, 2> jobs_;
};

}  // namespace lineshaft::app
