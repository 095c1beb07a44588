#include "api/router.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "identity/operator.h"
#include "ledger/note.h"

namespace lineshaft::api {
namespace {

constexpr std::string_view kBase = "/api/v1";
constexpr std::uint64_t kBodyBytesMax = 8 * 1024 * 1024;     // signals of a large machine fit
constexpr std::uint64_t kAnonymousBodyBytesMax = 64 * 1024;  // before anyone is known

// What every answer carries. The console needs nothing from outside and no inline code.
void add_security_headers(sys::HttpResponse& response) {
  auto& headers = response.headers;
  headers.emplace_back("strict-transport-security", "max-age=31536000; includeSubDomains");
  headers.emplace_back("x-content-type-options", "nosniff");
  headers.emplace_back("referrer-policy", "no-referrer");
  headers.emplace_back("cross-origin-opener-policy", "same-origin");
  headers.emplace_back("cross-origin-resource-policy", "same-origin");
  headers.emplace_back("permissions-policy",
                       "accelerometer=(), camera=(), display-capture=(), geolocation=(), "
                       "gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), usb=()");
  headers.emplace_back("content-security-policy",
                       "default-src 'self'; img-src 'self' data:; object-src 'none'; "
                       "base-uri 'none'; form-action 'self'; frame-ancestors 'none'");
}

sys::HttpResponse to_response(Reply reply) {
  sys::HttpResponse response;
  response.status = reply.status;
  response.headers = std::move(reply.headers);
  if (!reply.content_type.empty()) {
    response.headers.emplace_back("content-type", reply.content_type);
  }
  response.headers.emplace_back("cache-control", "no-store");
  response.body = std::move(reply.body);
  add_security_headers(response);
  return response;
}

int status_of(const Error& error) {
  switch (error.id) {
    case ErrorId::kNotSignedIn:
    case ErrorId::kSignInFailed:
      return 401;
    case ErrorId::kMethodNotAllowed:
      return 405;
    case ErrorId::kTooManyAttempts:
      return 429;
    default:
      return http_status(error.code());
  }
}

}  // namespace

Reply problem_reply(const Error& error) {
  const int status = status_of(error);
  Reply reply = Reply::json(problem_json(error, status), status);
  reply.content_type = "application/problem+json";
  if (status == 401) reply.headers.emplace_back("www-authenticate", "Bearer");
  return reply;
}

namespace {

std::vector<std::string_view> segments(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    path.remove_prefix(1);  // the slash
    const std::size_t end = std::min(path.find('/'), path.size());
    parts.push_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return parts;
}

bool is_below_base(const std::string& path) {
  return path.starts_with(kBase) && (path.size() == kBase.size() || path[kBase.size()] == '/');
}

// The address of a route that other programs ask for where they are used to find it.
std::string address_of(const std::string& path) {
  constexpr std::pair<std::string_view, std::string_view> kKnownElsewhere[] = {
      {"/healthz", "/healthz"},
      {"/metrics", "/metrics"},
      {"/authority.pem", "/authority.pem"},
      {"/authority.crl", "/authority.crl"},
      {"/write", "/write"},         // InfluxDB 1
      {"/api/v2/write", "/write"},  // InfluxDB 2
  };
  for (const auto& [elsewhere, here] : kKnownElsewhere) {
    if (path == elsewhere) return std::string(kBase) + std::string(here);
  }
  return path;
}

bool is_parameter(std::string_view segment) { return segment.starts_with('{'); }

// The parameters of `path` under `pattern`, or nothing if it does not fit.
std::optional<std::vector<std::pair<std::string, std::string>>> match_path(std::string_view pattern,
                                                                           std::string_view path) {
  const auto wanted = segments(pattern);
  const auto given = segments(path);
  if (wanted.size() != given.size()) return std::nullopt;
  std::vector<std::pair<std::string, std::string>> parameters;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (is_parameter(wanted[i])) {
      parameters.emplace_back(wanted[i].substr(1, wanted[i].size() - 2), given[i]);
    } else if (wanted[i] != given[i]) {
      return std::nullopt;
    }
  }
  return parameters;
}

std::string_view bearer_token(const sys::HttpRequest& request) {
  const std::string_view header = request.header("authorization");
  // The second is what clients of InfluxDB say.
  for (const std::string_view scheme : {"Bearer ", "Token "}) {
    if (header.starts_with(scheme)) return header.substr(scheme.size());
  }
  return {};
}

// A calendar program can say a name and a password, and nothing else.
bool is_calendar(const sys::HttpRequest& request) {
  return request.method == "GET" && request.path.ends_with(".ics");
}

// The password of HTTP Basic, which is a token; the name does not matter. For calendars alone: what
// a browser was told once it sends along with every request.
std::string basic_token(const sys::HttpRequest& request) {
  constexpr std::string_view kScheme = "Basic ";
  const std::string_view header = request.header("authorization");
  if (!header.starts_with(kScheme)) return {};
  const std::optional<Bytes> pair = ledger::base64_bytes(header.substr(kScheme.size()));
  if (!pair) return {};
  const std::string_view text = as_text(*pair);
  const std::size_t colon = text.find(':');
  return colon == text.npos ? std::string() : std::string(text.substr(colon + 1));
}

bool is_safe(const sys::HttpRequest& request) { return request.method == "GET"; }

// Another site's page: the Origin, where a browser names one, must be our own host.
bool has_other_origin(const sys::HttpRequest& request) {
  const std::string_view origin = request.header("origin");
  return !origin.empty() && origin != "https://" + std::string(request.header("host"));
}

// A browser says where a request comes from; another site's page must not act with our cookie, nor
// with a certificate that the browser shows by itself.
bool from_another_site(const sys::HttpRequest& request) {
  const std::string_view site = request.header("sec-fetch-site");
  return (!site.empty() && site != "same-origin" && site != "none") || has_other_origin(request);
}

bool accepts_gzip(const sys::HttpRequest& request) {
  return request.header("accept-encoding").find("gzip") != std::string_view::npos;
}

}  // namespace

