#include "connect/templates.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/assert.h"
#include "connect/connection_json.h"
#include "connect/fields.h"
#include "connect/protocol.h"

namespace lineshaft::connect {

namespace {

constexpr const char* kKind = "connection-template";
constexpr std::size_t kNameBytesMax = 128;
constexpr std::size_t kDescriptionBytesMax = 2'000;
constexpr std::uint16_t kAddressMax = 65'535;

const char* const kShipped[] = {
#include "connect/templates.inc"
};

Error invalid(std::string what) { return {ErrorId::kInvalidArgument, std::move(what)}; }

// Some of its signals lie where a path leads from the machine's own object.
bool needs_object(const Template& of) {
  return std::ranges::any_of(of.signals, [](const SignalConfig& signal) {
    const auto* point = std::get_if<opcua::Point>(&signal.point);
    return point != nullptr && point->node.empty();
  });
}

// Checked as the signals of a connection somewhere, whatever its address may be.
Status check_template(const Template& of) {
  if (!is_name(of.name, kNameBytesMax)) {
    return invalid("name: 1 to 128 bytes of text without control characters are needed");
  }
  if (of.description.size() > kDescriptionBytesMax) {
    return invalid("description: at most 2000 bytes");
  }
  const auto placed = use_template(of, {"organisation/machine", 0, needs_object(of) ? "i=85" : ""});
  return placed ? Status() : Status(placed.error());
}

}  // namespace

Result<Template> template_from_json(const Json& json) {
  Template made;
  Fields fields(json);
  fields.ignore("id");
  for (const char* name : {"name", "protocol", "signals"}) fields.require(name);
  fields.string("name", made.name);
  fields.string("description", made.description);
  fields.word("protocol", made.protocol, parse_protocol, protocol_names());
  const Json* groups = fields.member("groups");
  const Json* signals = fields.member("signals");
  if (Status done = fields.done(); !done) return done.error();
  Result<std::vector<PollGroup>> read_groups = groups_from_json(groups);
  if (!read_groups) return read_groups.error();
  made.groups = *std::move(read_groups);
  Result<std::vector<SignalConfig>> read = signals_from_json(made.protocol, *signals);
  if (!read) return read.error();
  made.signals = *std::move(read);
  if (Status fine = check_template(made); !fine) return fine.error();
  return made;
}

Json template_json(const Template& of) {
  Json groups = Json::array();
  for (const PollGroup& group : of.groups) {
    groups.push_back({{"name", group.name}, {"interval_ms", group.interval_ms}});
  }
  return {{"id", of.id == 0 ? Json() : Json(of.id)},
          {"name", of.name},
          {"description", of.description},
          {"protocol", protocol_name(of.protocol)},
          {"groups", std::move(groups)},
          {"signals", signals_json(of.signals)}};
}

Result<std::vector<SignalConfig>> use_template(const Template& of, const TemplateUse& use) {
  if (use.address_offset != 0 && of.protocol != Protocol::kModbusTcp) {
    return invalid("address_offset: only addresses of Modbus are numbers that can be moved");
  }
  if (use.object.empty() == needs_object(of)) {
    return invalid(use.object.empty()
                       ? "object: this template needs the node of the machine, as browsing shows it"
                       : "object: this template has no paths that begin at a machine's object");
  }
  std::vector<SignalConfig> signals = of.signals;
  for (std::size_t i = 0; i < signals.size(); ++i) {
    SignalConfig& signal = signals[i];
    const std::string field = "signals[" + std::to_string(i) + "].";
    if (!use.prefix.empty()) signal.path = use.prefix + "/" + signal.path;
    if (Status fine = check_tag_path(signal.path); !fine) {
      return invalid(field + fine.error().what);
    }
    if (auto* point = std::get_if<opcua::Point>(&signal.point)) {
      if (point->node.empty()) point->node = use.object;
      if (Status fine = opcua::check(*point); !fine) return invalid(field + fine.error().what);
    }
    if (use.address_offset == 0) continue;
    auto& point = std::get<ModbusPoint>(signal.point);
    const std::int64_t address = point.address + use.address_offset;
    if (address < 0 || address > kAddressMax) {
      return invalid(field + "address: " + std::to_string(address) +
                     " with the offset; allowed are 0 to 65535");
    }
    point.address = static_cast<std::uint16_t>(address);
  }
  return signals;
}

Template make_template(const ConnectionConfig& config, std::string name, std::string description) {
  Template made;
  made.name = std::move(name);
  made.description = std::move(description);
  made.protocol = config.protocol();
  made.groups = config.groups;
  made.signals = config.signals;
  if (made.signals.empty()) return made;
  std::string_view common = made.signals.front().path;
  common = common.substr(0, common.rfind('/') + 1);
  for (const SignalConfig& signal : made.signals) {
    while (!std::string_view(signal.path).starts_with(common)) {
      const std::size_t slash = common.substr(0, common.size() - 1).rfind('/');
      common = slash == std::string_view::npos ? "" : common.substr(0, slash + 1);
    }
  }
  const std::size_t off = common.size();  // `common` lies in a path that changes now
  for (SignalConfig& signal : made.signals) signal.path.erase(0, off);
  return made;
}

const std::vector<Template>& shipped_templates() {
  static const std::vector<Template> all = [] {
    std::vector<Template> read;
    for (const char* text : kShipped) {
      const Result<Json> json = parse_json(text);
      LS_ASSERT(json.ok());
      Result<Template> one = template_from_json(*json);
      LS_ASSERT(one.ok());
      read.push_back(*std::move(one));
    }
    return read;
  }();
  return all;
}

Result<std::vector<Template>> TemplateStore::list(TenantId tenant) const {
  std::vector<Template> all = shipped_templates();
  const auto documents = documents_.list(tenant, kKind);
  if (!documents) return documents.error();
  for (const records::Document& document : *documents) {
    const Result<Json> json = parse_json(document.json);
    if (!json) return json.error();
    Result<Template> one = template_from_json(*json);
    if (!one) return one.error();
    one->id = static_cast<std::uint32_t>(document.id);
    all.push_back(*std::move(one));
  }
  return all;
}

Result<Template> TemplateStore::find(TenantId tenant, const std::string& name) const {
  Result<std::vector<Template>> all = list(tenant);
  if (!all) return all.error();
  for (Template& one : *all) {
    if (one.name == name) return std::move(one);
  }
  return Error{ErrorId::kNotFound, "there is no template '" + name + "'"};
}

Result<Template> TemplateStore::add(TenantId tenant, Template made) {
  if (Status fine = check_template(made); !fine) return fine.error();
  if (find(tenant, made.name)) {
    return Error{ErrorId::kConflict, "name: there is a template '" + made.name + "' already"};
  }
  const auto document = documents_.create(tenant, kKind, dump(template_json(made)));
  if (!document) return document.error();
  made.id = static_cast<std::uint32_t>(document->id);
  return made;
}

Status TemplateStore::remove(TenantId tenant, const std::string& name) {
  const Result<Template> known = find(tenant, name);
  if (!known) return known.error();
  if (known->id == 0) {
    return Error{ErrorId::kDenied, "the template '" + name + "' comes with the program and stays"};
  }
  const auto document = documents_.get(tenant, kKind, known->id);
  if (!document) return document.error();
  return documents_.remove(tenant, kKind, known->id, document->version);
}

}  // namespace lineshaft::connect
