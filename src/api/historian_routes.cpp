// The store behind the values: what it holds, its check, its files.
#include <nlohmann/json.hpp>

#include "api/resources.h"

namespace lineshaft::api {
namespace {

Json to_json(const historian::StoreStats::Part& part) {
  return {{"blocks", part.blocks}, {"samples", part.samples}, {"bytes", part.bytes}};
}

Result<Reply> show_stats(const Services& services, const Request&) {
  const historian::StoreStats stats = services.historian.stats();
  const historian::HistorianCounters counters = services.historian.counters();
  const bool any = stats.samples() > 0;
  return Reply::json({{"tags", stats.tags},
                      {"files", stats.files},
                      {"file_bytes", stats.file_bytes},
                      {"samples", stats.samples()},
                      {"fresh", to_json(stats.fresh)},
                      {"sealed", to_json(stats.sealed)},
                      {"first_time", any ? Json(format_rfc3339(stats.first_time)) : Json()},
                      {"last_time", any ? Json(format_rfc3339(stats.last_time)) : Json()},
                      {"log",
                       {{"records", stats.log_records},
                        {"samples", stats.log_samples},
                        {"bytes", stats.log_bytes}}},
                      {"merges", counters.merges},
                      {"damaged_blocks", counters.damaged_blocks},
                      {"repaired_blocks", counters.repaired_blocks},
                      {"scrub",
                       {{"started", time_or_null(counters.scrub.started)},
                        {"finished", time_or_null(counters.scrub.finished)},
                        {"bytes", counters.scrub.bytes_done},
                        {"bytes_total", counters.scrub.bytes_total}}}});
}

Json to_json(const MaintenanceStatus& status) {
  const bool ended =
      status.state == MaintenanceState::kDone || status.state == MaintenanceState::kFailed;
  return {{"state", maintenance_state_name(status.state)},
          {"started", time_or_null(status.started)},
          {"finished", ended ? Json(format_rfc3339(status.finished)) : Json()},
          {"error", status.error ? problem_json(*status.error,
                                                http_status(error_entry(status.error->id).code))
                                 : Json()}};
}

Json verification(const Services& services) {
  const MaintenanceStatus status = services.maintenance->status(MaintenanceWork::kVerify);
  Json json = to_json(status);
  json["progress"] = {{"bytes", status.bytes_done}, {"bytes_total", status.bytes_total}};
  json["files"] = status.report.files;
  json["bytes"] = status.report.bytes;
  json["blocks"] = status.report.blocks;
  json["damaged_blocks"] = status.report.damaged_blocks;
  json["repaired_blocks"] = status.report.repaired_blocks;
  json["parity_made"] = status.report.parity_made;
  json["damages"] = status.report.damages;
  return json;
}

Json compaction(const Services& services) {
  return to_json(services.maintenance->status(MaintenanceWork::kCompact));
}

Result<Reply> show_verification(const Services& services, const Request&) {
  return Reply::json(verification(services));
}

Result<Reply> show_compaction(const Services& services, const Request&) {
  return Reply::json(compaction(services));
}

Status start(const Services& services, const Request& request, MaintenanceWork work) {
  const char* action = work == MaintenanceWork::kVerify ? "historian.verify" : "historian.compact";
  if (Status noted = audit(services, request, action, ""); !noted) return noted;
  return services.maintenance->start(work);
}

Result<Reply> verify(const Services& services, const Request& request) {
  if (Status begun = start(services, request, MaintenanceWork::kVerify); !begun) {
    return begun.error();
  }
  return Reply::json(verification(services), 202);
}

Result<Reply> compact(const Services& services, const Request& request) {
  if (Status begun = start(services, request, MaintenanceWork::kCompact); !begun) {
    return begun.error();
  }
  return Reply::json(compaction(services), 202);
}

}  // namespace

std::string_view maintenance_state_name(MaintenanceState state) {
  switch (state) {
    case MaintenanceState::kNone:
      return "none";
    case MaintenanceState::kRunning:
      return "running";
    case MaintenanceState::kDone:
      return "done";
    case MaintenanceState::kFailed:
      break;
  }
  return "failed";
}

std::vector<Route> historian_routes(const Services& services) {
  const Rule see = Rule::needs(identity::Permission::kMetricsRead);
  const Rule maintain = Rule::needs(identity::Permission::kStorageMaintain);
  return {
      {"GET", "/historian/stats", see, "What the history holds, and how it is kept", "",
       "HistorianStats", bind(services, show_stats)},
      {"GET", "/historian/verify", maintain, "How the last check of the history went", "",
       "Verification", bind(services, show_verification)},
      {"POST", "/historian/verify", maintain,
       "Read every block of the history again, and repair what parity can", "", "Verification",
       bind(services, verify)},
      {"GET", "/historian/compact", maintain, "How the last compaction went", "", "Compaction",
       bind(services, show_compaction)},
      {"POST", "/historian/compact", maintain,
       "Merge the files of the history into as few as there can be", "", "Compaction",
       bind(services, compact)},
  };
}

}  // namespace lineshaft::api
