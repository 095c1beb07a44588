#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "intake/import_fixture.h"

namespace lineshaft::intake {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class ServiceTest : public ImportFixture {};

constexpr std::string_view kBoiler =
    "time,Flow [m3/h],Mode,Burner\n"
    "2026-03-01T10:00:00Z,12.5,auto,true\n"
    "2026-03-01T10:00:01Z,12.75,auto,false\n"
    "2026-03-01T10:00:02Z,,hand,false\n";
constexpr std::string_view kCounter =
    "time,n\n"
    "2026-03-01T10:00:00Z,1\n"
    "2026-03-01T10:00:01Z,2\n";
const std::string kCounterTag = "mill/north/line_1/n";

// Refuses what `refuse` says, and hands the rest on.
class RefusingSink final : public SampleSink {
 public:
  explicit RefusingSink(SampleSink& below) : below_(below) {}
  void append(SampleBatch batch, Durable durable) override {
    const int call = calls_++;
    if (call >= refuse_from_ && call < refuse_to_)
      return durable(Error{refuse_, "as the test says"});
    below_.append(std::move(batch), std::move(durable));
  }
  void refuse(ErrorId id, int from, int to) {
    refuse_ = id;
    refuse_from_ = from;
    refuse_to_ = to;
  }
  int calls() const { return calls_; }

