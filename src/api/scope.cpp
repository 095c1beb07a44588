#include "api/scope.h"

#include <algorithm>
#include <unordered_set>

namespace lineshaft::api {
namespace {

using identity::Permission;

Error no_tag(TagId id) { return {ErrorId::kNotFound, "tag " + std::to_string(id.value)}; }

// The levels that both paths begin with.
std::string_view common_place(std::string_view a, std::string_view b) {
  std::size_t end = 0;
  for (std::size_t i = 0; i <= std::min(a.size(), b.size()); ++i) {
    const bool a_ends = i == a.size() || a[i] == '/';
    const bool b_ends = i == b.size() || b[i] == '/';
    if (a_ends && b_ends) end = i;
    if (i == a.size() || i == b.size() || a[i] != b[i]) break;
  }
  return a.substr(0, end);
}

}  // namespace

bool has_everywhere(const Request& request, Permission what) {
  return identity::authorise(request.principal, what).ok();
}

Status may_at(const Request& request, Permission what, std::string_view path) {
  if (identity::authorise(request.principal, what, {request.tenant(), path})) return {};
  return Error{ErrorId::kDenied, "this needs the permission " +
                                     std::string(identity::permission_name(what)) + " at '" +
                                     std::string(path) + "'"};
}

Result<Tag> tag_for(const Services& services, const Request& request, TagId id, Permission what) {
  std::optional<Tag> tag = services.historian.find_tag(request.tenant(), id);
  if (!tag) return no_tag(id);
  const identity::Resource thing{request.tenant(), tag->spec.path};
  Status may = identity::authorise(request.principal, what, thing);
  if (may) return *std::move(tag);
  return may.error().id == ErrorId::kNotFound ? no_tag(id) : std::move(may).error();
}

std::vector<TagId> tags_for(const Services& services, const Request& request,
                            std::span<const TagId> ids, Permission what) {
  std::vector<TagId> allowed(ids.begin(), ids.end());
  if (has_everywhere(request, what)) return allowed;
  std::erase_if(allowed, [&](TagId id) { return !tag_for(services, request, id, what).ok(); });
  return allowed;
}

historian::TagFilter scoped(historian::TagFilter filter, const Request& request, Permission what) {
  if (!has_everywhere(request, what)) filter.within = request.principal.access.places(what);
  return filter;
}

std::string place_of(const connect::ConnectionConfig& config) {
  if (config.signals.empty()) return {};
  std::string_view place = config.signals.front().path;
  for (const connect::SignalConfig& signal : config.signals) {
    place = common_place(place, signal.path);
  }
  return std::string(place);
}

bool sees_connection(const Request& request, const connect::RegisteredConnection& connection) {
  if (has_everywhere(request, Permission::kConnectionRead)) return true;
  const std::string place = place_of(connection.config);
  const identity::Resource thing{request.tenant(), place};
  return identity::authorise(request.principal, Permission::kConnectionRead, thing).ok();
}

std::vector<connect::RegisteredConnection> connections_of(const Services& services,
                                                          const Request& request) {
  std::vector<connect::RegisteredConnection> all = services.connections.list(request.tenant());
  std::erase_if(all, [&](const auto& each) { return !sees_connection(request, each); });
  return all;
}

Result<connect::RegisteredConnection> path_connection(const Services& services,
                                                      const Request& request) {
  const Result<std::uint32_t> id = request.id();
  if (!id) return id.error();
  auto connection = services.connections.get(request.tenant(), *id);
  if (connection && !sees_connection(request, *connection)) {
    return Error{ErrorId::kNotFound, "connection " + std::to_string(*id)};
  }
  return connection;
}

Status may_store(const Services& services, const Request& request,
                 std::span<const Sample> samples) {
  if (has_everywhere(request, Permission::kTagWriteHistory)) return {};
  std::unordered_set<std::uint32_t> seen;
  for (const Sample& sample : samples) {
    if (!seen.insert(sample.tag.value).second) continue;
    const auto tag = tag_for(services, request, sample.tag, Permission::kTagWriteHistory);
    if (!tag) return tag.error();
  }
  return {};
}

}  // namespace lineshaft::api
