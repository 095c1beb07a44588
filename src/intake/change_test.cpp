// Changing a plan: what a person says is kept, what follows from it is looked at anew.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "intake/change.h"
#include "intake/import_fixture.h"
#include "intake/import_json.h"

namespace lineshaft::intake {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

class ChangeTest : public ImportFixture {
 protected:
  ErrorId refusal(const Import& import, const PlanChange& change) {
    const Result<Import> after = service_->change(kTenant, import.id, change);
    EXPECT_FALSE(after.ok());
    EXPECT_EQ(service_->get(kTenant, import.id)->plan, import.plan) << "the plan is as before";
    return after.ok() ? ErrorId::kInternal : after.error().id;
  }
};

constexpr std::string_view kTable =
    "time,logged,speed,load\n"
    "2026-03-01 10:00:00,2026-03-02 00:00:00,1.5,7\n"
    "2026-03-01 10:00:01,2026-03-02 00:00:00,2.5,8\n";

PlanChange column(std::uint32_t index, Use use) {
  PlanChange change;
  change.columns = {{index, use, {}, {}, {}, {}}};
  return change;
}

TEST_F(ChangeTest, AWholePlanSentBackChangesNothing) {
  for (const char* file :
       {kTable.data(), "speed,load\n1,2\n", "tag,time,value\na,2026-03-01 10:00:00,1\n"}) {
    const Import import = uploaded(file);
    const std::string body = "{\"plan\":" + plan_to_json(import.plan) + "}";
    const Result<PlanChange> change = json_to_plan_change(body);
    ASSERT_TRUE(change.ok()) << change.error().text();
    EXPECT_FALSE(hints_for(import.plan, only_what_differs(import.plan, *change)));
    const Import after = changed(import, *change);
    EXPECT_EQ(after.plan, import.plan);
    EXPECT_EQ(after.report.notes, import.report.notes);
  }
}

TEST_F(ChangeTest, AnotherTimeColumnKeepsTheZoneAndWhatWasSaidAboutColumns) {
  Import import = uploaded(kTable);
  PlanChange change = column(2, Use::kValue);
  change.columns[0].path = "mill/north/drum/speed";
  change.columns[0].type = ValueType::kFloat32;
  change.time_zone = "+08:00";
  import = changed(import, change);
  EXPECT_EQ(format_rfc3339(*import.report.first_time), "2026-03-01T02:00:00Z");

  change = {};
  change.time_column = "logged";
  import = changed(import, change);
  EXPECT_EQ(import.plan.time.column, "logged");
  EXPECT_EQ(import.plan.columns[1].use, Use::kTime);
  EXPECT_EQ(import.plan.columns[0].use, Use::kValue);
  EXPECT_EQ(import.plan.columns[0].type, ValueType::kString) << "it is text now";
  EXPECT_EQ(import.plan.columns[2].path, "mill/north/drum/speed");
  EXPECT_EQ(import.plan.columns[2].type, ValueType::kFloat32);
  EXPECT_EQ(format_rfc3339(*import.report.first_time), "2026-03-01T16:00:00Z");
}

TEST_F(ChangeTest, ASkippedColumnMakesNoSamplesAndComesBack) {
  Import import = uploaded(kTable);
  const std::uint64_t all = import.report.samples;
  import = changed(import, column(3, Use::kSkip));
  EXPECT_EQ(import.report.samples, all - 2);
  import = changed(import, column(3, Use::kValue));
  EXPECT_EQ(import.report.samples, all);
}

TEST_F(ChangeTest, ColumnsThatAreNamedMakeALongTable) {
  Import import = uploaded(
      "when,machine,number\n"
      "2026-03-01 10:00:00,drum,1\n"
      "2026-03-01 10:00:00,fan,2\n");
  EXPECT_EQ(import.plan.layout, Layout::kWide);
  PlanChange change;
  change.layout = Layout::kLong;
  change.columns = {{1, Use::kTag, {}, {}, {}, {}}, {2, Use::kValue, {}, {}, {}, {}}};
  import = changed(import, change);
  EXPECT_EQ(import.plan.layout, Layout::kLong);
  ASSERT_THAT(import.plan.tags, SizeIs(2));
  EXPECT_EQ(import.plan.tags[1].name, "fan");
  change = {};
  change.tags = {{1, {}, "mill/north/fan", {}, {}, {}}};
  EXPECT_EQ(taken(changed(import, change)).state, ImportState::kDone);
  EXPECT_THAT(samples("mill/north/fan"), SizeIs(1));
}

TEST_F(ChangeTest, AnotherDelimiterCutsTheFileAnew) {
  Import import = uploaded("time;a,b\n2026-03-01 10:00:00;1,2\n2026-03-01 10:00:01;3,4\n");
  PlanChange change;
  change.delimiter = import.plan.delimiter == ';' ? ',' : ';';
  import = changed(import, change);
  EXPECT_EQ(import.plan.delimiter, *change.delimiter);
  EXPECT_EQ(import.plan.columns.size(), 2u);
  change.delimiter = ';';
  import = changed(import, change);
  EXPECT_EQ(import.plan.time.column, "time");
  EXPECT_EQ(import.plan.columns[1].name, "a,b");
}

TEST_F(ChangeTest, DayAndMonthChangePlacesWithoutLosingTheColumns) {
  Import import = uploaded("time,n\n01/02/2026 10:00,1\n03/02/2026 10:00,2\n");
  EXPECT_EQ(format_rfc3339(*import.report.first_time), "2026-02-01T10:00:00Z") << "day first";
  PlanChange change;
  change.time_format = "mm/dd/yyyy";
  import = changed(import, change);
  EXPECT_EQ(format_rfc3339(*import.report.first_time), "2026-01-02T10:00:00Z");
}

TEST_F(ChangeTest, RefusesWhatDoesNotFitAndNamesTheField) {
  const Import import = uploaded(kTable);
  EXPECT_EQ(refusal(import, column(9, Use::kSkip)), ErrorId::kInvalidArgument);
  PlanChange change;
  change.time_column = "nothing of that name";
  EXPECT_EQ(refusal(import, change), ErrorId::kInvalidArgument);
  change = {};
  change.time_zone = "Mars/Olympus";
  EXPECT_EQ(refusal(import, change), ErrorId::kInvalidArgument);
  change = {};
  change.time_format = "whenever";
  EXPECT_EQ(refusal(import, change), ErrorId::kInvalidArgument);
  change = column(2, Use::kValue);
  change.columns[0].path = "no//path";
  EXPECT_EQ(refusal(import, change), ErrorId::kInvalidArgument);
  change.columns[0].path = import.plan.columns[3].path;
  EXPECT_EQ(refusal(import, change), ErrorId::kInvalidArgument) << "two signals, one path";
  change = {};
  change.skip_lines = 50;
  EXPECT_EQ(refusal(import, change), ErrorId::kImportUnreadable);
}

TEST(PlanChangeJson, NamesTheFieldThatIsWrong) {
  const auto problem = [](const std::string& plan) {
    return json_to_plan_change("{\"plan\":" + plan + "}").error().what;
  };
  EXPECT_THAT(problem("{\"delimeter\":\",\"}"), HasSubstr("delimeter: there is no such field"));
  EXPECT_THAT(problem("{\"delimiter\":\"::\"}"), HasSubstr("delimiter: must be one character"));
  EXPECT_THAT(problem("{\"time\":{\"step_ms\":0}}"), HasSubstr("time.step_ms"));
  EXPECT_THAT(problem("{\"time\":{\"start\":\"soon\"}}"), HasSubstr("time.start"));
  EXPECT_THAT(problem("{\"columns\":[{\"use\":\"value\"}]}"), HasSubstr("columns[0].index"));
  EXPECT_THAT(problem("{\"columns\":[{\"index\":0,\"type\":\"float16\"}]}"), HasSubstr("float16"));
  EXPECT_THAT(problem("[]"), HasSubstr("must be an object"));
  EXPECT_FALSE(json_to_plan_change("{").ok());
  EXPECT_FALSE(json_to_plan_change("{}").ok());
}

TEST(ImportJson, HasTheFieldsOfTheReference) {
  Import import;
  import.id = 4;
  import.name = "a.csv";
  import.report.refused = {{ 12, "date", "no time" }};
  import.error = Error{ErrorId::kDiskFull, "writing a"};
  const std::string text = import_to_json(import);
  for (const char* field :
       {"\"id\":4", "\"name\":\"a.csv\"", "\"state\":\"analysed\"", "\"plan\":{", "\"rows\":0",
        "\"rows_good\":0", "\"rows_refused\":0",
        "\"refused\":[{\"line\":12,\"column\":\"date\",\"problem\":\"no time\"}]", "\"samples\":0",
        "\"duplicates\":0", "\"first_time\":null", "\"preview\":[]", "\"progress\":null",
        "\"error\":{\"type\":\"/errors/LS-1102\""}) {
    EXPECT_THAT(text, HasSubstr(field));
  }
}

}  // namespace
}  // namespace lineshaft::intake
