// historian/disk_watch.h: how much space is left on the disk, and whether that is enough to go on.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>

#include "base/time.h"
#include "sys/clock.h"
#include "sys/file.h"

namespace lineshaft::historian {

enum class DiskState : std::uint8_t { kEnough, kLow, kCritical };

// So much free space: the smaller of the two, if both are given. Zero: no mark.
struct DiskMark {
  std::uint64_t bytes = 0;
  double percent = 0;  // of the volume
  std::uint64_t of(std::uint64_t total_bytes) const;
  friend bool operator==(const DiskMark&, const DiskMark&) = default;
};

// Threads: any.
class DiskWatch {
 public:
  DiskWatch(sys::FileSystem& files, sys::Clock& clock, std::string directory, DiskMark low,
            DiskMark critical);

  // Looked at once a second, or less often if nobody asks. A disk that does not say counts as
  // having enough.
  DiskState state();
  std::uint64_t free_bytes();  // when it was last looked at
  std::uint64_t critical_bytes() const { return critical_bytes_; }

 private:
  void look();

  sys::FileSystem& files_;
  sys::Clock& clock_;
  const std::string directory_;
  const DiskMark low_;
  const DiskMark critical_;
  std::mutex mutex_;  // of those who look
  std::atomic<Nanoseconds::rep> next_look_ = 0;
  std::atomic<std::uint64_t> free_bytes_ = 0;
  std::atomic<std::uint64_t> critical_bytes_ = 0;
  std::atomic<DiskState> state_ = DiskState::kEnough;
};

}  // namespace lineshaft::historian
