// Flows: data out of the house by rules.
#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "api/resources.h"
#include "connect/flow_json.h"
#include "wire/csv/writer.h"

namespace lineshaft::api {
namespace {

using connect::FlowConfig;
using connect::FlowPlan;
using connect::RegisteredFlow;

constexpr std::uint64_t kTagsPerPageMax = 1'000;
constexpr std::uint64_t kTagsPerPage = 100;

Json whole_json(const RegisteredFlow& flow) {
  Json json = {{"id", flow.id}, {"version", flow.version}};
  json.update(connect::flow_json(flow.config, connect::Secrets::kHidden));
  json["status"] = connect::flow_status_json(flow.status);
  return json;
}

Json trail_json(const FlowConfig& config) {
  return connect::flow_json(config, connect::Secrets::kHidden);
}

Reply flow_reply(const RegisteredFlow& flow, int status = 200) {
  Reply reply = Reply::json(whole_json(flow), status);
  reply.headers.push_back({"ETag", '"' + std::to_string(flow.version) + '"'});
  return reply;
}

// The version that the requester has seen, from If-Match: "3"; nothing if he does not say.
Result<std::optional<std::int64_t>> version_seen(const Request& request) {
  std::string_view text = request.http.header("if-match");
  if (text.empty() || text == "*") return std::optional<std::int64_t>();
  if (text.size() > 2 && text.front() == '"' && text.back() == '"') {
    text = text.substr(1, text.size() - 2);
  }
  std::int64_t version = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), version);
  if (error != std::errc() || end != text.data() + text.size()) {
    return Error{ErrorId::kInvalidArgument, "if-match: must be the ETag of the flow"};
  }
  return std::optional(version);
}

// Some of what a plan holds: the tags that go out, or those that do not (`?left_out=true`).
Result<Reply> page_of(const FlowPlan& plan, const Request& request) {
  const Result<std::uint64_t> offset = request.query_number("offset", 0, UINT32_MAX);
  if (!offset) return offset.error();
  const Result<std::uint64_t> limit = request.query_number("limit", kTagsPerPage, kTagsPerPageMax);
  if (!limit) return limit.error();
  const std::string text = request.query("q").value_or("");
  const bool left_out = request.query("left_out").value_or("") == "true";
  Json items = Json::array();
  std::uint64_t total = 0;
  const auto add = [&](const std::string& path, const std::string& name, auto make) {
    if (path.find(text) == std::string::npos && name.find(text) == std::string::npos) return;
    if (total >= *offset && items.size() < *limit) items.push_back(make());
    total += 1;
  };
  if (left_out) {
    for (const auto& tag : plan.left_out) {
      add(tag.path, "", [&] { return connect::left_out_json(tag); });
    }
  } else {
    for (const auto& tag : plan.tags) {
      add(tag.tag.path, tag.tag.spec.path,
          [&] { return connect::planned_tag_json(plan.config, tag); });
    }
  }
  return Reply::json({{"items", std::move(items)},
                      {"total", total},
                      {"tags", plan.tags.size()},
                      {"left_out", plan.left_out.size()},
                      {"loops", plan.loops}});
}

Result<Reply> kinds(const Services& /*services*/, const Request& /*request*/) {
  return Reply::json({{"items", connect::flow_kinds_json()}});
}

Result<Reply> list(const Services& services, const Request& request) {
  Json items = Json::array();
  for (const RegisteredFlow& flow : services.flows->list(request.tenant())) {
    items.push_back(whole_json(flow));
  }
  const std::size_t total = items.size();
  return Reply::json({{"items", std::move(items)}, {"total", total}});
}

Result<Reply> get(const Services& services, const Request& request) {
  const Result<std::uint32_t> id = request.id();
  if (!id) return id.error();
  const auto flow = services.flows->get(request.tenant(), *id);
  if (!flow) return flow.error();
  return flow_reply(*flow);
}

Result<Reply> add(const Services& services, const Request& request) {
  const Result<Json> body = request.body();
  if (!body) return body.error();
  Result<FlowConfig> config = connect::flow_from_json(*body);
  if (!config) return config.error();
  if (Status noted =
          audit_change(services, request, "flow.add", config->name, nullptr, trail_json(*config));
      !noted) {
    return noted.error();
  }
  const auto made = services.flows->add(request.tenant(), *std::move(config));
  if (!made) return made.error();
  return flow_reply(*made, 201);
}

Result<Reply> replace(const Services& services, const Request& request) {
  const Result<std::uint32_t> id = request.id();
  if (!id) return id.error();
  const auto version = version_seen(request);
  if (!version) return version.error();
  const auto before = services.flows->get(request.tenant(), *id);
  if (!before) return before.error();
  Result<Json> body = request.body();
  if (!body) return body.error();
  connect::keep_flow_secrets(*body, before->config);
  Result<FlowConfig> config = connect::flow_from_json(*body);
  if (!config) return config.error();
  if (config->settings.index() != before->config.settings.index()) {
    return Error{ErrorId::kInvalidArgument,
                 "kind: stays as it is; make a new flow for another one"};
  }
  const std::string detail = config->writes_enabled != before->config.writes_enabled
                                 ? (config->writes_enabled ? "writes enabled" : "writes disabled")
                                 : "";
  if (Status noted = audit_change(services, request, "flow.change", config->name,
                                  trail_json(before->config), trail_json(*config), detail);
      !noted) {
    return noted.error();
  }
  const auto made = services.flows->replace(request.tenant(), *id, *std::move(config), *version);
  if (!made) return made.error();
  return flow_reply(*made);
}

