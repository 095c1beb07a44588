#include "connect/flows/tap.h"

#include <gtest/gtest.h>

#include "connect/testing.h"

namespace lineshaft::connect {
namespace {

using namespace testing;

struct Tapped {
  sys::SimLoop loop;
  MemorySink sink;
  std::unique_ptr<FlowTap> tap = std::make_unique<FlowTap>(loop, sink);
  std::vector<Sample> taken;
  std::vector<SampleSink::Durable> waiting;
  std::vector<Status> answers;  // what writers heard

  Tapped() {
    tap->set_tags(kTenant, {false, true});  // tag 1
    tap->set_take([this](TenantId, std::vector<Sample> samples, SampleSink::Durable done) {
      taken.insert(taken.end(), samples.begin(), samples.end());
      waiting.push_back(std::move(done));
    });
  }
  void append(std::vector<std::uint32_t> tags, TenantId tenant = kTenant) {
    SampleBatch batch{tenant, {}, {}};
    for (std::uint32_t tag : tags) batch.samples.push_back({{tag}, {1}, {}, 1.0});
    tap->append(std::move(batch), [this](Status status) { answers.push_back(std::move(status)); });
    loop.run_for(1ms);
  }
};

TEST(FlowTap, TellsTheWriterOnceTheFlowsHaveTheSamplesToo) {
  Tapped t;
  t.append({1, 2, 1});
  EXPECT_EQ(t.sink.samples.size(), 3U);
  EXPECT_EQ(t.taken.size(), 2U);
  EXPECT_TRUE(t.answers.empty());
  t.waiting[0]({});
  ASSERT_EQ(t.answers.size(), 1U);
  EXPECT_TRUE(t.answers[0].ok());
}

TEST(FlowTap, LetsPassWhatGoesNowhere) {
  Tapped t;
  t.append({2, 0, 77});
  t.append({1}, TenantId{8});
  EXPECT_TRUE(t.taken.empty());
  EXPECT_EQ(t.answers.size(), 2U);
  t.tap->set_tags(kTenant, {});
  t.append({1});
  EXPECT_TRUE(t.taken.empty());
  EXPECT_EQ(t.answers.size(), 3U);
}

// What is not kept here must not be seen elsewhere.
TEST(FlowTap, SendsNothingThatTheHistorianRefused) {
  Tapped t;
  t.sink.judge = [](const SampleBatch&) { return Error{ErrorId::kDiskFull, "full"}; };
  t.append({1});
  EXPECT_TRUE(t.taken.empty());
  ASSERT_EQ(t.answers.size(), 1U);
  EXPECT_EQ(t.answers[0].error().id, ErrorId::kDiskFull);
}

TEST(FlowTap, PassesOnThatAFlowRefuses) {
  Tapped t;
  t.append({1});
  t.waiting[0](Error{ErrorId::kQueueFull, "full"});
  ASSERT_EQ(t.answers.size(), 1U);
  EXPECT_EQ(t.answers[0].error().id, ErrorId::kQueueFull);
}

TEST(FlowTap, AcknowledgesNothingWhenItsEndCameBetween) {
  Tapped t;
  t.sink.silent = true;
  t.append({1});
  t.tap.reset();
  t.sink.answer_open();
  ASSERT_EQ(t.answers.size(), 1U);
  EXPECT_EQ(t.answers[0].error().id, ErrorId::kCancelled);
}

TEST(FlowTap, AcknowledgesNothingThatNobodyTakesAnyMore) {
  Tapped t;
  t.tap->set_take(nullptr);
  t.append({1});
  ASSERT_EQ(t.answers.size(), 1U);
  EXPECT_EQ(t.answers[0].error().id, ErrorId::kCancelled);
}

}  // namespace
}  // namespace lineshaft::connect
