#include "connect/mqtt/mapping.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/utf8.h"
#include "model/json.h"
#include "wire/mqtt/topic.h"

namespace lineshaft::connect {

namespace {

constexpr std::size_t kPointerBytesMax = 500;
constexpr std::size_t kPointerLevelsMax = 30;
constexpr std::int64_t kMillisecondsMax = 9'000'000'000'000;  // the year 2255

bool is_index(std::string_view token) {
  return !token.empty() && token.size() < 7 && (token == "0" || token[0] != '0') &&
         token.find_first_not_of("0123456789") == std::string_view::npos;
}

std::string unescaped(std::string_view token) {
  std::string text;
  for (std::size_t i = 0; i < token.size(); ++i) {
    const bool escape = token[i] == '~' && i + 1 < token.size();
    text += !escape ? token[i] : token[i + 1] == '1' ? '/' : '~';
    if (escape) i += 1;
  }
  return text;
}

// Where the pointer leads; null if nowhere.
const Json* resolve(const Json& root, std::string_view pointer) {
  const Json* at = &root;
  while (!pointer.empty()) {
    pointer.remove_prefix(1);
    const std::size_t slash = pointer.find('/');
    const std::string_view token = pointer.substr(0, slash);
    pointer = slash == std::string_view::npos ? std::string_view() : pointer.substr(slash);
    if (at->is_array()) {
      if (!is_index(token)) return nullptr;
      const auto index = static_cast<std::size_t>(std::stoul(std::string(token)));
      if (index >= at->size()) return nullptr;
      at = &(*at)[index];
    } else {
      if (!at->is_object()) return nullptr;
      const auto found = at->find(unescaped(token));
      if (found == at->end()) return nullptr;
      at = &*found;
    }
  }
  return at;
}

// Text of RFC 3339, or milliseconds since 1970.
std::optional<Timestamp> time_of(const Json& at) {
  if (at.is_string()) {
    const auto time = parse_timestamp(at.get<std::string>());
    return time ? std::optional(*time) : std::nullopt;
  }
  if (!at.is_number_integer()) return std::nullopt;
  const auto number = at.get<std::int64_t>();
  if (number < 0 || number > kMillisecondsMax) return std::nullopt;
  return Timestamp{number * 1'000'000};
}

// A payload that is the value itself. Text is kept as it is: 0012 is a name, not the number 12.
void read_whole(const MqttPoint& point, ByteSpan payload, MqttReading& into) {
  const std::string_view text = as_text(payload);
  if (!is_utf8(text) || text.size() > kStringValueBytesMax) {
    into.error = Error{ErrorId::kTypeMismatch, "the payload is not text of at most 64 KiB"};
    return;
  }
  Result<Value> value = parse_value(point.type, text);
  if (value) {
    into.value = *std::move(value);
  } else {
    into.error = std::move(value).error();
  }
}

void read_node(const MqttPoint& point, const Json& at, MqttReading& into) {
  if (at.is_null()) return;
  Result<Value> value = value_from_json(point.type, at);
  if (value) {
    into.value = *std::move(value);
  } else {
    into.error = std::move(value).error();
  }
}

}  // namespace

MqttMapping::MqttMapping(const ConnectionConfig& config) {
  std::unordered_map<std::string, std::size_t> wild;
  for (std::size_t i = 0; i < config.signals.size(); ++i) {
    points_.push_back(std::get<MqttPoint>(config.signals[i].point));
    const std::string& filter = points_.back().topic;
    const bool is_wild =
        filter.find_first_of("+#") != std::string::npos || filter.starts_with("$share/");
    if (!is_wild) {
      auto& signals = exact_[filter];
      if (signals.empty()) filters_.push_back(filter);
      signals.push_back(i);
      continue;
    }
    const auto [place, is_new] = wild.emplace(filter, matched_.size());
    if (is_new) {
      filters_.push_back(filter);
      matched_.emplace_back(filter, std::vector<std::size_t>());
    }
    matched_[place->second].second.push_back(i);
  }
}

std::vector<std::size_t> MqttMapping::signals_of(const std::string& filter) const {
  if (const auto found = exact_.find(filter); found != exact_.end()) return found->second;
  for (const auto& [known, signals] : matched_) {
    if (known == filter) return signals;
  }
  return {};
}

std::vector<MqttReading> MqttMapping::read(std::string_view topic, ByteSpan payload) const {
  std::vector<std::size_t> signals;
  if (const auto found = exact_.find(std::string(topic)); found != exact_.end()) {
    signals = found->second;
  }
  for (const auto& [filter, some] : matched_) {
    if (mqtt::topic_matches(filter, topic)) signals.insert(signals.end(), some.begin(), some.end());
  }
  std::optional<Result<Json>> json;  // parsed when the first signal needs it
  std::vector<MqttReading> readings;
  for (const std::size_t signal : signals) {
    const MqttPoint& point = points_[signal];
    MqttReading reading;
    reading.signal = signal;
    if (!json && (!point.pointer.empty() || !point.time_pointer.empty())) {
      json = parse_json(as_text(payload));
    }
    if (point.pointer.empty()) {
      read_whole(point, payload, reading);
    } else if (!json->ok()) {
      reading.error = json->error();
    } else {
      const Json* at = resolve(json->value(), point.pointer);
      if (at == nullptr) continue;
      read_node(point, *at, reading);
    }
    if (!point.time_pointer.empty() && json->ok()) {
      if (const Json* at = resolve(json->value(), point.time_pointer)) reading.time = time_of(*at);
    }
    readings.push_back(std::move(reading));
  }
  return readings;
}

Status check_pointer(std::string_view field, const std::string& pointer) {
  bool fine = pointer.size() <= kPointerBytesMax && is_utf8(pointer) &&
              (pointer.empty() || pointer[0] == '/') &&
              static_cast<std::size_t>(std::count(pointer.begin(), pointer.end(), '/')) <=
                  kPointerLevelsMax;
  for (std::size_t i = 0; fine && i < pointer.size(); ++i) {
    if (pointer[i] != '~') continue;
    fine = i + 1 < pointer.size() && (pointer[i + 1] == '0' || pointer[i + 1] == '1');
  }
  if (fine) return {};
  return Error{ErrorId::kInvalidArgument,
               std::string(field) + ": must be a JSON pointer as /value or /axis/0/speed"};
}

std::string write_payload(const std::string& pointer, const Value& value) {
  // A text alone travels as it is, so that what reads it as a whole reads the same.
  if (pointer.empty()) return to_text(value);
  Json root = value_json(value);
  std::string_view rest = pointer;
  while (!rest.empty()) {
    const std::size_t slash = rest.rfind('/');
    Json outer = Json::object();
    outer[unescaped(rest.substr(slash + 1))] = std::move(root);
    root = std::move(outer);
    rest = rest.substr(0, slash);
  }
  return dump(root);
}

}  // namespace lineshaft::connect