struct Router::Match {
  const Route* route;
  std::vector<std::pair<std::string, std::string>> parameters;
};

Router::Router(identity::Identity& identity, sys::WorkerPool& pool, Live& live,
               RouterOptions options)
    : identity_(identity), turns_(pool, options.turns), live_(live), options_(std::move(options)) {}

Router::~Router() = default;

void Router::add(std::vector<Route> routes) {
  for (Route& route : routes) {
    for (const Route& other : routes_) {
      LS_ASSERT(std::string_view(other.method) != route.method ||
                std::string_view(other.path) != route.path);
    }
    routes_.push_back(std::move(route));
  }
}

std::string cookie_value(const sys::HttpRequest& request, std::string_view name) {
  std::string_view rest = request.header("cookie");
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(';'), rest.size());
    std::string_view pair = rest.substr(0, end);
    while (pair.starts_with(' ')) pair.remove_prefix(1);
    if (pair.starts_with(name) && pair.substr(name.size()).starts_with('=')) {
      return std::string(pair.substr(name.size() + 1));
    }
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return {};
}

std::string session_cookie(const sys::HttpRequest& request) {
  return cookie_value(request, kSessionCookie);
}

// Requires: the address lies below kBase.
Result<Router::Match> Router::find(const std::string& method, const std::string& address) const {
  const std::string_view path = std::string_view(address).substr(kBase.size());
  bool known_path = false;
  for (const Route& route : routes_) {
    auto parameters = match_path(route.path, path);
    if (!parameters) continue;
    if (method == route.method) return Match{&route, std::move(*parameters)};
    known_path = true;
  }
  const std::string what = method + " " + address.substr(0, 200);
  if (known_path) return Error{ErrorId::kMethodNotAllowed, what};
  return Error{ErrorId::kNoRoute, what};
}

