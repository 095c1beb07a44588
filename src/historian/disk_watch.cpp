#include "historian/disk_watch.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace lineshaft::historian {
namespace {

constexpr Nanoseconds kLookPeriod = std::chrono::seconds(1);
constexpr std::uint64_t kMiB = 1024 * 1024;

void tell(DiskState state, std::uint64_t free) {
  const std::string left = std::to_string(free / kMiB) + " MiB are free for data";
  if (state == DiskState::kEnough) log_info("historian", left + ": enough again");
  if (state == DiskState::kLow) log_warn("historian", left + ": make room");
  if (state == DiskState::kCritical) {
    log_error("historian", left + ": samples are refused until there is more");
  }
}

}  // namespace

std::uint64_t DiskMark::of(std::uint64_t total_bytes) const {
  const auto part = static_cast<std::uint64_t>(static_cast<double>(total_bytes) * percent / 100);
  if (bytes == 0) return part;
  return percent == 0 ? bytes : std::min(bytes, part);
}

DiskWatch::DiskWatch(sys::FileSystem& files, sys::Clock& clock, std::string directory, DiskMark low,
                     DiskMark critical)
    : files_(files),
      clock_(clock),
      directory_(std::move(directory)),
      low_(low),
      critical_(critical) {}

DiskState DiskWatch::state() {
  if (low_ == DiskMark{} && critical_ == DiskMark{}) return DiskState::kEnough;
  look();
  return state_;
}

std::uint64_t DiskWatch::free_bytes() {
  look();
  return free_bytes_;
}

void DiskWatch::look() {
  const Nanoseconds::rep now = clock_.monotonic().count();
  if (now < next_look_) return;
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock) return;  // another one looks; what was seen before is good enough
  next_look_ = now + kLookPeriod.count();
  const Result<std::uint64_t> free = files_.free_bytes(directory_);
  const Result<std::uint64_t> total = files_.total_bytes(directory_);
  if (!free || !total) return;
  free_bytes_ = *free;
  critical_bytes_ = critical_.of(*total);
  DiskState state = DiskState::kEnough;
  if (*free < low_.of(*total)) state = DiskState::kLow;
  if (*free < critical_bytes_) state = DiskState::kCritical;
  if (state_.exchange(state) != state) tell(state, *free);
}

}  // namespace lineshaft::historian