 private:
  SampleSink& below_;
  ErrorId refuse_ = ErrorId::kQueueFull;
  std::atomic<int> calls_ = 0, refuse_from_ = 0, refuse_to_ = 0;
};

TEST_F(ServiceTest, TakesAWideTableAndGivesItBackExactly) {
  const Import import = uploaded(kBoiler, "C:\\data\\Boiler 1.csv");
  EXPECT_EQ(import.name, "Boiler 1.csv");
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

TEST_F(ServiceTest, KeepsWhatItTookThroughARestart) {
  ASSERT_EQ(taken(uploaded(kCounter)).state, ImportState::kDone);
  start();
  EXPECT_THAT(samples(kCounterTag),
              ElementsAre("2026-03-01T10:00:00Z 1 Good", "2026-03-01T10:00:01Z 2 Good"));
  const Import import = service_->get(kTenant, 1).value();
  EXPECT_EQ(import.state, ImportState::kDone);
  EXPECT_EQ(import.report.samples, 2u);
}

TEST_F(ServiceTest, NamesBrokenRowsByLineAndTakesTheRestOnlyWhenTold) {
  const Import import = uploaded(
      "time,speed,load\n"
      "2026-03-01T10:00:00Z,1,5\n"
      "2026-03-01T10:00:01Z,2\n"
      "yesterday,3,5\n"
      "2026-03-01T10:00:03Z,fast,5\n"
      "\n"
      "2026-03-01T10:00:05Z,5,5\n"
      "2026-03-01T10:00:06Z,6,5\n"
      "2026-03-01T10:00:07Z,7,5\n"
      "2026-03-01T10:00:08Z,8,5\n"
      "2026-03-01T10:00:09Z,9,5\n"
      "2026-03-01T10:00:10Z,10,5\n"
      "2026-03-01T10:00:11Z,11,5\n"
      "2026-03-01T10:00:12Z,12,5\n"
      "2026-03-01T10:00:13Z,13,5\n");
  EXPECT_EQ(import.report.rows, 13u);
  EXPECT_EQ(import.report.rows_refused, 3u);
  ASSERT_THAT(import.report.refused, SizeIs(3));
  EXPECT_EQ(import.report.refused[0],
            (RefusedRow{3, "", "the row has 2 fields where the table has 3 columns"}));
  EXPECT_EQ(import.report.refused[1].line, 4u);
  EXPECT_EQ(import.report.refused[1].column, "time");
  EXPECT_THAT(import.report.refused[1].problem, HasSubstr("'yesterday' is not a time"));
  EXPECT_EQ(import.report.refused[2].line, 5u);
  EXPECT_EQ(import.report.refused[2].column, "speed");
  EXPECT_THAT(import.report.refused[2].problem, HasSubstr("'fast' is not a int64"));

  const Result<Import> refused = service_->commit(kTenant, import.id);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().id, ErrorId::kImportHasRefused);
  EXPECT_EQ(historian_->counters().tags, 0u);

  PlanChange change;
  change.skip_refused = true;
  const Import done = taken(changed(import, change));
  EXPECT_EQ(done.state, ImportState::kDone);
  EXPECT_EQ(done.progress->samples, 20u);
  EXPECT_EQ(samples("mill/north/line_1/speed").size(), 10u);
  EXPECT_EQ(samples("mill/north/line_1/load").size(), 10u) << "a row counts whole or not at all";
}

TEST_F(ServiceTest, ReadsAEuropeanTableWithAMark) {
  const Import import = uploaded(
      "\xEF\xBB\xBFZeitstempel;Druck (bar);Zähler\r\n"
      "01.02.2026 10:00:00;1,25;7\r\n"
      "13.02.2026 10:00:00;-0,5;8\r\n"
      "14.02.2026 10:00:00;2,5;9\r\n");
  EXPECT_TRUE(import.plan.bom);
  EXPECT_EQ(import.plan.delimiter, ';');
  EXPECT_EQ(import.plan.decimal, ',');
  EXPECT_EQ(import.plan.columns[1].unit, "BAR");
  EXPECT_EQ(import.plan.time.format, "dd.mm.yyyy HH:MM:SS");
  EXPECT_EQ(taken(import).state, ImportState::kDone);
  EXPECT_THAT(samples("mill/north/line_1/druck_(bar)"),
              ElementsAre("2026-02-01T10:00:00Z 1.25 Good", "2026-02-13T10:00:00Z -0.5 Good",
                          "2026-02-14T10:00:00Z 2.5 Good"));
  EXPECT_EQ(type_of("mill/north/line_1/zähler"), ValueType::kInt64);
}

// Germany 2026: clocks go forward on 29 March at 02:00 (UTC+1 to UTC+2) and back on 25 October at
// 03:00.
TEST_F(ServiceTest, ReadsLocalTimesOfAZoneWithItsGapAndItsDoubleHour) {
  Import import = uploaded(
      "time,n\n"
      "2026-03-29 01:30:00,1\n"
      "2026-03-29 02:30:00,2\n"
      "2026-03-29 03:30:00,3\n"
      "2026-10-25 01:30:00,4\n"
      "2026-10-25 02:30:00,5\n"
      "2026-10-25 02:30:00,6\n"
      "2026-10-25 03:30:00,7\n");
  PlanChange change;
  change.time_zone = "Europe/Berlin";
  change.skip_refused = true;
  import = changed(import, change);
  ASSERT_THAT(import.report.refused, SizeIs(1));
  EXPECT_EQ(import.report.refused[0].line, 3u);
  EXPECT_THAT(import.report.refused[0].problem, HasSubstr("does not exist in Europe/Berlin"));
  ASSERT_EQ(taken(import).state, ImportState::kDone);
  // Two rows at 02:30 stand for one instant unless something between them says otherwise: 01:30 UTC
  // would be the second reading, taken only when the first lies before the row above.
  EXPECT_THAT(samples(kCounterTag),
              ElementsAre("2026-03-29T00:30:00Z 1 Good", "2026-03-29T01:30:00Z 3 Good",
                          "2026-10-24T23:30:00Z 4 Good", "2026-10-25T00:30:00Z 6 Good",
                          "2026-10-25T02:30:00Z 7 Good"));
}

TEST_F(ServiceTest, TellsTheTwoPassesThroughTheDoubleHourByTheRowBefore) {
  Import import = uploaded(
      "time,n\n"
      "2026-10-25 02:15:00,1\n"
      "2026-10-25 02:45:00,2\n"
      "2026-10-25 02:15:00,3\n"
      "2026-10-25 02:45:00,4\n"
      "2026-10-25 03:15:00,5\n");
  PlanChange change;
  change.time_zone = "Europe/Berlin";
  ASSERT_EQ(taken(changed(import, change)).state, ImportState::kDone);
  EXPECT_THAT(samples(kCounterTag),
              ElementsAre("2026-10-25T00:15:00Z 1 Good", "2026-10-25T00:45:00Z 2 Good",
                          "2026-10-25T01:15:00Z 3 Good", "2026-10-25T01:45:00Z 4 Good",
                          "2026-10-25T02:15:00Z 5 Good"));
}

TEST_F(ServiceTest, TakesALongTableWithQualities) {
  const Import import = uploaded(
      "tag,time,value,quality\n"
      "mill/north/caster/speed,2026-03-01T10:00:00Z,1.5,Good\n"
      "Ladle 3,2026-03-01T10:00:00Z,\"open, half\",\n"
      "mill/north/caster/speed,2026-03-01T10:00:01Z,1.75,BadTimeout\n"
      "mill/north/caster/speed,2026-03-01T10:00:02Z,,0x80050000\n"
      "Ladle 3,2026-03-01T10:00:05Z,\"\",\n");
  EXPECT_EQ(import.plan.layout, Layout::kLong);
  ASSERT_THAT(import.plan.tags, SizeIs(2));
  ASSERT_EQ(taken(import).state, ImportState::kDone);
  EXPECT_THAT(samples("mill/north/caster/speed"),
              ElementsAre("2026-03-01T10:00:00Z 1.5 Good", "2026-03-01T10:00:01Z 1.75 BadTimeout",
                          "2026-03-01T10:00:02Z 0 BadCommunicationError"));
  EXPECT_THAT(samples("mill/north/line_1/ladle_3"),
              ElementsAre("2026-03-01T10:00:00Z open, half Good", "2026-03-01T10:00:05Z  Good"));
}

// Symptom: the qualities of an empty column were taken for those of the column before it, and a
// file that holds nothing else was proposed a plan that could not be analysed.
TEST_F(ServiceTest, SkipsTheQualitiesOfAColumnThatHoldsNothing) {
  const Import import = uploaded(
      "time,mill/a/b#float64,mill/a/c#float64,mill/a/c#quality\n"
      "2026-03-01T10:00:00Z,1.5,,BadTimeout\n"
      "2026-03-01T10:00:01Z,1.75,,BadTimeout\n");
  ASSERT_EQ(taken(import).state, ImportState::kDone);
  EXPECT_THAT(samples("mill/a/b"),
              ElementsAre("2026-03-01T10:00:00Z 1.5 Good", "2026-03-01T10:00:01Z 1.75 Good"));
}

// Symptom: the server stopped at an assertion.
TEST_F(ServiceTest, TakesAColumnOfQualitiesForValuesWhenAskedTo) {
  const Import import = uploaded(
      "time,mill/a/b#float64,mill/a/b#quality\n"
      "2026-03-01T10:00:00Z,1.5,BadTimeout\n");
  PlanChange change;
  ColumnChange words;
  words.index = 2;
  words.use = Use::kValue;
  words.path = "mill/a/words";
  change.columns.push_back(words);
  ASSERT_EQ(taken(changed(import, change)).state, ImportState::kDone);
  EXPECT_THAT(samples("mill/a/words"), ElementsAre("2026-03-01T10:00:00Z BadTimeout Good"));
}

TEST_F(ServiceTest, ProposesExactlyThePathsThatStandInTheHeader) {
  std::vector<TagSpec> specs(1);
  specs[0].path = "mill/Pressure";
  ASSERT_TRUE(historian_->ensure_tags(kTenant, specs).ok());
  const Import import = uploaded(
      "time,mill/North/Caster 1/Speed,mill/Pressure,m/s\n"
      "2026-03-01T10:00:00Z,1,2,3\n");
  EXPECT_EQ(import.plan.columns[1].path, "mill/North/Caster 1/Speed");
  EXPECT_EQ(import.plan.columns[2].path, "mill/Pressure") << "such a tag exists";
  EXPECT_EQ(import.plan.columns[2].type, ValueType::kFloat64) << "as the tag";
  EXPECT_EQ(import.plan.columns[3].path, "mill/north/line_1/m_s");
}

TEST_F(ServiceTest, GivesTheSameHistoryWhenAFileIsTakenTwice) {
  ASSERT_EQ(taken(uploaded(kBoiler)).state, ImportState::kDone);
  const auto mode = samples("mill/north/line_1/mode");
  const std::uint64_t tags = historian_->counters().tags;
  ASSERT_EQ(taken(uploaded(kBoiler)).state, ImportState::kDone);
  EXPECT_EQ(samples("mill/north/line_1/mode"), mode);
  EXPECT_THAT(mode, SizeIs(3));
  EXPECT_EQ(historian_->counters().tags, tags);
}

TEST_F(ServiceTest, LetsTheLaterRowOfAnInstantWin) {
  const Import import = uploaded(
      "time,n\n"
      "2026-03-01T10:00:00Z,1\n"
      "2026-03-01T10:00:01Z,2\n"
      "2026-03-01T10:00:00Z,3\n");
  EXPECT_EQ(import.report.duplicates, 1u);
  ASSERT_EQ(taken(import).state, ImportState::kDone);
  EXPECT_THAT(samples(kCounterTag),
              ElementsAre("2026-03-01T10:00:00Z 3 Good", "2026-03-01T10:00:01Z 2 Good"));
}

TEST_F(ServiceTest, LeavesAloneWhatIsKnownAboutATagThatExists) {
  TagSpec spec;
  spec.path = kCounterTag;
  spec.type = ValueType::kInt64;
  spec.unit = "C62";
  spec.description = "pieces since midnight";
  spec.source = "modbus:4/holding/17";
  spec.range_high = 1000;
  ASSERT_TRUE(historian_->ensure_tags(kTenant, {spec}).ok());
  ASSERT_EQ(taken(uploaded(kCounter)).state, ImportState::kDone);
  EXPECT_EQ(historian_->find_tag(kTenant, kCounterTag)->spec, spec);
  EXPECT_THAT(samples(kCounterTag), SizeIs(2));
}

TEST_F(ServiceTest, FailsWhenATagHasAnotherTypeAndCanBeCorrected) {
  TagSpec spec;
  spec.path = kCounterTag;
  spec.type = ValueType::kFloat32;
  ASSERT_TRUE(historian_->ensure_tags(kTenant, {spec}).ok());
  Import import = uploaded(kCounter);
  EXPECT_EQ(import.plan.columns[1].type, ValueType::kFloat32) << "a file is read as its tag is";
  PlanChange change;
  change.columns = {{1, {}, {}, ValueType::kInt64, {}, {}}};
  const Import failed = taken(changed(import, change));
  EXPECT_EQ(failed.state, ImportState::kFailed);
  ASSERT_TRUE(failed.error);
  EXPECT_EQ(failed.error->id, ErrorId::kTypeMismatch);
  EXPECT_THAT(failed.error->what, HasSubstr(kCounterTag));
  change.columns[0].type = ValueType::kFloat32;
  EXPECT_EQ(taken(changed(failed, change)).state, ImportState::kDone);
}

TEST_F(ServiceTest, AsksForTheTimeOfATableWithoutTimes) {
  Import import = uploaded("speed,load\n1.5,10\n2.5,20\n");
  EXPECT_THAT(import.report.needs, ElementsAre("time.start"));
  const Result<Import> refused = service_->commit(kTenant, import.id);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().id, ErrorId::kImportIncomplete);
  PlanChange change;
  change.time_start = parse_timestamp("2026-01-01T00:00:00Z").value();
  change.step_ms = 180'000;
  ASSERT_EQ(taken(changed(import, change)).state, ImportState::kDone);
  EXPECT_THAT(samples("mill/north/line_1/speed"),
              ElementsAre("2026-01-01T00:00:00Z 1.5 Good", "2026-01-01T00:03:00Z 2.5 Good"));
}

