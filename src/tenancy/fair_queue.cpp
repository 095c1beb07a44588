#include "tenancy/fair_queue.h"

#include <utility>

namespace lineshaft::tenancy {

bool FairQueue::try_run(TenantId tenant, std::size_t bytes, std::function<void()> task) {
  {
    const std::lock_guard lock(mutex_);
    Line& line = lines_[tenant];
    // One task of any size may wait, so that nothing is impossible.
    const bool has_room = line.bytes == 0 || line.bytes + bytes <= options_.waiting_bytes_max;
    if (line.tasks.size() >= options_.waiting_max || !has_room) return false;
    line.tasks.push_back({bytes, std::move(task)});
    line.bytes += bytes;
  }
  // Each turn works until nobody who may run has anything left, so one that the pool does not take
  // matters only if there is no other.
  if (pool_.try_run([this] { work(); })) return true;
  const std::lock_guard lock(mutex_);
  const auto line = lines_.find(tenant);
  std::size_t running = 0;
  for (const auto& [id, each] : lines_) running += each.running;
  if (running > 0 || line == lines_.end() || line->second.tasks.empty()) return true;
  line->second.bytes -= line->second.tasks.back().bytes;
  line->second.tasks.pop_back();
  if (line->second.tasks.empty()) lines_.erase(line);
  return false;
}

// The first tenant after the last one, around, that has a task and may run it.
std::map<TenantId, FairQueue::Line>::iterator FairQueue::next() {
  auto line = lines_.upper_bound(last_);
  for (std::size_t i = 0; i < lines_.size(); ++i, ++line) {
    if (line == lines_.end()) line = lines_.begin();
    if (!line->second.tasks.empty() && line->second.running < options_.running_max) return line;
  }
  return lines_.end();
}

void FairQueue::work() {
  std::unique_lock lock(mutex_);
  for (auto line = next(); line != lines_.end(); line = next()) {
    const TenantId tenant = last_ = line->first;
    line->second.running += 1;
    {
      const Task task = std::move(line->second.tasks.front());
      line->second.tasks.pop_front();
      line->second.bytes -= task.bytes;
      lock.unlock();
      task.run();
    }  // what the task held is released outside the lock
    lock.lock();
    Line& done = lines_.at(tenant);
    done.running -= 1;
    if (done.running == 0 && done.tasks.empty()) lines_.erase(tenant);
  }
}

}  // namespace lineshaft::tenancy
