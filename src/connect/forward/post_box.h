// connect/forward/post_box.h: the way from any thread to an object that lives on a loop's thread
// and may be gone by then.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <utility>

#include "sys/loop.h"

namespace lineshaft::connect::forward {

// Held by its owner and, shared, by every thread that posts.
template <typename Owner>
class PostBox : public std::enable_shared_from_this<PostBox<Owner>> {
 public:
  PostBox(sys::EventLoop& loop, Owner& owner) : loop_(&loop), owner_(&owner) {}

  // Runs `task` with the owner on the loop's thread, unless it has closed the box. Threads: any.
  void post(std::function<void(Owner&)> task) {
    const std::lock_guard lock(mutex_);
    if (loop_ == nullptr) return;
    loop_->post([self = this->shared_from_this(), task = std::move(task)] {
      if (self->owner_ != nullptr) task(*self->owner_);
    });
  }
  // For the destructor of the owner, on the loop's thread.
  void close() {
    const std::lock_guard lock(mutex_);
    loop_ = nullptr;
    owner_ = nullptr;
  }

 private:
  std::mutex mutex_;
  sys::EventLoop* loop_;  // guarded; null: closed
  Owner* owner_;          // written under the lock, and on the loop's thread only
};

}  // namespace lineshaft::connect::forward
