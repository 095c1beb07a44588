// Templates of machine types: kept by an organisation, or come with the program.
#include <nlohmann/json.hpp>

#include "api/resources.h"
#include "connect/connection_json.h"
#include "connect/templates.h"

namespace lineshaft::api {
namespace {

using connect::Template;

Result<Reply> list(const Services& services, const Request& request) {
  const auto all = services.templates->list(request.tenant());
  if (!all) return all.error();
  Json items = Json::array();
  for (const Template& one : *all) items.push_back(connect::template_json(one));
  return Reply::json({{"items", std::move(items)}});
}

// The body is a template, or {"connection", "name", "description"?}: made of that connection.
Result<Template> read_template(const Services& services, const Request& request, const Json& body) {
  const auto id = body.find("connection");
  if (id == body.end()) return connect::template_from_json(body);
  if (Status known = only_fields(body, {"connection", "name", "description"}); !known) {
    return known.error();
  }
  const Result<std::string> name = required_string(body, "name");
  if (!name) return name.error();
  const Result<std::string> description = optional_string(body, "description", "");
  if (!description) return description.error();
  if (!id->is_number_unsigned()) {
    return Error{ErrorId::kInvalidArgument, "connection: must be the id of one"};
  }
  const auto of = services.connections.get(request.tenant(), id->get<std::uint32_t>());
  if (!of) return of.error();
  return connect::make_template(of->config, *name, *description);
}

Result<Reply> add(const Services& services, const Request& request) {
  const Result<Json> body = request.body();
  if (!body) return body.error();
  Result<Template> made = read_template(services, request, *body);
  if (!made) return made.error();
  if (Status noted = audit_change(services, request, "template.add", made->name, nullptr,
                                  connect::template_json(*made));
      !noted) {
    return noted.error();
  }
  const auto kept = services.templates->add(request.tenant(), *std::move(made));
  if (!kept) return kept.error();
  return Reply::json(connect::template_json(*kept), 201);
}

Result<Reply> remove(const Services& services, const Request& request) {
  const std::string name = request.name("name");
  if (Status noted = audit(services, request, "template.remove", name); !noted) {
    return noted.error();
  }
  if (Status done = services.templates->remove(request.tenant(), name); !done) return done.error();
  return Reply::nothing();
}

// The signals for one machine; nothing is kept: they go into a connection.
Result<Reply> use(const Services& services, const Request& request) {
  const Result<Json> body = request.body();
  if (!body) return body.error();
  if (Status known = only_fields(*body, {"prefix", "address_offset", "object"}); !known) {
    return known.error();
  }
  const Result<std::string> prefix = optional_string(*body, "prefix", "");
  if (!prefix) return prefix.error();
  const auto offset = optional_integer(*body, "address_offset", 0, -65'535, 65'535);
  if (!offset) return offset.error();
  const Result<std::string> object = optional_string(*body, "object", "");
  if (!object) return object.error();
  const auto of = services.templates->find(request.tenant(), request.name("name"));
  if (!of) return of.error();
  const auto signals = connect::use_template(*of, {*prefix, *offset, *object});
  if (!signals) return signals.error();
  const Json whole = connect::template_json(*of);
  return Reply::json({{"protocol", whole["protocol"]},
                      {"groups", whole["groups"]},
                      {"signals", connect::signals_json(*signals)}});
}

}  // namespace

std::vector<Route> template_routes(const Services& services) {
  const Rule read = Rule::needs(identity::Permission::kConnectionRead);
  const Rule manage = Rule::needs(identity::Permission::kConnectionManage);
  return {
      {"GET", "/templates", read, "Templates of machine types", "", "TemplateList",
       bind(services, list)},
      {"POST", "/templates", manage, "Keep a template, or make one of a connection", "Template",
       "Template", bind(services, add)},
      {"DELETE", "/templates/{name}", manage, "Remove a template; connections stay as they are", "",
       "", bind(services, remove)},
      {"POST", "/templates/{name}/use", read, "The signals of a template for one machine",
       "TemplateUse", "TemplateSignals", bind(services, use)},
  };
}

}  // namespace lineshaft::api
