// Taking samples away.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "api/resources.h"
#include "api/scope.h"

namespace lineshaft::api {
namespace {

// One record of the log holds them; and each is counted before.
constexpr std::size_t kEraseTagsMax = 10'000;
constexpr std::size_t kReasonBytesMax = 1000;

struct Wanted {
  std::vector<TagId> tags;
  std::string object;  // for the audit trail: which tags
  TimeRange range;
  std::string reason;
  bool dry_run = false;
};

Error bad(const std::string& what) { return {ErrorId::kInvalidArgument, what}; }

// The tags that the body lists by number. Errors: kNotFound.
Status take_listed(const Services& services, const Request& request, const Json& list,
                   Wanted& wanted) {
  if (!list.is_array() || list.empty() || list.size() > kEraseTagsMax) {
    return bad("tags: must be a list of 1 to 10000 tag ids; erase more in parts");
  }
  for (const Json& item : list) {
    const std::uint64_t number = item.is_number_unsigned() ? item.get<std::uint64_t>() : 0;
    if (number == 0 || number > UINT32_MAX) return bad("tags: must be numbers of tags");
    const TagId id{static_cast<std::uint32_t>(number)};
    const Result<Tag> tag = tag_for(services, request, id, identity::Permission::kTagEraseHistory);
    if (!tag) return tag.error();
    if (std::ranges::find(wanted.tags, id) != wanted.tags.end()) continue;
    wanted.tags.push_back(id);
    wanted.object += (wanted.object.empty() ? "" : ", ") + tag->spec.path;
  }
  return {};
}

Status take_matching(const Services& services, const Request& request, const Json& pattern,
                     Wanted& wanted) {
  if (!pattern.is_string() || pattern.get_ref<const std::string&>().empty()) {
    return bad("pattern: must not be empty; ** is every tag");
  }
  wanted.object = pattern.get<std::string>();
  const historian::TagFilter filter =
      scoped({"", "", wanted.object}, request, identity::Permission::kTagEraseHistory);
  if (Status sound = check_tag_filter(filter); !sound) return sound;
  wanted.tags = services.historian.list_tag_ids(request.tenant(), filter);
  if (wanted.tags.empty()) {
    return Error{ErrorId::kNotFound, "no tag matches " + wanted.object};
  }
  if (wanted.tags.size() <= kEraseTagsMax) return {};
  return bad("pattern: " + std::to_string(wanted.tags.size()) +
             " tags match; at most 10000 at once, so erase them in parts with narrower patterns");
}

Result<Timestamp> time_of(const Json& body, const char* field) {
  const Result<std::string> text = required_string(body, field);
  if (!text) return text.error();
  const Result<Timestamp> time = parse_timestamp(*text);
  if (!time) return bad(std::string(field) + ": " + time.error().what);
  return *time;
}

Status take_range(const Json& body, Wanted& wanted) {
  const Result<Timestamp> from = time_of(body, "from");
  if (!from) return from.error();
  const Result<Timestamp> to = time_of(body, "to");
  if (!to) return to.error();
  wanted.range = {*from, *to};
  return wanted.range.empty() ? Status(bad("to: must be after from")) : Status();
}

Status take_reason(const Json& body, Wanted& wanted) {
  const Result<std::string> reason = optional_string(body, "reason", "");
  if (!reason) return reason.error();
  wanted.reason = *reason;
  const bool blank = wanted.reason.find_first_not_of(" \t\r\n") == std::string::npos;
  if (blank && !wanted.dry_run) {
    return bad("reason: say why, for whoever looks for these samples later");
  }
  if (wanted.reason.size() > kReasonBytesMax) return bad("reason: at most 1000 bytes");
  return {};
}

Result<Wanted> read_body(const Services& services, const Request& request) {
  const Result<Json> body = request.body();
  if (!body) return body.error();
  if (Status known = only_fields(*body, {"tags", "pattern", "from", "to", "reason", "dry_run"});
      !known) {
    return known.error();
  }
  if (body->contains("tags") == body->contains("pattern")) {
    return bad("tags, pattern: give one of them");
  }
  Wanted wanted;
  const Result<bool> dry_run = optional_bool(*body, "dry_run", false);
  if (!dry_run) return dry_run.error();
  wanted.dry_run = *dry_run;
  if (Status taken = take_range(*body, wanted); !taken) return taken.error();
  if (Status taken = take_reason(*body, wanted); !taken) return taken.error();
  Status taken = body->contains("tags")
                     ? take_listed(services, request, (*body)["tags"], wanted)
                     : take_matching(services, request, (*body)["pattern"], wanted);
  if (!taken) return taken.error();
  return wanted;
}

Result<Reply> erase(const Services& services, const Request& request) {
  Result<Wanted> wanted = read_body(services, request);
  if (!wanted) return wanted.error();
  std::vector<TagId> hit;
  std::uint64_t samples = 0;
  for (TagId tag : wanted->tags) {
    const auto count = count_samples(services, request.tenant(), tag, wanted->range);
    if (!count) return count.error();
    samples += *count;
    if (*count > 0) hit.push_back(tag);
  }
  Json answer = {{"tags", hit.size()}, {"samples", samples}, {"dry_run", wanted->dry_run}};
  if (wanted->dry_run) return Reply::json(answer);
  const std::string detail = format_rfc3339(wanted->range.from) + " to " +
                             format_rfc3339(wanted->range.to) + ", " + std::to_string(samples) +
                             " samples of " + std::to_string(hit.size()) +
                             " tags, reason: " + wanted->reason;
  if (Status noted = audit(services, request, "values.erase", wanted->object, detail); !noted) {
    return noted.error();
  }
  // All that were asked for, not only those that were counted: what came meanwhile goes too.
  const Status done = services.historian.erase(request.tenant(), wanted->tags, wanted->range);
  if (!done) return done.error();
  return Reply::json(answer);
}

}  // namespace

Result<std::uint64_t> count_samples(const Services& services, TenantId tenant, TagId tag,
                                    TimeRange range) {
  // One window, unless the range is longer than a step can be.
  const std::uint64_t length =
      static_cast<std::uint64_t>(range.to.ns) - static_cast<std::uint64_t>(range.from.ns);
  const Nanoseconds step(static_cast<std::int64_t>(std::min<std::uint64_t>(length, INT64_MAX)));
  const auto windows = services.historian.aggregate(tenant, tag, range, step);
  if (!windows) return windows.error();
  std::uint64_t count = 0;
  for (const historian::AggregateWindow& window : *windows) {
    count += window.count + window.bad_count;
  }
  return count;
}

std::vector<Route> erase_routes(const Services& services) {
  return {
      {"POST", "/values/erase", Rule::needs_at(identity::Permission::kTagEraseHistory),
       "Take the samples of tags in a range of time away; with dry_run only count them", "Erase",
       "Erased", bind(services, erase)},
  };
}

}  // namespace lineshaft::api
