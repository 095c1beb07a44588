#include "connect/device_time.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace lineshaft::connect {
namespace {

using namespace std::chrono_literals;

// Our clock stands at 1000 h when the test begins; a device tells times on its own.
constexpr std::int64_t kHour = 3'600;

struct Times {
  DeviceTime time;
  std::int64_t second = 0;  // since the beginning, by steady clocks

  Instant now() const { return {Timestamp{(1'000 * kHour + second) * 1'000'000'000}, second * 1s}; }
  // What is made of a value whose device says that it is `told` seconds of ours: "past", or how
  // many seconds from the beginning it is stored at.
  std::string value(std::int64_t told) {
    const Timestamp at{(1'000 * kHour + told) * 1'000'000'000};
    const auto stored = time.of_value(believed(at, now()), now());
    if (!stored) return "past";
    return std::to_string(stored->ns / 1'000'000'000 - 1'000 * kHour);
  }
};

TEST(DeviceTime, TrueTimesAreKept) {
  Times t;
  for (; t.second < 1'000; t.second += 10) {
    EXPECT_EQ(t.value(t.second - 3), std::to_string(t.second - 3));
  }
}

TEST(DeviceTime, WhatComesLateIsOfBefore) {
  Times t;
  EXPECT_EQ(t.value(0), "0");
  t.second = 20;
  EXPECT_EQ(t.value(20), "20");
  EXPECT_EQ(t.value(5), "past");
  EXPECT_EQ(t.value(19), "past");
  EXPECT_EQ(t.value(20), "20") << "of the same moment";
}

// A laboratory sends results in any order, hours after the samples were taken.
TEST(DeviceTime, ResultsThatComeInAnyOrderStayInTheirPlaces) {
  Times t;
  t.second = 4 * kHour;
  EXPECT_EQ(t.value(3 * kHour), std::to_string(3 * kHour));
  for (const std::int64_t taken : {7'000, 6'000, 9'000, 2'000, 1'000, 8'500, 4'000}) {
    t.second += 600;
    EXPECT_EQ(t.value(taken), "past") << taken;
  }
}

// A device that sends what it kept, oldest first, faster than it happened.
TEST(DeviceTime, ABacklogIsOfBeforeHoweverLongItTakes) {
  Times t;
  t.second = 2 * kHour;
  EXPECT_EQ(t.value(t.second), std::to_string(t.second));
  for (std::int64_t i = 0; i < 300; ++i) {
    t.second += 1;
    EXPECT_EQ(t.value(i * 20), "past") << i;
  }
}

TEST(DeviceTime, AClockThatWasSetBackStopsThePresentForAMinuteAtMost) {
  Times t;
  EXPECT_EQ(t.value(0), "0");
  std::int64_t late = 0;
  for (t.second = 1; t.second < 2 * kHour; ++t.second) {
    const std::string stored = t.value(t.second - kHour);
    if (stored == "past") {
      late += 1;
    } else {
      ASSERT_EQ(stored, std::to_string(t.second)) << "our time, one after the other";
    }
  }
  EXPECT_EQ(late, 60);
  // Set right again: its own times count.
  EXPECT_EQ(t.value(t.second), std::to_string(t.second));
  t.second += 10;
  EXPECT_EQ(t.value(t.second - 4), std::to_string(t.second - 4));
}

TEST(DeviceTime, WhatIsLateByASetClockIsStillOfBefore) {
  Times t;
  EXPECT_EQ(t.value(0), "0");
  for (t.second = 1; t.second <= 100; ++t.second) (void)t.value(t.second - kHour);
  EXPECT_EQ(t.value(50 - kHour), "past");
  EXPECT_EQ(t.value(101 - kHour), "101");
}

TEST(DeviceTime, AClockFarAheadIsNotBelieved) {
  Times t;
  EXPECT_EQ(t.value(kHour), "0");
  t.second = 5;
  EXPECT_EQ(t.value(65), "65") << "a minute is";
  EXPECT_EQ(t.value(66), "65") << "ours, behind what was stored";
  t.second = 100;
  EXPECT_EQ(t.value(100), "100") << "and it does not stand in the way of what is true";
}

// Our own clock was a day ahead, and is set right.
TEST(DeviceTime, OurClockThatWasSetBackDoesNotMakeThePresentPast) {
  Times t;
  t.second = 24 * kHour;
  EXPECT_EQ(t.value(24 * kHour), std::to_string(24 * kHour));
  t.second = 10;  // the steady clock of this test goes with it, which changes nothing
  EXPECT_EQ(t.value(10), "10");
}

TEST(DeviceTime, AStateThatWasAskedForIsThePresentWhateverItsTime) {
  Times t;
  const auto state = [&](std::optional<std::int64_t> told) {
    std::optional<Timestamp> at;
    if (told) at = Timestamp{(1'000 * kHour + *told) * 1'000'000'000};
    return t.time.of_state(at, t.now()).ns / 1'000'000'000 - 1'000 * kHour;
  };
  t.second = 100;
  EXPECT_EQ(state(90), 90) << "since then";
  t.second = 200;
  EXPECT_EQ(state(90), 200) << "it holds now";
  EXPECT_EQ(state(std::nullopt), 200);
  t.second = 300;
  EXPECT_EQ(state(250), 250);
}

}  // namespace
}  // namespace lineshaft::connect
