#include "rights/project_json.h"

#include <nlohmann/json.hpp>

#include "rights/json_members.h"

namespace lineshaft::rights {
namespace {

Error bad(const std::string& what) { return {ErrorId::kInvalidArgument, what}; }

Json time_or_null(const std::optional<Timestamp>& time) {
  return time ? Json(format_rfc3339(*time)) : Json(nullptr);
}

Json data_json(const std::optional<DataEvidence>& data) {
  if (!data) return nullptr;
  return {{"tag", data->tag},
          {"from", format_rfc3339(data->from)},
          {"to", format_rfc3339(data->to)},
          {"samples", data->samples},
          {"sha256", data->sha256}};
}

Result<Timestamp> time_of(const Json& object, const char* field) {
  const Result<std::string> text = required_string(object, field);
  if (!text) return text.error();
  const Result<Timestamp> time = parse_timestamp(*text);
  if (!time) return bad(std::string("data.") + field + ": " + time.error().what);
  return *time;
}

Result<std::optional<DataEvidence>> data_from_json(const Json& object) {
  if (!object.contains("data") || object["data"].is_null()) return std::optional<DataEvidence>();
  const Json& json = object["data"];
  if (!json.is_object()) return bad("data: must be {tag, from, to}");
  if (Status known = only_fields(json, {"tag", "from", "to", "samples", "sha256"}); !known) {
    return bad("data: " + known.error().what);
  }
  Members members(json);
  DataEvidence data;
  data.tag = members.required("tag");
  data.samples = members.number("samples", INT64_MAX);
  data.sha256 = members.text("sha256");
  if (!members.status()) return bad("data: " + members.status().error().what);
  const Result<Timestamp> from = time_of(json, "from");
  if (!from) return from.error();
  const Result<Timestamp> to = time_of(json, "to");
  if (!to) return to.error();
  data.from = *from;
  data.to = *to;
  return std::optional(std::move(data));
}

Status read_described(const Json& object, Members& members, ProjectEntry& entry) {
  entry.text = members.text("text");
  entry.restrictions = members.text("restrictions");
  entry.amount = members.text("amount");
  entry.document = members.text("document");
  if (object.contains("contribution") && !object["contribution"].is_null()) {
    entry.contribution = members.word("contribution", parse_contribution_kind);
  }
  if (!members.status()) return members.status();
  Result<std::optional<DataEvidence>> data = data_from_json(object);
  if (!data) return data.error();
  entry.data = *std::move(data);
  return {};
}

}  // namespace

Json project_json(const KeptProject& kept) {
  Json json = {{"id", kept.project.id},
               {"title", kept.project.title},
               {"lead", kept.project.lead},
               {"from", day_text(kept.project.from)},
               {"to", kept.project.to ? Json(day_text(*kept.project.to)) : Json(nullptr)},
               {"version", kept.project.version},
               {"parties", kept.project.parties},
               {"answers", Json::array()},
               {"entries", Json::array()}};
  for (const ProjectParty& party : kept.parties) {
    json["answers"].push_back({{"party", party.party},
                               {"answer", name_of(party.answer)},
                               {"time", time_or_null(party.answered)},
                               {"by", party.answered_by}});
  }
  for (const ProjectEntry& entry : kept.entries) json["entries"].push_back(entry_json(entry));
  return json;
}

Json stored_entry_json(const ProjectEntry& entry) {
  const bool gives = entry.kind == EntryKind::kContribution;
  return {{"text", entry.text},
          {"restrictions", entry.restrictions},
          {"contribution", gives ? Json(name_of(entry.contribution)) : Json(nullptr)},
          {"amount", entry.amount},
          {"document", entry.document},
          {"data", data_json(entry.data)}};
}

Json entry_json(const ProjectEntry& entry) {
  Json json = {{"sequence", entry.sequence},
               {"kind", name_of(entry.kind)},
               {"party", entry.party},
               {"asset", entry.asset}};
  json.update(stored_entry_json(entry));
  json["recorded"] = format_rfc3339(entry.recorded);
  json["recorded_by"] = entry.recorded_by;
  json["withdrawn"] = time_or_null(entry.withdrawn);
  json["withdrawn_by"] = entry.withdrawn_by;
  return json;
}

Json key_json(const RegisteredKey& key) {
  return {{"id", key.key.id()},
          {"public_key", key.key.pem()},
          {"user", key.user},
          {"owner", key.owner},
          {"label", key.label},
          {"registered", format_rfc3339(key.registered)},
          {"revoked", time_or_null(key.revoked)}};
}

Result<Project> project_from_json(const Json& object) {
  if (Status known = only_fields(object, {"id", "title", "lead", "from", "to", "version", "parties",
                                          "answers", "entries"});
      !known) {
    return known.error();
  }
  Members members(object);
  Project project;
  project.id = members.required("id");
  project.title = members.required("title");
  project.lead = members.required("lead");
  project.from = members.day("from");
  project.to = members.optional_day("to");
  project.version = members.number("version", INT64_MAX);
  project.parties = members.texts("parties");
  if (!members.status()) return members.status().error();
  return project;
}

Result<ProjectEntry> entry_from_json(const Json& object) {
  if (Status known =
          only_fields(object, {"sequence", "kind", "party", "asset", "text", "restrictions",
                               "contribution", "amount", "document", "data", "recorded",
                               "recorded_by", "withdrawn", "withdrawn_by"});
      !known) {
    return known.error();
  }
  Members members(object);
  ProjectEntry entry;
  entry.kind = members.word("kind", parse_entry_kind);
  entry.party = members.required("party");
  entry.asset = members.text("asset");
  if (Status read = read_described(object, members, entry); !read) return read.error();
  return entry;
}

Result<ProjectEntry> stored_entry_from_json(const Json& object) {
  if (!object.is_object()) return bad("is no object");
  Members members(object);
  ProjectEntry entry;
  if (Status read = read_described(object, members, entry); !read) return read.error();
  return entry;
}

}  // namespace lineshaft::rights
