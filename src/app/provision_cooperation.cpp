// Joint projects and drafts of agreements from a file.
#include <nlohmann/json.hpp>

#include "app/provision.h"
#include "base/log.h"
#include "rights/agreement_json.h"
#include "rights/project_json.h"

namespace lineshaft::app {
namespace {

constexpr std::size_t kCooperationBytesMax = 64 * 1024 * 1024;
constexpr const char* kRecordedBy = "provision";

// Adds each object of a list; what conflicts with what is there is there already.
class CooperationFile {
 public:
  CooperationFile(TenantId tenant, rights::ProjectBook& projects, rights::AgreementBook& agreements)
      : all_{tenant, {}}, projects_(projects), agreements_(agreements) {}

  Status add(const Json& file) {
    if (!file.is_object()) return Error{ErrorId::kBadConfig, "must be a JSON object"};
    if (Status known = only_fields(file, {"projects", "agreements"}); !known) return known;
    Status done = each(file, "projects", [&](const Json& item) { return add_project(item); });
    if (!done) return done;
    return each(file, "agreements", [&](const Json& item) -> Status {
      Result<rights::Agreement> agreement = rights::agreement_from_json(item);
      if (!agreement) return agreement.error();
      const auto kept = agreements_.put(all_, *std::move(agreement), kRecordedBy);
      return passed(kept ? Status() : Status(kept.error()));
    });
  }

 private:
  Status add_project(const Json& item) {
    if (!item.is_object()) return Error{ErrorId::kBadConfig, "must be an object"};
    Json own = item;
    own.erase("accepted");
    own.erase("entries");
    const Result<rights::Project> project = rights::project_from_json(own);
    if (!project) return project.error();
    const auto kept = projects_.put(all_, *project, kRecordedBy);
    if (Status made = passed(kept ? Status() : Status(kept.error())); !made) return made;
    Status done = each(item, "accepted", [&](const Json& party) -> Status {
      if (!party.is_string()) return Error{ErrorId::kBadConfig, "must be the id of a party"};
      const auto accepted =
          projects_.answer(all_.tenant, project->id, party.get<std::string>(), true, kRecordedBy);
      return accepted ? Status() : Status(accepted.error());
    });
    if (!done) return done;
    // Entries have no id: as many as there are were added before.
    const auto present = projects_.get(all_, project->id);
    if (!present) return present.error();
    std::size_t to_skip = present->entries.size();
    return each(item, "entries", [&](const Json& one) -> Status {
      if (to_skip > 0) {
        --to_skip;
        return {};
      }
      Result<rights::ProjectEntry> entry = rights::entry_from_json(one);
      if (!entry) return entry.error();
      if (entry->data) {
        return Error{ErrorId::kBadConfig, "data: are entered when they are there"};
      }
      const auto added = projects_.add_entry(all_, project->id, *std::move(entry), kRecordedBy);
      return added ? Status() : Status(added.error());
    });
  }

  // Calls `add` for every item of the list `name`, which may be missing; says which one is wrong.
  template <typename Add>
  static Status each(const Json& object, const char* name, Add add) {
    const auto list = object.find(name);
    if (list == object.end()) return {};
    const std::string here = name;
    if (!list->is_array()) return Error{ErrorId::kBadConfig, here + ": must be a list"};
    for (std::size_t i = 0; i < list->size(); ++i) {
      if (const Status added = add((*list)[i]); !added) {
        return Error{ErrorId::kBadConfig,
                     here + "[" + std::to_string(i) + "]: " + added.error().what};
      }
    }
    return {};
  }

  static Status passed(Status done) {
    if (!done && done.error().id == ErrorId::kConflict) return {};
    return done;
  }

  rights::View all_;
  rights::ProjectBook& projects_;
  rights::AgreementBook& agreements_;
};

}  // namespace

Status provision_cooperation(sys::FileSystem& files, const std::string& folder, TenantId tenant,
                             rights::ProjectBook& projects, rights::AgreementBook& agreements) {
  const std::string path = sys::join_path(folder, "cooperation.json");
  if (!files.exists(path)) return {};
  const Result<Bytes> text = sys::read_file(files, path, kCooperationBytesMax);
  if (!text) return text.error();
  const Result<Json> json = parse_json(as_text(*text));
  if (!json) return Error{ErrorId::kBadConfig, path + ": " + json.error().what};
  if (Status added = CooperationFile(tenant, projects, agreements).add(*json); !added) {
    return Error{ErrorId::kBadConfig, path + ": " + added.error().what};
  }
  log_info("app", "provisioned projects and agreements from " + path);
  return {};
}

}  // namespace lineshaft::app
