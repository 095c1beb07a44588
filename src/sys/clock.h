// sys/clock.h: time and randomness behind interfaces, so that both can be replayed.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "base/time.h"

namespace lineshaft::sys {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Timestamp now() = 0;          // wall clock, UTC; may jump either way
  virtual Nanoseconds monotonic() = 0;  // since an arbitrary start; never runs back
};

class Random {
 public:
  virtual ~Random() = default;
  // Cryptographically strong in the real one; from a seed in a simulated one.
  virtual void fill(std::span<std::uint8_t> out) = 0;

  std::uint64_t next_u64() {
    std::array<std::uint8_t, 8> raw{};
    fill(raw);
    std::uint64_t value = 0;
    for (std::uint8_t byte : raw) value = value << 8 | byte;
    return value;
  }
  // Uniform in [0, bound). Requires: bound > 0. Bias below bound / 2^64.
  std::uint64_t below(std::uint64_t bound) { return next_u64() % bound; }
};

Clock& real_clock();
Random& real_random();  // getrandom(2)

}  // namespace lineshaft::sys
