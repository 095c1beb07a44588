// Joint projects: who is invited and has accepted, what each brings and gives, what comes of it.
#include <nlohmann/json.hpp>

#include "api/resources.h"
#include "api/rights_view.h"
#include "rights/evidence.h"
#include "rights/project_json.h"

namespace lineshaft::api {
namespace {

using rights::View;

// A person who speaks for no party sees no project and changes none.
Result<View> acting_view(const Services& services, const Request& request) {
  Result<View> view = rights_view(services, request);
  if (!view || !view->party || !view->party->empty()) return view;
  const Result<std::string> party = spoken_for(services, request);
  if (!party) return party.error();
  return View{kRegister, *party};
}

Result<Reply> list(const Services& services, const Request& request) {
  const Result<View> view = rights_view(services, request);
  if (!view) return view.error();
  const auto projects = services.projects->list(*view);
  if (!projects) return projects.error();
  return page_of<rights::KeptProject>(*projects, rights::project_json);
}

Result<Reply> get(const Services& services, const Request& request) {
  const Result<View> view = rights_view(services, request);
  if (!view) return view.error();
  const auto kept = services.projects->get(*view, request.name("project"));
  if (!kept) return kept.error();
  return Reply::json(rights::project_json(*kept));
}

Result<Reply> put(const Services& services, const Request& request) {
  const Result<Json> body = request.body();
  if (!body) return body.error();
  const Result<rights::Project> project = rights::project_from_json(*body);
  if (!project) return project.error();
  const Result<View> view = acting_view(services, request);
  if (!view) return view.error();
  const bool is_new = project->version == 0;
  if (Status noted = audit(services, request, is_new ? "project.create" : "project.change",
                           project->id, dump(*body));
      !noted) {
    return noted.error();
  }
  const auto kept = services.projects->put(*view, *project, request.principal.name);
  if (!kept) return kept.error();
  return Reply::json(rights::project_json(*kept), is_new ? 201 : 200);
}

// A person answers for the party they speak for, and for no other.
Result<Reply> answer(const Services& services, const Request& request) {
  const Result<Json> body = request.body();
  if (!body) return body.error();
  if (Status known = only_fields(*body, {"accept"}); !known) return known.error();
  if (!body->contains("accept")) {
    return Error{ErrorId::kInvalidArgument, "accept: is missing"};
  }
  const Result<bool> accepts = optional_bool(*body, "accept", false);
  if (!accepts) return accepts.error();
  const Result<std::string> party = spoken_for(services, request);
  if (!party) return party.error();
  const std::string id = request.name("project");
  if (const auto seen = services.projects->get({kRegister, *party}, id); !seen) {
    return seen.error();
  }
  if (Status noted =
          audit(services, request, *accepts ? "project.accept" : "project.decline", id, *party);
      !noted) {
    return noted.error();
  }
  const auto kept =
      services.projects->answer(kRegister, id, *party, *accepts, request.principal.name);
  if (!kept) return kept.error();
  return Reply::json(rights::project_json(*kept));
}

// Whoever sees no samples proves none.
Status may_read_tags(const Request& request) {
  if (identity::authorise(request.principal, identity::Permission::kTagRead)) return {};
  return Error{ErrorId::kDenied, "data: needs the permission tag.read"};
}

Result<Reply> add_entry(const Services& services, const Request& request) {
  const Result<View> view = rights_view(services, request);
  if (!view) return view.error();
  const Result<Json> body = request.body();
  if (!body) return body.error();
  Result<rights::ProjectEntry> entry = rights::entry_from_json(*body);
  if (!entry) return entry.error();
  const std::string id = request.name("project");
  if (const auto seen = services.projects->get(*view, id); !seen) return seen.error();
  if (Status sound = rights::check_entry(*entry); !sound) return sound.error();
  if (entry->data) {
    if (Status may = may_read_tags(request); !may) return may.error();
    auto data = rights::read_evidence(services.historian, request.tenant(), *entry->data);
    if (!data) return data.error();
    entry->data = *std::move(data);
  }
  const std::string action = "project." + std::string(rights::name_of(entry->kind));
  if (Status noted = audit(services, request, action, id, dump(*body)); !noted) {
    return noted.error();
  }
  const auto kept =
      services.projects->add_entry(*view, id, *std::move(entry), request.principal.name);
  if (!kept) return kept.error();
  return Reply::json(rights::entry_json(*kept), 201);
}

Result<std::int64_t> sequence_of(const Request& request) {
  const Result<std::uint32_t> sequence = request.id("sequence");
  if (!sequence) return sequence.error();
  return std::int64_t{*sequence};
}

Result<Reply> withdraw(const Services& services, const Request& request) {
  const Result<View> view = rights_view(services, request);
  if (!view) return view.error();
  const Result<std::int64_t> sequence = sequence_of(request);
  if (!sequence) return sequence.error();
  const std::string id = request.name("project");
  if (Status noted = audit(services, request, "project.withdraw", id, std::to_string(*sequence));
      !noted) {
    return noted.error();
  }
  const Status done = services.projects->withdraw(*view, id, *sequence, request.principal.name);
  if (!done) return done.error();
  return Reply::nothing();
}

// Reads the samples of a contribution of data again and compares their hash.
Result<Reply> check_evidence(const Services& services, const Request& request) {
  const Result<View> view = rights_view(services, request);
  if (!view) return view.error();
  const Result<std::int64_t> sequence = sequence_of(request);
  if (!sequence) return sequence.error();
  if (Status may = may_read_tags(request); !may) return may.error();
  const auto kept = services.projects->get(*view, request.name("project"));
  if (!kept) return kept.error();
  for (const rights::ProjectEntry& entry : kept->entries) {
    if (entry.sequence != *sequence || !entry.data) continue;
    const auto now = rights::read_evidence(services.historian, request.tenant(), *entry.data);
    if (!now) return now.error();
    return Reply::json(
        {{"same", *now == *entry.data}, {"samples", now->samples}, {"sha256", now->sha256}});
  }
  return Error{ErrorId::kNotFound, "there is no contribution of data " + std::to_string(*sequence)};
}

}  // namespace

std::vector<Route> project_routes(const Services& services) {
  const Rule read = Rule::needs(identity::Permission::kRightsRead);
  return {
      {"GET", "/projects", read, "Joint projects to which one is invited, without their entries",
       "", "ProjectPage", bind(services, list)},
      {"PUT", "/projects", read, "Make a joint project, or replace a version of one that one leads",
       "Project", "Project", bind(services, put)},
      {"GET", "/projects/{project}", read, "One project with what was entered for it", "",
       "Project", bind(services, get)},
      {"POST", "/projects/{project}/answer", read,
       "Accept or decline the invitation for the party one speaks for", "ProjectAnswer", "Project",
       bind(services, answer)},
      {"POST", "/projects/{project}/entries", read,
       "Declare background, name a result, or enter a contribution", "ProjectEntry", "ProjectEntry",
       bind(services, add_entry)},
      {"POST", "/projects/{project}/entries/{sequence}/withdraw", read,
       "Withdraw an entry; it stays, and says so", "", "", bind(services, withdraw)},
      {"GET", "/projects/{project}/entries/{sequence}/evidence", read,
       "Whether contributed data are still the same", "", "EvidenceCheck",
       bind(services, check_evidence)},
  };
}

}  // namespace lineshaft::api
