#include "connect/outbox.h"

#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "connect/testing.h"

namespace lineshaft::connect {
namespace {

using namespace testing;

Sample sample(std::uint32_t tag, std::int64_t second, std::int64_t value = 1) {
  return {{tag}, {second * 1'000'000'000}, quality::kGood, value};
}

struct Post {
  explicit Post(ManagerOptions o = {}) : options(o) {}
  sys::SimLoop loop;
  sys::SimClock clock{loop};
  MemorySink sink;
  ManagerOptions options;
  std::vector<std::uint32_t> dropped;
  Outbox outbox{loop, clock, sink, options,
                [this](TenantId, TagId tag) { dropped.push_back(tag.value); }};
};

ManagerOptions small() {
  ManagerOptions options;
  options.batch_samples_max = 10;
  options.samples_kept_max = 100;
  return options;
}

Status refused(ErrorId id) { return Error{id, "not now"}; }

TEST(Outbox, HandsOverTogetherWhatCameWithinTheInterval) {
  Post p;
  for (std::uint32_t tag = 1; tag <= 50; ++tag) p.outbox.add(kTenant, sample(tag, 1));
  p.loop.run_for(19ms);
  EXPECT_EQ(p.sink.batches, 0u);
  p.loop.run_for(2ms);
  EXPECT_EQ(p.sink.batches, 1u);
  EXPECT_EQ(p.sink.samples.size(), 50u);
  EXPECT_EQ(p.outbox.counters().samples_durable, 50u);
  EXPECT_EQ(p.outbox.counters().samples_waiting, 0u);
}

TEST(Outbox, TellsWhenAllThatCameSoFarIsDurable) {
  Post p;
  int told = 0;
  const auto count = [&told](const Status& status) { told += status ? 1 : 100; };
  p.outbox.when_durable(count);
  EXPECT_EQ(told, 1) << "nothing waits";
  p.sink.silent = true;
  p.outbox.add(kTenant, sample(1, 1));
  p.outbox.when_durable(count);
  p.loop.run_for(1ms);
  EXPECT_EQ(p.sink.open.size(), 1u) << "offered at once, not after the interval";
  p.outbox.add(TenantId{1}, sample(1, 2));
  p.outbox.when_durable(count);
  p.loop.run_for(1s);
  EXPECT_EQ(told, 1);
  auto open = std::exchange(p.sink.open, {});
  open[1].second({});  // the later one first
  p.loop.run_for(1ms);
  EXPECT_EQ(told, 1);
  open[0].second({});
  p.loop.run_for(1ms);
  EXPECT_EQ(told, 3);
}

TEST(Outbox, TellsThatSomethingWasDropped) {
  Post p(small());
  p.sink.judge = [](const SampleBatch&) { return refused(ErrorId::kDiskFull); };
  std::optional<Status> told;
  p.outbox.add(kTenant, sample(1, 1));
  p.outbox.when_durable([&told](Status status) { told = std::move(status); });
  for (std::uint32_t tag = 2; tag <= 200; ++tag) p.outbox.add(kTenant, sample(tag, 1));
  p.loop.run_for(2s);
  EXPECT_FALSE(p.dropped.empty());
  p.sink.judge = nullptr;
  p.loop.run_for(2s);
  ASSERT_TRUE(told.has_value());
  EXPECT_EQ(told->error().id, ErrorId::kQueueFull);
}

TEST(Outbox, HandsOverAFullBatchAtOnceAndTenantsApart) {
  Post p(small());
  for (std::uint32_t tag = 1; tag <= 10; ++tag) p.outbox.add(kTenant, sample(tag, 1));
  EXPECT_EQ(p.sink.batches, 1u);
  p.outbox.add(TenantId{1}, sample(1, 1));
  p.outbox.add(TenantId{2}, sample(1, 1));
  p.loop.run_for(1s);
  EXPECT_EQ(p.sink.batches, 3u);
}

TEST(Outbox, OffersAgainWhatWasRefusedForNow) {
  for (const ErrorId id : {ErrorId::kQueueFull, ErrorId::kDiskFull}) {
    Post p(small());
    p.sink.judge = [&](const SampleBatch&) { return refused(id); };
    for (std::int64_t i = 0; i < 60; ++i) p.outbox.add(kTenant, sample(1, i));
    p.loop.run_for(10s);
    EXPECT_TRUE(p.sink.samples.empty());
    EXPECT_EQ(p.outbox.counters().samples_waiting, 60u);
    EXPECT_NE(p.outbox.counters().sink_error->find(error_number(id)), std::string::npos);
    p.sink.judge = nullptr;
    p.loop.run_for(2s);
    ASSERT_EQ(p.sink.samples.size(), 60u);
    for (std::int64_t i = 0; i < 60; ++i) {
      EXPECT_EQ(p.sink.samples[static_cast<std::size_t>(i)].time.ns, i * 1'000'000'000)
          << "in order";
    }
    EXPECT_FALSE(p.outbox.counters().sink_error.has_value());
    EXPECT_EQ(p.outbox.counters().samples_dropped, 0u);
    EXPECT_EQ(p.outbox.counters().samples_offered, 60u) << "each counted once";
  }
}

TEST(Outbox, KeepsTheNewestAndMarksWhereAGapBegins) {
  Post p(small());
  p.sink.judge = [&](const SampleBatch&) { return refused(ErrorId::kDiskFull); };
  for (std::int64_t i = 0; i < 250; ++i) {
    p.outbox.add(kTenant, sample(i % 2 == 0 ? 1 : 2, i));
    p.loop.run_for(100ms);
  }
  EXPECT_LE(p.outbox.counters().samples_waiting, 110u);
  EXPECT_GE(p.outbox.counters().samples_dropped, 140u);
  p.sink.judge = nullptr;
  p.loop.run_for(3s);
  const auto kept = p.sink.of(1);
  EXPECT_EQ(kept.back().quality, quality::kBadDataLost);
  EXPECT_EQ(kept.back().time.ns, 0) << "the gap of tag 1 begins with its first lost sample";
  EXPECT_EQ(kept[kept.size() - 2].time.ns, 248 * 1'000'000'000LL) << "the newest were kept";
  EXPECT_EQ(std::set<std::uint32_t>(p.dropped.begin(), p.dropped.end()),
            (std::set<std::uint32_t>{1, 2}));
  EXPECT_EQ(p.outbox.counters().samples_waiting, 0u);
}

TEST(Outbox, DropsOnlyTheSamplesThatTheSinkCannotTake) {
  Post p;
  p.sink.judge = [&](const SampleBatch& batch) {
    for (const Sample& s : batch.samples) {
      if (s.tag.value == 33) return refused(ErrorId::kNotFound);
      if (s.tag.value == 70) return refused(ErrorId::kTypeMismatch);
    }
    return Status();
  };
  for (std::uint32_t tag = 1; tag <= 100; ++tag) p.outbox.add(kTenant, sample(tag, 1));
  p.loop.run_for(5s);
  EXPECT_EQ(p.sink.samples.size(), 98u);
  EXPECT_EQ(p.dropped, (std::vector<std::uint32_t>{33, 70}));
  EXPECT_EQ(p.outbox.counters().samples_waiting, 0u);
}

TEST(Outbox, LetsASlowSinkHoldHalfAndKeepsTheRestItself) {
  Post p(small());
  p.sink.silent = true;
  for (std::int64_t i = 0; i < 100; ++i) p.outbox.add(kTenant, sample(1, i));
  p.loop.run_for(1s);
  EXPECT_EQ(p.sink.open.size(), 5u);
  EXPECT_EQ(p.outbox.counters().samples_waiting, 100u);
  for (int round = 0; round < 3; ++round) {
    p.sink.answer_open();
    p.loop.run_for(1ms);
  }
  EXPECT_EQ(p.sink.samples.size(), 100u);
}

TEST(Outbox, BearsAnswersThatComeAfterItsEnd) {
  Post p(small());
  {
    Outbox gone(p.loop, p.clock, p.sink, p.options, [](TenantId, TagId) {});
    p.sink.silent = true;
    gone.add(kTenant, sample(1, 1));
    gone.flush();
  }
  p.sink.answer_open();
  p.loop.run_for(1s);
}

TEST(Outbox, TakesAnswersFromAnyThread) {
  const auto loop = sys::make_event_loop();
  MemorySink sink;
  sink.silent = true;
  Outbox outbox(*loop, sys::real_clock(), sink, {}, [](TenantId, TagId) {});
  for (std::uint32_t tag = 1; tag <= 100; ++tag) {
    outbox.add(kTenant, sample(tag, 1));
    outbox.flush();
  }
  std::thread answers([&] { sink.answer_open(); });
  const auto timer = loop->make_timer();
  std::function<void()> look = [&] {
    if (outbox.counters().samples_durable == 100) return loop->stop();
    timer->start(1ms, look);
  };
  look();
  loop->run();
  answers.join();
  EXPECT_EQ(outbox.counters().samples_durable, 100u);
}

// A machine whose samples were lost has its present state stored again soon after.
TEST(Outbox, HistoryIsRightAgainAfterALongFullDisk) {
  Plant plant;
  ManagerOptions options;
  options.samples_kept_max = 50;
  options.batch_samples_max = 10;
  plant.manager = std::make_unique<ConnectionManager>(plant.loop, plant.clock, plant.random,
                                                      plant.sink, options);
  MapDevice device;
  const auto server = plant.serve(device, 502);
  device.reply = [&](std::uint8_t, const modbus::Request&) {
    if (plant.loop.now() < 300s) device.holding[1][0]++;
    return ServerReply{};
  };
  plant.put(1, machine(502, 1), 1);
  plant.loop.run_for(10s);
  plant.sink.judge = [](const SampleBatch&) { return Status(Error{ErrorId::kDiskFull, "full"}); };
  plant.loop.run_for(320s);
  plant.sink.judge = nullptr;
  plant.loop.run_for(5s);
  EXPECT_GT(plant.manager->counters().samples_dropped, 200u);
  const auto stored = plant.sink.of(1);
  Sample newest = stored.front();
  for (const Sample& s : stored) {
    if (s.time >= newest.time) newest = s;
  }
  EXPECT_TRUE(newest.quality.good());
  EXPECT_EQ(newest.value, Value(std::int64_t{device.holding[1][0]}));
  EXPECT_EQ(std::ranges::count_if(
                stored, [](const Sample& s) { return s.quality == quality::kBadDataLost; }),
            1);
}

}  // namespace
}  // namespace lineshaft::connect
