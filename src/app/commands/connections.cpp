// connect ls | add | rm | test, and those of getting_in.h.
#include <algorithm>
#include <iostream>

#include "app/cli.h"
#include "app/commands/getting_in.h"
#include "app/commands/read_json.h"
#include "base/time.h"
#include "sys/clock.h"

namespace lineshaft::app {
namespace {

const std::vector<Column> kConnectionColumns{{"id", "/id"},
                                             {"name", "/name"},
                                             {"state", "/status/state"},
                                             {"host", "/settings/host"},
                                             {"port", "/settings/port"},
                                             {"latency ms", "/status/latency_ms/mean"},
                                             {"values/s", "/status/values_per_second"},
                                             {"tags", "/status/tags"},
                                             {"bad", "/status/tags_bad"},
                                             {"last error", "/status/last_error"}};
const std::vector<Column> kValueColumns{{"path", "/path"},
                                        {"value", "/value"},
                                        {"quality", "/quality"},
                                        {"raw", "/raw"},
                                        {"error", "/error"}};
struct ConnectOptions {
  std::string file;
  std::string name;
  std::string host;
  std::uint16_t port = 502;
  int unit = 1;
  std::uint64_t id = 0;
};

constexpr Nanoseconds kPastShown = std::chrono::hours(24);

// An error that is past is told to be so, for a day: "until 2026-01-01T10:32:05Z: LS-1108: ...".
void tell_past_error(Json& status, Timestamp now) {
  const Json until = status.value("last_error_until", Json());
  if (!until.is_string()) return;
  const auto end = parse_timestamp(until.get<std::string>());
  if (!end || now - *end > kPastShown) {
    status["last_error"] = nullptr;
    return;
  }
  constexpr std::size_t kSeconds = 19;  // "2026-01-01T10:32:05"
  status["last_error"] = "until " + until.get<std::string>().substr(0, kSeconds) +
                         "Z: " + status["last_error"].get<std::string>();
}

int list_connections(ApiClient& api, Format format) {
  const Result<Json> answer = api.get("/connections");
  if (!answer) return print_error(answer.error());
  Json rows = (*answer)["items"];
  if (format == Format::kTable) {
    for (Json& row : rows) tell_past_error(row["status"], sys::real_clock().now());
  }
  print_rows(format, kConnectionColumns, rows);
  return kExitOk;
}

// One connection object, or a list of them as `sim plant --print-connections` prints.
int add_connections(ApiClient& api, Format format, const ConnectOptions& options) {
  Json list = Json::array();
  if (!options.file.empty()) {
    const Result<Json> json = read_json(options.file);
    if (!json) return print_error(json.error());
    list = json->is_array() ? *json : Json::array({*json});
  } else {
    list.push_back(
        {{"name", options.name},
         {"protocol", "modbus-tcp"},
         {"enabled", true},
         {"settings", {{"host", options.host}, {"port", options.port}, {"unit_id", options.unit}}},
         {"groups", Json::array()},
         {"signals", Json::array()}});
  }
  Json made = Json::array();
  for (const Json& connection : list) {
    const Result<Json> answer = api.post("/connections", connection);
    if (!answer) {
      if (!made.empty()) print_rows(format, kConnectionColumns, made);  // added; they stay
      return print_error(answer.error());
    }
    made.push_back(*answer);
  }
  print_rows(format, kConnectionColumns, made);
  return kExitOk;
}

Json settings_of(const ConnectOptions& options) {
  return {{"host", options.host}, {"port", options.port}, {"unit_id", options.unit}};
}

int test_connection(ApiClient& api, Format format, const ConnectOptions& options) {
  Json request = {{"protocol", "modbus-tcp"}, {"settings", settings_of(options)}};
  if (!options.file.empty()) {
    const Result<Json> json = read_json(options.file);
    if (!json) return print_error(json.error());
    request = *json;
    for (const char* field : {"name", "enabled", "groups", "writes_enabled"}) request.erase(field);
  }
  const Result<Json> answer = api.post("/connections/test", request);
  if (!answer) return print_error(answer.error());
  if (format == Format::kJson) {
    std::cout << answer->dump(2) << std::endl;
  } else {
    print_rows(format, kValueColumns, (*answer)["values"]);
  }
  const Json& problem = (*answer)["error"];
  const std::string why = problem.is_object() ? problem.value("detail", "") : "";
  if ((*answer)["reachable"] != true) {
    print_note("not reachable: " + why);
    return exit_code(ErrorCode::kUnreachable);
  }
  const Json& name = (*answer)["identification"];
  print_note("reachable, " + (*answer)["latency_ms"].dump() + " ms" +
             (name.is_object() ? ", " + name.dump() : "") + (why.empty() ? "" : ", but " + why));
  // A signal that is refused stands in its row; a machine that gives nothing is a failure.
  const Json& values = (*answer)["values"];
  const bool gave_any = std::ranges::any_of(
      values, [](const Json& value) { return !value.value("value", Json()).is_null(); });
  return why.empty() || gave_any ? kExitOk : kExitFailed;
}

void add_address(CLI::App* command, ConnectOptions& options) {
  command->add_option("host", options.host, "Address or name of the machine");
  command->add_option("--port", options.port, "TCP port")->capture_default_str();
  command->add_option("--unit", options.unit, "Modbus unit id")->capture_default_str();
}

}  // namespace

void add_connection_commands(Cli& cli) {
  CLI::App* connect = cli.root.add_subcommand("connect", "Connections to machines");
  connect->require_subcommand(1);
  auto options = std::make_shared<ConnectOptions>();
  cli.on_data(connect->add_subcommand("ls", "List connections and how they are"),
              [&cli](ApiClient& api) { return list_connections(api, cli.format()); });

  CLI::App* add =
      connect->add_subcommand("add", "Add connections from a JSON file, or one by address");
  add_address(add, *options);
  add->add_option("--file", options->file, "JSON of one connection or a list; - reads stdin");
  add->add_option("--name", options->name, "Name of the machine");
  cli.on_data(add, [&cli, options](ApiClient& api) {
    if (options->file.empty() && (options->host.empty() || options->name.empty())) {
      return print_error({ErrorId::kUsage, "connect add needs --file, or an address and --name"});
    }
    return add_connections(api, cli.format(), *options);
  });

  CLI::App* test = connect->add_subcommand("test", "Read once and show; nothing is kept");
  add_address(test, *options);
  test->add_option("--file", options->file, "JSON of the connection with its signals");
  cli.on_data(test, [&cli, options](ApiClient& api) {
    if (options->file.empty() && options->host.empty()) {
      return print_error({ErrorId::kUsage, "connect test needs an address or --file"});
    }
    return test_connection(api, cli.format(), *options);
  });

  add_getting_in_commands(cli, connect);
  add_write_command(cli);

  CLI::App* remove = connect->add_subcommand("rm", "Remove a connection; its history stays");
  remove->add_option("id", options->id, "Number of the connection, see connect ls")->required();
  cli.on_api(remove, [options](ApiClient& api) {
    const Result<Json> answer = api.remove("/connections/" + std::to_string(options->id));
    return answer ? kExitOk : print_error(answer.error());
  });
}

}  // namespace lineshaft::app
