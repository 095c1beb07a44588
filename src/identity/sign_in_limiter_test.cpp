#include "identity/sign_in_limiter.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace lineshaft::identity {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using Limiter = SignInLimiter;

constexpr Nanoseconds kStart = hours(1000);

// Fails as often as it is let, waiting each time; the waits that were asked for.
std::vector<std::int64_t> waits_in_seconds(Limiter& limiter, int attempts, Nanoseconds& now) {
  std::vector<std::int64_t> waits;
  for (int i = 0; i < attempts; ++i) {
    const Nanoseconds wait = limiter.delay("ann", "192.0.2.1", now);
    waits.push_back(std::chrono::duration_cast<seconds>(wait).count());
    now += wait;
    EXPECT_EQ(limiter.admit("ann", "192.0.2.1", now), Nanoseconds(0));
  }
  return waits;
}

TEST(SignInLimiter, DoublesTheWaitAfterFiveFailuresUpToFifteenMinutes) {
  Limiter limiter;
  Nanoseconds now = kStart;
  EXPECT_EQ(waits_in_seconds(limiter, 18, now),
            (std::vector<std::int64_t>{0, 0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900,
                                       900}));
}

TEST(SignInLimiter, CountsNothingWhileItRefuses) {
  Limiter limiter;
  Nanoseconds now = kStart;
  waits_in_seconds(limiter, 6, now);
  for (int i = 0; i < 100; ++i) EXPECT_GT(limiter.admit("ann", "192.0.2.1", now), Nanoseconds(0));
  EXPECT_EQ(limiter.delay("ann", "192.0.2.1", now), seconds(1));
}

TEST(SignInLimiter, GivesNothingToManyAttemptsAtTheSameTime) {
  Limiter limiter;
  int admitted = 0;
  for (int i = 0; i < 100; ++i) {
    admitted += limiter.admit("ann", "192.0.2." + std::to_string(i), kStart) == Nanoseconds(0);
  }
  EXPECT_EQ(admitted, 6) << "five free ones, and the one that starts the wait";
}

TEST(SignInLimiter, SlowsOneAddressThatTriesManyAccounts) {
  Limiter limiter;
  int admitted = 0;
  for (int i = 0; i < 100; ++i) {
    admitted += limiter.admit("user" + std::to_string(i), "192.0.2.1", kStart) == Nanoseconds(0);
  }
  EXPECT_EQ(admitted, 21);
  EXPECT_EQ(limiter.admit("ann", "192.0.2.2", kStart), Nanoseconds(0)) << "others go on";
}

TEST(SignInLimiter, ForgetsTheAccountAfterASuccessButNotTheAddress) {
  Limiter limiter;
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(limiter.admit("user" + std::to_string(i), "192.0.2.1", kStart), Nanoseconds(0));
  }
  // One good account must not free its address to guess at others.
  EXPECT_EQ(limiter.admit("mine", "192.0.2.1", kStart), Nanoseconds(0));
  limiter.succeeded("mine", "192.0.2.1", kStart);
  EXPECT_EQ(limiter.admit("user77", "192.0.2.1", kStart), Nanoseconds(0));
  EXPECT_EQ(limiter.delay("user78", "192.0.2.1", kStart), seconds(1));
  EXPECT_EQ(limiter.delay("mine", "192.0.2.1", kStart), Nanoseconds(0)) << "signed in here before";
}

TEST(SignInLimiter, CannotBeUsedToLockAPersonOutOfTheUsualPlace) {
  Limiter limiter;
  EXPECT_EQ(limiter.admit("ann", "192.0.2.1", kStart), Nanoseconds(0));
  limiter.succeeded("ann", "192.0.2.1", kStart);
  Nanoseconds now = kStart;
  for (int i = 0; i < 50; ++i) {
    now += limiter.delay("ann", "198.51.100.9", now);
    EXPECT_EQ(limiter.admit("ann", "198.51.100.9", now), Nanoseconds(0));
  }
  EXPECT_GT(limiter.delay("ann", "198.51.100.10", now), Nanoseconds(0));
  EXPECT_EQ(limiter.delay("ann", "192.0.2.1", now), Nanoseconds(0));
}

