// Writers, readers and flushes at once; run under ThreadSanitizer by `make tsan`.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "historian/oracle_fixture.h"

namespace lineshaft::historian {
namespace {

constexpr TenantId kTenant{1};
constexpr std::int64_t kBatches = 150;
constexpr std::uint32_t kWriters = 3;

class ThreadsTest : public testing::Test {
 protected:
  ThreadsTest() {
    store_.options().background = true;
    store_.options().memtable_bytes_max = 1024;  // grows to some hundred samples
    store_.options().wal_segment_bytes = 64 * 1024;
    EXPECT_TRUE(store_.open().ok());
    for (std::uint32_t i = 1; i <= kWriters; ++i) {
      EXPECT_TRUE(store_->ensure_tags(kTenant, {spec_of(path(i), ValueType::kInt64)}).ok());
    }
  }

  static std::string path(std::uint32_t writer) { return "works/" + std::to_string(writer); }

  // Each its own tag: first the even times, then the odd ones, late.
  void write(std::uint32_t writer) {
    for (std::int64_t i = 0; i < 2 * kBatches;) {
      SampleBatch batch{kTenant, {i}, {}};
      const bool late = i >= kBatches;
      for (std::int64_t k = 0; k < 5; ++k) {
        const std::int64_t time = 10 * (i - (late ? kBatches : 0)) + 2 * k + (late ? 1 : 0);
        batch.samples.push_back({{writer}, {time}, quality::kGood, time * writer});
      }
      const Status kept = append(*store_, std::move(batch));
      if (kept) ++i;
      EXPECT_TRUE(kept || kept.error().id == ErrorId::kQueueFull) << kept.error().text();
    }
  }

  // A series only grows, whatever is flushed and merged meanwhile.
  void read() {
    std::size_t seen = 0;
    Timestamp newest;
    while (!ended_) {
      const auto samples = scan_all(*store_, {kTenant, {1}});
      EXPECT_GE(samples.size(), seen);
      seen = samples.size();
      for (std::size_t i = 1; i < samples.size(); ++i) {
        EXPECT_LT(samples[i - 1].time, samples[i].time);
      }
      const auto before = store_->sample_before(kTenant, {1}, kTimestampMax).value();
      if (seen > 0) {
        ASSERT_TRUE(before.has_value());
        EXPECT_GE(before->time, samples.back().time);
      }
      const LastValue last = store_->last_values(kTenant, std::vector{TagId{1}})[0];
      EXPECT_GE(last.sample.time, newest);
      newest = last.sample.time;
      const auto columns = store_->pixels(kTenant, {1}, {{0}, {10 * kBatches}}, 10).value();
      std::size_t drawn = 0;
      for (const PixelColumn& column : columns) drawn += column.count;
      EXPECT_GE(drawn, seen);
      EXPECT_GE(store_->counters().samples_appended, seen);
    }
  }

  void change_tags() {
    for (std::uint32_t i = 0; !ended_; ++i) {
      TagSpec spec = spec_of(path(1), ValueType::kInt64);
      spec.description = std::to_string(i);
      EXPECT_TRUE(store_->update_tag(kTenant, {1}, spec).ok());
      EXPECT_GE(store_->list_tags(kTenant, {"works", ""}, 0, 10).total, kWriters);
      EXPECT_TRUE(store_->flush().ok());
    }
  }

  sys::SimDisk disk_;
  OnDisk store_{disk_};
  std::atomic<bool> ended_ = false;
};

TEST_F(ThreadsTest, WritersReadersAndFlushesDoNotDisturbEachOther) {
  std::vector<std::thread> helpers;
  helpers.emplace_back([this] { read(); });
  helpers.emplace_back([this] { read(); });
  helpers.emplace_back([this] { change_tags(); });
  std::vector<std::thread> writers;
  for (std::uint32_t i = 1; i <= kWriters; ++i) writers.emplace_back([this, i] { write(i); });
  for (std::thread& writer : writers) writer.join();
  ended_ = true;
  for (std::thread& helper : helpers) helper.join();
  for (int opened = 0; opened < 2; ++opened) {
    for (std::uint32_t writer = 1; writer <= kWriters; ++writer) {
      const auto samples = scan_all(*store_, {kTenant, {writer}});
      ASSERT_EQ(samples.size(), static_cast<std::size_t>(10 * kBatches));
      for (std::int64_t time = 0; time < 10 * kBatches; ++time) {
        EXPECT_EQ(samples[static_cast<std::size_t>(time)].value, Value(time * writer));
      }
    }
    ASSERT_TRUE(store_.open().ok());
  }
}

// Ends while the queue is full of work and a flush runs.
TEST_F(ThreadsTest, EndsCleanlyInTheMiddleOfWork) {
  for (int round = 0; round < 20; ++round) {
    std::atomic<int> outcomes = 0;
    for (std::int64_t i = 0; i < 50; ++i) {
      SampleBatch batch{kTenant, {}, {}};
      for (std::int64_t k = 0; k < 20; ++k) {
        batch.samples.push_back({{1}, {round * 1000 + i * 20 + k}, {}, k});
      }
      store_->append(std::move(batch), [&](const Status&) { ++outcomes; });
    }
    store_.close();
    EXPECT_EQ(outcomes, 50) << "each batch has one outcome";
    ASSERT_TRUE(store_.open().ok());
  }
}

}  // namespace
}  // namespace lineshaft::historian
