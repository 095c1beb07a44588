#include "identity/totp.h"

#include <gtest/gtest.h>

#include <set>

#include "identity/claim_code.h"
#include "identity/identity_fixture.h"

namespace lineshaft::identity {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const Bytes kSecret{'1', '2', '3', '4', '5', '6', '7', '8', '9', '0',
                    '1', '2', '3', '4', '5', '6', '7', '8', '9', '0'};

Timestamp at(std::int64_t second) { return {second * 1'000'000'000}; }

// RFC 6238, appendix B, the column of SHA-1.
TEST(Totp, GivesTheCodesOfTheRfc) {
  const std::pair<std::int64_t, const char*> kCodes[] = {
      {59, "94287082"},         {1111111109, "07081804"}, {1111111111, "14050471"},
      {1234567890, "89005924"}, {2000000000, "69279037"}, {20000000000, "65353130"}};
  for (const auto& [second, code] : kCodes) {
    if (second < 9'000'000'000) {
      EXPECT_EQ(totp_code(kSecret, totp_step(at(second)), 8), code) << second;
    } else {  // beyond what 64 bits of nanoseconds count: by its step
      EXPECT_EQ(totp_code(kSecret, second / 30, 8), code);
    }
  }
}

// RFC 4226, appendix D: the same with a counter, six digits.
TEST(Totp, GivesTheCodesOfHotp) {
  const char* const kCodes[] = {"755224", "287082", "359152", "969429", "338314",
                                "254676", "287922", "162583", "399871", "520489"};
  for (std::int64_t step = 0; step < 10; ++step) EXPECT_EQ(totp_code(kSecret, step), kCodes[step]);
}

// The code of step 100 (3000 s to 3030 s by our clock), typed so long after 3000 s.
TotpTry typed_at(double age, const TotpDevice& device,
                 const std::optional<TotpSeen>& before = std::nullopt, std::int64_t step = 100) {
  const Timestamp now{step * 30'000'000'000 + static_cast<std::int64_t>(age * 1e9)};
  return try_totp(kSecret, totp_code(kSecret, step), now, device, before);
}

// Goal: no code is good for more than 30 seconds, whatever is known of the device. Method: every
// quarter of a second in which a code could be taken at all.
TEST(Totp, TakesACodeForThirtySecondsAndNoLonger) {
  for (const Nanoseconds late : {seconds(-30), seconds(-7), seconds(0), seconds(3), seconds(29)}) {
    int taken = 0;
    for (int quarter = -240; quarter < 480; ++quarter) {
      const TotpTry tried = typed_at(quarter / 4.0, {0, late});
      const Nanoseconds at = milliseconds(250) * quarter;
      EXPECT_EQ(tried.taken.has_value(), at >= late && at < late + seconds(30)) << quarter;
      if (tried.taken) {
        EXPECT_EQ(*tried.taken, (TotpDevice{100, late}));
        EXPECT_FALSE(tried.seen.has_value());
        ++taken;
      }
    }
    EXPECT_EQ(taken, 120) << "thirty seconds";
  }
}

TEST(Totp, TakesNoStepTwiceAndNoneBeforeIt) {
  EXPECT_TRUE(typed_at(10, {99}).taken);
  EXPECT_FALSE(typed_at(10, {100}).taken);
  EXPECT_FALSE(typed_at(10, {100}).seen) << "nor is anything learned from it";
  EXPECT_FALSE(typed_at(10, {101}).taken);
}

TEST(Totp, KnowsNothingOfACodeMoreThanOneStepAway) {
  for (const double age : {-60.0, -30.5, 60.0, 90.0}) {
    EXPECT_FALSE(typed_at(age, {}).taken) << age;
    EXPECT_FALSE(typed_at(age, {}).seen) << age;
  }
  EXPECT_TRUE(typed_at(-30, {}).seen);
  EXPECT_TRUE(typed_at(59.5, {}).seen);
}

// A device whose clock is 20 s behind shows the code of step 100 from 3020 s to 3050 s by ours.
TEST(Totp, AClockThatIsWrongIsKnownAfterTwoCodesInARow) {
  const TotpTry first = typed_at(45, {});
  EXPECT_FALSE(first.taken);
  ASSERT_TRUE(first.seen);
  EXPECT_EQ(first.seen->step, 100);
  const TotpTry second = typed_at(40, {}, first.seen, 101);
  ASSERT_TRUE(second.taken);
  EXPECT_EQ(second.taken->step, 101);
  // The first came after 45 s: the 30 seconds begin after 15 s. Then all that this device shows
  // between 20 s and 45 s of age is taken at once.
  EXPECT_EQ(second.taken->late, seconds(15) + Nanoseconds(1));
  for (const double age : {20.0, 30.0, 44.0}) {
    EXPECT_TRUE(typed_at(age, *second.taken, std::nullopt, 105).taken) << age;
  }
  // And one whose clock is 20 s ahead.
  const TotpTry early = typed_at(-15, {});
  ASSERT_TRUE(early.seen);
  const TotpTry next = typed_at(-10, {}, early.seen, 101);
  ASSERT_TRUE(next.taken);
  EXPECT_EQ(next.taken->late, seconds(-15));
}

// Whoever saw one old code, or the same one twice, learns nothing that helps.
TEST(Totp, OneCodeAtTheWrongTimeOpensNothing) {
  const TotpTry first = typed_at(45, {});
  EXPECT_FALSE(typed_at(50, {}, first.seen).taken) << "the same again";
  EXPECT_FALSE(typed_at(-20, {}, first.seen, 101).taken) << "no clock shows both";
  EXPECT_TRUE(typed_at(-20, {}, first.seen, 101).seen) << "but it may be the first of two";
  const TotpSeen later{102, first.seen->at};
  EXPECT_FALSE(typed_at(45, {}, later).taken) << "in the wrong order";
}

TEST(Totp, TheFirstCodeOfADeviceShowsItsClock) {
  const auto met = [](double age) {
    const Timestamp now{3'000'000'000'000 + static_cast<std::int64_t>(age * 1e9)};
    return meet_totp(kSecret, totp_code(kSecret, 100), now);
  };
  EXPECT_EQ(met(1), (TotpDevice{100, seconds(1)})) << "typed fast";
  EXPECT_EQ(met(20), (TotpDevice{100, kTotpTyping})) << "as it should be";
  EXPECT_EQ(met(32), (TotpDevice{100, kTotpTyping})) << "typed slowly";
  EXPECT_EQ(met(50), (TotpDevice{100, seconds(20) + Nanoseconds(1)})) << "a clock behind";
  EXPECT_EQ(met(-10), (TotpDevice{100, seconds(-10)})) << "a clock ahead";
  EXPECT_FALSE(met(60));
  EXPECT_FALSE(met(-30.5));
  EXPECT_FALSE(meet_totp(kSecret, "000000", at(3000)));
}

TEST(Totp, TakesBlanksAndNothingElseThatIsNoCode) {
  const std::string code = totp_code(kSecret, 100);
  const auto taken = [](const std::string& typed) {
    return try_totp(kSecret, typed, at(3010), {}, std::nullopt).taken.has_value();
  };
  EXPECT_TRUE(taken(code.substr(0, 3) + " " + code.substr(3)));
  for (const std::string& typed :
       {std::string(), std::string("000"), code + "0", "-" + code, std::string(1 << 16, '0')}) {
    EXPECT_FALSE(taken(typed)) << typed.substr(0, 20);
  }
}

// RFC 4648, 10.
TEST(Base32, IsThatOfTheRfcWithoutPadding) {
  const std::pair<const char*, const char*> kTexts[] = {{"", ""},
                                                        {"f", "MY"},
                                                        {"fo", "MZXQ"},
                                                        {"foo", "MZXW6"},
                                                        {"foob", "MZXW6YQ"},
                                                        {"fooba", "MZXW6YTB"},
                                                        {"foobar", "MZXW6YTBOI"}};
  for (const auto& [text, encoded] : kTexts) EXPECT_EQ(base32(as_bytes(text)), encoded);
}

// The form of Google Authenticator's wiki, which apps read.
TEST(Totp, NamesIssuerAndAccountInItsAddress) {
  EXPECT_EQ(totp_uri("Northern Steel", "ann@example.com", as_bytes("foobar")),
            "otpauth://totp/Northern%20Steel:ann%40example.com?secret=MZXW6YTBOI"
            "&issuer=Northern%20Steel");
}

TEST(RecoveryCode, IsTakenAsPeopleTypeIt) {
  SeededRandom random;
  std::set<std::string> codes;
  for (int i = 0; i < 200; ++i) codes.insert(make_recovery_code(random));
  EXPECT_EQ(codes.size(), 200U);
  EXPECT_EQ(codes.begin()->size(), 29U) << "24 characters of 5 bits, in six groups";
  EXPECT_EQ(normalise_recovery_code("7kqm 2f9x-OTBD-4ihw 8VPZ-m3gc"), "7KQM2F9X0TBD41HW8VPZM3GC");
  EXPECT_EQ(normalise_recovery_code("7KQM-2F9X-0TBD"), "") << "twelve are a claim code";
}

}  // namespace
}  // namespace lineshaft::identity
