// connect/signal_table.h: the last state of each signal of a connection, and which samples of it
// are worth storing.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "connect/connection.h"
#include "connect/instant.h"
#include "model/sample.h"

namespace lineshaft::connect {

// See Store in connection.h for the rule. Loop's thread.
class SignalTable {
 public:
  using Emit = std::function<void(Sample)>;

  // One tag per signal of the config, in its order. `emit` gets what is to be stored.
  SignalTable(const ConnectionConfig& config, std::span<const TagId> tags, Emit emit);

  // The time that a present value is stored with, of the one its device told and that of now. What
  // did not change while the device was away carries a time from before the loss: it stands again
  // from now on, else it would lie before the gap, and the gap would never end. So it stays until
  // the device tells of later times than those we gave.
  Timestamp present_time(std::size_t signal, Timestamp told, Timestamp now);

  // A value that is not bad. Requires: of the signal's type.
  void on_value(std::size_t signal, Instant at, Value value, Quality quality = quality::kGood);

  // The same value with another quality, which is not bad. Nothing for a signal that is bad.
  void regrade(std::size_t signal, Instant at, Quality quality);

  // A value from before, stored as it is; the present state stays. Requires: as above.
  void on_past(std::size_t signal, Timestamp time, Value value, Quality quality);

  // No value: one sample with the last usable value at the change to bad, and one at each change
  // of the reason; but losing, missing and failing to reach a device are one reason, else a device
  // that is retried all night would fill the history with the ways in which it is away.
  void on_bad(std::size_t signal, Instant at, Quality quality);

  // The next value of this signal is stored, whatever it is (its last sample was lost on the way).
  void store_next(std::size_t signal) { signals_[signal].store_next = true; }

  // Takes over what another table knows of the same tags; the others end there as `gone`.
  void take_over(SignalTable& before, Instant at, Quality gone);

  std::size_t size() const { return signals_.size(); }
  std::size_t bad() const { return bad_; }

 private:
  struct State {
    TagId tag;
    ValueType type = ValueType::kFloat64;
    bool linear = false;
    double deadband = 0;
    Quality quality = quality::kBadWaitingForInitialData;
    std::optional<Value> usable;  // the last value that was not bad
    std::optional<Sample> stored;
    Nanoseconds stored_at{0};
    std::optional<Timestamp> held;  // time of the newest sample of `usable` that was not stored
    bool store_next = false;
    std::optional<Timestamp> gap;  // the newest time that we gave, since the last loss
  };

  bool wanted(const State& state, Nanoseconds now, const Value& value, Quality quality) const;
  void store(State& state, Instant at, Quality quality, const Value& value);
  void emit_held(State& state);

  const Store store_;
  std::vector<State> signals_;
  std::size_t bad_;
  Emit emit_;
};

}  // namespace lineshaft::connect
