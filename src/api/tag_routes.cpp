#include <algorithm>
#include <nlohmann/json.hpp>

#include "api/resources.h"
#include "api/scope.h"
#include "connect/flows/flows.h"

namespace lineshaft::api {
namespace {

using identity::Permission;

constexpr std::uint64_t kPageMax = 1000;

Json last_json(const historian::LastValue& last) {
  if (!last.exists) return nullptr;
  return sample_json(last.sample);
}

// The tags with their last values, in the same order.
Json with_last(const historian::Historian& historian, TenantId tenant,
               const std::vector<Tag>& tags) {
  std::vector<TagId> ids;
  for (const Tag& tag : tags) ids.push_back(tag.id);
  const std::vector<historian::LastValue> last = historian.last_values(tenant, ids);
  Json items = Json::array();
  for (std::size_t i = 0; i < tags.size(); ++i) {
    Json item = tag_json(tags[i]);
    item["last"] = last_json(last[i]);
    items.push_back(std::move(item));
  }
  return items;
}

// The page of those tags that match the filter and whose last value is of that severity. Cost:
// every tag that matches the filter; nothing keeps them in order of quality.
historian::TagPage of_quality(const Services& services, const Request& request,
                              const historian::TagFilter& filter, bool bad, std::uint64_t offset,
                              std::uint64_t limit) {
  const std::vector<TagId> ids = services.historian.list_tag_ids(request.tenant(), filter);
  historian::TagPage page;
  for (std::size_t from = 0; from < ids.size(); from += kPageMax) {
    const std::size_t count = std::min<std::size_t>(kPageMax, ids.size() - from);
    const auto last =
        services.historian.last_values(request.tenant(), std::span(ids).subspan(from, count));
    for (const historian::LastValue& value : last) {
      const Quality quality = value.sample.quality;
      if (!value.exists || !(bad ? quality.bad() : quality.uncertain())) continue;
      if (page.total++ < offset || page.tags.size() >= limit) continue;
      const std::optional<Tag> tag = services.historian.find_tag(request.tenant(), value.tag);
      if (tag) page.tags.push_back(*tag);
    }
  }
  return page;
}

Result<Reply> list(const Services& services, const Request& request) {
  const Result<std::uint64_t> offset = request.query_number("offset", 0, UINT32_MAX);
  if (!offset) return offset.error();
  const Result<std::uint64_t> limit = request.query_number("limit", 100, kPageMax);
  if (!limit) return limit.error();
  historian::TagFilter filter;
  filter.text = request.query("text").value_or("");
  filter.prefix = request.query("prefix").value_or("");
  filter.pattern = request.query("pattern").value_or("");
  filter = scoped(std::move(filter), request, Permission::kTagRead);
  if (Status checked = check_tag_filter(filter); !checked) return checked.error();
  const std::string quality = request.query("quality").value_or("");
  if (!quality.empty() && quality != "bad" && quality != "uncertain") {
    return Error{ErrorId::kInvalidArgument, "quality: must be bad or uncertain"};
  }
  const historian::TagPage page =
      quality.empty() ? services.historian.list_tags(request.tenant(), filter, *offset, *limit)
                      : of_quality(services, request, filter, quality == "bad", *offset, *limit);
  return Reply::json({{"items", with_last(services.historian, request.tenant(), page.tags)},
                      {"total", page.total}});
}

Result<Reply> get(const Services& services, const Request& request) {
  const Result<Tag> tag = path_tag(services, request);
  if (!tag) return tag.error();
  return Reply::json(with_last(services.historian, request.tenant(), {*tag})[0]);
}

// Connections name their tags by path, and would make new ones under the old paths.
Status connections_follow(const Services& services, const Request& request, const std::string& from,
                          const std::string& to, bool with_levels_below) {
  if (from == to) return {};
  for (connect::RegisteredConnection& connection : services.connections.list(request.tenant())) {
    bool changed = false;
    for (connect::SignalConfig& signal : connection.config.signals) {
      const bool below = with_levels_below && signal.path.starts_with(from + "/");
      if (signal.path != from && !below) continue;
      signal.path.replace(0, from.size(), to);
      changed = true;
    }
    if (!changed) continue;
    const auto replaced =
        services.connections.replace(request.tenant(), connection.id, std::move(connection.config));
    if (!replaced) return replaced.error();
  }
  return {};
}

Status only_tag_fields(const Json& body) {
  return only_fields(body,
                     {"id", "path", "type", "interpolation", "unit", "unit_symbol", "description",
                      "enum_set", "range_low", "range_high", "writable", "source", "last"});
}

Result<Reply> create(const Services& services, const Request& request) {
  const Result<Json> body = request.body();
  if (!body) return body.error();
  if (Status known = only_tag_fields(*body); !known) return known.error();
  const Result<TagSpec> spec = tag_spec_from_json(*body);
  if (!spec) return spec.error();
  if (Status may = may_at(request, Permission::kTagManage, spec->path); !may) return may.error();
  if (services.historian.find_tag(request.tenant(), spec->path)) {
    return Error{ErrorId::kConflict, "the path " + spec->path + " is taken"};
  }
  if (Status noted = audit_change(services, request, "tag.create", spec->path, nullptr,
                                  tag_json(Tag{{}, *spec}));
      !noted) {
    return noted.error();
  }
  const Result<std::vector<TagId>> ids = services.historian.ensure_tags(request.tenant(), {*spec});
  if (!ids) return ids.error();
  const Tag tag{ids->front(), *spec};
  return Reply::json(with_last(services.historian, request.tenant(), {tag})[0], 201);
}

Result<Reply> update(const Services& services, const Request& request) {
  const Result<Tag> tag = path_tag(services, request, Permission::kTagManage);
  if (!tag) return tag.error();
  const Result<Json> body = request.body();
  if (!body) return body.error();
  if (Status known = only_tag_fields(*body); !known) return known.error();
  Result<TagSpec> spec = tag_spec_from_json(*body);
  if (!spec) return spec.error();
  if (Status may = may_at(request, Permission::kTagManage, spec->path); !may) return may.error();
  spec->source = tag->spec.source;  // the binding belongs to the connection
  if (Status noted = audit_change(services, request, "tag.update", spec->path, tag_json(*tag),
                                  tag_json(Tag{tag->id, *spec}));
      !noted) {
    return noted.error();
  }
  if (Status done = services.historian.update_tag(request.tenant(), tag->id, *spec); !done) {
    return done.error();
  }
  if (Status done = connections_follow(services, request, tag->spec.path, spec->path, false);
      !done) {
    return done.error();
  }
  if (services.flows != nullptr) services.flows->catalogue_changed();
  return Reply::json(with_last(services.historian, request.tenant(), {Tag{tag->id, *spec}})[0]);
}

Result<Reply> move(const Services& services, const Request& request) {
  const Result<Json> body = request.body();
  if (!body) return body.error();
  if (Status known = only_fields(*body, {"from", "to"}); !known) return known.error();
  if (!body->contains("from") || !(*body)["from"].is_string() || !body->contains("to") ||
      !(*body)["to"].is_string()) {
    return Error{ErrorId::kInvalidArgument, "from, to: must be two paths"};
  }
  const auto from = (*body)["from"].get<std::string>();
  const auto to = (*body)["to"].get<std::string>();
  for (const std::string& path : {from, to}) {
    if (Status may = may_at(request, Permission::kTagManage, path); !may) return may.error();
  }
  if (Status noted = audit(services, request, "tag.move", from, to); !noted) return noted.error();
  const Result<std::uint64_t> moved = services.historian.move_tags(request.tenant(), from, to);
  if (!moved) return moved.error();
  if (Status done = connections_follow(services, request, from, to, true); !done) {
    return done.error();
  }
  return Reply::json({{"moved", *moved}});
}

}  // namespace

std::vector<TagId> parse_tag_ids(std::string_view text, std::size_t max) {
  std::vector<TagId> ids;
  while (!text.empty() && ids.size() <= max) {
    const std::size_t end = std::min(text.find(','), text.size());
    std::uint32_t id = 0;
    for (char c : text.substr(0, end)) {
      if (c < '0' || c > '9' || id > UINT32_MAX / 10) return {};
      id = id * 10 + static_cast<std::uint32_t>(c - '0');
    }
    ids.push_back({id});
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return ids.size() <= max ? ids : std::vector<TagId>();
}

Result<std::vector<TagId>> query_tags(const Request& request, std::size_t max) {
  const std::optional<std::string> text = request.query("tags");
  std::vector<TagId> ids = parse_tag_ids(text.value_or(""), max);
  if (ids.empty()) {
    return Error{ErrorId::kInvalidArgument,
                 "tags: must be 1 to " + std::to_string(max) + " tag ids joined by commas"};
  }
  return ids;
}

Result<Tag> query_tag(const Services& services, const Request& request, Permission what) {
  const Result<std::uint64_t> id = request.query_number("tag", 0, UINT32_MAX);
  if (!id) return id.error();
  return tag_for(services, request, TagId{static_cast<std::uint32_t>(*id)}, what);
}

Result<Tag> path_tag(const Services& services, const Request& request, Permission what) {
  const Result<std::uint32_t> id = request.id();
  if (!id) return id.error();
  return tag_for(services, request, TagId{*id}, what);
}

std::vector<Route> tag_routes(const Services& services) {
  return {
      {"GET", "/tags", Rule::needs_at(Permission::kTagRead), "List tags with their last values", "",
       "TagPage", bind(services, list)},
      {"POST", "/tags", Rule::needs_at(Permission::kTagManage), "Make a tag", "TagSpec", "Tag",
       bind(services, create)},
      {"POST", "/tags/move", Rule::needs_at(Permission::kTagManage),
       "Move a tag and all below it to another path", "TagMove", "TagMoved", bind(services, move)},
      {"GET", "/tags/{id}", Rule::needs_at(Permission::kTagRead), "One tag", "", "Tag",
       bind(services, get)},
      {"PUT", "/tags/{id}", Rule::needs_at(Permission::kTagManage), "Change a tag", "TagSpec",
       "Tag", bind(services, update)},
  };
}

}  // namespace lineshaft::api
