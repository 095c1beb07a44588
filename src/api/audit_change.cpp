// What handlers enter in the audit trail before they do it.
#include <algorithm>

#include <nlohmann/json.hpp>

#include "api/resources.h"

namespace lineshaft::api {
namespace {

// The trail keeps 8 KiB of each side; a field that is longer is told by its length alone.
constexpr std::size_t kSideBytesMax = 7'500;
constexpr std::size_t kFieldBytesMax = 2'000;

bool is_secret(std::string_view name) {
  for (const std::string_view word :
       {"password", "secret", "token", "private", "passphrase", "pin", "key_pem", "credential"}) {
    if (name == word || name.ends_with("_" + std::string(word)) ||
        name.starts_with(std::string(word) + "_")) {
      return true;
    }
  }
  return false;
}

// Those who make the JSON hide secrets already; this is the second lock on that door.
void hide_secrets(Json& json) {
  if (json.is_object()) {
    for (auto& [name, value] : json.items()) {
      if (is_secret(name) && !value.is_null() && !value.is_boolean()) value = "(hidden)";
      hide_secrets(value);
    }
  } else if (json.is_array()) {
    for (Json& value : json) hide_secrets(value);
  }
}

// The fields in which it differs from the other, each within bounds.
std::string side_of(const Json& json, const Json& other) {
  if (!json.is_object()) return {};
  Json kept = Json::object();
  std::size_t bytes = 0;
  for (const auto& [name, value] : json.items()) {
    if (other.is_object() && other.contains(name) && other[name] == value) continue;
    Json one = {{name, value}};
    hide_secrets(one);
    const std::size_t length = dump(one).size();
    if (length > kFieldBytesMax || bytes + length > kSideBytesMax) {
      one[name] = "(" + std::to_string(length) + " bytes)";
    }
    bytes += std::min(length, kFieldBytesMax);
    if (bytes > kSideBytesMax) break;
    kept.update(one);
  }
  return dump(kept);
}

// Actions that tell of an outcome have it in their name.
identity::AuditResult result_of(std::string_view action) {
  return action.ends_with(".failed") ? identity::AuditResult::kFailed
                                     : identity::AuditResult::kDone;
}

Status enter(const Services& services, const Request& request, identity::AuditEvent event) {
  Status entered = services.identity.trail().append(request.principal, event);
  if (entered) request.entered = std::move(event);
  return entered;
}

}  // namespace

Status audit(const Services& services, const Request& request, std::string_view action,
             std::string_view object, std::string_view detail) {
  return enter(services, request,
               {.action = std::string(action),
                .object = std::string(object),
                .detail = std::string(detail),
                .result = result_of(action)});
}

Status audit_change(const Services& services, const Request& request, std::string_view action,
                    std::string_view object, const Json& before, const Json& after,
                    std::string_view detail) {
  return enter(services, request,
               {.action = std::string(action),
                .object = std::string(object),
                .detail = std::string(detail),
                .before = side_of(before, after),
                .after = side_of(after, before)});
}

}  // namespace lineshaft::api
