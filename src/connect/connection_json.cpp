#include "connect/connection_json.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

namespace lineshaft::connect {
namespace {

// Reads the members of one object and keeps the first error, so that a long object reads as a list.
class Fields {
 public:
  explicit Fields(const Json& object) : object_(object) {
    if (!object.is_object()) fail("must be an object");
  }

  template <typename T>
  void integer(const char* name, T& out, std::int64_t min, std::int64_t max) {
    known_.push_back(name);
    if (error_) return;
    const auto value = optional_integer(object_, name, static_cast<std::int64_t>(out), min, max);
    if (value)
      out = static_cast<T>(*value);
    else
      error_ = value.error();
  }
  template <typename T>
  void optional_int(const char* name, std::optional<T>& out, std::int64_t max) {
    known_.push_back(name);
    if (error_ || !object_.contains(name) || object_[name].is_null()) return;
    T number = 0;
    integer(name, number, 0, max);
    out = number;
  }
  void boolean(const char* name, bool& out) { take(name, out, optional_bool); }
  void string(const char* name, std::string& out) {
    known_.push_back(name);
    if (error_) return;
    const Result<std::string> value = optional_string(object_, name, out);
    if (value)
      out = *value;
    else
      error_ = value.error();
  }
  void number(const char* name, double& out) {
    std::optional<double> value = out;
    optional_double(name, value);
    if (value) out = *value;
  }
  void optional_double(const char* name, std::optional<double>& out) {
    known_.push_back(name);
    if (error_ || !object_.contains(name)) return;
    const Result<std::optional<double>> value = optional_number(object_, name);
    if (value)
      out = *value;
    else
      error_ = value.error();
  }
  // One of a set of words, through its parser.
  template <typename T, typename Parse>
  void word(const char* name, T& out, Parse parse, const char* allowed) {
    std::string text;
    string(name, text);
    if (error_ || text.empty()) return;
    if (const auto value = parse(text))
      out = *value;
    else
      fail_field(name, std::string("must be ") + allowed);
  }
  void require(const char* name) {
    if (!error_ && (!object_.contains(name) || object_[name].is_null()))
      fail_field(name, "is missing");
  }
  void ignore(const char* name) { known_.push_back(name); }
  void fail_field(const char* name, const std::string& problem) {
    if (!error_) error_ = Error{ErrorId::kInvalidArgument, std::string(name) + ": " + problem};
  }
  void fail(const std::string& problem) {
    if (!error_) error_ = Error{ErrorId::kInvalidArgument, problem};
  }

  // A member that is an object or a list; null if absent.
  const Json* member(const char* name) {
    known_.push_back(name);
    if (error_ || !object_.contains(name) || object_[name].is_null()) return nullptr;
    return &object_[name];
  }

  // Success if nothing was wrong and no member is left over.
  Status done() const {
    if (error_) return *error_;
    for (const auto& [name, value] : object_.items()) {
      if (std::find(known_.begin(), known_.end(), name) == known_.end()) {
        return Error{ErrorId::kInvalidArgument, name.substr(0, 64) + ": is not a field here"};
      }
    }
    return {};
  }

 private:
  void take(const char* name, bool& out,
            Result<bool> (*read)(const Json& object, const char* field, bool fallback)) {
    known_.push_back(name);
    if (error_) return;
    const Result<bool> value = read(object_, name, out);
    if (value)
      out = *value;
    else
      error_ = value.error();
  }

