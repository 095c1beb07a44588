// tenancy/fair_queue.h: turns at the workers: organisations one after the other, so that one that
// asks a thousand things at once does not keep the others waiting.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <mutex>

#include "model/sample.h"
#include "sys/worker_pool.h"

namespace lineshaft::tenancy {

struct FairQueueOptions {
  std::size_t waiting_max = 256;                                  // of one tenant
  std::size_t waiting_bytes_max = std::size_t{64} * 1024 * 1024;  // of one tenant: their bodies
  // Of one tenant at once; less than the workers there are, so that one of them is always to be had
  // for others.
  std::size_t running_max = 3;
};

// With n tenants that have work waiting, a tenant's next task starts before any other has started
// two more. Threads: any. The pool must outlive it, and be stopped before it is destroyed.
class FairQueue {
 public:
  FairQueue(sys::WorkerPool& pool, FairQueueOptions options) : pool_(pool), options_(options) {}

  // `bytes`: what the task holds while it waits. False, and the task is dropped, when the tenant
  // has as much waiting as it may, or the pool takes no more: answer "busy".
  bool try_run(TenantId tenant, std::size_t bytes, std::function<void()> task);

 private:
  struct Task {
    std::size_t bytes = 0;
    std::function<void()> run;
  };
  struct Line {
    std::deque<Task> tasks;
    std::size_t bytes = 0;  // of all tasks
    std::size_t running = 0;
  };

  void work();
  std::map<TenantId, Line>::iterator next();  // mutex_ held

  sys::WorkerPool& pool_;
  const FairQueueOptions options_;
  std::mutex mutex_;
  std::map<TenantId, Line> lines_;  // of tenants with tasks that wait or run
  TenantId last_;                   // whose turn it was
};

}  // namespace lineshaft::tenancy
