// The register from and to files: WIPO ST.36, ST.96 and tables.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "api/resources.h"
#include "api/rights_view.h"
#include "rights/register_file.h"
#include "rights/register_json.h"

namespace lineshaft::api {
namespace {

using rights::ImportAction;
using rights::ImportItem;

// A preview is read by a person.
constexpr std::size_t kItemsShownMax = 1'000;

Json item_json(const ImportItem& item) {
  Json events = Json::array();
  for (const rights::Event& event : item.addition.events) {
    events.push_back(
        {{"kind", name_of(event.kind)}, {"date", day_text(event.date)}, {"note", event.note}});
  }
  const auto& ownership = item.addition.ownership;
  return {{"line", item.line},
          {"action", name_of(item.action)},
          {"asset", rights::asset_json(item.addition.asset)},
          {"events", std::move(events)},
          {"applicants", item.applicants},
          {"owner", ownership ? ownership->shares.front().party : std::string()}};
}

Json import_json(const std::vector<ImportItem>& items, bool is_dry_run) {
  Json json = {{"dry_run", is_dry_run}};
  for (const ImportAction action :
       {ImportAction::kNew, ImportAction::kChange, ImportAction::kSame}) {
    json[std::string(name_of(action))] = std::ranges::count(items, action, &ImportItem::action);
  }
  Json shown = Json::array();
  for (const ImportItem& item : items) {
    if (shown.size() == kItemsShownMax) break;
    if (item.action != ImportAction::kSame) shown.push_back(item_json(item));
  }
  json["items"] = std::move(shown);
  return json;
}

// The whole body or nothing of it. With dry_run=true it says what would be made or changed.
Result<Reply> take(const Services& services, const Request& request) {
  const std::string word = request.query("dry_run").value_or("false");
  if (word != "true" && word != "false") {
    return Error{ErrorId::kInvalidArgument, "dry_run: must be true or false"};
  }
  const bool is_dry_run = word == "true";
  const auto records = rights::read_register_file(request.http.body);
  if (!records) return records.error();
  auto items = rights::plan_import(*services.rights, kRegister, *records, today(services));
  if (!items) return items.error();
  const Json json = import_json(*items, is_dry_run);
  if (is_dry_run) return Reply::json(json);
  if (Status noted =
          audit(services, request, "register.import", std::to_string(records->size()) + " records",
                dump({{"new", json["new"]}, {"change", json["change"]}}));
      !noted) {
    return noted.error();
  }
  const Status taken = services.rights->take(kRegister, rights::additions_of(*std::move(items)),
                                             request.principal.name);
  if (!taken) return taken.error();
  return Reply::json(json);
}

Result<Reply> give(const Services& services, const Request& request) {
  const Result<rights::View> view = rights_view(services, request);
  if (!view) return view.error();
  const auto filter = asset_filter(services, request);
  if (!filter) return filter.error();
  const std::string format = request.query("format").value_or("csv");
  if (format != "csv" && format != "st96") {
    return Error{ErrorId::kInvalidArgument, "format: must be csv or st96"};
  }
  const auto records = rights::export_records(*services.rights, *view, *filter);
  if (!records) return records.error();
  const bool is_table = format == "csv";
  Reply reply;
  reply.content_type = is_table ? "text/csv; charset=utf-8" : "application/xml";
  reply.headers.emplace_back(
      "content-disposition",
      std::string("attachment; filename=\"register.") + (is_table ? "csv" : "xml") + "\"");
  reply.body = is_table ? rights::csv_of(*records) : rights::st96_of(*records);
  return reply;
}

}  // namespace

std::vector<Route> register_file_routes(const Services& services) {
  using identity::Permission;
  return {
      {"POST", "/rights/import", Rule::needs(Permission::kRightsManage),
       "Take the rights of a document of WIPO ST.36 or ST.96, or of a table", "", "RegisterImport",
       bind(services, take)},
      {"GET", "/rights/export", Rule::needs(Permission::kRightsRead),
       "The assets that one sees as a table, or as documents of WIPO ST.96", "", "",
       bind(services, give)},
  };
}

}  // namespace lineshaft::api