  const Json& object_;
  std::vector<std::string> known_;
  std::optional<Error> error_;
};

Error inside(const std::string& where, const Error& error) {
  return {error.id, where + ": " + error.what};
}

std::optional<Interpolation> parse_interpolation(std::string_view text) {
  if (text == "step") return Interpolation::kStep;
  if (text == "linear") return Interpolation::kLinear;
  return std::nullopt;
}

std::optional<Store> parse_store(std::string_view text) {
  if (text == "changes") return Store::kChanges;
  if (text == "all") return Store::kAll;
  return std::nullopt;
}

Json optional_json(const std::optional<double>& number) { return number ? Json(*number) : Json(); }

Result<ModbusSettings> modbus_from_json(const Json& json) {
  ModbusSettings settings;
  Fields fields(json);
  fields.require("host");
  fields.string("host", settings.host);
  fields.integer("port", settings.port, 1, 65535);
  fields.integer("unit_id", settings.unit_id, 0, 255);
  fields.integer("timeout_ms", settings.timeout_ms, 50, 60'000);
  fields.integer("request_delay_ms", settings.request_delay_ms, 0, 10'000);
  fields.integer("registers_per_read_max", settings.registers_per_read_max, 1, 125);
  fields.integer("bits_per_read_max", settings.bits_per_read_max, 1, 2000);
  fields.integer("gap_max", settings.gap_max, 0, 100);
  fields.boolean("one_signal_per_read", settings.one_signal_per_read);
  fields.boolean("single_connection", settings.single_connection);
  fields.integer("requests_in_flight_max", settings.requests_in_flight_max, 1, 16);
  fields.integer("retries", settings.retries, 0, 3);
  fields.boolean("write_multiple_only", settings.write_multiple_only);
  if (Status done = fields.done(); !done) return inside("settings", done.error());
  return settings;
}

Json modbus_json(const ModbusSettings& settings) {
  return {{"host", settings.host},
          {"port", settings.port},
          {"unit_id", settings.unit_id},
          {"timeout_ms", settings.timeout_ms},
          {"request_delay_ms", settings.request_delay_ms},
          {"registers_per_read_max", settings.registers_per_read_max},
          {"bits_per_read_max", settings.bits_per_read_max},
          {"gap_max", settings.gap_max},
          {"one_signal_per_read", settings.one_signal_per_read},
          {"single_connection", settings.single_connection},
          {"requests_in_flight_max", settings.requests_in_flight_max},
          {"retries", settings.retries},
          {"write_multiple_only", settings.write_multiple_only}};
}

Result<std::vector<PollGroup>> groups_from_json(const Json* list) {
  if (list == nullptr || (list->is_array() && list->empty())) {
    return std::vector<PollGroup>{{"normal", 1000}};
  }
  if (!list->is_array() || list->size() > kGroupsMax) {
    return Error{ErrorId::kInvalidArgument, "groups: must be a list of at most 100"};
  }
  std::vector<PollGroup> groups;
  for (std::size_t i = 0; i < list->size(); ++i) {
    PollGroup group;
    Fields fields((*list)[i]);
    fields.require("name");
    fields.string("name", group.name);
    fields.integer("interval_ms", group.interval_ms, 10, 86'400'000);
    if (Status done = fields.done(); !done) {
      return inside("groups[" + std::to_string(i) + "]", done.error());
    }
    groups.push_back(std::move(group));
  }
  return groups;
}

Result<SignalConfig> signal_from_json(const Json& json) {
  SignalConfig signal;
  ModbusPoint point;
  modbus::PointFormat& format = point.format;
  Fields fields(json);
  fields.ignore("tag_id");
  for (const char* name : {"path", "area", "address", "type"}) fields.require(name);
  fields.string("path", signal.path);
  fields.word("area", format.area, modbus::parse_area, "holding, input, coil or discrete");
  fields.integer("address", point.address, 0, 65535);
  fields.optional_int("unit_id", point.unit_id, 255);
  fields.word("type", format.type, modbus::parse_data_type,
              "bool, int16, uint16, int32, uint32, int64, uint64, float32, float64 or string");
  fields.word("order", format.order, modbus::parse_byte_order, "ABCD, BADC, CDAB or DCBA");
  fields.optional_int("bit", format.bit, 63);
  fields.integer("bit_count", format.bit_count, 1, 64);
  std::optional<std::uint16_t> string_bytes;
  fields.optional_int("string_bytes", string_bytes, modbus::kStringBytesMax);
  format.string_bytes = string_bytes.value_or(0);
  fields.number("scale", format.scale);
  fields.number("offset", format.offset);
  fields.string("group", signal.group);
  fields.string("unit", signal.unit);
  fields.string("description", signal.description);
  // What is not a measured number stands until it changes.
  signal.point = point;
  const bool is_float =
      format.type == modbus::DataType::kFloat32 || format.type == modbus::DataType::kFloat64;
  signal.interpolation =
      is_float || format.scaled() ? Interpolation::kLinear : Interpolation::kStep;
  fields.word("interpolation", signal.interpolation, parse_interpolation, "step or linear");
  fields.optional_double("range_low", signal.range_low);
  fields.optional_double("range_high", signal.range_high);
  fields.boolean("writable", signal.writable);
  fields.number("deadband", signal.deadband);
  if (const Json* set = fields.member("enum_set")) {
    const Result<std::vector<EnumEntry>> entries = enum_set_from_json(*set);
    if (!entries) return entries.error();
    signal.enum_set = *entries;
  }
  if (Status done = fields.done(); !done) return done.error();
  return signal;
}

}  // namespace

Json config_json(const ConnectionConfig& config) {
  Json groups = Json::array();
  for (const PollGroup& group : config.groups) {
    groups.push_back({{"name", group.name}, {"interval_ms", group.interval_ms}});
  }
  return {{"name", config.name},
          {"protocol", protocol_name(config.protocol())},
          {"enabled", config.enabled},
          {"writes_enabled", config.writes_enabled},
          {"store", config.store == Store::kAll ? "all" : "changes"},
          {"settings", modbus_json(std::get<ModbusSettings>(config.settings))},
          {"groups", std::move(groups)}};
}

Json signal_json(const SignalConfig& signal) {
  const auto& point = std::get<ModbusPoint>(signal.point);
  const modbus::PointFormat& format = point.format;
  Json json = {{"path", signal.path},
               {"area", modbus::area_name(format.area)},
               {"address", point.address},
               {"unit_id", point.unit_id ? Json(*point.unit_id) : Json()},
               {"type", modbus::data_type_name(format.type)},
               {"order", modbus::byte_order_name(format.order)},
               {"bit", format.bit ? Json(*format.bit) : Json()},
               {"bit_count", format.bit_count},
               {"string_bytes", format.string_bytes != 0 ? Json(format.string_bytes) : Json()},
               {"scale", format.scale},
               {"offset", format.offset},
               {"group", signal.group},
               {"unit", signal.unit},
               {"description", signal.description},
               {"interpolation", signal.interpolation == Interpolation::kStep ? "step" : "linear"},
               {"enum_set", enum_set_json(signal.enum_set)}};
  json["range_low"] = optional_json(signal.range_low);
  json["range_high"] = optional_json(signal.range_high);
  json["writable"] = signal.writable;
  json["deadband"] = signal.deadband;
  return json;
}

Json signals_json(const std::vector<SignalConfig>& signals) {
  Json list = Json::array();
  for (const SignalConfig& signal : signals) list.push_back(signal_json(signal));
  return list;
}

Json status_json(const ConnectionStatus& status) {
  const auto time = [](const std::optional<Timestamp>& t) {
    return t ? Json(format_rfc3339(*t)) : Json();
  };
  Json json = {{"state", state_name(status.state)}, {"since", format_rfc3339(status.since)}};
  json["last_error"] = status.last_error ? Json(*status.last_error) : Json();
  json["last_error_time"] = time(status.last_error_time);
  json["retry_in_ms"] = status.retry_in_ms ? Json(*status.retry_in_ms) : Json();
  const auto ms = [](double exact) { return std::round(exact * 1000) / 1000; };  // whole us
  json["latency_ms"] = status.latency ? Json{{"last", ms(status.latency->last)},
                                             {"mean", ms(status.latency->mean)},
                                             {"p99", ms(status.latency->p99)}}
                                      : Json();
  json["requests"] = status.requests;
  json["errors"] = status.errors;
  json["timeouts"] = status.timeouts;
  json["late_answers"] = status.late_answers;
  json["bytes_in"] = status.bytes_in;
  json["bytes_out"] = status.bytes_out;
  json["reconnects"] = status.reconnects;
  json["cycles_missed"] = status.cycles_missed;
  json["values_per_second"] = std::round(status.values_per_second * 10) / 10;
  json["values"] = status.values;
  json["tags"] = status.tags;
  json["tags_bad"] = status.tags_bad;
  json["last_value_time"] = time(status.last_value_time);
  return json;
}

Result<ProtocolSettings> settings_from_json(Protocol protocol, const Json& json) {
  LS_ASSERT(protocol == Protocol::kModbusTcp);
  Result<ModbusSettings> settings = modbus_from_json(json);
  if (!settings) return settings.error();
  return ProtocolSettings(*std::move(settings));
}

Result<std::vector<SignalConfig>> signals_from_json(const Json& list) {
  if (!list.is_array() || list.size() > kSignalsMax) {
    return Error{ErrorId::kInvalidArgument, "signals: must be a list of at most 100000 signals"};
  }
  std::vector<SignalConfig> signals;
  signals.reserve(list.size());
  for (std::size_t i = 0; i < list.size(); ++i) {
    Result<SignalConfig> signal = signal_from_json(list[i]);
    if (!signal) return inside("signals[" + std::to_string(i) + "]", signal.error());
    signals.push_back(*std::move(signal));
  }
  return signals;
}

Result<ConnectionConfig> config_from_json(const Json& json) {
  ConnectionConfig config;
  Protocol protocol = Protocol::kModbusTcp;
  Fields fields(json);
  for (const char* name : {"id", "status"}) fields.ignore(name);  // as GET gives them
  for (const char* name : {"name", "protocol", "settings"}) fields.require(name);
  fields.string("name", config.name);
  fields.word("protocol", protocol, parse_protocol, "modbus-tcp");
  fields.boolean("enabled", config.enabled);
  fields.boolean("writes_enabled", config.writes_enabled);
  fields.word("store", config.store, parse_store, "changes or all");
  const Json* settings = fields.member("settings");
  const Json* groups = fields.member("groups");
  const Json* signals = fields.member("signals");
  if (Status done = fields.done(); !done) return done.error();
  Result<ProtocolSettings> read_settings = settings_from_json(protocol, *settings);
  if (!read_settings) return read_settings.error();
  config.settings = *std::move(read_settings);
  Result<std::vector<PollGroup>> read_groups = groups_from_json(groups);
  if (!read_groups) return read_groups.error();
  config.groups = *std::move(read_groups);
  if (signals != nullptr) {
    Result<std::vector<SignalConfig>> read_signals = signals_from_json(*signals);
    if (!read_signals) return read_signals.error();
    config.signals = *std::move(read_signals);
  }
  if (Status checked = check_connection(config); !checked) return checked.error();
  return config;
}

Result<TestRequest> test_from_json(const Json& json) {
  TestRequest request;
  Protocol protocol = Protocol::kModbusTcp;
  Fields fields(json);
  for (const char* name : {"protocol", "settings"}) fields.require(name);
  fields.word("protocol", protocol, parse_protocol, "modbus-tcp");
  const Json* settings = fields.member("settings");
  const Json* signals = fields.member("signals");
  if (Status done = fields.done(); !done) return done.error();
  Result<ProtocolSettings> read_settings = settings_from_json(protocol, *settings);
  if (!read_settings) return read_settings.error();
  request.settings = *std::move(read_settings);
  if (signals != nullptr) {
    Result<std::vector<SignalConfig>> read_signals = signals_from_json(*signals);
    if (!read_signals) return read_signals.error();
    request.signals = *std::move(read_signals);
  }
  return request;
}

Result<ScanRequest> scan_from_json(const Json& json) {
  ScanRequest request;
  Fields fields(json);
  for (const char* name : {"host", "port_from", "port_to"}) fields.require(name);
  fields.string("host", request.host);
  fields.integer("port_from", request.port_from, 1, 65535);
  fields.integer("port_to", request.port_to, 1, 65535);
  fields.integer("timeout_ms", request.timeout_ms, 50, 10'000);
  const Json* units = fields.member("unit_ids");
  if (Status done = fields.done(); !done) return done.error();
  if (units != nullptr) {
    const Error wrong{ErrorId::kInvalidArgument, "unit_ids: must be a list of numbers 0 to 255"};
    if (!units->is_array()) return wrong;
    request.unit_ids.clear();
    for (const Json& unit : *units) {
      if (!unit.is_number_unsigned() || unit.get<std::uint64_t>() > 255) return wrong;
      request.unit_ids.push_back(unit.get<std::uint8_t>());
    }
  }
  return request;
}

}  // namespace lineshaft::connect