// Refused either way; the entry is for whoever looks for patterns.
static void note_denial(identity::Identity& identity, const Request& input, std::string why) {
  const identity::AuditEvent event{.action = "access.denied",
                                   .object = input.http.path,
                                   .detail = input.http.method + ": " + std::move(why),
                                   .result = identity::AuditResult::kRefused};
  if (Status noted = identity.trail().append_refusal(input.principal, event); !noted) {
    log_warn("api", "a refusal is not in the audit trail: " + noted.error().text());
  }
}

// What a request proves about who asks. Empty secret: nothing.
struct Router::Credential {
  enum class Kind : std::uint8_t { kCookie, kToken, kCertificate } kind;
  std::string secret;
};

Router::Credential Router::credential_of(const sys::HttpRequest& request) {
  if (const std::string_view token = bearer_token(request); !token.empty()) {
    return {Credential::Kind::kToken, std::string(token)};
  }
  if (is_calendar(request)) {
    if (std::string token = basic_token(request); !token.empty()) {
      return {Credential::Kind::kToken, std::move(token)};
    }
  }
  std::string cookie = session_cookie(request);
  if (cookie.empty() && !request.client_certificate.empty()) {
    return {Credential::Kind::kCertificate, request.client_certificate};
  }
  return {Credential::Kind::kCookie, std::move(cookie)};
}

Result<identity::Principal> Router::principal_of(const Credential& credential,
                                                 identity::Identity::Use use) const {
  if (credential.kind == Credential::Kind::kToken) return identity_.find_token(credential.secret);
  if (credential.kind == Credential::Kind::kCertificate) {
    const std::optional<identity::TokenId> owner =
        options_.certificate_owner ? options_.certificate_owner(credential.secret) : std::nullopt;
    if (owner) return identity_.find_token(*owner);
    return Error{ErrorId::kNotSignedIn, "the certificate is revoked, ended, or has no rights here"};
  }
  Result<identity::Session> session = identity_.find_session(credential.secret, use);
  if (!session) return session.error();
  return session->principal;
}

// A cookie acts only with its CSRF token, because a browser sends it along without being asked.
Result<identity::Principal> Router::authenticate(const sys::HttpRequest& request) const {
  const Credential credential = credential_of(request);
  Result<identity::Principal> principal = principal_of(credential, identity::Identity::Use::kTouch);
  if (!principal || is_safe(request) || credential.kind == Credential::Kind::kToken) {
    return principal;
  }
  if (from_another_site(request)) {
    return Error{ErrorId::kCsrfRefused, "the request was started by another site"};
  }
  if (credential.kind == Credential::Kind::kCertificate) return principal;
  const std::string_view csrf = request.header("x-csrf-token");
  if (Status own = identity_.check_csrf(credential.secret, csrf); !own) return own.error();
  return principal;
}

// How somebody came in, as far as the request tells: a browser has a cookie, our command line says
// what it is. For the audit trail only.
identity::Door door_of(bool has_token, const sys::HttpRequest& request) {
  if (request.header("user-agent") == "lineshaft") return identity::Door::kCommandLine;
  return has_token ? identity::Door::kApi : identity::Door::kConsole;
}

Result<Reply> Router::run(const sys::HttpRequest& request, const std::string& number) {
  const Result<Match> match = find(request.method, request.path);
  if (!match) return match.error();
  Request input{request, match->parameters, {}};
  const Rule& rule = match->route->rule;
  if (!rule.is_open()) {
    Result<identity::Principal> principal = authenticate(request);
    if (!principal) return principal.error();
    input.principal = *principal;
    const bool has_token = credential_of(request).kind == Credential::Kind::kToken;
    input.principal.origin = {door_of(has_token, request), request.peer.host, number};
    if (Status allowed = rule.check(input.principal); !allowed) {
      note_denial(identity_, input, std::string(identity::permission_name(*rule.permission())));
      return allowed.error();
    }
  }
  return handle_known(*match->route, input);
}

