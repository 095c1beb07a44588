#include "identity/totp.h"

#include <gtest/gtest.h>

#include <set>

#include "identity/claim_code.h"
#include "identity/identity_fixture.h"

namespace lineshaft::identity {
namespace {

const Bytes kSecret{'1', '2', '3', '4', '5', '6', '7', '8', '9', '0',
                    '1', '2', '3', '4', '5', '6', '7', '8', '9', '0'};

Timestamp at(std::int64_t seconds) { return {seconds * 1'000'000'000}; }

// RFC 6238, appendix B, the column of SHA-1.
TEST(Totp, GivesTheCodesOfTheRfc) {
  const std::pair<std::int64_t, const char*> kCodes[] = {
      {59, "94287082"},         {1111111109, "07081804"}, {1111111111, "14050471"},
      {1234567890, "89005924"}, {2000000000, "69279037"}, {20000000000, "65353130"}};
  for (const auto& [seconds, code] : kCodes) {
    if (seconds < 9'000'000'000) {
      EXPECT_EQ(totp_code(kSecret, totp_step(at(seconds)), 8), code) << seconds;
    } else {  // beyond what 64 bits of nanoseconds count: by its step
      EXPECT_EQ(totp_code(kSecret, seconds / 30, 8), code);
    }
  }
}

// RFC 4226, appendix D: the same with a counter, six digits.
TEST(Totp, GivesTheCodesOfHotp) {
  const char* const kCodes[] = {"755224", "287082", "359152", "969429", "338314",
                                "254676", "287922", "162583", "399871", "520489"};
  for (std::int64_t step = 0; step < 10; ++step) EXPECT_EQ(totp_code(kSecret, step), kCodes[step]);
}

TEST(Totp, TakesACodeOfOneStepBeforeAndAfterAndNoFurther) {
  const Timestamp now = at(3000);  // step 100
  for (std::int64_t step = 97; step <= 103; ++step) {
    const auto found = match_totp(kSecret, totp_code(kSecret, step), now, 0);
    EXPECT_EQ(found.has_value(), step >= 99 && step <= 101) << step;
    if (found) {
      EXPECT_EQ(*found, step);
    }
  }
}

TEST(Totp, TakesNoStepTwiceAndNoneBeforeIt) {
  const Timestamp now = at(3000);
  EXPECT_TRUE(match_totp(kSecret, totp_code(kSecret, 101), now, 100));
  EXPECT_FALSE(match_totp(kSecret, totp_code(kSecret, 100), now, 100));
  EXPECT_FALSE(match_totp(kSecret, totp_code(kSecret, 99), now, 100));
}

TEST(Totp, TakesBlanksAndNothingElseThatIsNoCode) {
  const std::string code = totp_code(kSecret, 100);
  EXPECT_TRUE(match_totp(kSecret, code.substr(0, 3) + " " + code.substr(3), at(3000), 0));
  for (const std::string& typed :
       {std::string(), std::string("000"), code + "0", "-" + code, std::string(1 << 16, '0')}) {
    EXPECT_FALSE(match_totp(kSecret, typed, at(3000), 0)) << typed.substr(0, 20);
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
