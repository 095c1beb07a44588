// connect/heartbeat.h: a sign of life between a machine's program and us, beside the connection: a
// signal that one side changes again and again. A machine whose program stands still answers every
// read with good values that are of no worth.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/value.h"
#include "sys/loop.h"

namespace lineshaft::connect {

enum class Beat : std::uint8_t {
  kExpect,  // the machine changes the signal; all values are uncertain while it does not
  kWrite,   // we do: a bit is turned over, a whole number counted up
};

std::string_view beat_name(Beat direction);  // "expect", "write"
std::optional<Beat> parse_beat(std::string_view name);

struct Heartbeat {
  std::string signal;                 // path
  std::uint32_t interval_ms = 5'000;  // 100..3'600'000: expected or written at least so often
  Beat direction = Beat::kExpect;
  friend bool operator==(const Heartbeat&, const Heartbeat&) = default;
};

// Watches or writes one signal while its connection stands. Loop's thread.
class BeatKeeper {
 public:
  struct Calls {
    std::function<void()> missing;  // no beat for an interval
    std::function<void()> back;     // after missing
    using Done = std::function<void(const Status&)>;
    std::function<void(Value, Done)> write;
    std::function<void(const Error&)> failed;  // a write; not if the machine took the beat back
  };
  // `type`: of the signal; of one that is written bool or int64. Numbers are counted from `low` to
  // `high` and again from `low`.
  BeatKeeper(sys::EventLoop& loop, Heartbeat settings, ValueType type, std::int64_t low,
             std::int64_t high, Calls calls);

  void on_connected();
  void on_lost();
  // A value of the signal.
  void on_value(const Value& value);

  bool is_missing() const { return missing_; }

 private:
  void arm();
  void on_time();
  Value next();

  const Heartbeat settings_;
  const ValueType type_;
  const std::int64_t low_;
  const std::int64_t high_;
  const Calls calls_;
  std::unique_ptr<sys::Timer> timer_;
  std::optional<Value> last_;  // read or written
  bool missing_ = false;
  bool writing_ = false;
};

}  // namespace lineshaft::connect
