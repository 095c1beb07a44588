#include "sys/worker_pool.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "base/assert.h"

namespace lineshaft::sys {
namespace {

class ThreadPool final : public WorkerPool {
 public:
  ThreadPool(std::size_t threads, std::size_t queue_max) : queue_max_(queue_max) {
    for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
  }

  ~ThreadPool() override {
    {
      const std::lock_guard lock(mutex_);
      ending_ = true;
    }
    wake_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  bool try_run(std::function<void()> task) override {
    {
      const std::lock_guard lock(mutex_);
      if (ending_ || queue_.size() >= queue_max_) return false;
      queue_.push_back(std::move(task));
    }
    wake_.notify_one();
    return true;
  }

 private:
  void work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      wake_.wait(lock, [this] { return ending_ || !queue_.empty(); });
      if (queue_.empty()) return;
      {
        const std::function<void()> task = std::move(queue_.front());
        queue_.pop_front();
        lock.unlock();
        task();
      }  // what the task held is released outside the lock
      lock.lock();
    }
  }

  const std::size_t queue_max_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> queue_;  // guarded by mutex_
  bool ending_ = false;                      // guarded by mutex_
  std::vector<std::thread> threads_;
};

}  // namespace

std::unique_ptr<WorkerPool> make_worker_pool(std::size_t threads, std::size_t queue_max) {
  LS_ASSERT(threads >= 1);
  LS_ASSERT(queue_max >= 1);
  return std::make_unique<ThreadPool>(threads, queue_max);
}

}  // namespace lineshaft::sys
