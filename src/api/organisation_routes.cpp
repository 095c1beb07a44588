// The organisations of the server, for the one that runs it: how much they use, never what they
// have.
#include "api/organisation_view.h"

namespace lineshaft::api {
namespace {

Result<identity::Organisation> path_organisation(const Services& services, const Request& request) {
  const Result<std::uint32_t> id = request.id();
  if (!id) return id.error();
  return find_organisation(services, TenantId{*id});
}

Result<Reply> organisation_reply(const Services& services, TenantId tenant) {
  const auto organisation = find_organisation(services, tenant);
  if (!organisation) return organisation.error();
  return Reply::json(organisation_json(services, *organisation));
}

Result<Reply> list(const Services& services, const Request&) {
  Json items = Json::array();
  for (const identity::Organisation& one : services.identity.organisations()) {
    items.push_back(organisation_json(services, one));
  }
  const std::size_t total = items.size();
  return Reply::json({{"items", std::move(items)}, {"total", total}});
}

Result<Reply> get(const Services& services, const Request& request) {
  const auto organisation = path_organisation(services, request);
  if (!organisation) return organisation.error();
  return Reply::json(organisation_json(services, *organisation));
}

// {organisation, email, name}: the administrator's first password is in the answer, once.
Result<Reply> create(const Services& services, const Request& request) {
  const Result<Json> body = request.body();
  if (!body) return body.error();
  if (Status known = only_fields(*body, {"organisation", "email", "name"}); !known) {
    return known.error();
  }
  const Result<std::string> name = required_string(*body, "organisation");
  if (!name) return name.error();
  const Result<std::string> email = required_string(*body, "email");
  if (!email) return email.error();
  const Result<std::string> person = required_string(*body, "name");
  if (!person) return person.error();
  const auto made =
      services.identity.create_organisation(request.principal, {*name, *email, *person});
  if (!made) return made.error();
  Json json = organisation_json(services, made->organisation);
  json["email"] = made->administrator.email;
  json["password"] = made->password;
  return Reply::json(json, 201);
}

Result<Reply> set_quotas(const Services& services, const Request& request) {
  const auto organisation = path_organisation(services, request);
  if (!organisation) return organisation.error();
  const Result<Json> body = request.body();
  if (!body) return body.error();
  const Result<tenancy::Quotas> quotas = quotas_from_json(*body);
  if (!quotas) return quotas.error();
  if (Status noted =
          audit(services, request, "organisation.quotas", organisation->name, dump(*body));
      !noted) {
    return noted.error();
  }
  if (Status set = services.meter->set_quotas(organisation->id, *quotas); !set) return set.error();
  return organisation_reply(services, organisation->id);
}

Result<Reply> set_state(const Services& services, const Request& request) {
  const auto organisation = path_organisation(services, request);
  if (!organisation) return organisation.error();
  const Result<Json> body = request.body();
  if (!body) return body.error();
  if (Status known = only_fields(*body, {"state"}); !known) return known.error();
  const Result<std::string> state = required_string(*body, "state");
  if (!state) return state.error();
  if (*state != "active" && *state != "suspended") {
    return Error{ErrorId::kInvalidArgument, "state: must be active or suspended"};
  }
  const Status set =
      services.platform->suspend(request.principal, organisation->id, *state == "suspended");
  if (!set) return set.error();
  return organisation_reply(services, organisation->id);
}

// Before its time, and only after the organisation has asked for it.
Result<Reply> remove(const Services& services, const Request& request) {
  const auto organisation = path_organisation(services, request);
  if (!organisation) return organisation.error();
  const Result<Json> body = request.body();
  if (!body) return body.error();
  const Result<std::string> name = required_string(*body, "name");
  if (!name) return name.error();
  if (*name != organisation->name) {
    return Error{ErrorId::kInvalidArgument, "name: is not that of the organisation"};
  }
  if (!organisation->leaves) {
    return Error{ErrorId::kConflict, organisation->name + " has not asked to leave"};
  }
  const Status removed = services.platform->remove(request.principal, organisation->id);
  if (!removed) return removed.error();
  return Reply::nothing();
}

Result<Reply> usage_of(const Services& services, const Request& request) {
  const auto organisation = path_organisation(services, request);
  if (!organisation) return organisation.error();
  return usage_reply(services, request, organisation->id);
}

// --- settings of the platform ---

Json settings_json(const tenancy::Settings& settings) {
  return {{"signup", settings.sign_up ? "approval" : "closed"}, {"contact", settings.contact}};
}

Result<Reply> get_settings(const Services& services, const Request&) {
  return Reply::json(settings_json(services.meter->settings()));
}

Result<Reply> put_settings(const Services& services, const Request& request) {
  const Result<Json> body = request.body();
  if (!body) return body.error();
  if (Status known = only_fields(*body, {"signup", "contact"}); !known) return known.error();
  const Result<std::string> signup = required_string(*body, "signup");
  if (!signup) return signup.error();
  if (*signup != "closed" && *signup != "approval") {
    return Error{ErrorId::kInvalidArgument, "signup: must be closed or approval"};
  }
  const Result<std::string> contact = optional_string(*body, "contact", "");
  if (!contact) return contact.error();
  if (Status noted = audit(services, request, "platform.set", "", dump(*body)); !noted) {
    return noted.error();
  }
  const tenancy::Settings settings{*signup == "approval", *contact};
  if (Status set = services.meter->set_settings(settings); !set) return set.error();
  return Reply::json(settings_json(settings));
}

}  // namespace

std::vector<Route> organisation_routes(const Services& services) {
  const Rule run = Rule::needs(identity::Permission::kPlatformManage);
  return {
      {"GET", "/organisations", run, "Organisations of the server and how much they use", "",
       "OrganisationPage", bind(services, list)},
      {"POST", "/organisations", run,
       "Take an organisation in; its administrator's first password is shown once",
       "NewOrganisation", "MadeOrganisation", bind(services, create)},
      {"GET", "/organisations/{id}", run, "One organisation", "", "Organisation",
       bind(services, get)},
      {"PUT", "/organisations/{id}/quotas", run, "Set what it may use at most", "Quotas",
       "Organisation", bind(services, set_quotas)},
      {"PUT", "/organisations/{id}/state", run, "Suspend it, or let it in again",
       "OrganisationState", "Organisation", bind(services, set_state)},
      {"POST", "/organisations/{id}/remove", run,
       "Remove it with all it has, now; it must have asked to leave", "TypedName", "",
       bind(services, remove)},
      {"GET", "/organisations/{id}/usage", run, "What it used, hour by hour, also as CSV", "",
       "UsagePage", bind(services, usage_of)},
      {"GET", "/platform", run, "Whether sign-ups are taken, and whom to ask", "", "Platform",
       bind(services, get_settings)},
      {"PUT", "/platform", run, "Open or close sign-ups, and say whom to ask", "Platform",
       "Platform", bind(services, put_settings)},
  };
}

}  // namespace lineshaft::api
