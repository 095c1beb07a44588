// connect/forward/testing.h: a queue on a simulated disk, for tests.
#pragma once

#include <algorithm>
#include <atomic>
#include <future>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "connect/forward/queue.h"
#include "sys/sim/disk.h"
#include "sys/sim/loop.h"

namespace lineshaft::connect::forward {

// Does everything inside the call: for tests whose time is simulated.
class InlineCommit : public wal::GroupCommit {
 public:
  explicit InlineCommit(std::unique_ptr<wal::Log> log) : log_(std::move(log)) {}

  void append(std::uint8_t type, Bytes payload, Done done) override {
    Result<wal::Lsn> lsn = log_->append(type, payload);
    if (const Status synced = log_->sync(); lsn && !synced) lsn = synced.error();
    done(std::move(lsn), std::move(payload));
  }
  void with_log(std::function<void(wal::Log&)> task) override { task(*log_); }
  wal::GroupCommitCounters counters() const override { return {}; }

 private:
  std::unique_ptr<wal::Log> log_;
};

inline std::unique_ptr<wal::GroupCommit> inline_commit(std::unique_ptr<wal::Log> log) {
  return std::make_unique<InlineCommit>(std::move(log));
}

inline Sample number_sample(std::uint32_t tag, std::int64_t time, double value) {
  return {{tag}, {time}, quality::kGood, value};
}

// Everything is done when a call returns: what a queue does on its thread is waited for.
class TestQueue {
 public:
  explicit TestQueue(sys::SimDisk& disk, std::uint64_t seed = 1) : disk_(disk), random_(seed) {
    options_.directory = "/data/queue";
    options_.segment_bytes = 4096;
    options_.save_interval = Nanoseconds(0);
  }

  QueueOptions& options() { return options_; }
  Status open() {
    queue_.reset();
    Result<std::unique_ptr<Queue>> opened =
        Queue::open(disk_, clock_, random_, options_, [this] { news_ += 1; });
    if (!opened) return opened.error();
    queue_ = *std::move(opened);
    return {};
  }
  void close() { queue_.reset(); }

  Status append(const std::vector<Sample>& samples) {
    std::promise<Status> done;
    queue_->append(clock_.now(), Age::kPresent, samples,
                   [&done](Status status) { done.set_value(std::move(status)); });
    return done.get_future().get();
  }
  // One sample of tag 1, whose time and value are `n`.
  Status append(std::int64_t n) { return append({number_sample(1, n, static_cast<double>(n))}); }
  Result<std::vector<Entry>> read(EntryNumber after, std::size_t bytes_max = SIZE_MAX) {
    std::promise<Result<std::vector<Entry>>> done;
    queue_->read(after, bytes_max, [&done](auto entries) { done.set_value(std::move(entries)); });
    return done.get_future().get();
  }
  // All that waits, in pieces of `bytes_max`.
  std::vector<Entry> read_all(std::size_t bytes_max = SIZE_MAX) {
    std::vector<Entry> all;
    EntryNumber after = queue_->position().confirmed;
    while (true) {
      std::vector<Entry> some = read(after, bytes_max).value();
      if (some.empty()) return all;
      after = some.back().number;
      std::ranges::move(some, std::back_inserter(all));
    }
  }
  // The times of the samples that wait: what append(n) gave.
  std::vector<std::int64_t> waiting() {
    std::vector<std::int64_t> times;
    for (const Entry& entry : read_all()) {
      for (const Sample& sample : entry.samples) times.push_back(sample.time.ns);
    }
    return times;
  }
  void confirm(std::uint64_t entry) { queue_->confirm({entry}, clock_.now()); }

  Queue* operator->() { return queue_.get(); }
  sys::SimLoop& loop() { return loop_; }
  int news() const { return news_; }

 private:
  sys::SimDisk& disk_;
  sys::SimLoop loop_;
  sys::SimClock clock_{loop_};
  sys::SimRandom random_;
  QueueOptions options_;
  std::atomic<int> news_ = 0;
  std::unique_ptr<Queue> queue_;
};

}  // namespace lineshaft::connect::forward
