// deadline ls | costs | feed | done.
#include <fstream>
#include <iostream>
#include <map>

#include "app/cli.h"
#include "app/commands/save_answer.h"

namespace lineshaft::app {
namespace {

const std::vector<Column> kDeadlineColumns{
    {"due", "/due"},   {"state", "/state"}, {"asset", "/asset"}, {"task", "/task"},
    {"no", "/number"}, {"cost", "/cost"},   {"until", "/until"}, {"rule", "/rule"}};
const std::vector<Column> kCostColumns{{"asset", "/asset"},
                                       {"owner", "/party"},
                                       {"month", "/month"},
                                       {"deadlines", "/deadlines"},
                                       {"cost", "/sums"}};
const std::vector<Column> kEventColumns{{"sequence", "/sequence"},
                                        {"date", "/date"},
                                        {"event", "/kind"},
                                        {"number", "/number"},
                                        {"note", "/note"}};

constexpr std::uint64_t kPageRows = 1'000;

// Parameters of the query by name; "" for those left out.
using Parameters = std::map<std::string, std::string>;

std::string query_of(const Parameters& parameters) {
  std::string query;
  for (const auto& [name, value] : parameters) {
    if (value.empty()) continue;
    query += (query.empty() ? "?" : "&") + name + "=" + url_encode(value);
  }
  return query;
}

// "1200.00 CNY, 420 CHF" of [{"amount","currency"}].
std::string sums_text(const Json& sums) {
  std::string text;
  for (const Json& sum : sums) {
    text += (text.empty() ? "" : ", ") + sum["amount"].get<std::string>() + " " +
            sum["currency"].get<std::string>();
  }
  return text;
}

// JSON is what the server said; in the other forms a list stands in one cell.
bool is_as_said(Format format) { return format == Format::kJson || format == Format::kNdjson; }

Json shown(Json deadline) {
  deadline["cost"] = sums_text(deadline["cost"]);
  deadline["until"] = deadline["grace_end"].is_null() ? Json("") : deadline["grace_end"];
  if (deadline["number"] == 0) deadline["number"] = "";
  return deadline;
}

int list(ApiClient& api, Format format, const Parameters& parameters) {
  Parameters query = parameters;
  query["limit"] = std::to_string(kPageRows);
  Json rows = Json::array();
  for (std::uint64_t total = 1; rows.size() < total;) {
    query["offset"] = std::to_string(rows.size());
    const Result<Json> page = api.get("/deadlines" + query_of(query));
    if (!page) return print_error(page.error());
    const Json& items = (*page)["items"];
    total = items.empty() ? 0 : (*page)["total"].get<std::uint64_t>();
    for (const Json& item : items) rows.push_back(is_as_said(format) ? item : shown(item));
  }
  print_rows(format, kDeadlineColumns, rows);
  return kExitOk;
}

// One list by what was asked for; JSON has all of them.
int costs(ApiClient& api, Format format, const Parameters& parameters, const std::string& by) {
  Result<Json> answer = api.get("/deadlines/costs" + query_of(parameters));
  if (!answer) return print_error(answer.error());
  if (is_as_said(format)) {
    std::cout << answer->dump(format == Format::kJson ? 2 : -1) << std::endl;
    return kExitOk;
  }
  const std::string column = by == "owner" ? "party" : by;
  std::vector<Column> columns;
  for (const Column& one : kCostColumns) {
    const bool is_meant = one.pointer == "/" + column || one.pointer == "/sums" ||
                          (one.pointer == "/deadlines" && by == "asset");
    if (is_meant) columns.push_back(one);
  }
  Json rows = Json::array();
  for (Json row : (*answer)[by + "s"]) {
    row["sums"] = sums_text(row["sums"]);
    rows.push_back(std::move(row));
  }
  print_rows(format, columns, rows);
  const std::string whole = sums_text((*answer)["sums"]);
  print_note((*answer)["from"].get<std::string>() + " until the day before " +
             (*answer)["to"].get<std::string>() + ": " +
             (whole.empty() ? "nothing is due" : whole));
  if ((*answer)["incomplete"] != 0) {
    print_note("of " + (*answer)["incomplete"].dump() +
               " deadlines the rule packs do not know every fee");
  }
  return kExitOk;
}

struct MarkOptions {
  std::string asset;
  std::string rule;
  std::string pack;
  int number = 0;
  std::string on;
  std::string event;
  std::string note;
  std::string document;
};

// The pack of the first undone deadline that is meant.
int mark(ApiClient& api, Format format, MarkOptions options) {
  const Result<Json> page = api.get("/deadlines?limit=1000&asset=" + url_encode(options.asset));
  if (!page) return print_error(page.error());
  for (const Json& one : (*page)["items"]) {
    if (one["rule"] != options.rule) continue;
    if (options.number != 0 && one["number"] != options.number) continue;
    if (!options.pack.empty() && one["pack"] != options.pack) continue;
    const Result<Json> event = api.post("/deadlines/mark", {{"asset", options.asset},
                                                            {"pack", one["pack"]},
                                                            {"rule", options.rule},
                                                            {"number", one["number"]},
                                                            {"event", options.event},
                                                            {"on", options.on},
                                                            {"note", options.note},
                                                            {"document", options.document}});
    if (!event) return print_error(event.error());
    print_object(format, kEventColumns, *event);
    return kExitOk;
  }
  return print_error({ErrorId::kNotFound, "nothing is to be done for '" + options.rule + "' of '" +
                                              options.asset + "'; see deadline ls --asset"});
}

void add_days(CLI::App* command, const std::shared_ptr<Parameters>& query, const std::string& from,
              const std::string& to) {
  command->add_option("--from", (*query)["from"], "First day, 2026-11-26; " + from);
  command->add_option("--to", (*query)["to"], "Day after the last one; " + to);
  command->add_option("--party", (*query)["party"], "Of what that party owns a share of");
}

void add_mark(Cli& cli, CLI::App* deadline) {
  auto options = std::make_shared<MarkOptions>();
  CLI::App* done = deadline->add_subcommand("done", "Say that it was done or paid, and when");
  done->add_option("asset", options->asset, "The asset")->required();
  done->add_option("rule", options->rule, "Which deadline, as ls has it: annual-fee")->required();
  done->add_option("--number", options->number, "Which of several; the next");
  done->add_option("--pack", options->pack, "Rule pack, if two have such a rule");
  done->add_option("--on", options->on, "Day on which it was done, 2026-11-26")->required();
  done->add_option("--event", options->event, "What was done, if there is a choice");
  done->add_option("--note", options->note, "What is worth knowing of it");
  done->add_option("--document", options->document, "SHA-256 of the receipt");
  cli.on_data(done, [&cli, options](ApiClient& api) { return mark(api, cli.format(), *options); });
}

}  // namespace

void add_deadline_commands(Cli& cli) {
  CLI::App* deadline =
      cli.root.add_subcommand("deadline", "What is due for assets, when, and what it costs");
  deadline->require_subcommand(1);
  auto filter = std::make_shared<Parameters>();
  CLI::App* ls = deadline->add_subcommand("ls", "List what is due, in order of day");
  add_days(ls, filter, "the beginning", "25 years ahead");
  ls->add_option("--asset", (*filter)["asset"], "Of one asset");
  ls->add_option("--state", (*filter)["state"], "open, overdue; of one asset also all");
  cli.on_data(ls, [&cli, filter](ApiClient& api) { return list(api, cli.format(), *filter); });

  auto range = std::make_shared<Parameters>();
  auto by = std::make_shared<std::string>("asset");
  CLI::App* cost = deadline->add_subcommand("costs", "What the deadlines cost");
  add_days(cost, range, "today", "twelve months after today");
  cost->add_option("--by", *by, "asset, owner or month")
      ->check(CLI::IsMember({"asset", "owner", "month"}))
      ->capture_default_str();
  cli.on_data(cost,
              [&cli, range, by](ApiClient& api) { return costs(api, cli.format(), *range, *by); });

  auto near = std::make_shared<Parameters>();
  auto file = std::make_shared<std::string>("-");
  CLI::App* feed = deadline->add_subcommand("feed", "Write a calendar that other programs read");
  add_days(feed, near, "a year back", "two years ahead");
  feed->add_option("--lang", (*near)["lang"], "en or zh");
  feed->add_option("--file", *file, "Where to; - is stdout")->capture_default_str();
  cli.on_api(feed, [near, file](ApiClient& api) {
    return save_answer(api, "/deadlines.ics" + query_of(*near), *file);
  });
  add_mark(cli, deadline);
}

}  // namespace lineshaft::app
