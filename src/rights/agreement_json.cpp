#include "rights/agreement_json.h"

#include <nlohmann/json.hpp>

#include <algorithm>

#include "base/hex.h"
#include "model/canonical_json.h"
#include "rights/json_members.h"
#include "sys/sha256.h"

namespace lineshaft::rights {
namespace {

constexpr const char* kFormat = "lineshaft-agreement-1";
constexpr const char* kDocumentFormat = "lineshaft-signed-agreement-1";

Error bad(const std::string& what) { return {ErrorId::kInvalidArgument, what}; }

Json clause_json(const Clause& clause) {
  return {{"id", clause.id}, {"title", clause.title}, {"text", clause.text}};
}

Json terms_json(const AgreementTerms& terms) {
  return {
      {"results",
       {{"owner", name_of(terms.owner)},
        {"centre", terms.centre},
        {"licence_back", name_of(terms.licence_back)},
        {"fields", terms.fields}}},
      {"background", {{"project", name_of(terms.for_project)}, {"use", name_of(terms.for_use)}}},
      {"publication", {{"days", terms.publication_days}}},
      {"exit", {{"days", terms.exit_days}, {"keeps_access", terms.exit_keeps_access}}},
      {"consent",
       {{"rule", name_of(terms.consent)},
        {"more_than", terms.more_than.is_zero() ? "" : terms.more_than.text()}}},
      {"money", {{"currency", terms.currency}}},
      {"law", {{"country", terms.law}, {"forum", terms.forum}}},
  };
}

// Calls `read` with the members of the object `name` of `terms`, which may be missing.
template <typename Read>
Status read_group(const Json& terms, const char* name,
                  std::initializer_list<std::string_view> fields, Read read) {
  const auto found = terms.find(name);
  if (found == terms.end()) return {};
  const std::string where = std::string(name) + ": ";
  if (!found->is_object()) return bad(where + "must be an object");
  if (Status known = only_fields(*found, fields); !known) {
    return bad(where + known.error().what);
  }
  Members members(*found);
  Status done = read(members, *found);
  if (done) done = members.status();
  return done ? done : Status(bad(where + done.error().what));
}

Status read_results(const Json& json, AgreementTerms& terms) {
  return read_group(json, "results", {"owner", "centre", "licence_back", "fields"},
                    [&](Members& members, const Json& group) {
                      terms.owner = members.word("owner", parse_results_owner);
                      terms.centre = members.text("centre");
                      if (group.contains("licence_back")) {
                        terms.licence_back = members.word("licence_back", parse_licence_back);
                      }
                      terms.fields = members.texts("fields");
                      return Status();
                    });
}

Status read_consent(const Json& json, AgreementTerms& terms) {
  return read_group(json, "consent", {"rule", "more_than"},
                    [&](Members& members, const Json&) -> Status {
                      terms.consent = members.word("rule", parse_consent_rule);
                      const std::string more_than = members.text("more_than");
                      if (more_than.empty()) return {};
                      const Result<Ratio> ratio = Ratio::parse(more_than);
                      if (!ratio) return ratio.error();
                      terms.more_than = *ratio;
                      return {};
                    });
}

Status read_other_terms(const Json& json, AgreementTerms& terms) {
  Status done =
      read_group(json, "background", {"project", "use"}, [&](Members& members, const Json&) {
        terms.for_project = members.word("project", parse_background_access);
        terms.for_use = members.word("use", parse_background_access);
        return Status();
      });
  if (!done) return done;
  done = read_group(json, "publication", {"days"}, [&](Members& members, const Json&) {
    terms.publication_days = members.number("days", kDaysMax);
    return Status();
  });
  if (!done) return done;
  done = read_group(json, "exit", {"days", "keeps_access"}, [&](Members& members, const Json&) {
    terms.exit_days = members.number("days", kDaysMax);
    terms.exit_keeps_access = members.flag("keeps_access");
    return Status();
  });
  if (!done) return done;
  done = read_group(json, "money", {"currency"}, [&](Members& members, const Json&) {
    terms.currency = members.required("currency");
    return Status();
  });
  if (!done) return done;
  return read_group(json, "law", {"country", "forum"}, [&](Members& members, const Json&) {
    terms.law = members.required("country");
    terms.forum = members.text("forum");
    return Status();
  });
}

Result<AgreementTerms> terms_from_json(const Json& json) {
  AgreementTerms terms;
  if (!json.is_object()) return bad("terms: must be an object");
  Status done = only_fields(
      json, {"results", "background", "publication", "exit", "consent", "money", "law"});
  if (done) done = read_results(json, terms);
  if (done) done = read_consent(json, terms);
  if (done) done = read_other_terms(json, terms);
  if (!done) return bad("terms: " + done.error().what);
  return terms;
}

// Each item of the list `name`, which may be missing, as an object with these fields.
template <typename Thing, typename Read>
Result<std::vector<Thing>> read_list(const Json& object, const char* name,
                                     std::initializer_list<std::string_view> fields, Read read) {
  std::vector<Thing> things;
  const auto list = object.find(name);
  if (list == object.end()) return things;
  if (!list->is_array()) return bad(std::string(name) + ": must be a list");
  for (const Json& item : *list) {
    const std::string where = std::string(name) + "[" + std::to_string(things.size()) + "]: ";
    if (!item.is_object()) return bad(where + "must be an object");
    if (Status known = only_fields(item, fields); !known) return bad(where + known.error().what);
    Members members(item);
    things.push_back(read(members));
    if (!members.status()) return bad(where + members.status().error().what);
  }
  return things;
}

Status read_parts(const Json& object, Agreement& agreement) {
  Result<std::vector<Side>> sides =
      read_list<Side>(object, "sides", {"party", "name", "weight"}, [](Members& members) {
        Side side{members.required("party"), members.text("name"), 1};
        side.weight = members.number("weight", kWeightMax);
        return side;
      });
  if (!sides) return sides.error();
  agreement.sides = *std::move(sides);
  std::ranges::sort(agreement.sides, {}, &Side::party);
  Result<std::vector<Clause>> clauses =
      read_list<Clause>(object, "clauses", {"id", "title", "text"}, [](Members& members) {
        return Clause{members.required("id"), members.text("title"), members.text("text")};
      });
  if (!clauses) return clauses.error();
  agreement.clauses = *std::move(clauses);
  if (!object.contains("terms")) return {};
  Result<AgreementTerms> terms = terms_from_json(object["terms"]);
  if (!terms) return terms.error();
  agreement.terms = *std::move(terms);
  return {};
}

std::string digest_of(std::string_view text) { return hex_text(sys::sha256(as_bytes(text))); }

Json signature_json(const AgreementSignature& signature) {
  return {{"party", signature.party},
          {"time", format_rfc3339(signature.time)},
          {"by", signature.by},
          {"key", signature.key.id()},
          {"public_key", signature.key.pem()},
          {"signature", signature_text(signature.signature)}};
}

}  // namespace

Json agreement_json(const Agreement& agreement) {
  Json sides = Json::array();
  for (const Side& side : agreement.sides) {
    sides.push_back({{"party", side.party}, {"name", side.name}, {"weight", side.weight}});
  }
  Json clauses = Json::array();
  for (const Clause& clause : agreement.clauses) clauses.push_back(clause_json(clause));
  return {{"format", kFormat},
          {"id", agreement.id},
          {"version", agreement.version},
          {"project", agreement.project},
          {"title", agreement.title},
          {"language", name_of(agreement.language)},
          {"model", agreement.model},
          {"from", day_text(agreement.from)},
          {"to", agreement.to ? Json(day_text(*agreement.to)) : Json(nullptr)},
          {"sides", std::move(sides)},
          {"terms", terms_json(agreement.terms)},
          {"clauses", std::move(clauses)}};
}

Result<std::string> agreement_text(const Agreement& agreement) {
  return canonical_json(agreement_json(agreement));
}

namespace {

Result<Agreement> read_agreement(const Json& object) {
  if (Status known = only_fields(object, {"format", "id", "version", "project", "title", "language",
                                          "model", "from", "to", "sides", "terms", "clauses"});
      !known) {
    return known.error();
  }
  Members members(object);
  Agreement agreement;
  agreement.id = members.required("id");
  agreement.version = members.number("version", INT64_MAX - 1);
  agreement.project = members.required("project");
  agreement.title = members.required("title");
  if (object.contains("language")) agreement.language = members.word("language", parse_language);
  agreement.model = members.text("model");
  agreement.from = members.day("from");
  agreement.to = members.optional_day("to");
  if (!members.status()) return members.status().error();
  if (Status read = read_parts(object, agreement); !read) return read.error();
  return agreement;
}

}  // namespace

Result<Agreement> agreement_from_json(const Json& object) {
  Result<Agreement> agreement = read_agreement(object);
  if (!agreement) return agreement;
  std::erase_if(agreement->clauses, [](const Clause& clause) {
    return std::ranges::find(standard_clauses(), clause.id) != standard_clauses().end();
  });
  return agreement;
}

Result<Agreement> agreement_from_text(std::string_view text) {
  const Result<Json> json = parse_canonical_json(text);
  if (!json) return json.error();
  if (!json->is_object()) return bad("is no agreement");
  Result<Agreement> agreement = read_agreement(*json);
  if (!agreement) return agreement;
  if (Status sound = check_agreement(*agreement); !sound) return sound.error();
  const Result<std::string> again = agreement_text(*agreement);
  if (!again) return again.error();
  if (*again != text) return bad("is not the text of an agreement");
  return agreement;
}

Json kept_agreement_json(const KeptAgreement& kept) {
  Json json = {{"id", kept.agreement.id},
               {"version", kept.agreement.version},
               {"agreement", agreement_json(kept.agreement)},
               {"text", kept.text},
               {"digest", kept.digest},
               {"signers", kept.signers},
               {"approvals", Json::array()},
               {"signatures", Json::array()},
               {"made", format_rfc3339(kept.made)},
               {"made_by", kept.made_by},
               {"in_force", kept.in_force ? Json(format_rfc3339(*kept.in_force)) : Json(nullptr)},
               {"newest", kept.is_newest},
               {"current", kept.is_current}};
  for (const AgreementApproval& approval : kept.approvals) {
    json["approvals"].push_back(
        {{"party", approval.party}, {"time", format_rfc3339(approval.time)}, {"by", approval.by}});
  }
  for (const AgreementSignature& signature : kept.signatures) {
    json["signatures"].push_back(signature_json(signature));
  }
  return json;
}

Json agreement_model_json(const AgreementModel& model) {
  return {{"id", model.id},
          {"name", {{"en", model.name_english}, {"zh", model.name_chinese}}},
          {"terms", terms_json(model.terms)}};
}

Json difference_json(const ClauseDifference& difference) {
  const bool added = difference.change == ClauseChange::kAdded;
  const bool removed = difference.change == ClauseChange::kRemoved;
  return {{"clause", added ? difference.after.id : difference.before.id},
          {"change", name_of(difference.change)},
          {"before", added ? Json(nullptr) : clause_json(difference.before)},
          {"after", removed ? Json(nullptr) : clause_json(difference.after)}};
}

Json share_change_json(const ShareChange& change) {
  Json json = {{"sequence", change.sequence},
               {"agreement", change.agreement},
               {"asset", change.asset},
               {"from", day_text(change.from)},
               {"shares", shares_json(change.shares)},
               {"digest", change.digest},
               {"proposed", format_rfc3339(change.proposed)},
               {"proposed_by", change.proposed_by},
               {"consents", Json::array()},
               {"missing", change.missing}};
  for (const Consent& consent : change.consents) {
    json["consents"].push_back(
        {{"party", consent.party}, {"time", format_rfc3339(consent.time)}, {"by", consent.by}});
  }
  return json;
}

Result<std::string> share_change_text(const ShareChange& change) {
  return canonical_json({{"format", "lineshaft-share-change-1"},
                         {"agreement", change.agreement},
                         {"asset", change.asset},
                         {"from", day_text(change.from)},
                         {"shares", shares_json(change.shares)}});
}

Result<ShareChange> share_change_from_json(const Json& object) {
  if (Status known = only_fields(object, {"asset", "from", "shares"}); !known) {
    return known.error();
  }
  Members members(object);
  ShareChange change;
  change.asset = members.required("asset");
  change.from = members.day("from");
  if (!members.status()) return members.status().error();
  Result<std::vector<Share>> shares =
      read_list<Share>(object, "shares", {"party", "weight"}, [](Members& share) {
        return Share{share.required("party"), share.number("weight", kWeightMax)};
      });
  if (!shares) return shares.error();
  change.shares = *std::move(shares);
  return change;
}

Result<std::string> signed_document(const KeptAgreement& kept) {
  Json signatures = Json::array();
  for (const AgreementSignature& signature : kept.signatures) {
    signatures.push_back(signature_json(signature));
  }
  return canonical_json({{"format", kDocumentFormat},
                         {"text", kept.text},
                         {"digest", kept.digest},
                         {"signers", kept.signers},
                         {"signatures", std::move(signatures)}});
}

Result<CheckedDocument> check_document_text(std::string_view document) {
  const Result<Json> json = parse_canonical_json(document);
  if (!json) return json.error();
  if (!json->is_object()) return bad("is no signed agreement");
  if (Status known = only_fields(*json, {"format", "text", "digest", "signers", "signatures"});
      !known) {
    return known.error();
  }
  Members members(*json);
  const std::string format = members.required("format");
  const std::string text = members.required("text");
  CheckedDocument checked;
  checked.digest = members.required("digest");
  checked.not_signed_by = members.texts("signers");
  if (!members.status()) return members.status().error();
  if (format != kDocumentFormat) return bad("format: '" + format + "' is not known");
  if (checked.digest != digest_of(text)) return bad("digest: is not that of the text");
  Result<Agreement> agreement = agreement_from_text(text);
  if (!agreement) return Error{agreement.error().id, "text: " + agreement.error().what};
  checked.agreement = *std::move(agreement);
  struct Line {
    std::string party, key, public_key, signature;
  };
  const Result<std::vector<Line>> lines =
      read_list<Line>(*json, "signatures",
                      {"party", "time", "by", "key", "public_key", "signature"}, [](Members& line) {
                        return Line{line.required("party"), line.required("key"),
                                    line.required("public_key"), line.required("signature")};
                      });
  if (!lines) return lines.error();
  for (const Line& line : *lines) {
    const Result<PublicKey> key = PublicKey::parse(line.public_key);
    const Result<Signature> signature = parse_signature(line.signature);
    if (!key || key->id() != line.key || !signature ||
        !is_signed(*key, *signature, signed_message(line.party, text))) {
      return Error{ErrorId::kConflict, "the signature of '" + line.party + "' is wrong"};
    }
    if (std::erase(checked.not_signed_by, line.party) == 0) {
      return bad("signatures: '" + line.party + "' is nobody who signs, or is there twice");
    }
    checked.signed_by.push_back(line.party);
  }
  // Who signs is written beside the text; the sides in the text must be among them.
  for (const Side& side : checked.agreement.sides) {
    const bool named =
        std::ranges::find(checked.signed_by, side.party) != checked.signed_by.end() ||
        std::ranges::find(checked.not_signed_by, side.party) != checked.not_signed_by.end();
    if (!named) return bad("signers: '" + side.party + "' is missing");
  }
  return checked;
}

}  // namespace lineshaft::rights
