// connect/outbox.h: gathers the samples of all connections into batches for the sink, and bears
// with a sink that cannot take them for a while.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "connect/manager.h"
#include "model/sample.h"
#include "sys/clock.h"
#include "sys/loop.h"

namespace lineshaft::connect {

// A batch is kept until the sink says durable. Refused for now (kQueueFull, kDiskFull,
// kStorePoisoned): offered again later, while polling goes on. Refused for its content (kNotFound,
// kTypeMismatch): halved until the samples at fault are alone, and only those are dropped. When
// more is kept than allowed, the oldest go: the newest state of a machine is worth more than an old
// one. What went leaves a sample with quality BadDataLost behind where the gap begins.
//
// Loop's thread; the sink may answer from any.
class Outbox {
 public:
  // `on_dropped` hears of each tag that lost a sample.
  using OnDropped = std::function<void(TenantId, TagId)>;
  Outbox(sys::EventLoop& loop, sys::Clock& clock, SampleSink& sink, const ManagerOptions& options,
         OnDropped on_dropped);
  ~Outbox();
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  void add(TenantId tenant, Sample sample);
  // Offers what has gathered now.
  void flush();

  using Kept = std::function<void(Status)>;
  // Runs `then` once everything that was added so far is durable, or refused for its content, at
  // once if it is; with kQueueFull if some of it had to be dropped. Never after destruction. Offers
  // what has gathered at the next turn of the loop: somebody waits for it.
  void when_durable(Kept then);

  ManagerCounters counters() const;

 private:
  struct Batch {
    std::uint64_t id;
    bool offered = false;  // the sink has it and has not answered
    bool counted = false;  // in samples_offered
    bool doomed = false;   // over the bound while the sink had it: dropped if the sink refuses it
    SampleBatch content;
    std::uint64_t first = 0;  // place of its oldest sample among all that were added
  };

  // Answers of the sink on their way to the loop. Outlives the outbox: the sink's callbacks hold
  // it.
  struct Mailbox {
    std::mutex mutex;
    std::vector<std::pair<std::uint64_t, Status>> answers;  // guarded
    sys::EventLoop* loop;                                   // guarded; null: nobody listens
    Outbox* outbox;                                         // loop's thread only
  };

  void close_batch(TenantId tenant);
  void offer();
  void offer(Batch& batch);
  void on_answers();
  void on_answer(std::uint64_t id, const Status& status);
  void on_durable(std::deque<Batch>::iterator batch);
  void on_wrong_content(std::deque<Batch>::iterator batch);
  void make_room();
  void drop(const Batch& batch, bool mark);
  void queue_markers();
  void answer_waiting();

  sys::Clock& clock_;
  SampleSink& sink_;
  const ManagerOptions options_;
  OnDropped on_dropped_;
  std::shared_ptr<Mailbox> mailbox_;  // shared with the callbacks given to the sink
  std::unique_ptr<sys::Timer> flush_timer_;
  std::unique_ptr<sys::Timer> retry_timer_;
  bool flush_armed_ = false;

  struct Waiting {
    std::uint64_t through = 0;  // for the samples before this place
    bool lost = false;          // one of them was dropped
    Kept then;
  };

  std::map<TenantId, std::vector<Sample>> gathering_;
  std::map<TenantId, std::uint64_t> gathering_first_;  // as Batch::first, where some gather
  std::uint64_t added_ = 0;
  std::deque<Waiting> waiting_;  // in order of `through`
  std::deque<Batch> batches_;    // oldest first
  std::uint64_t next_id_ = 1;
  std::size_t kept_ = 0;     // samples in batches_ that are not doomed
  std::size_t offered_ = 0;  // of these, with the sink
  std::optional<std::string> refusal_;
  std::map<std::pair<TenantId, TagId>, Sample> lost_;  // the first lost sample of each tag
  ManagerCounters counters_;
};

}  // namespace lineshaft::connect
