#include "wal/group_commit.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

namespace lineshaft::wal {
namespace {

struct Waiting {
  std::uint8_t type = 0;
  Bytes payload;
  GroupCommit::Done done;
};

struct Appended {
  Waiting record;
  Result<Lsn> outcome;
};

class GroupCommitImpl final : public GroupCommit {
 public:
  GroupCommitImpl(std::unique_ptr<Log> log, GroupCommitOptions options)
      : options_(options), log_(std::move(log)), thread_([this] { run(); }) {}

  ~GroupCommitImpl() override {
    {
      const std::lock_guard lock(mutex_);
      ending_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }

  void append(std::uint8_t type, Bytes payload, Done done) override;
  void with_log(std::function<void(Log&)> task) override;
  GroupCommitCounters counters() const override;

 private:
  void run();
  void commit(std::deque<Waiting> group);
  std::deque<Waiting> take_group();

  const GroupCommitOptions options_;
  std::unique_ptr<Log> log_;  // of the thread

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable wake_;
  std::deque<Waiting> queue_;
  std::deque<std::function<void(Log&)>> tasks_;
  GroupCommitCounters counters_;
  bool ending_ = false;

  std::thread thread_;
};

void GroupCommitImpl::append(std::uint8_t type, Bytes payload, Done done) {
  std::unique_lock lock(mutex_);
  if (counters_.queued_bytes + payload.size() > options_.queue_bytes_max &&
      counters_.queued_bytes > 0) {
    lock.unlock();
    done(Error{ErrorId::kQueueFull, "the disk is slower than what arrives"}, std::move(payload));
    return;
  }
  counters_.queued_bytes += payload.size();
  queue_.push_back({type, std::move(payload), std::move(done)});
  lock.unlock();
  wake_.notify_one();
}

void GroupCommitImpl::with_log(std::function<void(Log&)> task) {
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
  }
  wake_.notify_one();
}

GroupCommitCounters GroupCommitImpl::counters() const {
  const std::lock_guard lock(mutex_);
  return counters_;
}

// Requires: mutex_ is held.
std::deque<Waiting> GroupCommitImpl::take_group() {
  std::deque<Waiting> group;
  std::size_t bytes = 0;
  while (!queue_.empty() &&
         (group.empty() || bytes + queue_.front().payload.size() <= options_.group_bytes_max)) {
    bytes += queue_.front().payload.size();
    group.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  return group;
}

void GroupCommitImpl::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return ending_ || !queue_.empty() || !tasks_.empty(); });
    if (queue_.empty() && tasks_.empty()) return;
    std::deque<std::function<void(Log&)>> tasks = std::move(tasks_);
    tasks_.clear();
    std::deque<Waiting> group = take_group();
    lock.unlock();
    for (const auto& task : tasks) task(*log_);
    if (!group.empty()) commit(std::move(group));
    lock.lock();
  }
}

void GroupCommitImpl::commit(std::deque<Waiting> group) {
  std::vector<Appended> appended;
  appended.reserve(group.size());
  std::optional<Error> stopped;  // after the first refusal the rest would only try the disk again
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;
  std::uint64_t taken_bytes = 0;
  for (Waiting& record : group) {
    Result<Lsn> lsn = stopped ? Result<Lsn>(*stopped) : log_->append(record.type, record.payload);
    taken_bytes += record.payload.size();
    if (lsn) {
      ++records;
      bytes += record.payload.size();
    } else {
      stopped = lsn.error();
    }
    appended.push_back({std::move(record), std::move(lsn)});
  }
  const Status synced = log_->sync();
  {
    const std::lock_guard lock(mutex_);
    counters_.queued_bytes -= taken_bytes;
    if (synced) {
      counters_.records += records;
      counters_.bytes += bytes;
      ++counters_.syncs;
    }
  }
  for (Appended& one : appended) {
    if (one.outcome && !synced) one.outcome = synced.error();
    one.record.done(std::move(one.outcome), std::move(one.record.payload));
  }
}

}  // namespace

std::unique_ptr<GroupCommit> GroupCommit::start(std::unique_ptr<Log> log,
                                                GroupCommitOptions options) {
  return std::make_unique<GroupCommitImpl>(std::move(log), options);
}

}  // namespace lineshaft::wal
