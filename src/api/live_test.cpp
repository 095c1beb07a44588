#include "api/live.h"

#include <gtest/gtest.h>

namespace lineshaft::api {
namespace {

// Beats of 20 ms; 250 / 20 = 12.
TEST(Live, TellsLittleAtOnceAndMuchFourTimesASecond) {
  EXPECT_EQ(live_beats_until_next(0, 1), 1U);
  EXPECT_EQ(live_beats_until_next(20, 80), 1U);
  EXPECT_EQ(live_beats_until_next(100, 1), 5U) << "100 ms";
  EXPECT_EQ(live_beats_until_next(2000, 1), 12U);
  EXPECT_EQ(live_beats_until_next(1, 400), 5U) << "100 ms";
  EXPECT_EQ(live_beats_until_next(1, 10'000), 12U);
}

}  // namespace
}  // namespace lineshaft::api
