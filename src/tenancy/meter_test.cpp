#include "tenancy/meter.h"

#include "tenancy/tenancy_fixture.h"

namespace lineshaft::tenancy {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr TenantId kFirm{2};
constexpr TenantId kOther{3};
constexpr std::int64_t kHourNs = 3'600'000'000'000;

class MeterTest : public TenancyFixture {
 protected:
  MeterTest() { reopen(); }
  void reopen() {
    meter_.reset();
    meter_ = Meter::open(database(), clock_).value();
  }
  void limit(Quota quota, std::uint64_t most) {
    Quotas quotas = meter_->quotas(kFirm);
    quotas[quota] = most;
    ASSERT_TRUE(meter_->set_quotas(kFirm, quotas).ok());
  }
  Status write(Gauges gauges = {}) { return meter_->write(std::vector{std::pair(kFirm, gauges)}); }
  std::vector<UsageHour> usage() {
    return meter_->usage(kFirm, {clock_.now() + -hours(24 * 500), clock_.now() + hours(1)}).value();
  }

  std::unique_ptr<Meter> meter_;
};

TEST_F(MeterTest, LimitsNothingUntilItIsTold) {
  for (int i = 0; i < 10'000; ++i) ASSERT_TRUE(meter_->admit_request(kFirm).ok());
  EXPECT_TRUE(meter_->admit_samples(kFirm, 1'000'000'000).ok());
  EXPECT_TRUE(meter_->check_room(kFirm, Quota::kTags, 1'000'000).ok());
}

TEST_F(MeterTest, LetsTheQuotaThroughAndNotOneMore) {
  limit(Quota::kTags, 100);
  EXPECT_TRUE(meter_->check_room(kFirm, Quota::kTags, 100).ok());
  const Status refused = meter_->check_room(kFirm, Quota::kTags, 101);
  EXPECT_EQ(refused.error().id, kQuotaReached);
  EXPECT_EQ(refused.error().what,
            "the quota of this organisation is 100 tags; for more ask who runs the server");
  EXPECT_TRUE(meter_->check_room(kOther, Quota::kTags, 101).ok());
  ASSERT_TRUE(meter_->set_settings({.sign_up = false, .contact = "desk@example.com"}).ok());
  reopen();
  EXPECT_EQ(meter_->check_room(kFirm, Quota::kTags, 101).error().what,
            "the quota of this organisation is 100 tags; for more ask desk@example.com");
}

// 100 a second with room for ten seconds: 1000 at once, then 100 more each second.
TEST_F(MeterTest, HoldsSamplesToTheirRateInTheLongRun) {
  limit(Quota::kSamplesPerSecond, 100);
  int taken = 0;
  for (int i = 0; i < 2'000; ++i) taken += meter_->admit_samples(kFirm, 1).ok() ? 1 : 0;
  EXPECT_EQ(taken, 1'000);
  for (int second = 1; second <= 60; ++second) {
    clock_.pass(seconds(1));
    for (int i = 0; i < 200; ++i) taken += meter_->admit_samples(kFirm, 1).ok() ? 1 : 0;
  }
  EXPECT_EQ(taken, 1'000 + 60 * 100);
  EXPECT_EQ(meter_->admit_samples(kFirm, 1).error().id, kRateLimited);
  EXPECT_TRUE(meter_->admit_samples(kOther, 100'000).ok());
}

TEST_F(MeterTest, TakesABatchOfAnySizeOnceAndThenWaitsUntilItIsPaidFor) {
  limit(Quota::kSamplesPerSecond, 100);
  EXPECT_TRUE(meter_->admit_samples(kFirm, 5'000).ok());  // 1000 were there: 4000 are owed
  clock_.pass(seconds(40));
  EXPECT_FALSE(meter_->admit_samples(kFirm, 1).ok());
  clock_.pass(seconds(1));
  EXPECT_TRUE(meter_->admit_samples(kFirm, 1).ok());
}

TEST_F(MeterTest, AddsUpWhatWasDoneByTheHour) {
  meter_->count_samples(kFirm, 10);
  ASSERT_TRUE(meter_->admit_request(kFirm).ok());
  ASSERT_TRUE(write({.tags = 5, .bytes = 500}).ok());
  meter_->count_samples(kFirm, 7);
  clock_.pass(minutes(1));
  ASSERT_TRUE(write({.tags = 3, .bytes = 900}).ok());
  ASSERT_EQ(usage().size(), 1U);
  EXPECT_EQ(usage()[0].counts.samples, 17U);
  EXPECT_EQ(usage()[0].counts.requests, 1U);
  EXPECT_EQ(usage()[0].gauges.tags, 5U) << "the most that was seen";
  EXPECT_EQ(usage()[0].gauges.bytes, 900U);
  EXPECT_EQ(usage()[0].from.ns % kHourNs, 0);
  clock_.pass(hours(1));
  meter_->count_samples(kFirm, 1);
  ASSERT_TRUE(write().ok());
  ASSERT_EQ(usage().size(), 2U);
  EXPECT_EQ(usage()[1].from - usage()[0].from, hours(1));
  reopen();
  EXPECT_EQ(usage().size(), 2U);
}

TEST_F(MeterTest, TellsTheRateOfTheLastMinute) {
  ASSERT_TRUE(write().ok());
  meter_->count_samples(kFirm, 600);
  for (int i = 0; i < 30; ++i) ASSERT_TRUE(meter_->admit_request(kFirm).ok());
  clock_.pass(minutes(1));
  ASSERT_TRUE(write().ok());
  EXPECT_DOUBLE_EQ(meter_->rates(kFirm).samples_per_second, 10);
  EXPECT_DOUBLE_EQ(meter_->rates(kFirm).requests_per_minute, 30);
}

TEST_F(MeterTest, CountsWhatItRefuses) {
  limit(Quota::kRequestsPerMinute, 2);
  for (int i = 0; i < 5; ++i) static_cast<void>(meter_->admit_request(kFirm));
  ASSERT_TRUE(write().ok());
  EXPECT_EQ(usage()[0].counts.requests, 2U);
  EXPECT_EQ(usage()[0].counts.refused, 3U);
}

TEST_F(MeterTest, KeepsThirteenMonths) {
  ASSERT_TRUE(write().ok());
  clock_.pass(hours(24 * 31 * 13));
  ASSERT_TRUE(write().ok());
  EXPECT_EQ(usage().size(), 2U) << "the hour began before, but not a whole hour too early";
  clock_.pass(hours(1));
  ASSERT_TRUE(write().ok());
  EXPECT_EQ(usage().size(), 2U) << "the first has gone";
}

TEST_F(MeterTest, ForgetsAnOrganisationWhole) {
  limit(Quota::kPeople, 1);
  ASSERT_TRUE(write().ok());
  ASSERT_TRUE(meter_->forget(kFirm).ok());
  reopen();
  EXPECT_EQ(meter_->quotas(kFirm), Quotas{});
  EXPECT_TRUE(usage().empty());
}

TEST_F(MeterTest, RefusesAContactThatIsNoLine) {
  EXPECT_FALSE(meter_->set_settings({.sign_up = true, .contact = "a\nb"}).ok());
  EXPECT_FALSE(meter_->set_settings({.sign_up = true, .contact = std::string(201, 'x')}).ok());
  EXPECT_FALSE(meter_->settings().sign_up);
}

}  // namespace
}  // namespace lineshaft::tenancy