Result<Reply> remove(const Services& services, const Request& request) {
  const Result<std::uint32_t> id = request.id();
  if (!id) return id.error();
  const auto version = version_seen(request);
  if (!version) return version.error();
  const auto before = services.flows->get(request.tenant(), *id);
  if (!before) return before.error();
  if (Status noted = audit_change(services, request, "flow.remove", before->config.name,
                                  trail_json(before->config), nullptr);
      !noted) {
    return noted.error();
  }
  if (Status done = services.flows->remove(request.tenant(), *id, *version); !done) {
    return done.error();
  }
  return Reply::nothing();
}

Result<Reply> tags(const Services& services, const Request& request) {
  const Result<std::uint32_t> id = request.id();
  if (!id) return id.error();
  const auto plan = services.flows->plan(request.tenant(), *id);
  if (!plan) return plan.error();
  return page_of(**plan, request);
}

// Text that a spreadsheet would take for a formula gets an apostrophe in front.
std::string csv_cell(std::string text) {
  if (text.empty()) return text;
  if (std::string_view("=+-@").find(text[0]) != std::string_view::npos) text.insert(0, "'");
  std::string cell;
  csv::append_text(cell, text);
  return cell;
}

// All of it at once, for whoever sets a client up.
Result<Reply> export_tags(const Services& services, const Request& request) {
  const Result<std::uint32_t> id = request.id();
  if (!id) return id.error();
  const auto plan = services.flows->plan(request.tenant(), *id);
  if (!plan) return plan.error();
  const connect::FlowKind& kind = connect::kind_of((*plan)->config.settings);
  Reply reply;
  reply.content_type = "text/csv; charset=utf-8";
  reply.headers.push_back({"Content-Disposition", "attachment; filename=\"flow-tags.csv\""});
  reply.body = "name,address,type,unit,writable,description,tag\r\n";
  for (const auto& tag : (*plan)->tags) {
    const TagSpec& spec = tag.tag.spec;
    reply.body += csv_cell(spec.path) + "," +
                  csv_cell(kind.address_text((*plan)->config.settings, tag.tag)) + "," +
                  std::string(type_name(spec.type)) + "," + csv_cell(spec.unit) + "," +
                  (spec.writable ? "yes" : "no") + "," + csv_cell(spec.description) + "," +
                  csv_cell(tag.tag.path) + "\r\n";
  }
  return reply;
}

Result<Reply> preview(const Services& services, const Request& request) {
  Result<Json> body = request.body();
  if (!body) return body.error();
  std::uint32_t id = 0;
  if (const auto given = body->find("id"); given != body->end() && given->is_number_unsigned()) {
    id = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(given->get<std::uint64_t>(), UINT32_MAX));
    if (const auto before = services.flows->get(request.tenant(), id)) {
      connect::keep_flow_secrets(*body, before->config);
    }
  }
  const Result<FlowConfig> config = connect::flow_from_json(*body);
  if (!config) return config.error();
  const auto plan = services.flows->preview(request.tenant(), *config, id);
  if (!plan) return plan.error();
  return page_of(*plan, request);
}

Result<Reply> events(const Services& services, const Request& request) {
  const Result<std::uint32_t> id = request.id();
  if (!id) return id.error();
  const auto events = services.flows->events(request.tenant(), *id);
  if (!events) return events.error();
  Json items = Json::array();
  for (const auto& event : *events) {
    items.push_back(
        {{"time", format_rfc3339(event.time)}, {"event", event.event}, {"detail", event.detail}});
  }
  return Reply::json({{"items", std::move(items)}});
}

}  // namespace

std::vector<Route> flow_routes(const Services& services) {
  using identity::Permission;
  const Rule read = Rule::needs(Permission::kConnectionRead);
  const Rule manage = Rule::needs(Permission::kConnectionManage);
  return {
      {"GET", "/flow-kinds", read, "What can be set of each kind of flow", "", "FlowKindList",
       bind(services, kinds)},
      {"GET", "/flows", read, "List flows and how they are", "", "FlowPage", bind(services, list)},
      {"POST", "/flows", manage, "Add a flow", "NewFlow", "Flow", bind(services, add)},
      {"POST", "/flows/preview", manage,
       "Which tags the rules would send under which names; nothing is kept", "NewFlow",
       "FlowTagPage", bind(services, preview)},
      {"GET", "/flows/{id}", read, "One flow", "", "Flow", bind(services, get)},
      {"PUT", "/flows/{id}", manage, "Replace a flow, with If-Match if it has not changed",
       "NewFlow", "Flow", bind(services, replace)},
      {"DELETE", "/flows/{id}", manage, "Remove a flow; its tags and their history stay", "", "",
       bind(services, remove)},
      {"GET", "/flows/{id}/tags", read, "What goes out under which name and address, and what not",
       "", "FlowTagPage", bind(services, tags)},
      {"GET", "/flows/{id}/tags.csv", read, "The same whole, as a table", "", "",
       bind(services, export_tags)},
      {"GET", "/flows/{id}/events", read, "What happened to it, newest first", "",
       "ConnectionEvents", bind(services, events)},
  };
}

}  // namespace lineshaft::api
