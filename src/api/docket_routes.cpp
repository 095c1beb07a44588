// Deadlines of the register: what is due, what it costs, a calendar of it, and what was done.
#include <nlohmann/json.hpp>

#include "api/resources.h"
#include "api/rights_view.h"
#include "rights/deadline_json.h"
#include "rights/register_json.h"

namespace lineshaft::api {
namespace {

using rights::DeadlineFilter;
using rights::View;

// A calendar program shows what is near: a year back, two years ahead.
constexpr int kFeedMonthsBack = 12;
constexpr int kFeedMonthsAhead = 24;
constexpr int kCostMonths = 12;

// from <= due day < to, asset, party, state.
Result<DeadlineFilter> filter_of(const Request& request, const docket::DayRange& days) {
  DeadlineFilter filter;
  const Result<Day> from = query_day(request, "from", days.from);
  if (!from) return from.error();
  const Result<Day> to = query_day(request, "to", days.before);
  if (!to) return to.error();
  if (*from >= *to) return Error{ErrorId::kInvalidArgument, "to: must be after from"};
  filter.days = {*from, *to};
  filter.asset = request.query("asset").value_or("");
  filter.owner = request.query("party").value_or("");
  const std::string state = request.query("state").value_or("");
  if (state == "open") filter.is_overdue = false;
  if (state == "overdue") filter.is_open = false;
  if (state == "all") filter.is_settled = true;
  if (!state.empty() && state != "open" && state != "overdue" && state != "all") {
    return Error{ErrorId::kInvalidArgument, "state: must be open, overdue or all"};
  }
  return filter;
}

Result<Reply> list(const Services& services, const Request& request) {
  const Result<View> view = rights_view(services, request);
  if (!view) return view.error();
  const Result<DeadlineFilter> filter = filter_of(request, {});
  if (!filter) return filter.error();
  const auto offset = request.query_number("offset", 0, INT32_MAX);
  if (!offset) return offset.error();
  const auto limit = request.query_number("limit", 100, rights::kDeadlinesPerPageMax);
  if (!limit) return limit.error();
  const auto page = services.deadlines->list(*view, *filter, *offset, *limit);
  if (!page) return page.error();
  Json items = Json::array();
  for (const rights::DeadlineRow& row : page->rows) items.push_back(rights::deadline_json(row));
  return Reply::json({{"items", std::move(items)}, {"total", page->total}});
}

// How many fall due on each day that has any: a calendar by month.
Result<Reply> list_days(const Services& services, const Request& request) {
  const Result<View> view = rights_view(services, request);
  if (!view) return view.error();
  const Result<DeadlineFilter> filter = filter_of(request, {});
  if (!filter) return filter.error();
  const auto days = services.deadlines->count_days(*view, *filter);
  if (!days) return days.error();
  Json items = Json::array();
  for (const auto& [day, count] : *days) {
    items.push_back({{"day", day_text(day)}, {"deadlines", count}});
  }
  return Reply::json({{"items", std::move(items)}, {"total", days->size()}});
}

Result<Reply> costs(const Services& services, const Request& request) {
  const Result<View> view = rights_view(services, request);
  if (!view) return view.error();
  const Day now = today(services);
  const Result<DeadlineFilter> filter =
      filter_of(request, {now, docket::add_months(now, kCostMonths)});
  if (!filter) return filter.error();
  const auto costs = services.deadlines->costs(*view, *filter);
  if (!costs) return costs.error();
  Json json = rights::costs_json(*costs);
  json["from"] = day_text(filter->days.from);
  json["to"] = day_text(filter->days.before);
  return Reply::json(json);
}

// The host by which the reader knows this server, without what has no place in a name.
std::string authority_of(const Request& request) {
  std::string host;
  for (const char c : request.http.header("host")) {
    if (c == ':') break;
    const bool fits = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '.' || c == '-';
    if (fits) host += c;
  }
  return host.empty() ? "lineshaft" : host;
}

Result<Reply> feed(const Services& services, const Request& request) {
  const Result<View> view = rights_view(services, request);
  if (!view) return view.error();
  const Day now = today(services);
  const Result<DeadlineFilter> filter = filter_of(
      request,
      {docket::add_months(now, -kFeedMonthsBack), docket::add_months(now, kFeedMonthsAhead)});
  if (!filter) return filter.error();
  const std::string word = request.query("lang").value_or("en");
  if (word != "en" && word != "zh") {
    return Error{ErrorId::kInvalidArgument, "lang: must be en or zh"};
  }
  const bool is_chinese = word == "zh";
  const auto entries = services.deadlines->feed(
      *view, *filter, is_chinese ? docket::Language::kChinese : docket::Language::kEnglish,
      authority_of(request));
  if (!entries) return entries.error();
  Reply reply;
  reply.content_type = "text/calendar; charset=utf-8";
  reply.headers.emplace_back("content-disposition", "inline; filename=\"deadlines.ics\"");
  reply.body =
      docket::calendar_feed(is_chinese ? "知识产权期限" : "Deadlines of intellectual property",
                            services.clock.now(), *entries);
  return reply;
}

// What the packs for its office know that the register has no kind of event for.
Result<Reply> list_acts(const Services& services, const Request& request) {
  const Result<View> view = rights_view(services, request);
  if (!view) return view.error();
  const auto asset = services.rights->get_asset(*view, request.query("asset").value_or(""));
  if (!asset) return asset.error();
  Json items = Json::array();
  for (const auto& [word, title] : rights::acts_of(services.deadlines->rules(), *asset)) {
    items.push_back({{"event", word}, {"title", title}});
  }
  const std::size_t total = items.size();
  return Reply::json({{"items", std::move(items)}, {"total", total}});
}

// Adds to the asset the event that settles the deadline.
Result<Reply> mark(const Services& services, const Request& request) {
  const Result<Json> body = request.body();
  if (!body) return body.error();
  const Result<rights::DeadlineMark> mark = rights::mark_from_json(*body);
  if (!mark) return mark.error();
  const Result<View> view = rights_view(services, request);
  if (!view) return view.error();
  if (const auto event = services.deadlines->event_of(*view, *mark); !event) return event.error();
  if (Status noted = audit(services, request, "deadline.mark", mark->of.asset, dump(*body));
      !noted) {
    return noted.error();
  }
  const auto kept = services.deadlines->mark(*view, *mark, request.principal.name);
  if (!kept) return kept.error();
  return Reply::json(rights::event_json(*kept), 201);
}

}  // namespace

std::vector<Route> docket_routes(const Services& services) {
  using identity::Permission;
  const Rule read = Rule::needs(Permission::kRightsRead);
  const Rule manage = Rule::needs(Permission::kRightsManage);
  return {
      {"GET", "/deadlines", read, "What is due, in order of day", "", "DeadlinePage",
       bind(services, list)},
      {"GET", "/deadlines/days", read, "How many deadlines fall on each day that has any", "",
       "DeadlineDayPage", bind(services, list_days)},
      {"GET", "/deadlines/costs", read,
       "What the deadlines of a stretch of time cost, by asset, owner and month", "",
       "DeadlineCosts", bind(services, costs)},
      {"GET", "/deadlines/acts", read, "Which acts the rule packs know of an asset", "", "ActPage",
       bind(services, list_acts)},
      {"GET", "/deadlines.ics", read,
       "A calendar of deadlines (RFC 5545); takes a token as the password of HTTP Basic, too", "",
       "", bind(services, feed)},
      {"POST", "/deadlines/mark", manage, "Say what was done about a deadline, and when",
       "DeadlineMark", "AssetEvent", bind(services, mark)},
  };
}

}  // namespace lineshaft::api
