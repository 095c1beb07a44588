#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "intake/import_fixture.h"

namespace lineshaft::intake {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Lines = std::vector<std::string>;

class ServiceTest : public ImportFixture {};

constexpr std::string_view kBoiler =
    "time,Flow [m3/h],Mode,Burner\n"
    "2026-03-01T10:00:00Z,12.5,auto,true\n"
    "2026-03-01T10:00:01Z,12.75,auto,false\n"
    "2026-03-01T10:00:02Z,,hand,false\n";

TEST_F(ServiceTest, TakesAWideTableAndGivesItBackExactly) {
  const Import import = uploaded(kBoiler, "Boiler 1.csv");
  EXPECT_EQ(import.state, ImportState::kAnalysed);
  EXPECT_EQ(import.report.rows, 3u);
  EXPECT_EQ(import.report.samples, 8u);  // one cell of nine is empty
  EXPECT_EQ(historian_->counters().tags, 0u) << "looking keeps nothing";

  const Import done = taken(import);
  EXPECT_EQ(done.state, ImportState::kDone);
  ASSERT_TRUE(done.progress);
  EXPECT_EQ(done.progress->rows, 3u);
  EXPECT_EQ(done.progress->samples, 8u);
  EXPECT_THAT(samples("mill/north/boiler_1/flow_[m3_h]"),
              ElementsAre("2026-03-01T10:00:00Z 12.5 Good", "2026-03-01T10:00:01Z 12.75 Good"));
  EXPECT_THAT(samples("mill/north/boiler_1/mode"),
              ElementsAre("2026-03-01T10:00:00Z auto Good", "2026-03-01T10:00:01Z auto Good",
                          "2026-03-01T10:00:02Z hand Good"));
  EXPECT_THAT(samples("mill/north/boiler_1/burner"),
              ElementsAre("2026-03-01T10:00:00Z true Good", "2026-03-01T10:00:01Z false Good",
                          "2026-03-01T10:00:02Z false Good"));
  const TagSpec flow = historian_->find_tag(kTenant, "mill/north/boiler_1/flow_[m3_h]")->spec;
  EXPECT_EQ(flow.unit, "MQH");
  EXPECT_EQ(flow.interpolation, Interpolation::kLinear);
  EXPECT_EQ(type_of("mill/north/boiler_1/burner"), ValueType::kBool);
}

}  // namespace
}  // namespace lineshaft::intake