// What was entered as done and then failed is entered again, so that nobody takes it for done.
Result<Reply> Router::handle_known(const Route& route, const Request& input) {
  Result<Reply> reply = route.handler(input);
  if (reply || route.rule.is_open()) return reply;
  const bool denied = reply.error().id == ErrorId::kDenied;
  identity::AuditEvent event = input.entered;
  if (event.action.empty()) {
    if (denied) note_denial(identity_, input, reply.error().what);
    return reply;
  }
  if (event.result != identity::AuditResult::kDone) return reply;  // the handler said it itself
  event.result = denied ? identity::AuditResult::kRefused : identity::AuditResult::kFailed;
  event.detail = reply.error().text();
  identity::AuditTrail& trail = identity_.trail();
  Status noted = trail.append(input.principal, event);
  if (!noted) noted = trail.append_refusal(input.principal, event);  // waits for the disk
  if (!noted) log_warn("api", "a failure is not in the audit trail: " + noted.error().text());
  return reply;
}

Reply Router::answer(const sys::HttpRequest& request) {
  const std::string number = options_.request_prefix + "-" + std::to_string(++requests_);
  Result<Reply> reply = run(request, number);
  if (reply) {
    reply->headers.emplace_back("x-request-id", number);
    return std::move(reply).value();
  }
  if (reply.error().code() == ErrorCode::kInternal) log_error("api", reply.error().text());
  Reply refused = problem_reply(reply.error());
  if (refused.status == 429) refused.headers.emplace_back("retry-after", "1");
  if (refused.status == 401 && is_calendar(request)) {
    // Most calendar programs say their name and password only when they are asked to.
    refused.headers = {{"www-authenticate", "Basic realm=\"Lineshaft\", charset=\"UTF-8\""}};
  }
  refused.headers.emplace_back("x-request-id", number);
  return refused;
}

sys::HttpResponse Router::asset_response(const sys::HttpRequest& request) const {
  sys::HttpResponse response;
  if (request.path == "/.well-known/security.txt" && is_safe(request) && options_.security_txt) {
    Reply reply;
    reply.content_type = "text/plain; charset=utf-8";
    reply.body = options_.security_txt();
    if (!reply.body.empty()) return to_response(std::move(reply));
  }
  const auto by_path = [&](std::string_view path) {
    return std::find_if(options_.assets.begin(), options_.assets.end(),
                        [&](const Asset& asset) { return asset.path == path; });
  };
  auto asset = by_path(request.path);
  // Every other address belongs to the console, which reads it: a link reopens the same view.
  const bool is_file = request.path.find('.') != std::string::npos;
  if (asset == options_.assets.end() && !is_file) asset = by_path("/index.html");
  if (!is_safe(request) || asset == options_.assets.end()) {
    return to_response(problem_reply({ErrorId::kNoRoute, request.path.substr(0, 200)}));
  }
  response.headers.emplace_back("content-type", asset->content_type);
  response.headers.emplace_back("etag", asset->etag);
  response.headers.emplace_back(
      "cache-control", asset->immutable ? "public, max-age=31536000, immutable" : "no-cache");
  add_security_headers(response);
  if (request.header("if-none-match") == asset->etag) {
    response.status = 304;
    return response;
  }
  if (!asset->encoding.empty()) {
    // The console ships compressed only; every browser of the last twenty years accepts it.
    if (!accepts_gzip(request)) {
      return to_response(problem_reply(
          {ErrorId::kUnsupported, "the console is served with content-encoding gzip only"}));
    }
    response.headers.emplace_back("content-encoding", asset->encoding);
    response.headers.emplace_back("vary", "accept-encoding");
  }
  response.kept_body = asset->bytes;
  return response;
}

