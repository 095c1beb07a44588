// Checks of what people set; the tags that signals need.
#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>
#include <string>

#include "connect/connection.h"
#include "connect/protocol.h"

namespace lineshaft::connect {

namespace {

constexpr std::array<std::string_view, 4> kStateNames = {"disabled", "connecting", "connected",
                                                         "retrying"};
constexpr std::size_t kNameBytesMax = 128;
constexpr std::uint32_t kIntervalMin = 10;
constexpr std::uint32_t kIntervalMax = 86'400'000;

Error invalid(std::string what) { return Error{ErrorId::kInvalidArgument, std::move(what)}; }

Status check_groups(const std::vector<PollGroup>& groups) {
  if (groups.empty() || groups.size() > kGroupsMax) {
    return invalid("groups: 1 to " + std::to_string(kGroupsMax) + " poll groups are needed");
  }
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const std::string field = "groups[" + std::to_string(i) + "].";
    if (!is_name(groups[i].name, kNameBytesMax) || !names.insert(groups[i].name).second) {
      return invalid(field + "name: a name of its own is needed");
    }
    Status ok =
        check_number(field + "interval_ms", groups[i].interval_ms, kIntervalMin, kIntervalMax);
    if (!ok) return ok;
  }
  return {};
}

Status check_signal(const SignalConfig& signal, const ConnectionConfig& config) {
  if (signal.point.index() != config.settings.index()) {
    return invalid("the signal is of another protocol than the connection");
  }
  if (Status ok = kind_of(config.protocol()).check_point(signal, config.settings); !ok) return ok;
  if (!signal.group.empty() &&
      std::ranges::find(config.groups, signal.group, &PollGroup::name) == config.groups.end()) {
    return invalid("group: there is no poll group '" + signal.group + "'");
  }
  if (!std::isfinite(signal.deadband) || signal.deadband < 0) {
    return invalid("deadband: 0 or a positive number is needed");
  }
  const ValueType type = value_type(signal);
  if (signal.deadband > 0 && (type == ValueType::kBool || type == ValueType::kString)) {
    return invalid("deadband: only numbers have one");
  }
  return check_rules(signal.write, type);
}

// Settings come without the signals at times: one that is not there yet is no error here.
Status check_heartbeat(const ConnectionConfig& config) {
  if (!config.heartbeat) return {};
  const Heartbeat& beat = *config.heartbeat;
  Status ok = check_number("heartbeat.interval_ms", beat.interval_ms, 100, 3'600'000);
  if (!ok) return ok;
  const auto signal = std::ranges::find(config.signals, beat.signal, &SignalConfig::path);
  if (signal == config.signals.end() || beat.direction == Beat::kExpect) return {};
  const ValueType type = value_type(*signal);
  if (type != ValueType::kBool && type != ValueType::kInt64) {
    return invalid("heartbeat.signal: to be written it must be a bit or a whole number");
  }
  if (!config.writes_enabled || !signal->writable || signal->write.confirm != Confirm::kNone) {
    return invalid("heartbeat.signal: must be writable in one step, and writes be allowed");
  }
  return {};
}

TagSpec tag_spec(const ConnectionConfig& config, const SignalConfig& signal) {
  TagSpec spec;
  spec.path = signal.path;
  spec.type = value_type(signal);
  spec.interpolation = signal.interpolation;
  if (spec.type == ValueType::kBool || spec.type == ValueType::kString) {
    spec.interpolation = Interpolation::kStep;  // there is nothing between on and off
  }
  spec.unit = signal.unit;
  spec.description = signal.description;
  spec.enum_set = signal.enum_set;
  spec.range_low = signal.range_low;
  spec.range_high = signal.range_high;
  spec.writable = signal.writable;
  spec.source = kind_of(config.protocol()).source(config, signal.point);
  return spec;
}

}  // namespace

std::string_view state_name(ConnectionState state) {
  return kStateNames[static_cast<std::size_t>(state)];
}

ValueType value_type(const SignalConfig& signal) {
  return kind_of(static_cast<Protocol>(signal.point.index())).value_type(signal.point);
}

Status check_connection(const ConnectionConfig& config) {
  if (!is_name(config.name, kNameBytesMax)) {
    return invalid("name: 1 to 128 bytes of text without control characters are needed");
  }
  if (Status ok = kind_of(config.protocol()).check_settings(config.settings); !ok) return ok;
  if (Status ok = check_groups(config.groups); !ok) return ok;
  if (Status ok = check_number("signals", config.signals.size(), 0, kSignalsMax); !ok) return ok;
  if (Status ok = check_heartbeat(config); !ok) return ok;
  std::map<std::string_view, std::size_t> paths;
  for (std::size_t i = 0; i < config.signals.size(); ++i) {
    const SignalConfig& signal = config.signals[i];
    const std::string field = "signals[" + std::to_string(i) + "].";
    Status ok = check_signal(signal, config);
    if (ok) ok = check_tag_spec(tag_spec(config, signal));
    if (!ok) return Error{ok.error().id, field + ok.error().what};
    const auto [first, is_new] = paths.emplace(signal.path, i);
    if (!is_new) {
      return invalid(field + "path: the same as of signals[" + std::to_string(first->second) + "]");
    }
  }
  return {};
}

std::vector<TagSpec> tag_specs(const ConnectionConfig& config) {
  std::vector<TagSpec> specs;
  specs.reserve(config.signals.size());
  for (const SignalConfig& signal : config.signals) specs.push_back(tag_spec(config, signal));
  return specs;
}

}  // namespace lineshaft::connect
