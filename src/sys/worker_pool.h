// sys/worker_pool.h: a few threads for work that would hold up a loop: reading files, hashing.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace lineshaft::sys {

class WorkerPool {
 public:
  virtual ~WorkerPool() = default;  // runs what is queued, then joins

  // Queues `task`. False, and the task is dropped, when `queue_max` tasks wait: answer "busy".
  // Threads: any.
  virtual bool try_run(std::function<void()> task) = 0;
};

// Requires: threads >= 1, queue_max >= 1.
std::unique_ptr<WorkerPool> make_worker_pool(std::size_t threads, std::size_t queue_max);

}  // namespace lineshaft::sys
