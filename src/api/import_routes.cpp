#include <nlohmann/json.hpp>

#include "api/resources.h"
#include "intake/export.h"
#include "intake/import_json.h"

namespace lineshaft::api {
namespace {

constexpr std::size_t kExportTagsMax = 1000;

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
  if (Status noted = audit(services, request, "import.upload", upload.name); !noted) {
    static_cast<void>(services.files.remove(upload.path));
    return noted.error();
  }
  return import_reply(services.imports.create(std::move(upload)), 201);
}

Result<Reply> list(const Services& services, const Request& request) {
  std::string items;
  const std::vector<intake::Import> imports = services.imports.list(request.tenant());
  for (const intake::Import& import : imports) {
    items += (items.empty() ? "" : ",") + intake::import_to_json(import);
  }
  Reply reply;
  reply.body = "{\"items\":[" + items + "],\"total\":" + std::to_string(imports.size()) + "}";
  return reply;
}

Result<Reply> get(const Services& services, const Request& request) {
  const Result<std::uint32_t> id = request.id();
  if (!id) return id.error();
  return import_reply(services.imports.get(request.tenant(), *id));
}

Result<Reply> change(const Services& services, const Request& request) {
  const Result<std::uint32_t> id = request.id();
  if (!id) return id.error();
  const Result<intake::PlanChange> change = intake::json_to_plan_change(request.http.body);
  if (!change) return change.error();
  return import_reply(services.imports.change(request.tenant(), *id, *change));
}

Result<Reply> commit(const Services& services, const Request& request) {
  const Result<std::uint32_t> id = request.id();
  if (!id) return id.error();
  const Result<intake::Import> import = services.imports.get(request.tenant(), *id);
  if (!import) return import.error();
  if (Status noted = audit(services, request, "import.commit", import->name,
                           std::to_string(import->report.samples) + " samples");
      !noted) {
    return noted.error();
  }
  return import_reply(services.imports.commit(request.tenant(), *id));
}

Result<Reply> forget(const Services& services, const Request& request) {
  const Result<std::uint32_t> id = request.id();
  if (!id) return id.error();
  if (Status done = services.imports.forget(request.tenant(), *id); !done) return done.error();
  return Reply::nothing();
}

Result<Reply> export_csv(const Services& services, const Request& request) {
  const Result<std::vector<TagId>> tags = query_tags(request, kExportTagsMax);
  if (!tags) return tags.error();
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
  using identity::Permission;
  const Rule run = Rule::needs(Permission::kImportRun);
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
      {"GET", "/export", Rule::needs(Permission::kTagRead), "Samples of tags as CSV, streamed", "",
       "", bind(services, export_csv)},
  };
}

}  // namespace lineshaft::api
