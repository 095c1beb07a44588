#include "connect/flow_json.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "connect/fields.h"
#include "model/json.h"

namespace lineshaft::connect {

namespace {

Result<FlowRule> rule_from_json(const Json& json) {
  FlowRule rule;
  Fields fields(json);
  fields.require("select");
  fields.string("select", rule.select);
  fields.boolean("leave_out", rule.leave_out);
  fields.string("name", rule.name);
  fields.string("unit", rule.unit);
  fields.number("deadband", rule.deadband);
  fields.integer("min_interval_ms", rule.min_interval_ms, 0, 86'400'000);
  if (Status done = fields.done(); !done) return done.error();
  return rule;
}

Result<std::vector<FlowRule>> rules_from_json(const Json& list) {
  if (!list.is_array() || list.size() > kFlowRulesMax) {
    return Error{ErrorId::kInvalidArgument, "rules: must be a list of 1 to 100 rules"};
  }
  std::vector<FlowRule> rules;
  for (std::size_t i = 0; i < list.size(); ++i) {
    Result<FlowRule> rule = rule_from_json(list[i]);
    if (!rule) return inside("rules[" + std::to_string(i) + "]", rule.error());
    rules.push_back(*std::move(rule));
  }
  return rules;
}

Json rule_json(const FlowRule& rule) {
  if (rule.leave_out) return {{"select", rule.select}, {"leave_out", true}};
  return {{"select", rule.select},     {"leave_out", false},
          {"name", rule.name},         {"unit", rule.unit},
          {"deadband", rule.deadband}, {"min_interval_ms", rule.min_interval_ms}};
}

Json queue_json(const std::optional<OutletQueue>& queue) {
  if (!queue) return nullptr;
  return {{"samples", queue->samples},
          {"bytes", queue->bytes},
          {"bytes_max", queue->bytes_max},
          {"oldest", queue->oldest ? Json(format_rfc3339(*queue->oldest)) : Json()},
          {"dropped", queue->dropped},
          {"level", queue_level_name(queue->level)}};
}

}  // namespace

std::string_view queue_level_name(QueueLevel level) {
  constexpr std::string_view kNames[] = {"calm", "half", "full"};
  return kNames[static_cast<std::size_t>(level)];
}

Json flow_json(const FlowConfig& config, Secrets secrets) {
  Json rules = Json::array();
  for (const FlowRule& rule : config.rules) rules.push_back(rule_json(rule));
  const FlowKind& kind = kind_of(config.settings);
  return {{"name", config.name},
          {"kind", kind.name()},
          {"enabled", config.enabled},
          {"writes_enabled", config.writes_enabled},
          {"settings", kind.settings_json(config.settings, secrets)},
          {"rules", std::move(rules)}};
}

Json flow_status_json(const FlowStatus& status) {
  Json sources = Json::array();
  for (const auto& [connection, tags] : status.sources) {
    sources.push_back({{"connection", connection}, {"tags", tags}});
  }
  const char* state = "disabled";
  if (status.running) state = status.outlet.state == OutletState::kUp ? "up" : "down";
  return {{"state", state},
          {"since", status.running ? Json(format_rfc3339(status.since)) : Json()},
          {"at", status.outlet.at},
          {"clients", status.outlet.clients},
          {"tags", status.tags},
          {"tags_left_out", status.tags_left_out},
          {"samples_in", status.samples_in},
          {"samples_sent", status.samples_sent},
          {"samples_out", status.outlet.samples_out},
          {"samples_per_second", std::round(status.samples_per_second * 10) / 10},
          {"last_error", status.outlet.last_error ? Json(*status.outlet.last_error) : Json()},
          {"queue", queue_json(status.outlet.queue)},
          {"loops", status.loops},
          {"sources", std::move(sources)}};
}

Json planned_tag_json(const FlowConfig& config, const PlannedTag& tag) {
  const TagSpec& spec = tag.tag.spec;
  Json json = {{"tag_id", tag.tag.id.value},
               {"path", tag.tag.path},
               {"name", spec.path},
               {"rule", tag.rule},
               {"type", type_name(spec.type)},
               {"unit", spec.unit},
               {"unit_symbol", unit_symbol(spec.unit)},
               {"writable", spec.writable}};
  const FlowKind& kind = kind_of(config.settings);
  if (kind.width(config.settings, spec) > 0) json["address"] = tag.tag.address;
  std::string address = kind.address_text(config.settings, tag.tag);
  if (!address.empty()) json["address_text"] = std::move(address);
  return json;
}

Json left_out_json(const LeftOutTag& tag) {
  return {{"tag_id", tag.id.value}, {"path", tag.path}, {"rule", tag.rule}, {"why", tag.why.what}};
}

Result<FlowConfig> flow_from_json(const Json& json) {
  FlowConfig config;
  Fields fields(json);
  for (const char* name : {"id", "version", "status"}) fields.ignore(name);  // as GET gives them
  for (const char* name : {"name", "kind"}) fields.require(name);
  std::string kind_name;
  fields.string("name", config.name);
  fields.string("kind", kind_name);
  fields.boolean("enabled", config.enabled);
  fields.boolean("writes_enabled", config.writes_enabled);
  const Json* settings = fields.member("settings");
  const Json* rules = fields.member("rules");
  if (Status done = fields.done(); !done) return done.error();
  const FlowKind* kind = find_flow_kind(kind_name);
  if (kind == nullptr) {
    return Error{ErrorId::kInvalidArgument, "kind: must be " + flow_kind_names()};
  }
  const Json nothing = Json::object();
  Fields of_settings(settings != nullptr ? *settings : nothing);
  config.settings = kind->read_settings(of_settings);
  if (Status done = of_settings.done(); !done) return inside("settings", done.error());
  config.rules = {FlowRule{}};
  if (rules != nullptr) {
    auto read = rules_from_json(*rules);
    if (!read) return read.error();
    config.rules = *std::move(read);
  }
  if (Status checked = check_flow(config); !checked) return checked.error();
  return config;
}

Result<FlowConfig> flow_from_stored(Json json) {
  if (json.is_object() && json.contains("settings") && json["settings"].is_object()) {
    const Json name = json.value("kind", Json());
    const FlowKind* kind = name.is_string() ? find_flow_kind(name.get<std::string>()) : nullptr;
    if (kind != nullptr) kind->complete_stored(json["settings"]);
  }
  return flow_from_json(json);
}

void keep_flow_secrets(Json& json, const FlowConfig& before) {
  const FlowKind& kind = kind_of(before.settings);
  if (!json.is_object() || json.value("kind", Json()) != kind.name()) return;
  if (!json.contains("settings") || !json["settings"].is_object()) return;
  std::vector<FieldSpec> specs;
  Fields fields(specs);
  kind.read_settings(fields);
  keep_secrets_of(json["settings"], kind.settings_json(before.settings, Secrets::kShown), specs);
}

Json flow_kinds_json() {
  Json list = Json::array();
  for (const FlowKind* kind : flow_kinds()) {
    std::vector<FieldSpec> specs;
    Fields fields(specs);
    const FlowSettings settings = kind->read_settings(fields);
    list.push_back(
        {{"name", kind->name()},
         {"settings", specs_json(specs, kind->settings_json(settings, Secrets::kHidden))},
         {"has_addresses", kind->width(settings, TagSpec{}) > 0}});
  }
  return list;
}

}  // namespace lineshaft::connect
