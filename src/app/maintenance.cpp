#include "app/maintenance.h"

#include <utility>

#include "base/log.h"

namespace lineshaft::app {

using api::MaintenanceState;
using api::MaintenanceWork;

MaintenanceService::~MaintenanceService() {
  stopping_ = true;
  const std::lock_guard lock(start_mutex_);
  for (Job& one : jobs_) {
    if (one.thread.joinable()) one.thread.join();
  }
}

Status MaintenanceService::start(MaintenanceWork work) {
  const std::lock_guard one_at_a_time(start_mutex_);
  Job& started = job(work);
  {
    const std::lock_guard lock(mutex_);
    if (started.status.state == MaintenanceState::kRunning) {
      return Error{ErrorId::kConflict, "it is running already"};
    }
    started.status = {};
    started.status.state = MaintenanceState::kRunning;
    started.status.started = clock_.now();
  }
  if (started.thread.joinable()) started.thread.join();
  started.thread = std::thread([this, work] { run(work); });
  return {};
}

api::MaintenanceStatus MaintenanceService::status(MaintenanceWork work) const {
  const std::lock_guard lock(mutex_);
  return jobs_[static_cast<std::size_t>(work)].status;
}

Result<historian::VerifyReport> MaintenanceService::verify() {
  return historian_.verify([this](std::uint64_t done, std::uint64_t total) {
    const std::lock_guard lock(mutex_);
    api::MaintenanceStatus& status = job(MaintenanceWork::kVerify).status;
    status.bytes_done = done;
    status.bytes_total = total;
    return !stopping_;
  });
}

void MaintenanceService::run(MaintenanceWork work) {
  historian::VerifyReport report;
  Status done;
  if (work == MaintenanceWork::kCompact) {
    done = historian_.compact();
  } else if (Result<historian::VerifyReport> verified = verify(); verified) {
    report = *std::move(verified);
  } else {
    done = verified.error();
  }
  const std::lock_guard lock(mutex_);
  api::MaintenanceStatus& status = job(work).status;
  status.finished = clock_.now();
  status.report = std::move(report);
  status.state = done ? MaintenanceState::kDone : MaintenanceState::kFailed;
  if (done) return;
  status.error = done.error();
  log_error("historian", done.error().text());
}

}  // namespace lineshaft::app
