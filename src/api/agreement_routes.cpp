// Agreements: drafted in versions, compared, approved and signed; keys; consent to other shares.
#include <nlohmann/json.hpp>

#include "api/resources.h"
#include "api/rights_view.h"
#include "rights/agreement_json.h"
#include "rights/project_json.h"

namespace lineshaft::api {
namespace {

using rights::View;

Result<Reply> list(const Services& services, const Request& request) {
  const Result<View> view = rights_view(services, request);
  if (!view) return view.error();
  const auto agreements = services.agreements->list(*view, request.query("project").value_or(""));
  if (!agreements) return agreements.error();
  return page_of<rights::KeptAgreement>(*agreements, rights::kept_agreement_json);
}

Result<Reply> versions(const Services& services, const Request& request) {
  const Result<View> view = rights_view(services, request);
  if (!view) return view.error();
  const auto all = services.agreements->versions(*view, request.name("agreement"));
  if (!all) return all.error();
  return page_of<rights::KeptAgreement>(*all, rights::kept_agreement_json);
}

Result<rights::KeptAgreement> one(const Services& services, const Request& request,
                                  const char* parameter) {
  const Result<View> view = rights_view(services, request);
  if (!view) return view.error();
  const auto version = request.query_number(parameter, 0, INT32_MAX);
  if (!version) return version.error();
  return services.agreements->get(*view, request.name("agreement"),
                                  static_cast<std::int64_t>(*version));
}

Result<Reply> get(const Services& services, const Request& request) {
  const auto kept = one(services, request, "version");
  if (!kept) return kept.error();
  return Reply::json(rights::kept_agreement_json(*kept));
}

// The bytes themselves, for whoever keeps or checks them.
Result<Reply> document(const Services& services, const Request& request) {
  const auto kept = one(services, request, "version");
  if (!kept) return kept.error();
  Result<std::string> text = rights::signed_document(*kept);
  if (!text) return text.error();
  Reply reply;
  reply.body = *std::move(text);
  return reply;
}

Result<Reply> difference(const Services& services, const Request& request) {
  const auto before = one(services, request, "from");
  if (!before) return before.error();
  const auto after = one(services, request, "to");
  if (!after) return after.error();
  return page_of<rights::ClauseDifference>(
      rights::difference_of(before->agreement.clauses, after->agreement.clauses),
      rights::difference_json);
}

Result<Reply> models(const Services&, const Request&) {
  return page_of<rights::AgreementModel>(rights::agreement_models(), rights::agreement_model_json);
}

Result<Reply> put(const Services& services, const Request& request) {
  const Result<View> view = rights_view(services, request);
  if (!view) return view.error();
  const Result<Json> body = request.body();
  if (!body) return body.error();
  Result<rights::Agreement> agreement = rights::agreement_from_json(*body);
  if (!agreement) return agreement.error();
  const bool is_new = agreement->version == 0;
  if (Status noted = audit(services, request, "agreement.draft", agreement->id, dump(*body));
      !noted) {
    return noted.error();
  }
  const auto kept = services.agreements->put(*view, *std::move(agreement), request.principal.name);
  if (!kept) return kept.error();
  return Reply::json(rights::kept_agreement_json(*kept), is_new ? 201 : 200);
}

// The party that the person speaks for, if it sees the agreement.
Result<std::string> side(const Services& services, const Request& request) {
  Result<std::string> party = spoken_for(services, request);
  if (!party) return party;
  const auto seen = services.agreements->versions({kRegister, *party}, request.name("agreement"));
  if (!seen) return seen.error();
  return party;
}

Result<Reply> approve(const Services& services, const Request& request) {
  const Result<Json> body = request.body();
  if (!body) return body.error();
  if (Status known = only_fields(*body, {"digest"}); !known) return known.error();
  const Result<std::string> digest = required_string(*body, "digest");
  if (!digest) return digest.error();
  const Result<std::string> party = side(services, request);
  if (!party) return party.error();
  const std::string id = request.name("agreement");
  if (Status noted = audit(services, request, "agreement.approve", id, *party + " " + *digest);
      !noted) {
    return noted.error();
  }
  const auto kept =
      services.agreements->approve(kRegister, id, *party, *digest, request.principal.name);
  if (!kept) return kept.error();
  return Reply::json(rights::kept_agreement_json(*kept));
}

Result<Reply> sign(const Services& services, const Request& request) {
  const Result<Json> body = request.body();
  if (!body) return body.error();
  if (Status known = only_fields(*body, {"key", "signature"}); !known) return known.error();
  const Result<std::string> key_id = required_string(*body, "key");
  if (!key_id) return key_id.error();
  const Result<std::string> text = required_string(*body, "signature");
  if (!text) return text.error();
  const auto signature = rights::parse_signature(*text);
  if (!signature) return Error{signature.error().id, "signature: " + signature.error().what};
  const Result<std::string> party = side(services, request);
  if (!party) return party.error();
  const auto key = services.keys->usable(kRegister, request.principal.id, *key_id);
  if (!key) return key.error();
  const std::string id = request.name("agreement");
  if (Status noted =
          audit(services, request, "agreement.sign", id, *party + " with key " + *key_id);
      !noted) {
    return noted.error();
  }
  const auto kept =
      services.agreements->sign(kRegister, id, *party, *key, *signature, request.principal.name);
  if (!kept) return kept.error();
  return Reply::json(rights::kept_agreement_json(*kept));
}

// --- changes of shares ---

Result<Reply> list_changes(const Services& services, const Request& request) {
  const Result<View> view = rights_view(services, request);
  if (!view) return view.error();
  const auto changes = services.agreements->share_changes(*view, request.name("agreement"));
  if (!changes) return changes.error();
  return page_of<rights::ShareChange>(*changes, rights::share_change_json);
}

Result<Reply> propose(const Services& services, const Request& request) {
  const Result<View> view = rights_view(services, request);
  if (!view) return view.error();
  const Result<Json> body = request.body();
  if (!body) return body.error();
  Result<rights::ShareChange> change = rights::share_change_from_json(*body);
  if (!change) return change.error();
  change->agreement = request.name("agreement");
  if (Status noted =
          audit(services, request, "agreement.propose_shares", change->agreement, dump(*body));
      !noted) {
    return noted.error();
  }
  const auto kept = services.agreements->propose(*view, *std::move(change), request.principal.name);
  if (!kept) return kept.error();
  return Reply::json(rights::share_change_json(*kept), 201);
}

Result<Reply> consent(const Services& services, const Request& request) {
  const Result<std::uint32_t> sequence = request.id("sequence");
  if (!sequence) return sequence.error();
  const Result<Json> body = request.body();
  if (!body) return body.error();
  if (Status known = only_fields(*body, {"digest"}); !known) return known.error();
  const Result<std::string> digest = required_string(*body, "digest");
  if (!digest) return digest.error();
  const Result<std::string> party = side(services, request);
  if (!party) return party.error();
  const std::string id = request.name("agreement");
  if (Status noted = audit(services, request, "agreement.consent", id,
                           *party + " change " + std::to_string(*sequence) + " " + *digest);
      !noted) {
    return noted.error();
  }
  const auto kept = services.agreements->consent(kRegister, id, *sequence, *party, *digest,
                                                 request.principal.name);
  if (!kept) return kept.error();
  return Reply::json(rights::share_change_json(*kept));
}

// --- keys ---

constexpr std::uint64_t kNobody = 0;  // no account has this id

bool is_person(const Request& request) {
  return request.principal.kind == identity::PrincipalKind::kUser;
}

// Whose keys one may see and revoke: one's own, or all.
std::optional<std::uint64_t> keys_of(const Request& request) {
  if (identity::authorise(request.principal, identity::Permission::kRightsManage)) return {};
  return is_person(request) ? request.principal.id : kNobody;
}

Result<Reply> list_keys(const Services& services, const Request& request) {
  const auto keys = services.keys->list(kRegister, keys_of(request));
  if (!keys) return keys.error();
  return page_of<rights::RegisteredKey>(*keys, rights::key_json);
}

Result<Reply> add_key(const Services& services, const Request& request) {
  const Result<Json> body = request.body();
  if (!body) return body.error();
  if (Status known = only_fields(*body, {"public_key", "label"}); !known) return known.error();
  const Result<std::string> pem = required_string(*body, "public_key");
  if (!pem) return pem.error();
  const Result<std::string> label = optional_string(*body, "label", "");
  if (!label) return label.error();
  const auto public_key = rights::PublicKey::parse(*pem);
  if (!public_key) return Error{public_key.error().id, "public_key: " + public_key.error().what};
  if (!is_person(request)) {
    return Error{ErrorId::kDenied, "a signing key belongs to a person, not to a program's token"};
  }
  rights::RegisteredKey key;
  key.key = *public_key;
  key.user = request.principal.id;
  key.owner = request.principal.name;
  key.label = *label;
  if (Status noted = audit(services, request, "key.register", key.key.id(), *label); !noted) {
    return noted.error();
  }
  const auto kept = services.keys->add(kRegister, std::move(key));
  if (!kept) return kept.error();
  return Reply::json(rights::key_json(*kept), 201);
}

Result<Reply> revoke_key(const Services& services, const Request& request) {
  const std::string id = request.name("key");
  if (Status noted = audit(services, request, "key.revoke", id); !noted) return noted.error();
  const Status done = services.keys->revoke(kRegister, keys_of(request), id);
  if (!done) return done.error();
  return Reply::nothing();
}

std::vector<Route> key_routes(const Services& services) {
  const Rule read = Rule::needs(identity::Permission::kRightsRead);
  return {
      {"GET", "/keys", read, "One's signing keys; who manages the register sees all", "", "KeyPage",
       bind(services, list_keys)},
      {"POST", "/keys", read, "Register the public part of a signing key of one's own", "NewKey",
       "Key", bind(services, add_key)},
      {"POST", "/keys/{key}/revoke", read, "Sign nothing more with a key", "", "",
       bind(services, revoke_key)},
  };
}

}  // namespace

std::vector<Route> agreement_routes(const Services& services) {
  const Rule read = Rule::needs(identity::Permission::kRightsRead);
  std::vector<Route> routes{
      {"GET", "/agreements", read, "The newest version of each agreement of which one is a side",
       "", "AgreementPage", bind(services, list)},
      {"PUT", "/agreements", read, "Draft an agreement, or its next version", "Agreement",
       "KeptAgreement", bind(services, put)},
      {"GET", "/agreement-models", read, "Ready terms to start from", "", "AgreementModelPage",
       bind(services, models)},
      {"GET", "/agreements/{agreement}", read, "One version; the newest without `version`", "",
       "KeptAgreement", bind(services, get)},
      {"GET", "/agreements/{agreement}/versions", read, "All versions, oldest first", "",
       "AgreementPage", bind(services, versions)},
      {"GET", "/agreements/{agreement}/difference", read, "Two versions, clause by clause", "",
       "DifferencePage", bind(services, difference)},
      {"GET", "/agreements/{agreement}/document", read,
       "Text and signatures in one document that anybody can check", "", "SignedAgreement",
       bind(services, document)},
      {"POST", "/agreements/{agreement}/approve", read,
       "Approve exactly this text for the party one speaks for", "AgreementApproval",
       "KeptAgreement", bind(services, approve)},
      {"POST", "/agreements/{agreement}/sign", read,
       "Sign the text that all have approved; with the last signature it is in force",
       "AgreementSigning", "KeptAgreement", bind(services, sign)},
      {"GET", "/agreements/{agreement}/shares", read, "Changes of shares that were proposed", "",
       "ShareChangePage", bind(services, list_changes)},
      {"POST", "/agreements/{agreement}/shares", read, "Propose other shares of a result",
       "NewShareChange", "ShareChange", bind(services, propose)},
      {"POST", "/agreements/{agreement}/shares/{sequence}/consent", read,
       "Consent to exactly these shares for the party one speaks for", "AgreementApproval",
       "ShareChange", bind(services, consent)},
  };
  for (Route& route : key_routes(services)) routes.push_back(std::move(route));
  return routes;
}

}  // namespace lineshaft::api
