// connect/mtconnect/delivery.h: hands observations to the host: each at the time of the device,
// what is old into the past, and never a present that is older than what is known. For MTConnect
// and SHDR.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connect/device_time.h"
#include "connect/driver.h"
#include "wire/mtconnect/buffer.h"

namespace lineshaft::connect {

class Delivery {
 public:
  // `host` must outlive it.
  Delivery(DriverHost& host, std::size_t signals) : host_(host), states_(signals) {}

  // Something that happened at `source` (absent: now).
  void happened(std::size_t signal, std::optional<Timestamp> source, Value value);
  // What holds now, since `source`. A value that was not away keeps that time.
  void holds(std::size_t signal, std::optional<Timestamp> source, Value value);
  // That there is no value now, since `source`.
  void lacks(std::size_t signal, std::optional<Timestamp> source, Quality quality);
  // From `source` (absent: now) on there was no value.
  void no_value(std::size_t signal, std::optional<Timestamp> source, Quality quality);
  void no_value_at_all(Quality quality);

  bool is_bad(std::size_t signal) const { return states_[signal].bad; }

 private:
  struct State {
    DeviceTime times;
    std::optional<Value> value;  // the last one that happened
    bool bad = true;
  };
  void becomes_bad(std::size_t signal, Timestamp time, Quality quality);

  DriverHost& host_;
  std::vector<State> states_;
};

// The value that an observation is for a signal of that type and part; nothing if it says nothing
// of the part. `state`: all that holds of the data item; of a condition the active ones. Requires:
// it is not unavailable. Errors: kTypeMismatch saying why.
Result<std::optional<Value>> observed_value(const SignalConfig& signal, ValueType type,
                                            std::string_view part,
                                            const mtconnect::Observation& seen,
                                            const std::vector<mtconnect::Observation>& state);

// One text as a value. Numbers may be names of the signal's enum set. Errors: kTypeMismatch.
Result<Value> text_value(const SignalConfig& signal, ValueType type, std::string_view text);

// Of a condition the worst level: 0 normal, 1 warning, 2 fault; or a text of all that is active.
Value condition_value(ValueType type, const std::vector<mtconnect::Observation>& active);

// The single values of a time series with their times; the last one has that of the observation.
struct SeriesValue {
  Timestamp time;
  std::string_view text;
};
std::vector<SeriesValue> series_values(const mtconnect::Observation& seen, double rate);

}  // namespace lineshaft::connect
