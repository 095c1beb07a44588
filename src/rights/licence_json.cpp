#include "rights/licence_json.h"

#include <algorithm>

#include "model/canonical_json.h"
#include "rights/json_members.h"

namespace lineshaft::rights {

Json licence_json(const Licence& licence) {
  Json terms = nullptr;
  if (!licence.terms.empty()) terms = parse_json(licence.terms).value();  // as it was taken
  return {{"id", licence.id},
          {"kind", name_of(licence.kind)},
          {"licensors", licence.licensors},
          {"licensees", licence.licensees},
          {"assets", licence.assets},
          {"fields", licence.fields},
          {"territories", licence.territories},
          {"from", day_text(licence.from)},
          {"to", licence.to ? Json(day_text(*licence.to)) : Json(nullptr)},
          {"sublicensable", licence.sublicensable},
          {"audit_right", licence.audit_right},
          {"most_favoured", licence.most_favoured},
          {"parent", licence.parent},
          {"consent", licence.consent},
          {"terms", std::move(terms)}};
}

Result<std::string> licence_text(const Licence& licence) {
  return canonical_json(licence_json(licence));
}

Json kept_licence_json(const KeptLicence& kept) {
  Json json = licence_json(kept.licence);
  json["status"] = name_of(kept.licence.status);
  json["version"] = kept.licence.version;
  json["ended_on"] = kept.licence.ended_on ? Json(day_text(*kept.licence.ended_on)) : Json(nullptr);
  json["digest"] = kept.digest;
  json["approvals"] = Json::array();
  for (const Approval& approval : kept.approvals) {
    json["approvals"].push_back(
        {{"party", approval.party}, {"time", format_rfc3339(approval.time)}, {"by", approval.by}});
  }
  return json;
}

Json conflict_json(const Conflict& conflict) {
  return {{"kind", name_of(conflict.kind)},
          {"asset", conflict.asset},
          {"licence", conflict.other},
          {"why", conflict.why}};
}

Result<Licence> licence_from_json(const Json& object) {
  if (Status known = only_fields(
          object, {"id",          "kind",          "licensors", "licensees", "assets",
                   "fields",      "territories",   "from",      "to",        "sublicensable",
                   "audit_right", "most_favoured", "parent",    "consent",   "terms",
                   "status",      "version",       "ended_on",  "digest",    "approvals"});
      !known) {
    return known.error();
  }
  Members members(object);
  Licence licence;
  licence.id = members.required("id");
  licence.kind = members.word("kind", parse_licence_kind);
  licence.licensors = members.texts("licensors");
  licence.licensees = members.texts("licensees");
  licence.assets = members.texts("assets");
  licence.fields = members.texts("fields");
  licence.territories = members.texts("territories");
  licence.from = members.day("from");
  licence.to = members.optional_day("to");
  licence.sublicensable = members.flag("sublicensable");
  licence.audit_right = members.flag("audit_right");
  licence.most_favoured = members.flag("most_favoured");
  licence.parent = members.text("parent");
  licence.consent = members.text("consent");
  licence.version = members.number("version", INT64_MAX);
  if (!members.status()) return members.status().error();
  if (object.contains("terms") && !object["terms"].is_null()) {
    Result<std::string> terms = canonical_json(object["terms"]);
    if (!terms) return Error{terms.error().id, "terms: " + terms.error().what};
    licence.terms = *std::move(terms);
  }
  return licence;
}

}  // namespace lineshaft::rights
