// Methods of machines: what they take and give, and calls of them, in one step or two.
#include <nlohmann/json.hpp>
#include <utility>

#include "api/resources.h"
#include "api/scope.h"
#include "connect/connection_json.h"

namespace lineshaft::api {
namespace {

using connect::CallOrder;
using connect::MethodOutcome;
using connect::PendingWrite;

constexpr int kAccepted = 202;

Json pending_json(const PendingWrite& pending) {
  return {{"token", pending.token},
          {"machine", pending.machine},
          {"arguments", to_text(pending.value)},
          {"asked_by", pending.asked_by},
          {"expires", format_rfc3339(pending.expires)},
          {"second_person", pending.second_person}};
}

Result<Value> argument_value(const Json& json) {
  if (json.is_boolean()) return Value(json.get<bool>());
  if (json.is_string()) return Value(json.get<std::string>());
  if (json.is_number_float()) return Value(json.get<double>());
  const bool fits =
      json.is_number_integer() &&
      (!json.is_number_unsigned() || std::in_range<std::int64_t>(json.get<std::uint64_t>()));
  if (fits) return Value(json.get<std::int64_t>());
  return Error{ErrorId::kInvalidArgument, "must be a number, a text, true or false"};
}

Result<CallOrder> read_order(const Services& services, const Request& request) {
  CallOrder order;
  order.tenant = request.tenant();
  order.who = request.principal.name;
  order.now = services.clock.now();
  const Result<Json> body = request.body();
  if (!body) return body.error();
  if (Status known = only_fields(*body, {"method", "arguments", "token", "machine"}); !known) {
    return known.error();
  }
  for (const auto& [name, place] :
       {std::pair{"method", &order.call.name}, std::pair{"token", &order.token},
        std::pair{"machine", &order.machine}}) {
    Result<std::string> text = optional_string(*body, name, "");
    if (!text) return text.error();
    *place = *std::move(text);
  }
  if (order.call.name.empty()) return Error{ErrorId::kInvalidArgument, "method: is missing"};
  const auto arguments = body->find("arguments");
  if (arguments == body->end()) return order;
  if (!arguments->is_object() || arguments->size() > connect::kMethodArgumentsMax) {
    return Error{ErrorId::kInvalidArgument, "arguments: must be an object of at most 50"};
  }
  for (const auto& [name, json] : arguments->items()) {
    Result<Value> value = argument_value(json);
    if (!value) {
      return Error{ErrorId::kInvalidArgument, "arguments." + name + ": " + value.error().what};
    }
    order.call.arguments.emplace_back(name, *std::move(value));
  }
  return order;
}

Json results_json(const MethodOutcome& outcome) {
  Json results = Json::array();
  for (const connect::MethodResult& one : outcome.results) {
    results.push_back({{"name", one.name},
                       {"type", one.type},
                       {"value", one.value ? value_json(*one.value) : Json()}});
  }
  return results;
}

std::string results_text(const MethodOutcome& outcome) {
  std::string text;
  for (const connect::MethodResult& one : outcome.results) {
    text += (text.empty() ? "" : ", ") + one.name + "=" +
            (one.value ? to_text(*one.value) : "(" + one.type + ")");
  }
  return text;
}

Result<Reply> list(const Services& services, const Request& request) {
  const auto connection = path_connection(services, request);
  if (!connection) return connection.error();
  const auto view =
      services.connections.methods(request.tenant(), connection->id, services.clock.now());
  if (!view) return view.error();
  Json items = Json::array();
  for (const connect::MethodView& method : view->methods) {
    const auto pending = view->pending.find(method.name);
    items.push_back(
        {{"name", method.name},
         {"confirm", connect::confirm_name(method.confirm)},
         {"inputs", connect::arguments_json(method.inputs)},
         {"outputs", connect::arguments_json(method.outputs)},
         {"error", method.error ? Json(method.error->text()) : Json()},
         {"pending", pending == view->pending.end() ? Json() : pending_json(pending->second)}});
  }
  return Reply::json({{"machine", view->machine},
                      {"enabled", view->enabled},
                      {"you", request.principal.name},
                      {"items", std::move(items)}});
}

// May move a machine: the audit trail knows of it before, and of the outcome after.
Result<Reply> call(const Services& services, const Request& request) {
  const auto connection = path_connection(services, request);
  if (!connection) return connection.error();
  // A method moves the whole machine, so the right must reach all that stands on it.
  Status may = may_at(request, identity::Permission::kTagWrite, place_of(connection->config));
  if (!may) return may.error();
  Result<CallOrder> order = read_order(services, request);
  if (!order) return order.error();
  order->connection = connection->id;
  const std::string& method = order->call.name;
  const std::string subject = connection->config.name + ": " + method;
  const std::string begin = "(" + connect::arguments_text(order->call) + ")" +
                            (order->token.empty() ? "" : ", confirmed");
  if (Status noted = audit(services, request, "method.call.begin", subject, begin); !noted) {
    return noted.error();
  }
  const auto answer = services.connections.call(*std::move(order));
  if (!answer) {
    static_cast<void>(
        audit(services, request, "method.call.failed", subject, "failed: " + answer.error().what));
    return answer.error();
  }
  if (const auto* pending = std::get_if<PendingWrite>(&*answer)) {
    const std::string who = pending->second_person ? "a second person" : "a second step";
    static_cast<void>(
        audit(services, request, "method.call.wait", subject, begin + " waits for " + who));
    return Reply::json({{"pending", pending_json(*pending)}}, kAccepted);
  }
  const auto& outcome = std::get<MethodOutcome>(*answer);
  static_cast<void>(audit(services, request, "method.call", subject,
                          begin + " gave (" + results_text(outcome) + ")"));
  return Reply::json({{"results", results_json(outcome)}});
}

}  // namespace

std::vector<Route> method_routes(const Services& services) {
  using identity::Permission;
  return {
      {"GET", "/connections/{id}/methods", Rule::needs_at(Permission::kConnectionRead),
       "The methods that its settings allow, as the machine describes them", "", "MethodList",
       bind(services, list)},
      {"POST", "/connections/{id}/call", Rule::needs_at(Permission::kTagWrite),
       "Call a method of the machine; dangerous ones in two steps", "MethodCall", "MethodResult",
       bind(services, call)},
  };
}

}  // namespace lineshaft::api
