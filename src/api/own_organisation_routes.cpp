// One's own organisation: what it may use and uses, and how it leaves.
#include "api/organisation_view.h"

namespace lineshaft::api {
namespace {

// Long enough to find out that it was a mistake.
constexpr Nanoseconds kLeavesAfter = std::chrono::hours(24 * 30);

Result<Reply> show(const Services& services, const Request& request) {
  const auto own = find_organisation(services, request.tenant());
  if (!own) return own.error();
  Json json = organisation_json(services, *own);
  json["contact"] = services.meter->settings().contact;
  return Reply::json(json);
}

Result<Reply> usage(const Services& services, const Request& request) {
  return usage_reply(services, request, request.tenant());
}

Result<Reply> leave(const Services& services, const Request& request) {
  const auto own = find_organisation(services, request.tenant());
  if (!own) return own.error();
  const Result<Json> body = request.body();
  if (!body) return body.error();
  const Result<std::string> name = required_string(*body, "name");
  if (!name) return name.error();
  if (*name != own->name) {
    return Error{ErrorId::kInvalidArgument, "name: is not that of the organisation"};
  }
  const Status set =
      services.identity.set_leaving(request.principal, services.clock.now() + kLeavesAfter);
  if (!set) return set.error();
  return show(services, request);
}

Result<Reply> stay(const Services& services, const Request& request) {
  if (Status set = services.identity.set_leaving(request.principal, std::nullopt); !set) {
    return set.error();
  }
  return show(services, request);
}

}  // namespace

std::vector<Route> own_organisation_routes(const Services& services) {
  using identity::Permission;
  const Rule read = Rule::needs(Permission::kConnectionRead);
  const Rule manage = Rule::needs(Permission::kUserManage);
  return {
      {"GET", "/organisation", read, "One's own organisation: its quotas and what it uses", "",
       "Organisation", bind(services, show)},
      {"GET", "/usage", read, "What one's organisation used, hour by hour, also as CSV", "",
       "UsagePage", bind(services, usage)},
      {"POST", "/organisation/leave", manage,
       "Have the organisation removed with all it has, 30 days from now", "TypedName",
       "Organisation", bind(services, leave)},
      {"DELETE", "/organisation/leave", manage, "Stay after all", "", "Organisation",
       bind(services, stay)},
  };
}

}  // namespace lineshaft::api
