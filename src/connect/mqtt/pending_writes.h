// connect/mqtt/pending_writes.h: writes that are on their way to a machine behind a broker. Nobody
// answers them: a machine confirms by reporting the value.
#pragma once

#include <deque>
#include <memory>
#include <optional>

#include "connect/driver.h"
#include "sys/loop.h"

namespace lineshaft::connect {

inline constexpr std::size_t kUnconfirmedWritesMax = 64;

class PendingWrites {
 public:
  explicit PendingWrites(sys::EventLoop& loop) : loop_(loop), timer_(loop.make_timer()) {}

  // Errors (through `done`): kWriteQueueFull. True: taken; it fails with kWriteNotConfirmed unless
  // on_value() brings the value within `timeout`.
  bool add(std::size_t signal, std::optional<Value> old_value, Value value, Nanoseconds timeout,
           Driver::WriteDone done);

  // The machine reports a value. Another one than was written is not an answer yet: reports of
  // before may still be under way.
  void on_value(std::size_t signal, const Value& value);
  // Ends the newest write of the signal: it could not be sent.
  void fail(std::size_t signal, const Error& why);
  void fail_all(const Error& why);

 private:
  struct Pending {
    std::size_t signal;
    Value old_value;
    Value value;
    std::optional<Value> seen;  // what the machine reported instead
    Nanoseconds deadline;
    Driver::WriteDone done;
  };
  void arm();
  void on_time();

  sys::EventLoop& loop_;
  std::unique_ptr<sys::Timer> timer_;
  std::deque<Pending> pending_;
};

}  // namespace lineshaft::connect
