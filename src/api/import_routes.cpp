#include <nlohmann/json.hpp>

#include "api/resources.h"
#include "api/scope.h"
#include "intake/export.h"
#include "intake/import_json.h"

namespace lineshaft::api {
namespace {

constexpr std::size_t kExportTagsMax = 1000;

using identity::Permission;

// Does the requester see an import? Only if they may import to all of its paths.
bool sees(const Request& request, const intake::Import& import) {
  if (has_everywhere(request, Permission::kImportRun)) return true;
  if (!may_at(request, Permission::kImportRun, import.prefix)) return false;
  for (const auto* columns : {&import.plan.columns, &import.plan.tags}) {
    for (const intake::ColumnPlan& column : *columns) {
      if (column.use != intake::Use::kValue || column.path.empty()) continue;
      if (!may_at(request, Permission::kImportRun, column.path)) return false;
    }
  }
  return true;
}

Result<intake::Import> path_import(const Services& services, const Request& request) {
  const Result<std::uint32_t> id = request.id();
  if (!id) return id.error();
  Result<intake::Import> import = services.imports.get(request.tenant(), *id);
  if (import && !sees(request, *import)) return services.imports.get(TenantId{}, *id);
  return import;
}

Status may_change_to(const Request& request, const intake::PlanChange& change) {
  for (const auto* columns : {&change.columns, &change.tags}) {
    for (const intake::ColumnChange& column : *columns) {
      if (!column.path) continue;
      if (Status may = may_at(request, Permission::kImportRun, *column.path); !may) return may;
    }
  }
  return {};
}

Result<Reply> import_reply(Result<intake::Import> import, int status = 200) {
  if (!import) return import.error();
  Reply reply;
  reply.status = status;
  reply.body = intake::import_to_json(*import);
  return reply;
}

// The server has spooled the body into a file already; small ones too.
Result<Reply> create(const Services& services, const Request& request) {
  if (request.http.body_file.empty()) {
    return Error{ErrorId::kInvalidArgument, "the body must be the file"};
  }
  intake::ImportService::Upload upload;
  upload.tenant = request.tenant();
  upload.name = request.query("name").value_or("upload.csv");
  upload.prefix = request.query("prefix").value_or("import/files");
  upload.path = request.http.body_file;
  if (Status may = may_at(request, Permission::kImportRun, upload.prefix); !may) {
    static_cast<void>(services.files.remove(upload.path));
    return may.error();
  }
  if (Status noted = audit(services, request, "import.upload", upload.name); !noted) {
    static_cast<void>(services.files.remove(upload.path));
    return noted.error();
  }
  return import_reply(services.imports.create(std::move(upload)), 201);
}

Result<Reply> list(const Services& services, const Request& request) {
  std::string items;
  std::vector<intake::Import> imports = services.imports.list(request.tenant());
  std::erase_if(imports, [&](const intake::Import& each) { return !sees(request, each); });
  for (const intake::Import& import : imports) {
    items += (items.empty() ? "" : ",") + intake::import_to_json(import);
  }
  Reply reply;
  reply.body = "{\"items\":[" + items + "],\"total\":" + std::to_string(imports.size()) + "}";
  return reply;
}

Result<Reply> get(const Services& services, const Request& request) {
  return import_reply(path_import(services, request));
}

Result<Reply> change(const Services& services, const Request& request) {
  const Result<intake::Import> import = path_import(services, request);
  if (!import) return import.error();
  const Result<intake::PlanChange> change = intake::json_to_plan_change(request.http.body);
  if (!change) return change.error();
  if (Status may = may_change_to(request, *change); !may) return may.error();
  return import_reply(services.imports.change(request.tenant(), import->id, *change));
}

Result<Reply> commit(const Services& services, const Request& request) {
  const Result<intake::Import> import = path_import(services, request);
  if (!import) return import.error();
  if (Status noted = audit(services, request, "import.commit", import->name,
                           std::to_string(import->report.samples) + " samples");
      !noted) {
    return noted.error();
  }
  return import_reply(services.imports.commit(request.tenant(), import->id));
}

Result<Reply> forget(const Services& services, const Request& request) {
  const Result<intake::Import> import = path_import(services, request);
  if (!import) return import.error();
  if (Status done = services.imports.forget(request.tenant(), import->id); !done) {
    return done.error();
  }
  return Reply::nothing();
}

Result<Reply> export_csv(const Services& services, const Request& request) {
  const Result<std::vector<TagId>> tags = query_tags(request, kExportTagsMax);
  if (!tags) return tags.error();
  for (TagId id : *tags) {
    const Result<Tag> tag = tag_for(services, request, id, Permission::kTagRead);
    if (!tag) return tag.error();
  }
  const Result<TimeRange> range = request.query_range();
  if (!range) return range.error();
  const std::string layout = request.query("layout").value_or("long");
  if (layout != "long" && layout != "wide") {
    return Error{ErrorId::kInvalidArgument, "layout: must be long or wide"};
  }
  intake::ExportOptions options;
  options.layout = layout == "long" ? intake::Layout::kLong : intake::Layout::kWide;
  const auto source =
      intake::make_csv_export(services.historian, request.tenant(), *tags, *range, options);
  if (!source) return source.error();
  Reply reply;
  reply.content_type = "text/csv; charset=utf-8";
  reply.headers.emplace_back("content-disposition", "attachment; filename=\"lineshaft.csv\"");
  reply.stream = *source;
  return reply;
}

}  // namespace

std::vector<Route> import_routes(const Services& services) {
  const Rule run = Rule::needs_at(Permission::kImportRun);
  return {
      {"GET", "/imports", run, "List imports, newest first", "", "ImportPage",
       bind(services, list)},
      {"POST", "/imports", run, "Upload a CSV file and see what it holds; nothing is kept", "",
       "Import", bind(services, create)},
      {"GET", "/imports/{id}", run, "One import", "", "Import", bind(services, get)},
      {"PUT", "/imports/{id}", run, "Change the plan and look again", "ImportPlan", "Import",
       bind(services, change)},
      {"POST", "/imports/{id}/commit", run, "Take the samples", "", "Import",
       bind(services, commit)},
      {"DELETE", "/imports/{id}", run, "Forget an upload", "", "", bind(services, forget)},
      {"GET", "/export", Rule::needs_at(Permission::kTagRead), "Samples of tags as CSV, streamed",
       "", "", bind(services, export_csv)},
  };
}

}  // namespace lineshaft::api
