// tag ls | watch | mv, query last | raw | agg | at | replaced.
#include <algorithm>
#include <iostream>
#include <map>

#include "app/cli.h"
#include "app/commands/find_tag.h"
#include "base/time.h"
#include "model/quality.h"
#include "sys/clock.h"
#include "sys/http.h"

namespace lineshaft::app {
namespace {

constexpr std::size_t kWatchedMax = 2000;  // by one live connection, see the API

const std::vector<Column> kTagColumns{{"id", "/id"},
                                      {"path", "/path"},
                                      {"value", "/last/value"},
                                      {"unit", "/unit_symbol"},
                                      {"quality", "/last/quality"},
                                      {"time", "/last/time"}};
const std::vector<Column> kChangeColumns{{"time", "/time"},
                                         {"tag", "/tag"},
                                         {"path", "/path"},
                                         {"value", "/value"},
                                         {"quality", "/quality"}};
const std::vector<Column> kSampleColumns{
    {"time", "/time"}, {"value", "/value"}, {"quality", "/quality"}};
const std::vector<Column> kWindowColumns{
    {"from", "/from"}, {"count", "/count"}, {"bad", "/bad_count"}, {"min", "/min"},
    {"max", "/max"},   {"mean", "/mean"},   {"first", "/first"},   {"last", "/last"}};

struct TagOptions {
  std::string text;
  std::string pattern;
  std::uint64_t limit = 1'000'000;
  std::uint64_t count = UINT64_MAX;
  std::string from;
  std::string to;
};

int list_tags(ApiClient& api, Format format, const TagOptions& options) {
  const Result<Json> tags = all_tags(api, options.text, options.pattern, options.limit);
  if (!tags) return print_error(tags.error());
  print_rows(format, kTagColumns, *tags);
  return kExitOk;
}

int move_tags(ApiClient& api, const TagOptions& options) {
  const Result<Json> moved = api.post("/tags/move", {{"from", options.from}, {"to", options.to}});
  if (!moved) return print_error(moved.error());
  print_note((*moved)["moved"].dump() + " tags moved");
  return kExitOk;
}

// One change of a value: a line for people, an object for programs.
void print_change(Format format, const Json& change, const std::string& path) {
  const Json& value = change[2];
  const Quality quality{change[3].get<std::uint32_t>()};
  if (format == Format::kTable) {
    std::cout << change[1].get<std::string>() << "  " << path << "  "
              << (value.is_string() ? value.get<std::string>() : value.dump())
              << (quality.good() ? "" : "  " + quality_name(quality)) << std::endl;
    return;
  }
  const Json row = {{"time", change[1]},
                    {"tag", change[0]},
                    {"path", path},
                    {"value", value},
                    {"quality", quality_name(quality)}};
  if (format == Format::kCsv) {
    print_csv_row(kChangeColumns, row);
  } else {
    std::cout << row.dump() << "\n";
  }
  std::cout.flush();
}

// Prints changes until interrupted, or `count` of them. A stream has no end: JSON comes as one
// object a line, like NDJSON.
int watch_tags(ApiClient& api, Format format, const TagOptions& options) {
  const Result<Json> tags = all_tags(api, options.text, options.pattern, kWatchedMax + 1);
  if (!tags) return print_error(tags.error());
  if (tags->empty()) {
    return print_error(
        {ErrorId::kNotFound, "no tag matches '" + options.text + options.pattern + "'"});
  }
  std::map<std::uint64_t, std::string> paths;
  Json watch = {{"watch", Json::array()}};
  for (const Json& tag : *tags) {
    if (paths.size() == kWatchedMax) {
      print_note("more tags match; the first " + std::to_string(kWatchedMax) + " are watched");
      break;
    }
    paths[tag["id"].get<std::uint64_t>()] = tag["path"].get<std::string>();
    watch["watch"].push_back(tag["id"]);
  }
  const Result<sys::HttpClientOptions> client = client_options(api.access());
  if (!client) return print_error(client.error());
  auto socket = sys::connect_web_socket(*client, "/api/v1/live", api.credentials());
  if (!socket) return print_error(socket.error());
  if (Status sent = (*socket)->send_text(watch.dump()); !sent) return print_error(sent.error());
  if (format == Format::kCsv) print_rows(format, kChangeColumns, Json::array());
  for (std::uint64_t printed = 0; printed < options.count;) {
    const Result<std::string> text_message = (*socket)->receive(std::chrono::seconds(60));
    if (!text_message) return print_error(text_message.error());
    const Json message = Json::parse(*text_message, nullptr, false);
    if (!message.contains("values")) continue;
    for (const Json& change : message["values"]) {
      print_change(format, change, paths[change[0].get<std::uint64_t>()]);
      if (++printed == options.count) break;
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
  std::vector<std::string> aggregates;
  std::vector<std::string> times;
  std::uint64_t percent_data_bad = 100;
  std::uint64_t percent_data_good = 100;
  bool uncertain_is_good = false;
  bool sloped_extrapolation = false;
};

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ",") + part;
  return text;
}

// Now and an hour before, where the person says nothing.
std::string range_query(const QueryOptions& options) {
  const Timestamp now = sys::real_clock().now();
  const std::string from =
      options.from.empty() ? format_rfc3339(now + -std::chrono::hours(1)) : options.from;
  const std::string to = options.to.empty() ? format_rfc3339(now) : options.to;
  return "&from=" + url_encode(from) + "&to=" + url_encode(to);
}

// How aggregates and interpolation treat quality, and what comes after the last sample.
std::string aggregate_query(const QueryOptions& options) {
  return "&percent_data_bad=" + std::to_string(options.percent_data_bad) +
         "&percent_data_good=" + std::to_string(options.percent_data_good) +
         "&treat_uncertain_as_bad=" + (options.uncertain_is_good ? "false" : "true") +
         "&use_sloped_extrapolation=" + (options.sloped_extrapolation ? "true" : "false");
}

void add_aggregate_options(CLI::App* command, QueryOptions& options) {
  command->add_option("--percent-data-bad", options.percent_data_bad,
                      "Bad if so many percent are bad (default 100)");
  command->add_option("--percent-data-good", options.percent_data_good,
                      "Good if so many percent are good (default 100)");
  command->add_flag("--uncertain-is-good", options.uncertain_is_good,
                    "Use samples of uncertain quality as bounds and between samples");
  command->add_flag("--sloped-extrapolation", options.sloped_extrapolation,
                    "After the last sample go on straight instead of holding it");
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
  if (answer->value("summarised", std::uint64_t{0}) > 0) {
    print_note("of " + (*answer)["summarised"].dump() +
               " samples before only summaries remain; see query agg");
  }
  return kExitOk;
}

int query_aggregates(ApiClient& api, Format format, const QueryOptions& options) {
  const std::string step = "&step_ms=" + std::to_string(options.step_ms);
  if (options.aggregates.empty()) {
    return query_items(api, format, options, "/values/aggregate", step, kWindowColumns);
  }
  std::vector<Column> columns{{"from", "/from"}};
  for (const std::string& name : options.aggregates) {
    columns.push_back({name, "/" + name + "/value"});
    columns.push_back({"quality", "/" + name + "/quality"});
  }
  return query_items(
      api, format, options, "/values/aggregate",
      step + "&aggregates=" + url_encode(joined(options.aggregates)) + aggregate_query(options),
      columns);
}

int query_at(ApiClient& api, Format format, const QueryOptions& options) {
  const Result<Json> tag = find_tag(api, options.tag);
  if (!tag) return print_error(tag.error());
  const Result<Json> answer = api.get("/values/at?tag=" + (*tag)["id"].dump() + "&times=" +
                                      url_encode(joined(options.times)) + aggregate_query(options));
  if (!answer) return print_error(answer.error());
  print_rows(format, kSampleColumns, (*answer)["items"]);
  return kExitOk;
}

void add_range(CLI::App* command, QueryOptions& options) {
  command->add_option("tag", options.tag, "Path or number of the tag")->required();
  command->add_option("--from", options.from, "RFC 3339 time; default: an hour ago");
  command->add_option("--to", options.to, "RFC 3339 time, not included; default: now");
}

void add_search(CLI::App* command, TagOptions& options) {
  command->add_option("text", options.text, "Words that path or description must contain");
  command->add_option("--match", options.pattern,
                      "Path where * is any part of a level and ** any levels: '*/eaf1/**/temp*'");
}

void add_tag_commands(Cli& cli) {
  CLI::App* tag = cli.root.add_subcommand("tag", "Signals and their newest values");
  tag->require_subcommand(1);
  auto tags = std::make_shared<TagOptions>();
  CLI::App* ls = tag->add_subcommand("ls", "List tags with their last values");
  add_search(ls, *tags);
  ls->add_option("--limit", tags->limit, "At most so many");
  cli.on_data(ls, [&cli, tags](ApiClient& api) { return list_tags(api, cli.format(), *tags); });
  CLI::App* watch = tag->add_subcommand("watch", "Print values as they change");
  add_search(watch, *tags);
  watch->add_option("--count", tags->count, "Stop after so many changes");
  cli.on_data(watch, [&cli, tags](ApiClient& api) { return watch_tags(api, cli.format(), *tags); });
  CLI::App* mv = tag->add_subcommand("mv", "Move a tag, and all below it, with its history");
  mv->add_option("from", tags->from, "Path of a tag or a level")->required();
  mv->add_option("to", tags->to, "Path it gets")->required();
  cli.on_api(mv, [tags](ApiClient& api) { return move_tags(api, *tags); });
}

}  // namespace

void add_value_commands(Cli& cli) {
  add_tag_commands(cli);
  CLI::App* query = cli.root.add_subcommand("query", "Ask the history");
  query->require_subcommand(1);
  auto options = std::make_shared<QueryOptions>();
  CLI::App* last = query->add_subcommand("last", "The newest value of a tag");
  last->add_option("tag", options->tag, "Path or number of the tag")->required();
  cli.on_data(last,
              [&cli, options](ApiClient& api) { return query_last(api, cli.format(), *options); });
  CLI::App* raw = query->add_subcommand("raw", "Every sample of a range");
  add_range(raw, *options);
  raw->add_option("--limit", options->limit, "At most so many, up to 100000");
  cli.on_data(raw, [&cli, options](ApiClient& api) {
    return query_items(api, cli.format(), *options, "/values/raw",
                       "&limit=" + std::to_string(options->limit), kSampleColumns);
  });
  CLI::App* agg = query->add_subcommand("agg", "Count, min, max, mean per window of time");
  add_range(agg, *options);
  agg->add_option("--step-ms", options->step_ms, "Length of a window in milliseconds");
  agg->add_option("--aggregates", options->aggregates,
                  "Instead: aggregates of OPC UA Part 13, as TimeAverage2,Maximum")
      ->delimiter(',');
  add_aggregate_options(agg, *options);
  cli.on_data(agg, [&cli, options](ApiClient& api) {
    return query_aggregates(api, cli.format(), *options);
  });
  CLI::App* at = query->add_subcommand("at", "The value at instants, interpolated");
  at->add_option("tag", options->tag, "Path or number of the tag")->required();
  at->add_option("times", options->times, "RFC 3339 times")->required();
  add_aggregate_options(at, *options);
  cli.on_data(at,
              [&cli, options](ApiClient& api) { return query_at(api, cli.format(), *options); });
  CLI::App* replaced = query->add_subcommand(
      "replaced", "Samples that others of the same time replaced, where retention keeps them");
  add_range(replaced, *options);
  cli.on_data(replaced, [&cli, options](ApiClient& api) {
    return query_items(api, cli.format(), *options, "/values/replaced", "", kSampleColumns);
  });
}

}  // namespace lineshaft::app
