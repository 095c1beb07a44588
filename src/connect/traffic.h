// connect/traffic.h: counters of one user of a link.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/time.h"
#include "connect/connection.h"

namespace lineshaft::connect {

// The last 256 latencies: enough for a p99, little enough to be forgotten with the hour.
class LatencyWindow {
 public:
  void add(Nanoseconds latency);
  // Absent before the first. Cost: sorts 256 numbers.
  std::optional<Latency> summary() const;

 private:
  std::array<float, 256> milliseconds_{};
  std::size_t next_ = 0;
  std::size_t count_ = 0;
};

struct Traffic {
  std::uint64_t requests = 0;
  std::uint64_t errors = 0;  // exceptions, broken answers, timeouts
  std::uint64_t timeouts = 0;
  std::uint64_t late_answers = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  LatencyWindow latency;

  void fill(ConnectionStatus& status) const;
};

// Events per second over the last ten whole seconds.
class RateMeter {
 public:
  void add(Nanoseconds now, std::uint64_t count);
  double per_second(Nanoseconds now) const;

 private:
  static constexpr std::int64_t kSeconds = 10;
  void forget(std::int64_t second);

  std::array<std::uint64_t, kSeconds + 1> buckets_{};  // the running second and ten before it
  std::int64_t newest_ = -1;
  std::int64_t first_ = -1;
};

}  // namespace lineshaft::connect
