#include "tenancy/sample_gate.h"

#include "tenancy/tenancy_fixture.h"

namespace lineshaft::tenancy {
namespace {

constexpr TenantId kFlood{2};
constexpr TenantId kQuiet{3};

// Keeps all, or refuses all.
class Store final : public SampleSink {
 public:
  void append(SampleBatch batch, Durable durable) override {
    if (!is_full) kept[batch.tenant] += batch.samples.size();
    durable(is_full ? Status(Error{ErrorId::kDiskFull, "full"}) : Status());
  }
  std::map<TenantId, std::size_t> kept;
  bool is_full = false;
};

class SampleGateTest : public TenancyFixture {
 protected:
  SampleGateTest() {
    Quotas quotas;
    quotas[Quota::kSamplesPerSecond] = 10;
    quotas[Quota::kBytes] = 1'000;
    EXPECT_TRUE(meter_->set_quotas(kFlood, quotas).ok());
  }
  Status append(TenantId tenant, std::size_t samples) {
    SampleBatch batch{tenant, clock_.now(), std::vector<Sample>(samples)};
    Status outcome = Error{ErrorId::kInternal, "not answered"};
    gate_.append(std::move(batch), [&](Status status) { outcome = std::move(status); });
    return outcome;
  }

  std::unique_ptr<Meter> meter_ = Meter::open(database(), clock_).value();
  Store store_;
  std::uint64_t bytes_ = 0;
  SampleGate gate_{store_, *meter_, [this](TenantId) { return bytes_; }};
};

TEST_F(SampleGateTest, HoldsBackTheFloodAndLetsTheOthersThrough) {
  for (int i = 0; i < 100; ++i) {
    static_cast<void>(append(kFlood, 50));
    EXPECT_TRUE(append(kQuiet, 50).ok());
  }
  EXPECT_EQ(store_.kept[kFlood], 100U) << "ten seconds of it: two batches";
  EXPECT_EQ(store_.kept[kQuiet], 5'000U);
  EXPECT_EQ(append(kFlood, 1).error().id, kRateLimited);
}

TEST_F(SampleGateTest, TakesNothingMoreOnceTheBytesAreThere) {
  bytes_ = 1'000;
  EXPECT_TRUE(append(kFlood, 1).ok());
  bytes_ = 1'001;
  const Status refused = append(kFlood, 1);
  EXPECT_EQ(refused.error().id, kQuotaReached);
  EXPECT_NE(refused.error().what.find("1000 bytes stored"), std::string::npos);
  EXPECT_TRUE(append(kQuiet, 1).ok());
}

TEST_F(SampleGateTest, CountsOnlyWhatIsDurable) {
  ASSERT_TRUE(append(kQuiet, 3).ok());
  store_.is_full = true;
  EXPECT_EQ(append(kQuiet, 5).error().id, ErrorId::kDiskFull);
  ASSERT_TRUE(meter_->write(std::vector{std::pair(kQuiet, Gauges{})}).ok());
  const auto hours = meter_->usage(kQuiet, TimeRange{});
  ASSERT_EQ(hours->size(), 1U);
  EXPECT_EQ(hours->at(0).counts.samples, 3U);
}

}  // namespace
}  // namespace lineshaft::tenancy
