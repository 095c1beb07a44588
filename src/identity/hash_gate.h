// identity/hash_gate.h: lets few hash passwords at a time, so that a flood of sign-ins cannot
// become a flood of memory.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <utility>

#include "base/result.h"

namespace lineshaft::identity {

// Threads: any.
class HashGate {
 public:
  // Leave to hash; given back by the destructor.
  class Pass {
   public:
    explicit Pass(HashGate& gate) : gate_(&gate) {}
    Pass(Pass&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
    Pass& operator=(Pass&&) = delete;
    ~Pass() {
      if (gate_ != nullptr) gate_->leave();
    }

   private:
    HashGate* gate_;
  };

  // Requires: at_once_max >= 1.
  HashGate(std::size_t at_once_max, std::size_t waiting_max)
      : free_(at_once_max), waiting_max_(waiting_max) {
    LS_ASSERT(at_once_max >= 1);
  }

  // Waits for its turn. Errors: kSignInBusy at once when `waiting_max` wait already.
  Result<Pass> enter() {
    std::unique_lock lock(mutex_);
    if (free_ == 0) {
      if (waiting_ == waiting_max_) {
        return Error{ErrorId::kSignInBusy,
                     std::to_string(waiting_max_) + " passwords wait to be checked"};
      }
      ++waiting_;
      turn_.wait(lock, [this] { return free_ > 0; });
      --waiting_;
    }
    --free_;
    return Pass(*this);
  }

 private:
  void leave() {
    {
      const std::lock_guard lock(mutex_);
      ++free_;
    }
    turn_.notify_one();
  }

  std::mutex mutex_;
  std::condition_variable turn_;
  std::size_t free_;
  std::size_t waiting_ = 0;
  std::size_t waiting_max_;
};

}  // namespace lineshaft::identity
