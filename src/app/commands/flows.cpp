// flow ls | show | apply | preview | rm.
#include <iostream>

#include "app/cli.h"
#include "app/commands/read_json.h"

namespace lineshaft::app {
namespace {

const std::vector<Column> kFlowColumns{{"id", "/id"},
                                       {"name", "/name"},
                                       {"kind", "/kind"},
                                       {"state", "/status/state"},
                                       {"at", "/status/at"},
                                       {"tags", "/status/tags"},
                                       {"left out", "/status/tags_left_out"},
                                       {"clients", "/status/clients"},
                                       {"samples/s", "/status/samples_per_second"},
                                       {"last error", "/status/last_error"}};
const std::vector<Column> kFlowTagColumns{{"name", "/name"}, {"address", "/address_text"},
                                          {"type", "/type"}, {"unit", "/unit"},
                                          {"rule", "/rule"}, {"tag", "/path"}};
const std::vector<Column> kLeftOutColumns{{"tag", "/path"}, {"rule", "/rule"}, {"why", "/why"}};

constexpr std::size_t kPage = 1000;

struct FlowOptions {
  std::string file;
  std::uint64_t id = 0;
  bool left_out = false;
};

int list_flows(ApiClient& api, Format format) {
  const Result<Json> answer = api.get("/flows");
  if (!answer) return print_error(answer.error());
  print_rows(format, kFlowColumns, (*answer)["items"]);
  return kExitOk;
}

// All pages of what `ask(offset)` gives one page of, as rows.
template <typename Ask>
int print_tags(Format format, bool left_out, Ask ask) {
  Json items = Json::array();
  Json last;
  do {
    const Result<Json> answer = ask(items.size());
    if (!answer) return print_error(answer.error());
    last = *answer;
    for (const Json& item : last["items"]) items.push_back(item);
  } while (items.size() < last["total"].get<std::size_t>() && !last["items"].empty());
  print_rows(format, left_out ? kLeftOutColumns : kFlowTagColumns, items);
  print_note(last["tags"].dump() + " tags go out, " + last["left_out"].dump() + " are left out");
  for (const Json& loop : last["loops"]) {
    print_note("the connection '" + loop.get<std::string>() +
               "' reads from there: what it brings in does not go back");
  }
  return kExitOk;
}

std::string page(std::size_t offset, bool left_out) {
  return "?limit=" + std::to_string(kPage) + "&offset=" + std::to_string(offset) +
         (left_out ? "&left_out=true" : "");
}

// One flow or a list of them: added, or put in the place of the one of the same name.
int apply_flows(ApiClient& api, Format format, const std::string& file) {
  const Result<Json> json = read_json(file);
  if (!json) return print_error(json.error());
  const Json list = json->is_array() ? *json : Json::array({*json});
  const Result<Json> there = api.get("/flows");
  if (!there) return print_error(there.error());
  Json applied = Json::array();
  for (const Json& flow : list) {
    std::string id;
    for (const Json& one : (*there)["items"]) {
      if (flow.is_object() && one["name"] == flow.value("name", Json())) id = one["id"].dump();
    }
    const Result<Json> answer =
        id.empty() ? api.post("/flows", flow) : api.put("/flows/" + id, flow);
    if (!answer) {
      if (!applied.empty()) print_rows(format, kFlowColumns, applied);  // done; they stay
      return print_error(answer.error());
    }
    applied.push_back(*answer);
  }
  print_rows(format, kFlowColumns, applied);
  return kExitOk;
}

}  // namespace

void add_flow_commands(Cli& cli) {
  CLI::App* flow = cli.root.add_subcommand("flow", "Data out of the house by rules");
  flow->require_subcommand(1);
  auto options = std::make_shared<FlowOptions>();
  cli.on_data(flow->add_subcommand("ls", "List flows and how they are"),
              [&cli](ApiClient& api) { return list_flows(api, cli.format()); });

  CLI::App* show = flow->add_subcommand("show", "What goes out under which name and address");
  show->add_option("id", options->id, "Number of the flow, see flow ls")->required();
  show->add_flag("--left-out", options->left_out, "Instead: what does not go out, and why");
  cli.on_data(show, [&cli, options](ApiClient& api) {
    return print_tags(cli.format(), options->left_out, [&](std::size_t offset) {
      return api.get("/flows/" + std::to_string(options->id) + "/tags" +
                     page(offset, options->left_out));
    });
  });

  CLI::App* apply = flow->add_subcommand("apply", "Add flows, or replace those of the same name");
  apply->add_option("file", options->file, "JSON of one flow or a list; - reads stdin")->required();
  cli.on_data(apply, [&cli, options](ApiClient& api) {
    return apply_flows(api, cli.format(), options->file);
  });

  CLI::App* preview =
      flow->add_subcommand("preview", "Show what a flow would send; nothing is kept");
  preview->add_option("file", options->file, "JSON of the flow; - reads stdin")->required();
  preview->add_flag("--left-out", options->left_out, "Instead: what would not go out, and why");
  cli.on_data(preview, [&cli, options](ApiClient& api) {
    const Result<Json> json = read_json(options->file);
    if (!json) return print_error(json.error());
    return print_tags(cli.format(), options->left_out, [&](std::size_t offset) {
      return api.post("/flows/preview" + page(offset, options->left_out), *json);
    });
  });

  CLI::App* remove = flow->add_subcommand("rm", "Remove a flow; its tags and their history stay");
  remove->add_option("id", options->id, "Number of the flow, see flow ls")->required();
  cli.on_api(remove, [options](ApiClient& api) {
    const Result<Json> answer = api.remove("/flows/" + std::to_string(options->id));
    return answer ? kExitOk : print_error(answer.error());
  });
}

}  // namespace lineshaft::app
