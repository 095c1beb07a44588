// sys/shared_mutex.h: like std::shared_mutex, except that readers who come one after the other
// without a pause cannot keep a writer out: who comes after a waiting writer waits too. (The C++
// library's uses the default kind of lock, which prefers readers for as long as there are any.)
#pragma once

#include <pthread.h>

#include "base/assert.h"

namespace lineshaft::sys {

// For std::shared_lock and std::unique_lock. A thread that holds it must not take it again, shared
// or not: with a writer between, it would wait for itself.
class SharedMutex {
 public:
  SharedMutex() {
    pthread_rwlockattr_t kind;
    LS_ASSERT(pthread_rwlockattr_init(&kind) == 0);
    LS_ASSERT(pthread_rwlockattr_setkind_np(&kind, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP) ==
              0);
    LS_ASSERT(pthread_rwlock_init(&lock_, &kind) == 0);
    pthread_rwlockattr_destroy(&kind);
  }
  ~SharedMutex() { pthread_rwlock_destroy(&lock_); }
  SharedMutex(const SharedMutex&) = delete;
  SharedMutex& operator=(const SharedMutex&) = delete;

  void lock() { LS_ASSERT(pthread_rwlock_wrlock(&lock_) == 0); }
  void unlock() { LS_ASSERT(pthread_rwlock_unlock(&lock_) == 0); }
  void lock_shared() { LS_ASSERT(pthread_rwlock_rdlock(&lock_) == 0); }
  void unlock_shared() { LS_ASSERT(pthread_rwlock_unlock(&lock_) == 0); }

 private:
  pthread_rwlock_t lock_;
};

}  // namespace lineshaft::sys
