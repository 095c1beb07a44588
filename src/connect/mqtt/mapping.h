// connect/mqtt/mapping.h: which signals a message is about, and what value it gives them.
// Pure; loop's thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "connect/connection.h"
#include "connect/mqtt/settings.h"

namespace lineshaft::connect {

// What a message says about one signal.
struct MqttReading {
  std::size_t signal = 0;
  std::optional<Value> value;  // absent: null, or an error
  std::optional<Error> error;  // there is something, but no value of the signal's type
  std::optional<Timestamp> time;
};

class MqttMapping {
 public:
  // Signals of `config` are named by their index.
  explicit MqttMapping(const ConnectionConfig& config);

  // The topic filters to subscribe to, each once.
  const std::vector<std::string>& filters() const { return filters_; }
  // The signals of one of them.
  std::vector<std::size_t> signals_of(const std::string& filter) const;

  // The payload is parsed once for all signals of its topic. A signal whose pointer leads nowhere
  // in this message is left out: such a message is not about it.
  std::vector<MqttReading> read(std::string_view topic, ByteSpan payload) const;

 private:
  std::vector<MqttPoint> points_;
  std::vector<std::string> filters_;
  std::unordered_map<std::string, std::vector<std::size_t>> exact_;        // by topic
  std::vector<std::pair<std::string, std::vector<std::size_t>>> matched_;  // filters with wildcards
};

// "" or "/a/0/b~1c" (RFC 6901). Errors: kInvalidArgument.
Status check_pointer(std::string_view field, const std::string& pointer);

// The payload that writes `value` at `pointer`. Requires: check_pointer.
std::string write_payload(const std::string& pointer, const Value& value);

}  // namespace lineshaft::connect
