#include <nlohmann/json.hpp>

#include "api/resources.h"
#include "api/scope.h"
#include "connect/connection_json.h"

namespace lineshaft::api {
namespace {

using connect::ConnectionConfig;
using connect::RegisteredConnection;

Json connection_json(const RegisteredConnection& connection) {
  Json json = {{"id", connection.id}};
  json.update(connect::config_json(connection.config, connect::Secrets::kHidden));
  json["status"] = connect::status_json(connection.status);
  return json;
}

// Signals have an entry of their own.
Json trail_json(const ConnectionConfig& config) {
  Json json = connect::config_json(config, connect::Secrets::kHidden);
  json.erase("signals");
  return json;
}

Json tagged_signals_json(const RegisteredConnection& connection) {
  Json items = connect::signals_json(connection.config.signals);
  for (std::size_t i = 0; i < connection.tags.size(); ++i) {
    items[i]["tag_id"] = connection.tags[i].value;
  }
  return items;
}

Json error_json(const std::optional<Error>& error) {
  if (!error) return nullptr;
  return problem_json(*error, http_status(error->code()));
}

Result<Reply> list(const Services& services, const Request& request) {
  Json items = Json::array();
  for (const auto& connection : connections_of(services, request)) {
    items.push_back(connection_json(connection));
  }
  const std::size_t total = items.size();
  return Reply::json({{"items", std::move(items)}, {"total", total}});
}

Result<Reply> protocols(const Services& /*services*/, const Request& /*request*/) {
  return Reply::json({{"items", connect::protocols_json()}});
}

Result<Reply> get(const Services& services, const Request& request) {
  const auto connection = path_connection(services, request);
  if (!connection) return connection.error();
  return Reply::json(connection_json(*connection));
}

Result<Reply> add(const Services& services, const Request& request) {
  const Result<Json> body = request.body();
  if (!body) return body.error();
  Result<ConnectionConfig> config = connect::config_from_json(*body);
  if (!config) return config.error();
  if (Status noted = audit_change(services, request, "connection.add", config->name, nullptr,
                                  trail_json(*config));
      !noted) {
    return noted.error();
  }
  const auto made = services.connections.add(request.tenant(), *std::move(config));
  if (!made) return made.error();
  return Reply::json(connection_json(*made), 201);
}

// Everything but the signals, which have a resource of their own.
Result<Reply> replace(const Services& services, const Request& request) {
  const Result<std::uint32_t> id = request.id();
  if (!id) return id.error();
  const auto before = services.connections.get(request.tenant(), *id);
  if (!before) return before.error();
  Result<Json> body = request.body();
  if (!body) return body.error();
  if (const auto protocol = body->find("protocol");
      protocol != body->end() && protocol->is_string() &&
      *protocol != connect::protocol_name(before->config.protocol())) {
    return Error{ErrorId::kInvalidArgument,
                 "protocol: stays as it is; make a new connection for another one"};
  }
  (*body)["signals"] = connect::signals_json(before->config.signals);
  connect::keep_secrets(*body, before->config);
  Result<ConnectionConfig> config = connect::config_from_json(*body);
  if (!config) return config.error();
  const std::string detail = config->writes_enabled != before->config.writes_enabled
                                 ? (config->writes_enabled ? "writes enabled" : "writes disabled")
                                 : "";
  if (Status noted = audit_change(services, request, "connection.change", config->name,
                                  trail_json(before->config), trail_json(*config), detail);
      !noted) {
    return noted.error();
  }
  const auto made = services.connections.replace(request.tenant(), *id, *std::move(config));
  if (!made) return made.error();
  return Reply::json(connection_json(*made));
}

Result<Reply> remove(const Services& services, const Request& request) {
  const Result<std::uint32_t> id = request.id();
  if (!id) return id.error();
  const auto before = services.connections.get(request.tenant(), *id);
  if (!before) return before.error();
  if (Status noted = audit_change(services, request, "connection.remove", before->config.name,
                                  trail_json(before->config), nullptr);
      !noted) {
    return noted.error();
  }
  if (Status done = services.connections.remove(request.tenant(), *id); !done) return done.error();
  return Reply::nothing();
}

Result<Reply> get_signals(const Services& services, const Request& request) {
  const auto connection = path_connection(services, request);
  if (!connection) return connection.error();
  return Reply::json(
      {{"items", tagged_signals_json(*connection)}, {"total", connection->config.signals.size()}});
}

// The body is {"items": [...]}, as GET gives it, or the bare list.
Result<Reply> put_signals(const Services& services, const Request& request) {
  const Result<std::uint32_t> id = request.id();
  if (!id) return id.error();
  const Result<Json> body = parse_json(request.http.body);
  if (!body) return body.error();
  const Json& list = body->is_object() && body->contains("items") ? (*body)["items"] : *body;
  const auto before = services.connections.get(request.tenant(), *id);
  if (!before) return before.error();
  auto signals =
      connect::signals_from_json(before->config.protocol(), list, before->config.profile);
  if (!signals) return signals.error();
  ConnectionConfig config = before->config;
  config.signals = *std::move(signals);
  if (Status noted = audit_change(services, request, "connection.signals", config.name,
                                  {{"signals", connect::signals_json(before->config.signals)}},
                                  {{"signals", connect::signals_json(config.signals)}},
                                  std::to_string(config.signals.size()) + " signals");
      !noted) {
    return noted.error();
  }
  const auto made = services.connections.replace(request.tenant(), *id, std::move(config));
  if (!made) return made.error();
  return Reply::json({{"items", tagged_signals_json(*made)}, {"total", made->tags.size()}});
}

Result<Reply> events(const Services& services, const Request& request) {
  const auto connection = path_connection(services, request);
  if (!connection) return connection.error();
  const auto events = services.connections.events(request.tenant(), connection->id);
  if (!events) return events.error();
  Json items = Json::array();
  for (const auto& event : *events) {
    items.push_back(
        {{"time", format_rfc3339(event.time)}, {"event", event.event}, {"detail", event.detail}});
  }
  return Reply::json({{"items", std::move(items)}});
}

Json test_value_json(const connect::TestValue& value) {
  return {{"path", value.path},
          {"value", value.value ? value_json(*value.value) : Json()},
          {"raw", value.raw},
          {"quality", quality_name(value.quality)},
          {"error", value.error ? Json(value.error->text()) : Json()}};
}

// Settings of the body, or those of the connection that it names; and secrets that it leaves out.
Status fill_from_connection(const Services& services, const Request& request, Json& body) {
  const auto id = body.find("connection");
  if (id == body.end()) return {};
  if (!id->is_number_unsigned()) {
    return Error{ErrorId::kInvalidArgument, "connection: must be the id of one"};
  }
  const auto before = services.connections.get(request.tenant(), id->get<std::uint32_t>());
  if (!before) return before.error();
  body.erase("connection");
  if (!body.contains("settings")) {
    const Json kept = connect::config_json(before->config, connect::Secrets::kShown);
    for (const char* name : {"protocol", "settings"}) body[name] = kept[name];
  }
  connect::keep_secrets(body, before->config);
  return {};
}

Result<Reply> test(const Services& services, const Request& request) {
  Result<Json> body = request.body();
  if (!body) return body.error();
  if (Status known = fill_from_connection(services, request, *body); !known) return known.error();
  auto wanted = connect::test_from_json(*body);
  if (!wanted) return wanted.error();
  wanted->tenant = request.tenant();
  const connect::TestReport report = services.connections.test(*std::move(wanted));
  Json values = Json::array();
  for (const auto& value : report.values) values.push_back(test_value_json(value));
  return Reply::json({{"reachable", report.reachable},
                      {"latency_ms", report.reachable ? Json(report.latency_ms) : Json()},
                      {"identification", connect::identification_json(report.identification)},
                      {"error", error_json(report.error)},
                      {"values", std::move(values)}});
}

Result<Reply> browse(const Services& services, const Request& request) {
  Result<Json> body = request.body();
  if (!body) return body.error();
  if (Status known = fill_from_connection(services, request, *body); !known) return known.error();
  auto wanted = connect::browse_from_json(*body);
  if (!wanted) return wanted.error();
  wanted->tenant = request.tenant();
  const auto report = services.connections.browse(*std::move(wanted));
  if (!report) return report.error();
  return Reply::json(connect::browse_json(*report));
}

Result<Reply> scan(const Services& services, const Request& request) {
  const Result<Json> body = request.body();
  if (!body) return body.error();
  auto wanted = connect::scan_from_json(*body);
  if (!wanted) return wanted.error();
  // A long range is asked in parts; the trail tells of it once.
  if (wanted->from == 0) {
    const std::string where = body->value("addresses", "");
    const std::string what = std::to_string(wanted->hosts.size()) + " addresses, " +
                             std::to_string(wanted->doors.size()) + " doors each";
    if (Status noted = audit(services, request, "connection.scan", where, what); !noted) {
      return noted.error();
    }
  }
  const auto report = services.connections.scan(*std::move(wanted));
  if (!report) return report.error();
  return Reply::json(connect::scan_json(*report));
}

}  // namespace

std::vector<Route> connection_routes(const Services& services) {
  using identity::Permission;
  const Rule read = Rule::needs_at(Permission::kConnectionRead);
  // A connection reaches any machine of the network, wherever its signals are said to stand:
  // nobody manages those of a part of the plant.
  const Rule manage = Rule::needs(Permission::kConnectionManage);
  return {
      {"GET", "/connections", read, "List connections and how they are", "", "ConnectionPage",
       bind(services, list)},
      {"POST", "/connections", manage, "Add a connection with its signals", "NewConnection",
       "Connection", bind(services, add)},
      {"POST", "/connections/test", manage, "Read once and show; nothing is kept", "ConnectionTest",
       "ConnectionTestResult", bind(services, test)},
      {"POST", "/connections/browse", manage, "What a machine has to read, as a tree",
       "BrowseRequest", "BrowseResult", bind(services, browse)},
      {"POST", "/connections/scan", manage, "Look for machines at a range of addresses",
       "ScanRequest", "ScanResult", bind(services, scan)},
      {"GET", "/protocols", read, "What can be set of each protocol", "", "ProtocolList",
       bind(services, protocols)},
      {"GET", "/connections/{id}", read, "One connection", "", "Connection", bind(services, get)},
      {"PUT", "/connections/{id}", manage, "Replace all but the signals", "NewConnection",
       "Connection", bind(services, replace)},
      {"DELETE", "/connections/{id}", manage, "Remove a connection; its history stays", "", "",
       bind(services, remove)},
      {"GET", "/connections/{id}/signals", read, "Its signals with their tags", "", "SignalList",
       bind(services, get_signals)},
      {"PUT", "/connections/{id}/signals", manage, "Replace all signals", "SignalList",
       "SignalList", bind(services, put_signals)},
      {"GET", "/connections/{id}/events", read, "What happened to it, newest first", "",
       "ConnectionEvents", bind(services, events)},
  };
}

}  // namespace lineshaft::api
