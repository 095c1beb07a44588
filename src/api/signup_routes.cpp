// Sign-ups: anyone may ask to be taken in, the operator decides.
#include "api/organisation_view.h"
#include "identity/text_rules.h"

namespace lineshaft::api {
namespace {

using tenancy::Signup;
using tenancy::SignupState;

Json signup_json(const Signup& signup) {
  const char* const state = signup.state == SignupState::kWaiting    ? "waiting"
                            : signup.state == SignupState::kApproved ? "approved"
                                                                     : "refused";
  return {{"id", signup.id},         {"organisation", signup.organisation},
          {"email", signup.email},   {"name", signup.person},
          {"note", signup.note},     {"address", signup.address},
          {"state", state},          {"asked", format_rfc3339(signup.asked)},
          {"reason", signup.reason}, {"decided_by", signup.decided_by}};
}

// The answer tells nothing about who is here already.
Result<Reply> ask(const Services& services, const Request& request) {
  if (!services.meter->settings().sign_up || !services.identity.claimed()) {
    return Error{ErrorId::kDenied, "this server takes no sign-ups"};
  }
  const Result<Json> body = request.body();
  if (!body) return body.error();
  if (Status known = only_fields(*body, {"organisation", "email", "name", "note"}); !known) {
    return known.error();
  }
  const Result<std::string> organisation = required_string(*body, "organisation");
  if (!organisation) return organisation.error();
  const Result<std::string> email = required_string(*body, "email");
  if (!email) return email.error();
  const Result<std::string> person = required_string(*body, "name");
  if (!person) return person.error();
  const Result<std::string> note = optional_string(*body, "note", "");
  if (!note) return note.error();
  Signup signup;
  Result<std::string> text = identity::normalise_name("organisation", *organisation);
  if (!text) return text.error();
  signup.organisation = *std::move(text);
  text = identity::normalise_email(*email);
  if (!text) return text.error();
  signup.email = *std::move(text);
  text = identity::normalise_name("name", *person);
  if (!text) return text.error();
  signup.person = *std::move(text);
  signup.note = *note;
  signup.address = request.http.peer.host;
  if (Status asked = services.signups->ask(std::move(signup)); !asked) return asked.error();
  return Reply::json({{"state", "waiting"}}, 202);
}

Result<Reply> list(const Services& services, const Request&) {
  const auto all = services.signups->list();
  if (!all) return all.error();
  Json items = Json::array();
  for (const Signup& signup : *all) items.push_back(signup_json(signup));
  return Reply::json({{"items", std::move(items)}, {"total", all->size()}});
}

// The organisation first: if the server stops in between, the sign-up still waits, and approving
// it again says that the address has an account.
Result<Reply> approve(const Services& services, const Request& request) {
  const Result<std::uint32_t> id = request.id();
  if (!id) return id.error();
  const auto signup = services.signups->waiting(*id);
  if (!signup) return signup.error();
  const auto made = services.identity.create_organisation(
      request.principal, {signup->organisation, signup->email, signup->person});
  if (!made) return made.error();
  const Status decided =
      services.signups->decide(*id, SignupState::kApproved, "", request.principal.name);
  if (!decided) return decided.error();
  Json json = organisation_json(services, made->organisation);
  json["email"] = made->administrator.email;
  json["password"] = made->password;
  return Reply::json(json, 201);
}

Result<Reply> refuse(const Services& services, const Request& request) {
  const Result<std::uint32_t> id = request.id();
  if (!id) return id.error();
  const Result<Json> body = request.body();
  if (!body) return body.error();
  const Result<std::string> reason = required_string(*body, "reason");
  if (!reason) return reason.error();
  const auto signup = services.signups->waiting(*id);
  if (!signup) return signup.error();
  if (Status noted = audit(services, request, "signup.refuse", signup->organisation, *reason);
      !noted) {
    return noted.error();
  }
  const Status decided =
      services.signups->decide(*id, SignupState::kRefused, *reason, request.principal.name);
  if (!decided) return decided.error();
  return Reply::nothing();
}

}  // namespace

std::vector<Route> signup_routes(const Services& services) {
  const Rule run = Rule::needs(identity::Permission::kPlatformManage);
  return {
      {"POST", "/signups", Rule::anyone(), "Ask for an organisation on this server", "NewSignup",
       "SignupTaken", bind(services, ask)},
      {"GET", "/signups", run, "Sign-ups, those that wait first", "", "SignupPage",
       bind(services, list)},
      {"POST", "/signups/{id}/approve", run,
       "Take the organisation in; its administrator's first password is shown once", "",
       "MadeOrganisation", bind(services, approve)},
      {"POST", "/signups/{id}/refuse", run, "Refuse a sign-up and say why", "SignupRefusal", "",
       bind(services, refuse)},
  };
}

}  // namespace lineshaft::api