void Router::handle(sys::HttpRequest request, std::unique_ptr<sys::HttpResponder> responder) {
  request.path = address_of(request.path);
  if (!is_below_base(request.path)) {
    responder->send(asset_response(request));
    return;
  }
  const Result<identity::Principal> who =
      principal_of(credential_of(request), identity::Identity::Use::kLook);
  const TenantId tenant = who ? who->tenant : TenantId{};
  if (who && options_.admit) {
    if (const Status may = options_.admit(tenant); !may) {
      Reply refused = problem_reply(may.error());
      refused.headers.emplace_back("retry-after", "1");
      responder->send(to_response(std::move(refused)));
      return;
    }
  }
  const std::size_t bytes = request.body.size();
  // std::function must be copyable, so what moves in is shared.
  auto shared_request = std::make_shared<sys::HttpRequest>(std::move(request));
  auto shared_responder =
      std::make_shared<std::unique_ptr<sys::HttpResponder>>(std::move(responder));
  const bool queued = turns_.try_run(tenant, bytes, [this, shared_request, shared_responder] {
    Reply reply = answer(*shared_request);
    if (reply.stream) {
      sys::HttpBodySource source = std::move(reply.stream);
      (*shared_responder)->send_stream(to_response(std::move(reply)), std::move(source));
    } else {
      (*shared_responder)->send(to_response(std::move(reply)));
    }
  });
  if (!queued) {
    Error busy{ErrorId::kBusy, "too many requests wait"};
    (*shared_responder)->send(to_response(problem_reply(busy)));
  }
}

std::variant<sys::WebSocketHandlers, sys::HttpResponse> Router::upgrade(
    const sys::HttpRequest& request) {
  if (request.path != std::string(kBase) + "/live") {
    return to_response(problem_reply({ErrorId::kNoRoute, request.path.substr(0, 200)}));
  }
  // A page of another site may open a WebSocket with our cookie: the Origin must be our own host.
  if (has_other_origin(request)) {
    return to_response(
        problem_reply({ErrorId::kCsrfRefused, "the connection was started by another site"}));
  }
  const Result<identity::Principal> principal = authenticate(request);
  if (!principal) return to_response(problem_reply(principal.error()));
  const Rule rule = Rule::needs_at(identity::Permission::kTagRead);
  if (Status allowed = rule.check(*principal); !allowed) {
    return to_response(problem_reply(allowed.error()));
  }
  return live_.open(
      *principal,
      [this, rule, credential = credential_of(request)]() -> std::optional<identity::Principal> {
        auto now = principal_of(credential, identity::Identity::Use::kLook);
        if (!now || !rule.check(*now)) return std::nullopt;
        return *std::move(now);
      });
}

bool Router::knows(const sys::HttpRequest& head) {
  return principal_of(credential_of(head), identity::Identity::Use::kLook).ok();
}

std::uint64_t Router::body_bytes_max(const sys::HttpRequest& head) {
  const std::string path = address_of(head.path);
  if (is_safe(head) || !is_below_base(path)) return kAnonymousBodyBytesMax;
  const Result<Match> match = find(head.method, path);
  if (!match || match->route->rule.is_open()) return kAnonymousBodyBytesMax;
  if (!authenticate(head)) return kAnonymousBodyBytesMax;
  return body_spool_path(head).empty() ? kBodyBytesMax : options_.upload_bytes_max;
}

std::string Router::body_spool_path(const sys::HttpRequest& head) {
  if (head.method != "POST" || head.path != std::string(kBase) + "/imports") return {};
  const Result<identity::Principal> principal = authenticate(head);
  if (!principal || !Rule::needs_at(identity::Permission::kImportRun).check(*principal)) return {};
  return options_.new_upload_path();
}

sys::HttpResponse Router::upload_failed(const Error& why) {
  return to_response(problem_reply({why.id, "the upload cannot be stored: " + why.what}));
}

}  // namespace lineshaft::api
