// Checks of what people set; names; the tags that signals need.
#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>
#include <string>

#include "base/utf8.h"
#include "connect/connection.h"
#include "wire/modbus/value.h"

namespace lineshaft::connect {

namespace {

constexpr std::array<std::string_view, 1> kProtocolNames = {"modbus-tcp"};
constexpr std::array<std::string_view, 4> kStateNames = {"disabled", "connecting", "connected",
                                                         "retrying"};
constexpr std::size_t kNameBytesMax = 128;
constexpr std::size_t kHostBytesMax = 253;  // RFC 1035
constexpr std::uint32_t kIntervalMin = 10;
constexpr std::uint32_t kIntervalMax = 86'400'000;

Error invalid(std::string what) { return Error{ErrorId::kInvalidArgument, std::move(what)}; }

Status check_number(std::string_view field, std::uint64_t value, std::uint64_t low,
                    std::uint64_t high) {
  if (value >= low && value <= high) return {};
  return invalid(std::string(field) + ": " + std::to_string(value) + "; allowed are " +
                 std::to_string(low) + " to " + std::to_string(high));
}

bool is_name(std::string_view text, std::size_t bytes_max) {
  return !text.empty() && text.size() <= bytes_max && is_utf8(text) && !has_control(text);
}

Status check_settings(const ModbusSettings& s) {
  if (!is_name(s.host, kHostBytesMax)) {
    return invalid("settings.host: a host name or address of 1 to 253 bytes is needed");
  }
  const struct {
    std::string_view field;
    std::uint64_t value, low, high;
  } checks[] = {
      {"settings.port", s.port, 1, 65535},
      {"settings.timeout_ms", s.timeout_ms, 50, 60'000},
      {"settings.request_delay_ms", s.request_delay_ms, 0, 10'000},
      {"settings.registers_per_read_max", s.registers_per_read_max, 1, modbus::kReadRegistersMax},
      {"settings.bits_per_read_max", s.bits_per_read_max, 1, modbus::kReadBitsMax},
      {"settings.gap_max", s.gap_max, 0, 100},
      {"settings.requests_in_flight_max", s.requests_in_flight_max, 1, 16},
      {"settings.retries", s.retries, 0, 3},
  };
  for (const auto& check : checks) {
    if (Status ok = check_number(check.field, check.value, check.low, check.high); !ok) return ok;
  }
  return {};
}

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

Status check_point(const ModbusPoint& point, const ModbusSettings& settings, bool writable) {
  if (Status format = modbus::check_format(point.format); !format) return format;
  const std::uint32_t width = modbus::width(point.format);
  if (point.address + width > modbus::kAddresses) {
    return invalid("address: the value runs past address 65535");
  }
  const std::uint16_t max = modbus::is_bits(point.format.area) ? settings.bits_per_read_max
                                                               : settings.registers_per_read_max;
  if (width > max) {
    return invalid("type: the value takes " + std::to_string(width) + " registers; the device is " +
                   "set to give " + std::to_string(max) + " at once");
  }
  if (writable && !modbus::is_writable(point.format.area)) {
    return invalid("writable: only coils and holding registers can be written");
  }
  if (writable && width > modbus::kWriteRegistersMax) {
    return invalid("writable: at most 123 registers (246 bytes) can be written at once");
  }
  return {};
}

Status check_signal(const SignalConfig& signal, const ConnectionConfig& config) {
  const auto& settings = std::get<ModbusSettings>(config.settings);
  const auto& point = std::get<ModbusPoint>(signal.point);
  if (Status ok = check_point(point, settings, signal.writable); !ok) return ok;
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
  return {};
}

std::string source_of(const ConnectionConfig& config, const SignalConfig& signal) {
  const auto& point = std::get<ModbusPoint>(signal.point);
  const auto& settings = std::get<ModbusSettings>(config.settings);
  return "modbus:" + config.name + "/" + std::to_string(point.unit_id.value_or(settings.unit_id)) +
         "/" + std::string(modbus::area_name(point.format.area)) + "/" +
         std::to_string(point.address);
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
  spec.source = source_of(config, signal);
  return spec;
}

}  // namespace

std::string_view protocol_name(Protocol protocol) {
  return kProtocolNames[static_cast<std::size_t>(protocol)];
}

std::optional<Protocol> parse_protocol(std::string_view name) {
  const auto found = std::ranges::find(kProtocolNames, name);
  if (found == kProtocolNames.end()) return std::nullopt;
  return static_cast<Protocol>(found - kProtocolNames.begin());
}

std::string_view state_name(ConnectionState state) {
  return kStateNames[static_cast<std::size_t>(state)];
}

ValueType value_type(const SignalConfig& signal) {
  return modbus::value_type(std::get<ModbusPoint>(signal.point).format);
}

Status check_connection(const ConnectionConfig& config) {
  if (!is_name(config.name, kNameBytesMax)) {
    return invalid("name: 1 to 128 bytes of text without control characters are needed");
  }
  if (Status ok = check_settings(std::get<ModbusSettings>(config.settings)); !ok) return ok;
  if (Status ok = check_groups(config.groups); !ok) return ok;
  if (Status ok = check_number("signals", config.signals.size(), 0, kSignalsMax); !ok) return ok;
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
