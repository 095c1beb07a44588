#include "app/clock_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lineshaft::app {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

struct ManualClock final : sys::Clock {
  Timestamp wall{1'795'000'000'000'000'000};  // 2026-11-18T11:06:40Z
  Nanoseconds steady = hours(5);
  Timestamp now() override { return wall; }
  Nanoseconds monotonic() override { return steady; }
  void pass(Nanoseconds time) {
    wall = wall + time;
    steady += time;
  }
};

TEST(ClockWatch, SaysNothingWhileBothClocksRunAlike) {
  ManualClock clock;
  ClockWatch watch(clock);
  for (const Nanoseconds passed : {Nanoseconds(seconds(1)), Nanoseconds(hours(30))}) {
    clock.pass(passed);
    EXPECT_EQ(watch.look(), "");
  }
  clock.wall = clock.wall + milliseconds(900);  // a step of NTP
  EXPECT_EQ(watch.look(), "");
  EXPECT_EQ(watch.last_jump(), "");
}

TEST(ClockWatch, TellsAJumpOnceAndRemembersItForADay) {
  ManualClock clock;
  ClockWatch watch(clock);
  clock.pass(seconds(1));
  clock.wall = clock.wall + hours(24);
  const std::string forward = watch.look();
  EXPECT_THAT(forward, testing::HasSubstr("set forward from 2026-11-18T11:06:41Z to "
                                          "2026-11-19T11:06:41Z"));
  EXPECT_EQ(watch.look(), "");
  clock.pass(seconds(1));
  clock.wall = clock.wall + -hours(25);
  EXPECT_THAT(watch.look(), testing::HasSubstr("set back from 2026-11-19T11:06:42Z to "
                                               "2026-11-18T10:06:42Z"));
  clock.pass(hours(23));
  EXPECT_EQ(watch.look(), "");
  EXPECT_THAT(watch.last_jump(), testing::HasSubstr("set back"));
  clock.pass(hours(2));
  EXPECT_EQ(watch.last_jump(), "");
}

}  // namespace
}  // namespace lineshaft::app
