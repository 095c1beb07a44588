// What is older than its rule allows becomes summaries of minutes and hours, or goes.
#include "historian/retention.h"

#include <gtest/gtest.h>

#include <cmath>

#include "historian/oracle_fixture.h"
#include "historian/verify.h"

namespace lineshaft::historian {
namespace {

constexpr TenantId kTenant{1};
constexpr Nanoseconds kDay = std::chrono::days(1);
constexpr Nanoseconds kHour = std::chrono::hours(1);
constexpr Nanoseconds kMinute = std::chrono::minutes(1);
// The simulated clock starts at 1,795,000,000 s; the last midnight before it is 20,775 days after
// 1970: 20,775 * 86,400 = 1,794,960,000.
constexpr Timestamp kMidnight{1'794'960'000'000'000'000};

constexpr std::uint32_t kEver = RetentionRule::kForEver;

TEST(RetentionRules, AreChecked) {
  EXPECT_TRUE(check_retention({{"**", 30, 365, kEver}, {"works/**", 0, 0, 0}, {"a/*", 7, 0, 9}}));
  const std::pair<RetentionRule, const char*> wrong[] = {
      {{"", 30, 0, 0}, "pattern"},         {{"**", 0, 30, 0}, "samples_days"},
      {{"**", 30, 30, 0}, "minutes_days"}, {{"**", 30, 60, 60}, "hours_days"},
      {{"**", 30, 0, 20}, "hours_days"},   {{"**", 36'501, 0, 0}, "days"},
      {{"**", 30, kEver, 0}, "days"},
  };
  for (const auto& [rule, field] : wrong) {
    const Status checked = check_retention({{"**", 30, 0, 0}, rule});
    ASSERT_FALSE(checked.ok()) << field;
    EXPECT_EQ(checked.error().id, ErrorId::kInvalidArgument);
    EXPECT_NE(checked.error().what.find("rule 2"), std::string::npos) << checked.error().what;
    EXPECT_NE(checked.error().what.find(field), std::string::npos) << checked.error().what;
  }
}

TEST(RetentionRules, CountFullDaysOfUtc) {
  const Timestamp noon = kMidnight + kHour * 12;
  const RetentionPlan plan = plan_of({"**", 1, 2, 3}, true, noon);
  EXPECT_EQ(plan.samples_from, kMidnight + -kDay);
  EXPECT_EQ(plan.minutes_from, kMidnight + -kDay * 2);
  EXPECT_EQ(plan.hours_from, kMidnight + -kDay * 3);
  EXPECT_TRUE(plan.keeps_minutes() && plan.keeps_hours());
  const RetentionPlan texts = plan_of({"**", 1, 2, 3}, false, noon);
  EXPECT_EQ(texts.hours_from, texts.samples_from);
  EXPECT_FALSE(texts.keeps_minutes() || texts.keeps_hours());
  const RetentionPlan hours = plan_of({"**", 1, 0, kEver}, true, noon);
  EXPECT_FALSE(hours.keeps_minutes());
  EXPECT_TRUE(hours.keeps_hours());
  EXPECT_EQ(hours.hours_from, kTimestampMin);
  EXPECT_TRUE(plan_of({"**", 0, 0, 0}, true, noon).keeps_all());
  // Before 1970 too: the instant belongs to the day that has begun, not to the one that comes.
  EXPECT_EQ(plan_of({"**", 1, 0, 0}, true, Timestamp{-1}).samples_from, Timestamp{0} + -kDay * 2);
}

class RetentionTest : public testing::Test {
 protected:
  void SetUp() override {
    store_.options().memtable_bytes_max = 1 << 20;
    store_.options().wal_segment_bytes = 256 * 1024;
    open();
    tag_ = make("works/level");
  }
  void open() {
    const Status opened = store_.open();
    ASSERT_TRUE(opened.ok()) << opened.error().text();
  }
  TagId make(const std::string& path, ValueType type = ValueType::kFloat64) {
    return store_->ensure_tags(kTenant, {spec_of(path, type)}).value()[0];
  }
  Status put(TagId tag, Timestamp time, Value value, Quality quality = quality::kGood) {
    return append(*store_, {kTenant, time, {{tag, time, quality, std::move(value)}}});
  }
  // Every 20 s from four days before the last midnight until then; some are bad. Whole eighths, so
  // that sums are exact in any order.
  void fill(TagId tag) {
    SampleBatch batch{kTenant, kMidnight, {}};
    std::int64_t i = 0;
    for (Timestamp time = start(); time < kMidnight; time = time + std::chrono::seconds(20), ++i) {
      const Quality quality = i % 50 == 49 ? quality::kBadTimeout : quality::kGood;
      batch.samples.push_back({tag, time, quality, static_cast<double>(i * 37 % 1000) / 8});
      if (batch.samples.size() < 1000) continue;
      ASSERT_TRUE(append(*store_, std::exchange(batch, {kTenant, kMidnight, {}})).ok());
    }
    ASSERT_TRUE(append(*store_, batch).ok());
  }
  static Timestamp start() { return kMidnight + -kDay * 4; }

  void set(std::vector<RetentionRule> rules) {
    ASSERT_TRUE(store_->set_retention(kTenant, std::move(rules)).ok());
  }
  RetentionReport apply() {
    const auto report = store_->apply_retention();
    EXPECT_TRUE(report.ok()) << report.error().text();
    return report ? *report : RetentionReport();
  }
  std::vector<AggregateWindow> windows(Timestamp from, Timestamp to, Nanoseconds step) {
    return store_->aggregate(kTenant, tag_, {from, to}, step).value();
  }
  std::vector<AggregateValue> averages(Timestamp from, Timestamp to, Nanoseconds step) {
    const Aggregate wanted[] = {Aggregate::kTimeAverage2, Aggregate::kDurationGood,
                                Aggregate::kMinimumActualTime, Aggregate::kStandardDeviationSample};
    return store_->aggregates(kTenant, tag_, {from, to}, step, wanted, {}).value();
  }
  std::size_t samples_in(TimeRange range) {
    return scan_all(*store_, {kTenant, tag_}, range).size();
  }
  static void expect_same(const std::vector<AggregateWindow>& a,
                          const std::vector<AggregateWindow>& b) {
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
      EXPECT_TRUE(a[i].count == b[i].count && a[i].bad_count == b[i].bad_count &&
                  a[i].sum == b[i].sum && a[i].min == b[i].min && a[i].max == b[i].max &&
                  a[i].first == b[i].first && a[i].last == b[i].last)
          << i << ": " << a[i].sum << " and " << b[i].sum;
    }
  }
  static void expect_same(const std::vector<AggregateValue>& a,
                          const std::vector<AggregateValue>& b) {
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
      EXPECT_EQ(a[i].time, b[i].time) << i;
      EXPECT_EQ(a[i].status, b[i].status) << i;
      ASSERT_EQ(a[i].value.has_value(), b[i].value.has_value()) << i;
      if (a[i].value) {
        EXPECT_NEAR(*a[i].value, *b[i].value, 1e-9 * std::abs(*a[i].value)) << i;
      }
    }
  }

  sys::SimDisk disk_;
  OnDisk store_{disk_};
  TagId tag_;
};

// Samples of yesterday and today stay; minutes of the day before; hours of all that is older.
TEST_F(RetentionTest, SumsUpWhatIsOld) {
  fill(tag_);
  const Timestamp minutes_from = kMidnight + -kDay * 2;
  const Timestamp samples_from = kMidnight + -kDay;
  const auto hours = windows(start(), kMidnight, kHour);
  const auto minutes = windows(minutes_from, kMidnight, kMinute);
  const auto averages_of_hours = averages(start(), kMidnight, kHour);
  set({{"**", 1, 2, kEver}});
  const RetentionReport report = apply();
  EXPECT_EQ(report.tags, 1u);
  EXPECT_EQ(report.rollups, 24u * 60 + 2 * 24) << "minutes of a day, hours of two";
  for (int way = 0; way < 4; ++way) {
    SCOPED_TRACE(way);
    if (way == 1) open();
    if (way == 2) {
      ASSERT_TRUE(store_->compact().ok());
    }
    if (way == 3) open();
    EXPECT_EQ(samples_in({kTimestampMin, samples_from}), 0u);
    EXPECT_EQ(samples_in({samples_from, kTimestampMax}), 24u * 180);
    expect_same(windows(start(), kMidnight, kHour), hours);
    expect_same(windows(minutes_from, kMidnight, kMinute), minutes);
    expect_same(averages(start(), kMidnight, kHour), averages_of_hours);
    // In the time of hours, the first minute of each has it all.
    const auto fine = windows(start(), start() + kHour, kMinute);
    EXPECT_EQ(fine[0].sum, hours[0].sum);
    EXPECT_EQ(fine[1].count + fine[1].bad_count, 0u);
    // A value that a rollup tells of: the last one of its hour that is not bad.
    const auto before =
        store_->sample_before(kTenant, tag_, start() + kHour + Nanoseconds(-1)).value();
    ASSERT_TRUE(before.has_value());
    EXPECT_EQ(std::get<double>(before->value), hours[0].last);
  }
  set({{"**", 1, 2, kEver}});
  EXPECT_EQ(apply().tags, 0u) << "it is done";
  store_.close();
  for (const FileFinding& file : verify_store(disk_, "/data/history").value()) {
    EXPECT_EQ(file.state, FileState::kWhole) << file.name;
  }
}

TEST_F(RetentionTest, GoesOnDayByDay) {
  fill(tag_);
  const auto hours = windows(start(), kMidnight, kHour);
  set({{"**", 1, 2, 4}});
  apply();
  store_.loop().run_for(kDay);
  ASSERT_TRUE(put(tag_, kMidnight + kHour, 7.0).ok());
  EXPECT_EQ(apply().rollups, 24u * 60 + 24) << "minutes of one more day, hours of another";
  EXPECT_EQ(samples_in({kTimestampMin, kMidnight}), 0u);
  // The oldest day has gone: hours are kept for four days before the midnight that has come.
  auto kept = windows(start(), kMidnight, kHour);
  for (std::size_t i = 0; i < 24; ++i) EXPECT_EQ(kept[i].count + kept[i].bad_count, 0u) << i;
  kept.erase(kept.begin(), kept.begin() + 24);
  expect_same(kept, {hours.begin() + 24, hours.end()});
  ASSERT_TRUE(store_->compact().ok());
  expect_same(windows(start() + kDay, kMidnight, kHour), {hours.begin() + 24, hours.end()});
}

TEST_F(RetentionTest, LetsGoWhatNothingIsToRemainOf) {
  fill(tag_);
  set({{"**", 1, 0, 0}});
  const RetentionReport report = apply();
  EXPECT_EQ(report.rollups, 0u);
  EXPECT_EQ(report.erasures, 1u);
  EXPECT_EQ(report.files_rewritten, 1u) << "three quarters of it";
  EXPECT_EQ(samples_in({}), 24u * 180);
  EXPECT_EQ(windows(start(), kMidnight + -kDay, kDay * 3)[0].count, 0u);
}

// A state that last changed a year ago is still the state.
TEST_F(RetentionTest, KeepsTheNewestSampleHoweverOld) {
  const TagId count = make("works/count", ValueType::kInt64);
  for (std::int64_t i = 0; i < 3; ++i) {
    ASSERT_TRUE(put(count, start() + -kDay * (300 - i), INT64_MAX - i).ok());
  }
  set({{"**", 1, 0, 2}});
  apply();
  const auto samples = scan_all(*store_, {kTenant, count});
  ASSERT_EQ(samples.size(), 1u);
  EXPECT_EQ(std::get<std::int64_t>(samples[0].value), INT64_MAX - 2);
  open();
  EXPECT_EQ(store_->last_values(kTenant, std::vector{count})[0].sample.time, start() + -kDay * 298);
  set({{"**", 1, 0, 2}});
  EXPECT_EQ(apply().tags, 0u);
}

// A clock that is set far ahead must not let all history go; when it is right, a person says so.
TEST_F(RetentionTest, DoesNothingByItselfWhenTheClockHasLeapt) {
  fill(tag_);
  set({{"**", 1, 0, 0}});
  ASSERT_TRUE(store_->flush().ok());  // does what else happens in the background
  EXPECT_EQ(samples_in({}), 24u * 180) << "the first time";
  store_.loop().run_for(kDay * 31);
  ASSERT_TRUE(put(tag_, kMidnight + kHour, 1.0).ok());
  ASSERT_TRUE(store_->flush().ok());
  EXPECT_EQ(samples_in({}), 1u) << "after a month's holiday";
  ASSERT_TRUE(put(tag_, kMidnight + kHour * 2, 1.0).ok());
  store_.loop().run_for(kDay * 32);
  // A start tells the same rules again.
  store_.options().retention[kTenant] = {{"**", 1, 0, 0}};
  open();
  set({{"**", 1, 0, 0}});
  ASSERT_TRUE(store_->flush().ok());
  EXPECT_EQ(samples_in({}), 2u);
  apply();
  EXPECT_EQ(samples_in({}), 1u);
  // Rules that a person has just set are asked for, whatever was before.
  ASSERT_TRUE(put(tag_, kMidnight + kDay * 64, 1.0).ok());
  store_.loop().run_for(kDay * 100);
  set({{"**", 2, 0, 0}});
  ASSERT_TRUE(store_->flush().ok());
  EXPECT_EQ(samples_in({}), 1u);
}

// What is summed up cannot take in more; a sample so late is left out and counted.
TEST_F(RetentionTest, LeavesOutWhatComesTooLate) {
  fill(tag_);
  const Timestamp cut = kMidnight + -kDay;
  const auto hours = windows(start(), cut, kHour);
  set({{"**", 1, 0, kEver}});
  apply();
  for (int way = 0; way < 2; ++way) {
    ASSERT_TRUE(put(tag_, start() + kMinute, 1e6).ok());
    EXPECT_EQ(store_->counters().samples_too_late, 1u);
    expect_same(windows(start(), cut, kHour), hours);
    ASSERT_TRUE(put(tag_, kMidnight + -kHour * 20 + Nanoseconds(1 + way), 5.0).ok());
    EXPECT_EQ(samples_in({cut, kTimestampMax}), 24u * 180 + 1 + static_cast<unsigned>(way))
        << "late, but not too late";
    open();
  }
}

TEST_F(RetentionTest, AsksTheFirstRuleThatMatches) {
  const TagId kept = make("works/kept");
  const TagId text = make("works/text", ValueType::kString);
  const TagId other = make("elsewhere/level");
  for (Timestamp time : {start(), start() + kDay, kMidnight}) {
    ASSERT_TRUE(put(kept, time, 1.0).ok());
    ASSERT_TRUE(put(tag_, time, 1.0).ok());
    ASSERT_TRUE(put(text, time, std::string("a")).ok());
    ASSERT_TRUE(put(other, time, 1.0).ok());
  }
  set({{"works/kept", 0, 0, 0}, {"works/**", 1, 2, kEver}});
  EXPECT_EQ(apply().tags, 2u);
  EXPECT_EQ(scan_all(*store_, {kTenant, kept}).size(), 3u);
  EXPECT_EQ(scan_all(*store_, {kTenant, other}).size(), 3u);
  EXPECT_EQ(scan_all(*store_, {kTenant, text}).size(), 1u) << "texts cannot be summed up";
  EXPECT_EQ(samples_in({}), 1u);
  EXPECT_EQ(windows(start(), kMidnight, kDay * 4)[0].count, 2u);
}

// A user's erasure takes rollups away as wholes.
TEST_F(RetentionTest, RollupsCanBeErased) {
  fill(tag_);
  const auto hours = windows(start(), kMidnight, kHour);
  set({{"**", 1, 0, kEver}});
  apply();
  ASSERT_TRUE(store_->erase(kTenant, std::vector{tag_}, {start(), start() + kMinute}).ok());
  for (int way = 0; way < 2; ++way) {
    const auto left = windows(start(), kMidnight, kHour);
    EXPECT_EQ(left[0].count, 0u);
    EXPECT_EQ(left[1].sum, hours[1].sum);
    ASSERT_TRUE(store_->compact().ok());
  }
}

// However it ends: before and after, and at every moment between, the hours add up to the same.
TEST_F(RetentionTest, LosesNothingInACrash) {
  for (std::int64_t i = 0; i < 200; ++i) {
    ASSERT_TRUE(put(tag_, start() + kMinute * 7 * i, static_cast<double>(i * 37 % 1000)).ok());
  }
  ASSERT_TRUE(put(tag_, kMidnight, 3.0).ok());
  ASSERT_TRUE(store_->flush().ok());
  const auto hours = windows(start(), kMidnight, kHour);
  const std::size_t before = disk_.operations();
  set({{"**", 1, 2, kEver}});
  apply();
  ASSERT_TRUE(store_->compact().ok());
  store_.close();
  std::uint64_t states = 0;
  disk_.for_each_crash_state(before, [&](const sys::CrashState& state) {
    sys::SimDisk disk(state.image);
    OnDisk probe(disk);
    EXPECT_TRUE(probe.open().ok());
    EXPECT_TRUE(probe->recovery().damages.empty());
    const TimeRange range{start(), kMidnight};
    const auto found = probe->aggregate(kTenant, tag_, range, kHour);
    EXPECT_TRUE(found.ok());
    if (found) expect_same(*found, hours);
    EXPECT_TRUE(probe->set_retention(kTenant, {{"**", 1, 2, kEver}}).ok());
    EXPECT_TRUE(probe->apply_retention().ok());
    expect_same(probe->aggregate(kTenant, tag_, range, kHour).value(), hours);
    ++states;
    return !testing::Test::HasFailure();
  });
  EXPECT_GT(states, 50u);
}

}  // namespace
}  // namespace lineshaft::historian
