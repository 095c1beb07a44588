// connect/neighbours_fixture.h: a healthy machine beside a hostile one, for tests.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "connect/testing.h"

namespace lineshaft::connect::testing {

// Whoever makes the healthy machine, connection 1, polls it once a second and notes each poll.
struct WatchedPlant : Plant {
  std::vector<Nanoseconds> healthy_polls;

  // The healthy machine never missed an instant of its grid.
  void expect_healthy_rate() {
    for (std::size_t i = 2; i < healthy_polls.size(); ++i) {
      ASSERT_EQ(healthy_polls[i] - healthy_polls[i - 1], 1s);
    }
    ASSERT_GE(static_cast<std::int64_t>(healthy_polls.size()), loop.now() / 1s - 1);
  }
};

}  // namespace lineshaft::connect::testing
