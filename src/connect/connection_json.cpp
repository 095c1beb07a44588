#include "connect/connection_json.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "connect/fields.h"
#include "connect/profiles.h"

namespace lineshaft::connect {
namespace {

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

Result<SignalConfig> signal_from_json(const ProtocolKind& kind, const Json& json) {
  SignalConfig signal;
  Fields fields(json);
  fields.ignore("tag_id");
  fields.require("path");
  fields.string("path", signal.path);
  signal.point = kind.read_point(fields);
  fields.string("group", signal.group);
  fields.string("unit", signal.unit);
  fields.string("description", signal.description);
  signal.interpolation =
      kind.is_measured(signal.point) ? Interpolation::kLinear : Interpolation::kStep;
  fields.word("interpolation", signal.interpolation, parse_interpolation, "step or linear");
  fields.optional_double("range_low", signal.range_low);
  fields.optional_double("range_high", signal.range_high);
  fields.boolean("writable", signal.writable);
  fields.number("deadband", signal.deadband);
  fields.optional_double("write_low", signal.write.low);
  fields.optional_double("write_high", signal.write.high);
  fields.integer("write_interval_ms", signal.write.interval_ms, 0, 86'400'000);
  fields.word("write_confirm", signal.write.confirm, parse_confirm, "none, again or second-person");
  if (const Json* set = fields.member("enum_set")) {
    const Result<std::vector<EnumEntry>> entries = enum_set_from_json(*set);
    if (!entries) return entries.error();
    signal.enum_set = *entries;
  }
  if (Status done = fields.done(); !done) return done.error();
  return signal;
}

// "protocol", "settings" and "signals" of an object, as connections and tests of them have them.
Status read_machine(Fields& fields, ProtocolSettings& settings, std::string& profile,
                    std::vector<SignalConfig>& signals) {
  Protocol protocol = Protocol::kModbusTcp;
  for (const char* name : {"protocol", "settings"}) fields.require(name);
  fields.word("protocol", protocol, parse_protocol, protocol_names());
  const Json* settings_object = fields.member("settings");
  const Json* list = fields.member("signals");
  if (Status done = fields.done(); !done) return done;
  Result<ProtocolSettings> read = settings_from_json(protocol, *settings_object);
  if (!read) return read.error();
  settings = *std::move(read);
  if (const auto named = settings_object->find("profile");
      named != settings_object->end() && named->is_string()) {
    profile = named->get<std::string>();
  }
  if (list == nullptr) return {};
  Result<std::vector<SignalConfig>> read_signals = signals_from_json(protocol, *list, profile);
  if (!read_signals) return read_signals.error();
  signals = *std::move(read_signals);
  return {};
}

Result<std::vector<std::uint8_t>> unit_ids_from_json(const Json& list) {
  const Error wrong{ErrorId::kInvalidArgument, "unit_ids: must be a list of numbers 0 to 255"};
  if (!list.is_array()) return wrong;
  std::vector<std::uint8_t> unit_ids;
  for (const Json& unit : list) {
    if (!unit.is_number_unsigned() || unit.get<std::uint64_t>() > 255) return wrong;
    unit_ids.push_back(unit.get<std::uint8_t>());
  }
  return unit_ids;
}

// Those of the list; without one all that have doors of their own.
Result<std::vector<Protocol>> protocols_to_scan(const Json* list) {
  std::vector<Protocol> protocols;
  for (std::size_t i = 0; list == nullptr && i < kProtocols; ++i) {
    const auto protocol = static_cast<Protocol>(i);
    if (!kind_of(protocol).doors().empty()) protocols.push_back(protocol);
  }
  if (list == nullptr) return protocols;
  const Error wrong{ErrorId::kInvalidArgument, "protocols: must be a list of " + protocol_names()};
  if (!list->is_array()) return wrong;
  for (const Json& name : *list) {
    const auto protocol = parse_protocol(name.is_string() ? name.get<std::string>() : "");
    if (!protocol) return wrong;
    protocols.push_back(*protocol);
  }
  return protocols;
}

Result<std::optional<Heartbeat>> heartbeat_from_json(const Json* json) {
  if (json == nullptr || json->is_null()) return std::optional<Heartbeat>();
  Heartbeat beat;
  Fields fields(*json);
  fields.require("signal");
  fields.string("signal", beat.signal);
  fields.integer("interval_ms", beat.interval_ms, 100, 3'600'000);
  fields.word("direction", beat.direction, parse_beat, "expect or write");
  if (Status done = fields.done(); !done) return inside("heartbeat", done.error());
  return std::optional(std::move(beat));
}

Json heartbeat_json(const std::optional<Heartbeat>& beat) {
  if (!beat) return nullptr;
  return {{"signal", beat->signal},
          {"interval_ms", beat->interval_ms},
          {"direction", beat_name(beat->direction)}};
}

Json method_json(const BrowsedMethod& method) {
  return {{"object", method.object},
          {"inputs", arguments_json(method.inputs)},
          {"outputs", arguments_json(method.outputs)}};
}

}  // namespace

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

Json identification_json(const std::optional<MachineIdentification>& machine) {
  if (!machine) return nullptr;
  return {
      {"vendor", machine->vendor}, {"product", machine->product}, {"revision", machine->revision}};
}

Json config_json(const ConnectionConfig& config, Secrets secrets) {
  Json groups = Json::array();
  for (const PollGroup& group : config.groups) {
    groups.push_back({{"name", group.name}, {"interval_ms", group.interval_ms}});
  }
  Json settings = kind_of(config.protocol()).settings_json(config.settings, secrets);
  if (!profile_names(config.protocol()).empty()) settings["profile"] = config.profile;
  return {{"name", config.name},
          {"protocol", protocol_name(config.protocol())},
          {"enabled", config.enabled},
          {"writes_enabled", config.writes_enabled},
          {"store", config.store == Store::kAll ? "all" : "changes"},
          {"heartbeat", heartbeat_json(config.heartbeat)},
          {"settings", std::move(settings)},
          {"groups", std::move(groups)}};
}

Json signal_json(const SignalConfig& signal) {
  Json json = {{"path", signal.path},
               {"group", signal.group},
               {"unit", signal.unit},
               {"description", signal.description},
               {"interpolation", signal.interpolation == Interpolation::kStep ? "step" : "linear"},
               {"enum_set", enum_set_json(signal.enum_set)}};
  json["range_low"] = optional_json(signal.range_low);
  json["range_high"] = optional_json(signal.range_high);
  json["writable"] = signal.writable;
  json["deadband"] = signal.deadband;
  json["write_low"] = optional_json(signal.write.low);
  json["write_high"] = optional_json(signal.write.high);
  json["write_interval_ms"] = signal.write.interval_ms;
  json["write_confirm"] = confirm_name(signal.write.confirm);
  kind_of(static_cast<Protocol>(signal.point.index())).add_point_json(signal.point, json);
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
  json["last_error_until"] = time(status.last_error_until);
  json["retry_in_ms"] = status.retry_in_ms ? Json(*status.retry_in_ms) : Json();
  const auto ms = [](double exact) { return std::round(exact * 1000) / 1000; };  // whole us
  json["clock_ahead_ms"] = status.clock_ahead_ms ? Json(*status.clock_ahead_ms) : Json();
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
  const Result<Json> whole = with_profile(protocol, json);
  if (!whole) return inside("settings", whole.error());
  Fields fields(*whole);
  ProtocolSettings settings = kind_of(protocol).read_settings(fields);
  if (Status done = fields.done(); !done) return inside("settings", done.error());
  return settings;
}

Result<std::vector<SignalConfig>> signals_from_json(Protocol protocol, const Json& list,
                                                    std::string_view profile) {
  if (!list.is_array() || list.size() > kSignalsMax) {
    return Error{ErrorId::kInvalidArgument, "signals: must be a list of at most 100000 signals"};
  }
  std::vector<SignalConfig> signals;
  signals.reserve(list.size());
  for (std::size_t i = 0; i < list.size(); ++i) {
    Result<SignalConfig> signal =
        signal_from_json(kind_of(protocol), signal_with_profile(protocol, profile, list[i]));
    if (!signal) return inside("signals[" + std::to_string(i) + "]", signal.error());
    signals.push_back(*std::move(signal));
  }
  return signals;
}

Result<ConnectionConfig> config_from_json(const Json& json) {
  ConnectionConfig config;
  Fields fields(json);
  for (const char* name : {"id", "status"}) fields.ignore(name);  // as GET gives them
  fields.require("name");
  fields.string("name", config.name);
  fields.boolean("enabled", config.enabled);
  fields.boolean("writes_enabled", config.writes_enabled);
  fields.word("store", config.store, parse_store, "changes or all");
  const Json* groups = fields.member("groups");
  const Json* heartbeat = fields.member("heartbeat");
  Status read = read_machine(fields, config.settings, config.profile, config.signals);
  if (!read) return read.error();
  Result<std::vector<PollGroup>> read_groups = groups_from_json(groups);
  if (!read_groups) return read_groups.error();
  config.groups = *std::move(read_groups);
  Result<std::optional<Heartbeat>> beat = heartbeat_from_json(heartbeat);
  if (!beat) return beat.error();
  config.heartbeat = *std::move(beat);
  if (Status checked = check_connection(config); !checked) return checked.error();
  return config;
}

Result<TestRequest> test_from_json(const Json& json) {
  TestRequest request;
  Fields fields(json);
  std::string profile;  // has done its work then
  Status read = read_machine(fields, request.settings, profile, request.signals);
  if (!read) return read.error();
  return request;
}

void keep_secrets(Json& json, const ConnectionConfig& before) {
  const ProtocolKind& kind = kind_of(before.protocol());
  if (!json.is_object() || !json.contains("settings") || !json["settings"].is_object()) return;
  if (json.value("protocol", Json()) != kind.name()) return;
  std::vector<FieldSpec> specs;
  Fields fields(specs);
  kind.read_settings(fields);
  keep_secrets_of(json["settings"], kind.settings_json(before.settings, Secrets::kShown), specs);
}

Json protocols_json() {
  Json list = Json::array();
  for (std::size_t i = 0; i < kProtocols; ++i) {
    const ProtocolKind& kind = kind_of(static_cast<Protocol>(i));
    std::vector<FieldSpec> of_settings;
    std::vector<FieldSpec> of_point;
    Fields settings_fields(of_settings);
    Fields point_fields(of_point);
    const ProtocolSettings settings = kind.read_settings(settings_fields);
    const SignalPoint point = kind.read_point(point_fields);
    Json point_defaults = Json::object();
    kind.add_point_json(point, point_defaults);
    Json doors = Json::array();
    for (const Door& door : kind.doors()) doors.push_back(door.port);
    list.push_back(
        {{"name", kind.name()},
         {"doors", std::move(doors)},
         {"profiles", profiles_json(static_cast<Protocol>(i))},
         {"browsing", browsing_name(kind.browsing())},
         {"history", kind.has_history()},
         {"methods", kind.has_methods()},
         {"settings", specs_json(of_settings, kind.settings_json(settings, Secrets::kHidden))},
         {"point", specs_json(of_point, point_defaults)}});
  }
  return list;
}

Result<BrowseRequest> browse_from_json(const Json& json) {
  BrowseRequest request;
  Protocol protocol = Protocol::kModbusTcp;
  Fields fields(json);
  for (const char* name : {"protocol", "settings"}) fields.require(name);
  fields.word("protocol", protocol, parse_protocol, protocol_names());
  const Json* settings = fields.member("settings");
  fields.string("node", request.node);
  fields.integer("depth", request.depth, 1, kBrowseDepthMax);
  fields.integer("listen_ms", request.listen_ms, 100, kListenMsMax);
  if (Status done = fields.done(); !done) return done.error();
  Result<ProtocolSettings> read = settings_from_json(protocol, *settings);
  if (!read) return read.error();
  request.settings = *std::move(read);
  return request;
}

Json arguments_json(const std::vector<MethodArgument>& arguments) {
  Json list = Json::array();
  for (const MethodArgument& one : arguments) {
    list.push_back({{"name", one.name},
                    {"type", one.type},
                    {"description", one.description},
                    {"usable", one.usable}});
  }
  return list;
}

Json browse_json(const BrowseReport& report) {
  Json items = Json::array();
  for (const BrowseEntry& entry : report.entries) {
    items.push_back({{"levels", entry.levels},
                     {"node", entry.node},
                     {"has_more", entry.has_more},
                     {"type", entry.type},
                     {"signal", entry.signal ? signal_json(*entry.signal) : Json()},
                     {"method", entry.method ? method_json(*entry.method) : Json()}});
  }
  return {{"items", std::move(items)}, {"cut", report.cut}};
}

Result<ScanRequest> scan_from_json(const Json& json) {
  ScanRequest request;
  std::string addresses;
  std::string ports;
  bool allow_public = false;
  Fields fields(json);
  fields.require("addresses");
  fields.string("addresses", addresses);
  fields.string("ports", ports);
  fields.integer("timeout_ms", request.timeout_ms, 50, 10'000);
  fields.boolean("allow_public", allow_public);
  fields.integer("from", request.from, 0, std::int64_t{kScanHostsMax * kScanDoorsMax});
  const Json* units = fields.member("unit_ids");
  const Json* protocols = fields.member("protocols");
  if (Status done = fields.done(); !done) return done.error();
  Result<std::vector<std::string>> hosts = parse_addresses(addresses, allow_public);
  if (!hosts) return hosts.error();
  request.hosts = *std::move(hosts);
  Result<std::vector<std::uint16_t>> numbers = std::vector<std::uint16_t>();
  if (!ports.empty()) numbers = parse_ports(ports);
  if (!numbers) return numbers.error();
  const Result<std::vector<Protocol>> names = protocols_to_scan(protocols);
  if (!names) return names.error();
  request.doors = scan_doors(*names, *numbers);
  if (units != nullptr) {
    Result<std::vector<std::uint8_t>> read = unit_ids_from_json(*units);
    if (!read) return read.error();
    request.unit_ids = *std::move(read);
  }
  if (Status fine = check_scan(request); !fine) return fine.error();
  return request;
}

Json scan_json(const ScanReport& report) {
  Json items = Json::array();
  for (const ScanHit& hit : report.hits) {
    Json settings = {{"host", hit.host}, {"port", hit.port}, {"tls", true}};
    if (hit.settings)
      settings = kind_of(hit.protocol).settings_json(*hit.settings, Secrets::kHidden);
    items.push_back({{"host", hit.host},
                     {"port", hit.port},
                     {"protocol", protocol_name(hit.protocol)},
                     {"tls", hit.tls},
                     {"unit_id", hit.unit_id},
                     {"identification", identification_json(hit.identification)},
                     {"settings", std::move(settings)}});
  }
  Json left_out = Json::array();
  for (const ScanLeftOut& out : report.left_out) {
    left_out.push_back({{"protocol", protocol_name(out.door.protocol)},
                        {"port", out.door.door.port},
                        {"hosts", out.hosts}});
  }
  return {{"items", std::move(items)},
          {"left_out", std::move(left_out)},
          {"total", report.total},
          {"next", report.next ? Json(*report.next) : Json()}};
}

}  // namespace lineshaft::connect
