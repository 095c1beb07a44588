// tag ls | watch, query last | raw | agg.
#include <algorithm>
#include <iostream>
#include <map>

#include "app/cli.h"
#include "base/time.h"
#include "sys/clock.h"
#include "sys/http.h"

namespace lineshaft::app {
namespace {

constexpr std::uint64_t kPage = 1000;

const std::vector<Column> kTagColumns{{"id", "/id"},
                                      {"path", "/path"},
                                      {"value", "/last/value"},
                                      {"unit", "/unit_symbol"},
                                      {"quality", "/last/quality"},
                                      {"time", "/last/time"}};
const std::vector<Column> kSampleColumns{
    {"time", "/time"}, {"value", "/value"}, {"quality", "/quality"}};
const std::vector<Column> kWindowColumns{
    {"from", "/from"}, {"count", "/count"}, {"bad", "/bad_count"}, {"min", "/min"},
    {"max", "/max"},   {"mean", "/mean"},   {"first", "/first"},   {"last", "/last"}};

// All tags that match, page by page.
Result<Json> all_tags(ApiClient& api, const std::string& text, std::uint64_t limit) {
  Json rows = Json::array();
  while (rows.size() < limit) {
    const std::uint64_t page = std::min(kPage, limit - rows.size());
    const Result<Json> answer =
        api.get("/tags?text=" + url_encode(text) + "&offset=" + std::to_string(rows.size()) +
                "&limit=" + std::to_string(page));
    if (!answer) return answer.error();
    for (const Json& item : (*answer)["items"]) rows.push_back(item);
    if ((*answer)["items"].size() < page) break;
  }
  return rows;
}

// A tag by its number or its whole path.
Result<Json> find_tag(ApiClient& api, const std::string& name) {
  if (name.find_first_not_of("0123456789") == std::string::npos) return api.get("/tags/" + name);
  const Result<Json> tags = all_tags(api, name, 100'000);
  if (!tags) return tags.error();
  for (const Json& tag : *tags) {
    if (tag["path"] == name) return tag;
  }
  return Error{ErrorId::kNotFound, "the tag " + name};
}

int list_tags(ApiClient& api, Format format, const std::string& text, std::uint64_t limit) {
  const Result<Json> tags = all_tags(api, text, limit);
  if (!tags) return print_error(tags.error());
  print_rows(format, kTagColumns, *tags);
  return kExitOk;
}

// Prints changes until interrupted, or `count` of them.
int watch_tags(ApiClient& api, const std::string& text, std::uint64_t count) {
  const Result<Json> tags = all_tags(api, text, 2000);
  if (!tags) return print_error(tags.error());
  if (tags->empty()) return print_error({ErrorId::kNotFound, "no tag matches '" + text + "'"});
  std::map<std::uint64_t, std::string> paths;
  Json watch = {{"watch", Json::array()}};
  for (const Json& tag : *tags) {
    paths[tag["id"].get<std::uint64_t>()] = tag["path"].get<std::string>();
    watch["watch"].push_back(tag["id"]);
  }
  const Result<sys::HttpClientOptions> options = client_options(api.access());
  if (!options) return print_error(options.error());
  auto socket = sys::connect_web_socket(*options, "/api/v1/live", api.credentials());
  if (!socket) return print_error(socket.error());
  if (Status sent = (*socket)->send_text(watch.dump()); !sent) return print_error(sent.error());
  for (std::uint64_t printed = 0; printed < count;) {
    const Result<std::string> text_message = (*socket)->receive(std::chrono::seconds(60));
    if (!text_message) return print_error(text_message.error());
    const Json message = Json::parse(*text_message, nullptr, false);
    if (!message.contains("values")) continue;
    for (const Json& change : message["values"]) {
      std::cout << change[1].get<std::string>() << "  " << paths[change[0].get<std::uint64_t>()]
                << "  " << (change[2].is_string() ? change[2].get<std::string>() : change[2].dump())
                << (change[3] == 0 ? "" : "  quality " + change[3].dump()) << std::endl;
      if (++printed == count) break;
    }
  }
  return kExitOk;
}

struct QueryOptions {
  std::string tag;
  std::string from;
  std::string to;
  std::uint64_t limit = 10'000;
  std::uint64_t step_ms = 60'000;
};

// Now and an hour before, where the person says nothing.
std::string range_query(const QueryOptions& options) {
  const Timestamp now = sys::real_clock().now();
  const std::string from =
      options.from.empty() ? format_rfc3339(now + -std::chrono::hours(1)) : options.from;
  const std::string to = options.to.empty() ? format_rfc3339(now) : options.to;
  return "&from=" + url_encode(from) + "&to=" + url_encode(to);
}

int query_last(ApiClient& api, Format format, const QueryOptions& options) {
  const Result<Json> tag = find_tag(api, options.tag);
  if (!tag) return print_error(tag.error());
  print_object(format, kTagColumns, *tag);
  return kExitOk;
}

int query_items(ApiClient& api, Format format, const QueryOptions& options,
                const std::string& resource, const std::string& extra,
                const std::vector<Column>& columns) {
  const Result<Json> tag = find_tag(api, options.tag);
  if (!tag) return print_error(tag.error());
  const Result<Json> answer =
      api.get(resource + "?tag=" + (*tag)["id"].dump() + range_query(options) + extra);
  if (!answer) return print_error(answer.error());
  print_rows(format, columns, (*answer)["items"]);
  if (answer->value("more", false)) print_note("more samples follow; raise --limit");
  return kExitOk;
}

void add_range(CLI::App* command, QueryOptions& options) {
  command->add_option("tag", options.tag, "Path or number of the tag")->required();
  command->add_option("--from", options.from, "RFC 3339 time; default: an hour ago");
  command->add_option("--to", options.to, "RFC 3339 time, not included; default: now");
}

}  // namespace

void add_value_commands(Cli& cli) {
  CLI::App* tag = cli.root.add_subcommand("tag", "Signals and their newest values");
  tag->require_subcommand(1);
  struct TagOptions {
    std::string text;
    std::uint64_t limit = 1'000'000;
    std::uint64_t count = UINT64_MAX;
  };
  auto tags = std::make_shared<TagOptions>();
  CLI::App* ls = tag->add_subcommand("ls", "List tags with their last values");
  ls->add_option("text", tags->text, "Words that path or description must contain");
  ls->add_option("--limit", tags->limit, "At most so many");
  cli.on_api(ls, [&cli, tags](ApiClient& api) {
    return list_tags(api, cli.format(), tags->text, tags->limit);
  });
  CLI::App* watch = tag->add_subcommand("watch", "Print values as they change");
  watch->add_option("text", tags->text, "Words that path or description must contain");
  watch->add_option("--count", tags->count, "Stop after so many changes");
  cli.on_api(watch, [tags](ApiClient& api) { return watch_tags(api, tags->text, tags->count); });

  CLI::App* query = cli.root.add_subcommand("query", "Ask the history");
  query->require_subcommand(1);
  auto options = std::make_shared<QueryOptions>();
  CLI::App* last = query->add_subcommand("last", "The newest value of a tag");
  last->add_option("tag", options->tag, "Path or number of the tag")->required();
  cli.on_api(last,
             [&cli, options](ApiClient& api) { return query_last(api, cli.format(), *options); });
  CLI::App* raw = query->add_subcommand("raw", "Every sample of a range");
  add_range(raw, *options);
  raw->add_option("--limit", options->limit, "At most so many, up to 100000");
  cli.on_api(raw, [&cli, options](ApiClient& api) {
    return query_items(api, cli.format(), *options, "/values/raw",
                       "&limit=" + std::to_string(options->limit), kSampleColumns);
  });
  CLI::App* agg = query->add_subcommand("agg", "Count, min, max, mean per window of time");
  add_range(agg, *options);
  agg->add_option("--step-ms", options->step_ms, "Length of a window in milliseconds");
  cli.on_api(agg, [&cli, options](ApiClient& api) {
    return query_items(api, cli.format(), *options, "/values/aggregate",
                       "&step_ms=" + std::to_string(options->step_ms), kWindowColumns);
  });
}

}  // namespace lineshaft::app
