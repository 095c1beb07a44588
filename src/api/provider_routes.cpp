// Signing in by an identity provider, and the accounts there that are one's own.
#include <nlohmann/json.hpp>

#include "api/session_reply.h"
#include "identity/providers.h"

namespace lineshaft::api {
namespace {

using identity::ProviderPurpose;

// Binds an answer to the browser that was sent. Lax, because the browser comes back from another
// site; the page that it comes back to then asks us by itself.
constexpr std::string_view kProviderCookie = "__Host-provider";
constexpr std::string_view kBackPath = "/sign-in/provider";

std::string provider_cookie(std::string_view value, bool keep) {
  const auto life =
      std::chrono::duration_cast<std::chrono::seconds>(identity::kProviderFlowLifetime);
  return std::string(kProviderCookie) + "=" + std::string(value) +
         "; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=" +
         std::to_string(keep ? life.count() : 0);
}

Result<Reply> list(const Services& services, const Request& request) {
  const std::string with = request.query("with").value_or("");
  const auto buttons = services.identity.providers().provider_buttons(with);
  return Reply::json({{"items", provider_buttons_json(buttons)}, {"total", buttons.size()}});
}

// Sends the browser away: where to, and the cookie that it comes back with.
Result<Reply> send_away(const Services& services, const Request& request, const Json& body,
                        ProviderPurpose purpose) {
  identity::ProviderBeginning beginning;
  const Result<std::string> handle = required_string(body, "provider");
  if (!handle) return handle.error();
  const Result<std::string> return_to = optional_string(body, "return_to", "/");
  if (!return_to) return return_to.error();
  const Result<std::string> invitation = optional_string(body, "invitation", "");
  if (!invitation) return invitation.error();
  const Result<std::string> origin = own_origin(services, request);
  if (!origin) return origin.error();
  beginning.handle = *handle;
  beginning.return_to = *return_to;
  beginning.invitation = *invitation;
  beginning.purpose = invitation->empty() ? purpose : ProviderPurpose::kInvitation;
  beginning.redirect_uri = *origin + std::string(kBackPath);
  beginning.cookie = session_cookie(request.http);
  beginning.from = sign_in_request(services, request);
  const auto away = services.identity.providers().begin_provider(beginning);
  if (!away) return away.error();
  Reply reply = Reply::json({{"address", away->address}});
  reply.headers.emplace_back("set-cookie", provider_cookie(away->browser, true));
  return reply;
}

Result<Reply> begin(const Services& services, const Request& request) {
  const Result<Json> body = request.body();
  if (!body) return body.error();
  return send_away(services, request, *body, ProviderPurpose::kSignIn);
}

Result<identity::ProviderReturn> return_of(const Request& request) {
  const Result<Json> body = request.body();
  if (!body) return body.error();
  identity::ProviderReturn back;
  const Result<std::string> state = required_string(*body, "state");
  if (!state) return state.error();
  back.state = *state;
  for (const auto& [name, text] :
       {std::pair{"code", &back.code}, std::pair{"error", &back.error}}) {
    Result<std::string> given = optional_string(*body, name, "");
    if (!given) return given.error();
    *text = *std::move(given);
  }
  if (body->contains("iss") && !(*body)["iss"].is_null()) {
    const Result<std::string> issuer = required_string(*body, "iss");
    if (!issuer) return issuer.error();
    back.issuer = *issuer;
  }
  back.browser = cookie_value(request.http, kProviderCookie);
  back.cookie = session_cookie(request.http);
  return back;
}

Reply arrival_reply(const identity::ProviderArrival& arrival) {
  if (const auto* session = std::get_if<identity::NewSession>(&arrival.outcome)) {
    Json json = session_json(session->session);
    json["return_to"] = arrival.return_to;
    Reply reply = Reply::json(json);
    reply.headers.emplace_back("set-cookie", session_cookie_header(*session));
    return reply;
  }
  if (const auto* step = std::get_if<identity::PendingSignIn>(&arrival.outcome)) {
    Json json = pending_json(*step);
    json["return_to"] = arrival.return_to;
    return Reply::json(json, 202);
  }
  const auto purpose = std::get<identity::ProviderDone>(arrival.outcome).purpose;
  return Reply::json({{"done", purpose == ProviderPurpose::kLink ? "link" : "confirm"},
                      {"return_to", arrival.return_to}});
}

Result<Reply> finish(const Services& services, const Request& request) {
  const auto back = return_of(request);
  if (!back) return back.error();
  const auto arrival = services.identity.providers().finish_provider(*back);
  // The cookie is good for nothing more, whatever came of it.
  Reply reply = arrival ? arrival_reply(*arrival) : problem_reply(arrival.error());
  reply.headers.emplace_back("set-cookie", provider_cookie("", false));
  return reply;
}

// --- one's own ---

Result<Reply> own(const Services& services, const Request& request) {
  const Result<identity::Session> session = own_session(services, request);
  if (!session) return session.error();
  identity::Providers& providers = services.identity.providers();
  const auto links = providers.own_links(session_cookie(request.http));
  if (!links) return links.error();
  Json items = Json::array();
  for (const identity::ProviderLink& link : *links) {
    items.push_back({{"handle", link.handle.empty() ? Json() : Json(link.handle)},
                     {"name", link.name},
                     {"issuer", link.issuer},
                     {"since", format_rfc3339(link.since)}});
  }
  const auto offered = providers.providers_of(session->user.tenant);
  return Reply::json({{"links", std::move(items)}, {"offered", provider_buttons_json(offered)}});
}

// Linking changes how one gets in; confirming is what makes a session fresh again.
Result<Reply> begin_own(const Services& services, const Request& request) {
  const Result<identity::Session> session = own_session(services, request);
  if (!session) return session.error();
  Result<Json> body = request.body();
  if (!body) return body.error();
  const Result<std::string> purpose = required_string(*body, "purpose");
  if (!purpose) return purpose.error();
  if (body->contains("invitation")) {
    return Error{ErrorId::kInvalidArgument, "invitation: is for who is not signed in"};
  }
  if (*purpose == "confirm") {
    return send_away(services, request, *body, ProviderPurpose::kConfirm);
  }
  if (*purpose != "link") {
    return Error{ErrorId::kInvalidArgument, "purpose: must be link or confirm"};
  }
  body = guarded_body(services, request);
  if (!body) return body.error();
  return send_away(services, request, *body, ProviderPurpose::kLink);
}

Result<Reply> remove_own(const Services& services, const Request& request) {
  const Result<Json> body = guarded_body(services, request);
  if (!body) return body.error();
  const Result<std::string> issuer = required_string(*body, "issuer");
  if (!issuer) return issuer.error();
  Status done =
      services.identity.providers().unlink_provider(session_cookie(request.http), *issuer);
  if (!done) return std::move(done).error();
  return Reply::nothing();
}

}  // namespace

std::vector<Route> provider_routes(const Services& services) {
  const Rule anyone = Rule::anyone();
  const Rule self = Rule::signed_in();
  return {
      {"GET", "/session/providers", anyone,
       "Identity providers to sign in by: those of the organisation that runs the server, or the "
       "one that `with` names",
       "", "ProviderButtons", bind(services, list)},
      {"POST", "/session/provider/begin", anyone, "Sign in by a provider: where the browser goes",
       "ProviderBeginning", "ProviderAway", bind(services, begin)},
      {"POST", "/session/provider", anyone,
       "Sign in by a provider: what the browser brought back; 202 with a SecondFactorStep if a "
       "second factor has to be shown here",
       "ProviderReturn", "ProviderArrival", bind(services, finish)},
      {"GET", "/account/providers", self, "Accounts of identity providers that are yours", "",
       "OwnProviders", bind(services, own)},
      {"POST", "/account/provider/begin", self,
       "Link an account of a provider, or confirm by it who you are: where the browser goes",
       "OwnProviderBeginning", "ProviderAway", bind(services, begin_own)},
      {"POST", "/account/provider/remove", self, "Take an account of a provider away from yours",
       "OwnProviderRemoval", "", bind(services, remove_own)},
  };
}

}  // namespace lineshaft::api
