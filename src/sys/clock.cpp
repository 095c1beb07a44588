#include "sys/clock.h"

#include <sys/random.h>
#include <time.h>

#include <cerrno>

#include "base/assert.h"

namespace lineshaft::sys {
namespace {

std::int64_t read_clock(clockid_t id) {
  timespec now{};
  LS_ASSERT(clock_gettime(id, &now) == 0);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

class SystemClock final : public Clock {
 public:
  Timestamp now() override { return {read_clock(CLOCK_REALTIME)}; }
  Nanoseconds monotonic() override { return Nanoseconds(read_clock(CLOCK_MONOTONIC)); }
};

class SystemRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t> out) override {
    while (!out.empty()) {
      const ssize_t got = getrandom(out.data(), out.size(), 0);
      if (got < 0 && errno == EINTR) continue;
      LS_ASSERT(got > 0);
      out = out.subspan(static_cast<std::size_t>(got));
    }
  }
};

}  // namespace

Clock& real_clock() {
  static SystemClock clock;
  return clock;
}

Random& real_random() {
  static SystemRandom random;
  return random;
}

}  // namespace lineshaft::sys
