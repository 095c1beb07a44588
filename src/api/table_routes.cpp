// Connections and their signals as one table: out, in with a dry run, and back.
#include <nlohmann/json.hpp>

#include "api/resources.h"
#include "connect/table.h"

namespace lineshaft::api {
namespace {

using connect::ChangedThing;
using connect::LastImport;
using connect::TablePlan;

Json things_json(const std::vector<ChangedThing>& things, const char* name) {
  Json list = Json::array();
  for (const ChangedThing& thing : things) {
    list.push_back({{name, thing.name}, {"fields", thing.fields}});
  }
  return list;
}

Json plan_json(const TablePlan& plan, bool applied) {
  const connect::TableDifference& d = plan.difference;
  Json errors = Json::array();
  for (const connect::TableError& error : plan.errors) {
    errors.push_back({{"line", error.line}, {"field", error.field}, {"what", error.what}});
  }
  return {{"applied", applied},
          {"connections",
           {{"added", things_json(d.connections_added, "name")},
            {"changed", things_json(d.connections_changed, "name")},
            {"removed", things_json(d.connections_removed, "name")}}},
          {"signals",
           {{"added", things_json(d.signals_added, "path")},
            {"changed", things_json(d.signals_changed, "path")},
            {"removed", things_json(d.signals_removed, "path")}}},
          {"errors", std::move(errors)}};
}

Json import_json(const LastImport& import) {
  return {{"time", format_rfc3339(import.time)},
          {"who", import.who},
          {"added", import.added},
          {"changed", import.changed},
          {"removed", import.removed}};
}

Result<Reply> get_table(const Services& services, const Request& request) {
  Reply reply;
  reply.content_type = "text/csv; charset=utf-8";
  reply.headers = {{"Content-Disposition", "attachment; filename=\"connections.csv\""}};
  reply.body = services.connections.table(request.tenant());
  return reply;
}

Result<bool> flag(const Request& request, std::string_view name) {
  const std::string text = request.query(name).value_or("false");
  if (text == "true" || text == "false") return text == "true";
  return Error{ErrorId::kInvalidArgument, std::string(name) + ": must be true or false"};
}

std::string counts(const TablePlan& plan) {
  const connect::TableDifference& d = plan.difference;
  const auto part = [](const char* what, const auto& added, const auto& changed,
                       const auto& removed) {
    return std::string(what) + " +" + std::to_string(added.size()) + " ~" +
           std::to_string(changed.size()) + " -" + std::to_string(removed.size());
  };
  return part("connections", d.connections_added, d.connections_changed, d.connections_removed) +
         ", " + part("signals", d.signals_added, d.signals_changed, d.signals_removed);
}

Result<Reply> put_table(const Services& services, const Request& request) {
  const Result<bool> dry_run = flag(request, "dry_run");
  if (!dry_run) return dry_run.error();
  const Result<bool> remove_missing = flag(request, "remove_missing");
  if (!remove_missing) return remove_missing.error();
  connect::ImportOptions options{*remove_missing, true, request.principal.name,
                                 services.clock.now()};
  auto plan = services.connections.import_table(request.tenant(), request.http.body, options);
  if (!plan) return plan.error();
  if (*dry_run || plan->difference.empty()) {
    if (*dry_run || plan->errors.empty()) return Reply::json(plan_json(*plan, false));
  }
  if (plan->errors.empty()) {
    if (Status noted = audit(services, request, "connection.import", counts(*plan)); !noted) {
      return noted.error();
    }
    // Planned anew: what was changed between the two is not overwritten unseen, but compared.
    options.dry_run = false;
    plan = services.connections.import_table(request.tenant(), request.http.body, options);
    if (!plan) return plan.error();
  }
  if (plan->errors.empty()) return Reply::json(plan_json(*plan, true));
  const connect::TableError& first = plan->errors.front();
  return Error{
      ErrorId::kInvalidArgument,
      "line " + std::to_string(first.line) + (first.field.empty() ? "" : ", " + first.field) +
          ": " + first.what +
          (plan->errors.size() > 1 ? " (and " + std::to_string(plan->errors.size() - 1) + " more)"
                                   : "") +
          "; nothing is changed"};
}

Result<Reply> last(const Services& services, const Request& request) {
  const auto import = services.connections.last_import(request.tenant());
  if (!import) return import.error();
  return Reply::json({{"import", *import ? import_json(**import) : Json()}});
}

Result<Reply> undo(const Services& services, const Request& request) {
  const auto import = services.connections.last_import(request.tenant());
  if (!import) return import.error();
  if (!*import) return Error{ErrorId::kNotFound, "there is no import to undo"};
  const std::string of = "of " + format_rfc3339((*import)->time) + " by " + (*import)->who;
  if (Status noted = audit(services, request, "connection.import.undo", of); !noted) {
    return noted.error();
  }
  const auto undone = services.connections.undo_import(request.tenant());
  if (!undone) return undone.error();
  return Reply::json({{"import", import_json(*undone)}});
}

}  // namespace

std::vector<Route> table_routes(const Services& services) {
  const Rule read = Rule::needs(identity::Permission::kConnectionRead);
  const Rule manage = Rule::needs(identity::Permission::kConnectionManage);
  return {
      {"GET", "/connection-table", read, "All connections and signals as CSV", "", "",
       bind(services, get_table)},
      {"POST", "/connection-table", manage,
       "Add, change and remove connections as a CSV says; all of it or nothing", "",
       "TableDifference", bind(services, put_table)},
      {"GET", "/connection-table/import", read, "The last import that can be undone", "",
       "LastImport", bind(services, last)},
      {"POST", "/connection-table/undo", manage, "Put back what was before the last import", "",
       "LastImport", bind(services, undo)},
  };
}

}  // namespace lineshaft::api
