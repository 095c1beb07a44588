#include "rights/evidence.h"

#include <gtest/gtest.h>

namespace lineshaft::rights {
namespace {

// The example of docs/reference/agreements.md. IEEE 754: 10.0 is 41200000 in 32 bits, pi
// 400921fb54442d18 in 64.
TEST(Evidence, ALineIsExactForEveryType) {
  std::string text;
  const Timestamp time{1'764'115'200'000'000'000};
  append_evidence_line(text, {TagId{1}, time, quality::kGood, 10.0F});
  append_evidence_line(text, {TagId{1}, time, quality::kUncertain, 3.141592653589793});
  append_evidence_line(text, {TagId{1}, time, quality::kGood, std::int64_t{-7}});
  append_evidence_line(text, {TagId{1}, time, quality::kGood, true});
  append_evidence_line(text, {TagId{1}, time, quality::kGood, std::string("Öl")});
  EXPECT_EQ(text,
            "1764115200000000000 float32 41200000 00000000\n"
            "1764115200000000000 float64 400921fb54442d18 40000000\n"
            "1764115200000000000 int64 -7 00000000\n"
            "1764115200000000000 bool 1 00000000\n"
            "1764115200000000000 string c3966c 00000000\n");
}

}  // namespace
}  // namespace lineshaft::rights