TEST(SignInLimiter, StillSlowsGuessingFromTheUsualPlace) {
  Limiter limiter;
  EXPECT_EQ(limiter.admit("ann", "192.0.2.1", kStart), Nanoseconds(0));
  limiter.succeeded("ann", "192.0.2.1", kStart);
  int admitted = 0;
  for (int i = 0; i < 100; ++i) {
    admitted += limiter.admit("ann", "192.0.2.1", kStart) == Nanoseconds(0);
  }
  EXPECT_EQ(admitted, 6);
}

TEST(SignInLimiter, ForgetsAfterAnHourWithoutAnAttempt) {
  Limiter limiter;
  Nanoseconds now = kStart;
  waits_in_seconds(limiter, 12, now);
  now += hours(1);
  EXPECT_EQ(waits_in_seconds(limiter, 7, now), (std::vector<std::int64_t>{0, 0, 0, 0, 0, 0, 1}));
}

TEST(SignInLimiter, DoesNotCountAnAttemptThatWasNotCarriedOut) {
  Limiter limiter;
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(limiter.admit("ann", "192.0.2.1", kStart), Nanoseconds(0));
    limiter.withdraw("ann", "192.0.2.1");
  }
  EXPECT_EQ(limiter.entries(), 0U);
}

TEST(SignInLimiter, StaysSmallAndKeepsWhatWasUsedLast) {
  Limiter limiter(100);
  Nanoseconds now = kStart;
  for (int i = 0; i < 10'000; ++i) {
    now += milliseconds(1);
    const std::string number = std::to_string(i);
    const std::string address = "10.0." + std::to_string(i / 256) + "." + std::to_string(i % 256);
    EXPECT_EQ(limiter.admit("user" + number, address, now), Nanoseconds(0));
    if (i % 3 == 0) limiter.succeeded("user" + number, address, now);
    if (i % 20 == 0) {
      const Nanoseconds later = now + limiter.delay("ann", "192.0.2.1", now);
      EXPECT_EQ(limiter.admit("ann", "192.0.2.1", later), Nanoseconds(0));
    }
  }
  EXPECT_LE(limiter.entries(), 200U);
  EXPECT_GT(limiter.delay("ann", "192.0.2.1", now), Nanoseconds(0));
}

// RFC 4291, 2.2: the forms of an address; a customer gets a /64 (RFC 6177).
TEST(Source, IsAnIpv4AddressOrAnIpv6Network) {
  EXPECT_EQ(source_of("192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(source_of("::ffff:192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(source_of("2001:db8:0:1::1"), source_of("2001:DB8::1:ffff:ffff:ffff:ffff"));
  EXPECT_EQ(source_of("2001:db8:0:1::1"), source_of("2001:0db8:0000:0001:abcd::"));
  EXPECT_NE(source_of("2001:db8:0:1::1"), source_of("2001:db8:0:2::1"));
  EXPECT_EQ(source_of("::1"), source_of("0:0:0:0:0:0:0:1"));
  EXPECT_NE(source_of("::1"), source_of("1::"));
  EXPECT_EQ(source_of("fe80::1%eth0"), source_of("fe80::2%eth1"));
}

TEST(Source, TakesAnythingElseAsItIsButNotWithoutEnd) {
  EXPECT_EQ(source_of(""), "");
  EXPECT_EQ(source_of("not an address"), "not an address");
  EXPECT_LE(source_of(std::string(100'000, 'x')).size(), 64U);
  EXPECT_LE(source_of(std::string(100'000, ':')).size(), 64U);
  EXPECT_LE(source_of(":" + std::string(100'000, 'f')).size(), 64U);
}

}  // namespace
}  // namespace lineshaft::identity
