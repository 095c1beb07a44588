// The OpenAPI 3.1 document: paths come from the routes themselves, shapes from openapi_schemas.inc.
#include <nlohmann/json.hpp>

#include "api/resources.h"
#include "connect/connection_json.h"

namespace lineshaft::api {
namespace {

// In parts: a compiler need not take a literal of more than 64 KiB.
constexpr const char* kSchemas[] = {
#include "api/openapi_schemas.inc"
};

Json schema_reference(std::string_view name) {
  return {{"$ref", "#/components/schemas/" + std::string(name)}};
}

Json json_content(std::string_view schema) {
  return {{"application/json", {{"schema", schema_reference(schema)}}}};
}

Json path_parameters(std::string_view path) {
  Json parameters = Json::array();
  for (std::size_t open = path.find('{'); open != std::string_view::npos;
       open = path.find('{', open + 1)) {
    const std::size_t close = path.find('}', open);
    const std::string_view name = path.substr(open + 1, close - open - 1);
    // Only the register's ids are texts: they are the same in every installation.
    const Json schema = name == "id" ? Json{{"type", "integer"}, {"minimum", 1}}
                                     : Json{{"type", "string"}, {"maxLength", 64}};
    parameters.push_back({{"name", name}, {"in", "path"}, {"required", true}, {"schema", schema}});
  }
  return parameters;
}

Json answers(const Route& route) {
  Json success = {{"description", "Done"}};
  if (*route.response != '\0') success["content"] = json_content(route.response);
  const Json problem = {
      {"description", "Refused; see the problem's id"},
      {"content", {{"application/problem+json", {{"schema", schema_reference("Problem")}}}}}};
  return {{"2XX", std::move(success)}, {"4XX", problem}, {"5XX", problem}};
}

Json operation(const Route& route) {
  Json json = {{"summary", route.summary}};
  if (const auto permission = route.rule.permission()) {
    json["description"] = "Needs " + std::string(identity::permission_name(*permission)) + ".";
  }
  if (route.rule.is_open()) json["security"] = Json::array();
  if (Json parameters = path_parameters(route.path); !parameters.empty()) {
    json["parameters"] = std::move(parameters);
  }
  if (*route.request != '\0') {
    json["requestBody"] = {{"required", true}, {"content", json_content(route.request)}};
  }
  json["responses"] = answers(route);
  return json;
}

Json field_schema(const Json& field) {
  const std::string kind = field["kind"];
  Json schema = Json::object();
  if (kind == "integer" || kind == "number" || kind == "boolean") {
    schema["type"] = Json::array({kind, "null"});
  } else if (kind != "json") {
    schema["type"] = Json::array({"string", "null"});
  }
  if (kind == "secret") schema["writeOnly"] = true;
  if (field.contains("min")) schema["minimum"] = field["min"];
  if (field.contains("max")) schema["maximum"] = field["max"];
  if (field.contains("choices")) {
    schema["enum"] = field["choices"];
    schema["enum"].push_back(nullptr);
  }
  if (field.contains("default") && !field["default"].is_null()) {
    schema["default"] = field["default"];
  }
  return schema;
}

Json fields_schema(const std::string& title, const Json& fields) {
  Json properties = Json::object();
  Json required = Json::array();
  for (const Json& field : fields) {
    properties[field["name"].get<std::string>()] = field_schema(field);
    if (field["required"]) required.push_back(field["name"]);
  }
  return {{"title", title},
          {"type", "object"},
          {"required", std::move(required)},
          {"properties", std::move(properties)}};
}

// What differs by protocol comes from the protocols themselves.
Json all_schemas() {
  Json schemas = Json::object();
  for (const char* part : kSchemas) schemas.update(Json::parse(part));
  Json names = Json::array();
  Json settings = Json::array();
  Json places = Json::array();
  const Json protocols = connect::protocols_json();
  for (const Json& protocol : protocols) {
    const std::string name = protocol["name"];
    names.push_back(name);
    settings.push_back(fields_schema(name, protocol["settings"]));
    places.push_back(fields_schema(name, protocol["point"]));
  }
  schemas["Protocol"] = {{"enum", std::move(names)}};
  schemas["ConnectionSettings"] = {{"anyOf", std::move(settings)}};
  schemas["SignalPlace"] = {{"anyOf", std::move(places)}};
  return schemas;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  return out;
}

}  // namespace

Json openapi_document(const std::vector<Route>& routes, std::string_view version) {
  Json paths = Json::object();
  for (const Route& route : routes) paths[route.path][lower(route.method)] = operation(route);
  Json security_schemes = {
      {"session", {{"type", "apiKey"}, {"in", "cookie"}, {"name", "__Host-session"}}},
      {"token", {{"type", "http"}, {"scheme", "bearer"}}}};
  return {{"openapi", "3.1.0"},
          {"info",
           {{"title", "Lineshaft"},
            {"version", version},
            {"license", {{"name", "Apache-2.0"}, {"identifier", "Apache-2.0"}}}}},
          {"servers", Json::array({{{"url", "/api/v1"}}})},
          {"security", Json::array({{{"session", Json::array()}}, {{"token", Json::array()}}})},
          {"paths", std::move(paths)},
          {"components",
           {{"securitySchemes", std::move(security_schemes)}, {"schemas", all_schemas()}}}};
}

Route openapi_route(const std::vector<Route>& routes, std::string version) {
  return {"GET",
          "/openapi.json",
          Rule::anyone(),
          "This document",
          "",
          "",
          [&routes, version = std::move(version)](const Request&) -> Result<Reply> {
            return Reply::json(openapi_document(routes, version));
          }};
}

}  // namespace lineshaft::api
