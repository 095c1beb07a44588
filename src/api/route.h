// api/route.h: one row of the API: address, who may call it, what it does, how it is described.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/json.h"
#include "identity/identity.h"
#include "sys/http.h"

namespace lineshaft::api {

// Who may call a route. There is no default: a route without a rule does not compile.
class Rule {
 public:
  // Nothing that belongs to a tenant may be behind such a route.
  static constexpr Rule anyone() { return Rule(Kind::kAnyone, {}); }
  // Any signed-in person or valid token, also who still owes a second factor and may do nothing
  // else: only for what concerns oneself.
  static constexpr Rule signed_in() { return Rule(Kind::kSignedIn, {}); }
  // In the whole organisation.
  static constexpr Rule needs(identity::Permission permission) {
    return Rule(Kind::kPermission, permission);
  }
  // Somewhere in the plant: the handler asks again for each thing, by api/scope.h.
  static constexpr Rule needs_at(identity::Permission permission) {
    return Rule(Kind::kPermissionAt, permission);
  }

  bool is_open() const { return kind_ == Kind::kAnyone; }
  std::optional<identity::Permission> permission() const {
    if (kind_ != Kind::kPermission && kind_ != Kind::kPermissionAt) return std::nullopt;
    return permission_;
  }
  // May a person with rights in a part of the plant only come through?
  bool is_placed() const { return kind_ == Kind::kPermissionAt; }
  // Requires: `who` is signed in. Errors: kDenied.
  Status check(const identity::Principal& who) const {
    if (kind_ == Kind::kPermission) return identity::authorise(who, permission_);
    if (kind_ == Kind::kPermissionAt) return identity::authorise_somewhere(who, permission_);
    return {};
  }

 private:
  enum class Kind : std::uint8_t { kAnyone, kSignedIn, kPermission, kPermissionAt };
  constexpr Rule(Kind kind, identity::Permission permission)
      : kind_(kind), permission_(permission) {}

  Kind kind_;
  identity::Permission permission_;
};

// What a handler sees of a request that has passed its rule.
struct Request {
  const sys::HttpRequest& http;
  std::vector<std::pair<std::string, std::string>> path_parameters;
  identity::Principal principal;  // of an anyone() route: nobody
  // What audit() entered last: if the handler then fails, the router enters that, too.
  mutable identity::AuditEvent entered{};

  TenantId tenant() const { return principal.tenant; }

  // A positive integer in the path ("/users/{id}"). Errors: kNotFound when it is no such number.
  Result<std::uint32_t> id(std::string_view name = "id") const;
  // What stands in the path for a parameter that is a text ("/assets/{asset}").
  std::string name(std::string_view parameter) const;
  // Query parameters; the error names the parameter.
  std::optional<std::string> query(std::string_view name) const;
  Result<std::uint64_t> query_number(std::string_view name, std::uint64_t fallback,
                                     std::uint64_t max) const;
  Result<TimeRange> query_range() const;  // from, to; both required
  // The body as a JSON object.
  Result<Json> body() const;
};

struct Reply {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";
  sys::HttpHeaders headers;
  sys::HttpBodySource stream;  // if set, sent instead of body

  static Reply json(const Json& json, int status = 200);
  static Reply nothing();  // 204
};

// problem+json with the status that belongs to the error.
Reply problem_reply(const Error& error);

// Runs on a worker thread; may block. Errors become problem+json.
using Handler = std::function<Result<Reply>(const Request&)>;

struct Route {
  const char* method;
  const char* path;  // below /api/v1, with {parameters}
  Rule rule;
  const char* summary;   // for OpenAPI, one clause
  const char* request;   // name of the body's schema in openapi_schemas(), "" if no body
  const char* response;  // name of the answer's schema, "" if not JSON
  Handler handler;
};

}  // namespace lineshaft::api