TEST_F(ServiceTest, ReadsOtherEncodings) {
  std::string utf16 = "\xFF\xFE";
  for (const char16_t c : std::u16string(u"时间,温度\n2026-03-01 10:00:00,21.5\n")) {
    utf16 += static_cast<char>(c & 0xff);
    utf16 += static_cast<char>(c >> 8);
  }
  const Import wide = uploaded(utf16, "a.csv");
  EXPECT_EQ(wide.plan.encoding, Encoding::kUtf16Le);
  ASSERT_EQ(taken(wide).state, ImportState::kDone);
  EXPECT_THAT(samples("mill/north/a/温度"), ElementsAre("2026-03-01T10:00:00Z 21.5 Good"));

  // The same in GB18030: 时间 is CA B1 BC E4, 温度 is CE C2 B6 C8.
  const Import gb =
      uploaded("\xCA\xB1\xBC\xE4,\xCE\xC2\xB6\xC8\n2026-03-01 10:00:00,22.5\n", "b.csv");
  EXPECT_EQ(gb.plan.encoding, Encoding::kGb18030);
  ASSERT_EQ(taken(gb).state, ImportState::kDone);
  EXPECT_THAT(samples("mill/north/b/温度"), ElementsAre("2026-03-01T10:00:00Z 22.5 Good"));
}

