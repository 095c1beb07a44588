// Copies of the whole server.
#include <nlohmann/json.hpp>

#include "api/resources.h"

namespace lineshaft::api {
namespace {

Json to_json(const BackupStatus& status) {
  const bool begun = status.state != BackupState::kNone;
  const bool ended = begun && status.state != BackupState::kRunning;
  return {
      {"state", backup_state_name(status.state)},
      {"directory", status.directory},
      {"started", begun ? Json(format_rfc3339(status.started)) : Json()},
      {"finished", ended ? Json(format_rfc3339(status.finished)) : Json()},
      {"progress", {{"bytes", status.bytes_done}, {"bytes_total", status.bytes_total}}},
      {"files", status.files},
      {"files_copied", status.files_copied},
      {"bytes", status.bytes},
      {"bytes_copied", status.bytes_copied},
      {"damages", status.damages},
      {"last_success", status.last_success ? Json(format_rfc3339(*status.last_success)) : Json()},
      {"error", status.error
                    ? problem_json(*status.error, http_status(error_entry(status.error->id).code))
                    : Json()}};
}

Result<Reply> show(const Services& services, const Request&) {
  return Reply::json(to_json(services.backups->status()));
}

Result<Reply> start(const Services& services, const Request& request) {
  const Result<Json> body = request.body();
  if (!body) return body.error();
  const auto directory = body->find("directory");
  if (directory == body->end() || !directory->is_string()) {
    return Error{ErrorId::kInvalidArgument, "directory: must be a path on the server's machine"};
  }
  const std::string path = directory->get<std::string>();
  if (Status noted = audit(services, request, "backup.run", path); !noted) return noted.error();
  if (Status begun = services.backups->start(path); !begun) return begun.error();
  return Reply::json(to_json(services.backups->status()), 202);
}

}  // namespace

std::string_view backup_state_name(BackupState state) {
  switch (state) {
    case BackupState::kNone:
      return "none";
    case BackupState::kRunning:
      return "running";
    case BackupState::kDone:
      return "done";
    case BackupState::kFailed:
      break;
  }
  return "failed";
}

std::vector<Route> backup_routes(const Services& services) {
  const Rule run = Rule::needs(identity::Permission::kBackupRun);
  return {
      {"GET", "/backup", run, "How the last copy of the server went", "", "Backup",
       bind(services, show)},
      {"POST", "/backup", run, "Copy the server into a directory of its machine", "NewBackup",
       "Backup", bind(services, start)},
  };
}

}  // namespace lineshaft::api
