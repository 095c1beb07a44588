#include "intake/state.h"

#include <stdexcept>

#include "intake/json_parts.h"

namespace lineshaft::intake {
namespace {

constexpr int kStateVersion = 1;

constexpr ImportState kStates[] = {ImportState::kAnalysed, ImportState::kRunning,
                                   ImportState::kDone, ImportState::kFailed,
                                   ImportState::kInterrupted};

Error corrupt(const std::string& what) {
  return {ErrorId::kCorrupt, "the state of an import cannot be read: " + what};
}

Result<StoredImport> read(const Json& value) {
  if (value.at("version").get<int>() != kStateVersion) return corrupt("unknown version");
  StoredImport stored;
  Import& import = stored.import;
  import.id = value.at("id").get<std::uint64_t>();
  import.tenant = TenantId{value.at("tenant").get<std::uint32_t>()};
  import.name = value.at("name").get<std::string>();
  import.prefix = value.at("prefix").get<std::string>();
  const Result<Timestamp> created = parse_timestamp(value.at("created").get<std::string>());
  if (!created.ok()) return corrupt(created.error().what);
  import.created = *created;
  const auto state = value.at("state").get<std::string>();
  for (const ImportState known : kStates) {
    if (state_name(known) == state) import.state = known;
  }
  Result<Plan> plan = plan_from(value.at("plan"));
  if (!plan.ok()) return corrupt(plan.error().what);
  import.plan = std::move(plan).value();
  import.report = report_from(value.at("report"));
  stored.survey_notes = value.at("survey_notes").get<std::vector<std::string>>();
  if (const Json& error = value.at("error"); !error.is_null()) {
    const auto number = error.at("id").get<std::uint16_t>();
    for (const ErrorEntry& entry : error_catalogue()) {
      if (static_cast<std::uint16_t>(entry.id) != number) continue;
      import.error = Error{entry.id, error.at("what").get<std::string>()};
    }
  }
  return stored;
}

}  // namespace

std::string_view state_name(ImportState state) {
  switch (state) {
    case ImportState::kAnalysed:
      return "analysed";
    case ImportState::kRunning:
      return "running";
    case ImportState::kDone:
      return "done";
    case ImportState::kFailed:
      return "failed";
    case ImportState::kInterrupted:
      return "interrupted";
  }
  return "unknown";
}

std::string state_to_json(const StoredImport& stored) {
  const Import& import = stored.import;
  Json error = nullptr;
  if (import.error) {
    error = {{"id", static_cast<std::uint16_t>(import.error->id)}, {"what", import.error->what}};
  }
  return dump({{"version", kStateVersion},
               {"id", import.id},
               {"tenant", import.tenant.value},
               {"name", import.name},
               {"prefix", import.prefix},
               {"created", format_rfc3339(import.created)},
               {"state", state_name(import.state)},
               {"plan", plan_value(import.plan)},
               {"report", report_value(import.report)},
               {"survey_notes", stored.survey_notes},
               {"error", std::move(error)}});
}

Result<StoredImport> json_to_state(std::string_view text) {
  try {
    return read(Json::parse(text));
  } catch (const nlohmann::json::exception& problem) {
    return corrupt(problem.what());
  } catch (const std::out_of_range& problem) {  // an empty delimiter
    return corrupt(problem.what());
  }
}

}  // namespace lineshaft::intake
