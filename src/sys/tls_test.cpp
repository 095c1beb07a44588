#include "sys/tls.h"

#include <gtest/gtest.h>

#include "base/time.h"

namespace lineshaft::sys {
namespace {

TEST(Tls, ACertificateSaysHowLongItIsValid) {
  // 2026-01-01T00:00:00Z; from an hour before, for 825 days (until 2028-04-05).
  const auto made = make_self_signed_certificate({"localhost"}, {1'767'225'600'000'000'000});
  ASSERT_TRUE(made.ok());
  const auto info = inspect_certificate(made->certificate_pem);
  ASSERT_TRUE(info.ok());
  EXPECT_EQ(format_rfc3339(info->not_before), "2025-12-31T23:00:00Z");
  EXPECT_EQ(format_rfc3339(info->not_after), "2028-04-05T00:00:00Z");
  EXPECT_EQ(certificate_fingerprint(made->certificate_pem)->size(), 32U * 3 - 1);
  EXPECT_FALSE(make_self_signed_certificate({"bad,IP:1.2.3.4"}, {0}).ok());
  EXPECT_FALSE(certificate_fingerprint("nonsense").ok());
}

}  // namespace
}  // namespace lineshaft::sys