// More than the batches that are under way at once; the answers must come in order.
TEST_F(ServiceTest, TakesManyBatches) {
  std::string text = "time,n\n";
  constexpr int kRows = 100'000;
  for (int i = 0; i < kRows; ++i) text += std::to_string(1'767'225'600 + i) + ",7\n";
  text += "1767225600,8\n";  // the first instant again
  const Import done = taken(uploaded(text));
  ASSERT_EQ(done.state, ImportState::kDone);
  EXPECT_EQ(done.progress->samples, 100'001u);
  const auto found = samples(kCounterTag);
  ASSERT_EQ(found.size(), 100'000u);
  EXPECT_EQ(found.front(), "2026-01-01T00:00:00Z 8 Good");  // 1767225600
  EXPECT_EQ(found.back(), "2026-01-02T03:46:39Z 7 Good");   // 99,999 s later
}

TEST_F(ServiceTest, TakesATransposedTableOfLongLines) {
  std::string text;
  constexpr int kCells = 70'000;
  for (const char* name : {"a", "b"}) {
    text += name;
    for (int i = 0; i < kCells; ++i)
      text += "," + std::to_string(i % 10 + (*name == 'a' ? 0 : 500));
    text += '\n';
  }
  PlanChange change;
  change.time_start = Timestamp{0};
  change.step_ms = 1'000;
  const Import import = uploaded(text);
  EXPECT_EQ(import.plan.layout, Layout::kTransposed) << "it has more columns than a table may";
  ASSERT_EQ(taken(changed(import, change)).state, ImportState::kDone);
  const auto found = samples("mill/north/line_1/b");
  ASSERT_EQ(found.size(), 70'000u);
  EXPECT_EQ(found.back(), "1970-01-01T19:26:39Z 509 Good");  // 69,999 s
}

TEST_F(ServiceTest, WaitsWhenTheQueueIsFull) {
  RefusingSink sink(*historian_);
  sink.refuse(ErrorId::kQueueFull, 0, 3);
  start_service(sink);
  ASSERT_EQ(taken(uploaded(kCounter)).state, ImportState::kDone);
  EXPECT_EQ(sink.calls(), 4);
  EXPECT_THAT(samples(kCounterTag), SizeIs(2));
}

TEST_F(ServiceTest, SaysWhyItFailedAndCanBeTakenAgain) {
  RefusingSink sink(*historian_);
  sink.refuse(ErrorId::kDiskFull, 0, 1);
  start_service(sink);
  const Import failed = taken(uploaded(kCounter));
  EXPECT_EQ(failed.state, ImportState::kFailed);
  ASSERT_TRUE(failed.error);
  EXPECT_EQ(failed.error->id, ErrorId::kDiskFull);
  start_service(sink);
  EXPECT_EQ(service_->get(kTenant, failed.id)->error->id, ErrorId::kDiskFull);
  const Import done = taken(failed);
  EXPECT_EQ(done.state, ImportState::kDone);
  EXPECT_FALSE(done.error);
}

TEST_F(ServiceTest, AnImportThatWasCutOffIsTakenAgainAfterTheRestart) {
  RefusingSink sink(*historian_);
  sink.refuse(ErrorId::kQueueFull, 0, 1'000'000);
  start_service(sink);
  const Import import = uploaded(kCounter);
  ASSERT_TRUE(service_->commit(kTenant, import.id).ok());
  start_service(*historian_);  // stops while the sink refuses
  EXPECT_EQ(service_->get(kTenant, import.id)->state, ImportState::kInterrupted);
  EXPECT_EQ(taken(import).state, ImportState::kDone);
  EXPECT_THAT(samples(kCounterTag), SizeIs(2));
}

TEST_F(ServiceTest, MayNotBeTouchedWhileItRunsOrWhenItIsDone) {
  RefusingSink sink(*historian_);
  sink.refuse(ErrorId::kQueueFull, 0, 1'000'000);
  start_service(sink);
  const Import import = uploaded(kCounter);
  ASSERT_EQ(service_->commit(kTenant, import.id)->state, ImportState::kRunning);
  EXPECT_EQ(service_->commit(kTenant, import.id).error().id, ErrorId::kConflict);
  EXPECT_EQ(service_->change(kTenant, import.id, {}).error().id, ErrorId::kConflict);
  EXPECT_EQ(service_->forget(kTenant, import.id).error().id, ErrorId::kConflict);
  sink.refuse(ErrorId::kQueueFull, 0, 0);
  service_->wait_idle();
  EXPECT_EQ(service_->get(kTenant, import.id)->state, ImportState::kDone);
  EXPECT_EQ(service_->commit(kTenant, import.id).error().id, ErrorId::kConflict);
  EXPECT_EQ(service_->change(kTenant, import.id, {}).error().id, ErrorId::kConflict);
  EXPECT_TRUE(service_->forget(kTenant, import.id).ok());
}

TEST_F(ServiceTest, KeepsNothingOfAFileThatIsNoTable) {
  for (const std::string_view content :
       {std::string_view(""), std::string_view("PK\x03\x04 a workbook"),
        std::string_view("a\0b\0\0\0c", 7), std::string_view("\n \n")}) {
    const Result<Import> import = upload(content);
    ASSERT_FALSE(import.ok()) << content;
    EXPECT_EQ(import.error().id, ErrorId::kImportUnreadable) << import.error().text();
  }
  EXPECT_THAT(spooled(), IsEmpty());
}

TEST_F(ServiceTest, RefusesAPrefixThatIsNoPath) {
  for (const char* prefix : {"", "/a", "a//b", "a/b/c/d/e/f/g/h/i/j/k"}) {
    const Result<Import> import = upload(kCounter, "x.csv", prefix);
    ASSERT_FALSE(import.ok()) << prefix;
    EXPECT_EQ(import.error().id, ErrorId::kInvalidArgument);
    EXPECT_THAT(import.error().what, HasSubstr("prefix"));
  }
  EXPECT_THAT(spooled(), IsEmpty());
}

TEST_F(ServiceTest, ForgetsUploadsWithAllTheirFiles) {
  const Import import = uploaded(kCounter);
  EXPECT_THAT(spooled(), ElementsAre("1.csv", "1.json", "last_id"));
  ASSERT_TRUE(service_->forget(kTenant, import.id).ok());
  EXPECT_THAT(spooled(), ElementsAre("last_id"));
  EXPECT_EQ(service_->get(kTenant, import.id).error().id, ErrorId::kNotFound);
  start();
  EXPECT_EQ(uploaded(kCounter).id, 2u) << "an id never comes back";
}

TEST_F(ServiceTest, ForgetsAfterADayAndSweepsUpWhatWasNeverAnalysed) {
  uploaded(kCounter);
  clock_.advance(std::chrono::hours(23));
  uploaded(kCounter);
  std::ofstream(service_->new_upload_path()) << "half an upl";
  start();
  EXPECT_THAT(service_->list(kTenant), SizeIs(2));
  EXPECT_THAT(spooled(), ElementsAre("1.csv", "1.json", "2.csv", "2.json", "last_id"));
  clock_.advance(std::chrono::hours(2));
  uploaded(kCounter);
  const std::vector<Import> left = service_->list(kTenant);
  ASSERT_THAT(left, SizeIs(2));
  EXPECT_EQ(left[0].id, 3u) << "newest first";
  EXPECT_EQ(left[1].id, 2u);
}

TEST_F(ServiceTest, ShowsNothingToAnotherTenant) {
  const Import import = uploaded(kCounter);
  const TenantId other{8};
  EXPECT_THAT(service_->list(other), IsEmpty());
  EXPECT_EQ(service_->get(other, import.id).error().id, ErrorId::kNotFound);
  EXPECT_EQ(service_->change(other, import.id, {}).error().id, ErrorId::kNotFound);
  EXPECT_EQ(service_->commit(other, import.id).error().id, ErrorId::kNotFound);
  EXPECT_EQ(service_->forget(other, import.id).error().id, ErrorId::kNotFound);
}

TEST_F(ServiceTest, StartsAlthoughAStateIsDamaged) {
  uploaded(kCounter);
  uploaded(kCounter);
  std::ofstream(spool() + "/1.json") << "{\"version\":1,\"id\"";
  start();
  EXPECT_THAT(service_->list(kTenant), SizeIs(1));
  EXPECT_THAT(spooled(), ElementsAre("2.csv", "2.json", "last_id"));
}

}  // namespace
}  // namespace lineshaft::intake
