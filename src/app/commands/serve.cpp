// serve, doctor.
#include <algorithm>
#include <iostream>

#include "app/cli.h"
#include "app/doctor.h"
#include "app/server.h"
#include "sys/file.h"
#include "sys/process.h"

namespace lineshaft::app {
namespace {

struct ServeOptions {
  std::string config_file;
  std::string data;
  std::string listen;
  std::string provision;
  std::string user;
  bool status_line = false;
  bool exposure = false;
};

// The file if one is named (or lineshaft.toml lies here), then the options, which win.
Result<Config> read_config(const ServeOptions& options) {
  Result<Config> loaded = load_config(options.config_file);
  if (!loaded) return loaded;
  Config config = *std::move(loaded);
  if (!options.data.empty()) config.data_directory = options.data;
  if (!options.listen.empty()) {
    const Result<sys::Endpoint> endpoint = parse_endpoint(options.listen);
    if (!endpoint) return Error{ErrorId::kUsage, "--listen: " + endpoint.error().what};
    config.listen = *endpoint;
  }
  return config;
}

void print_started(const Config& config, const Started& started) {
  std::cout << "Lineshaft " << kVersion << "\n"
            << "  address      " << started.address << "\n"
            << "  certificate  SHA-256 " << started.fingerprint << "\n"
            << (started.authority.empty() ? ""
                                          : "  authority    SHA-256 " + started.authority + "\n")
            << "  data         " << config.data_directory << "\n";
  if (!started.claim_code.empty()) {
    std::cout << "  claim code   " << started.claim_code
              << "   (once, within 15 minutes: open the address and enter it)\n";
  }
  std::cout << std::flush;
}

// Whoever breaks into a server of root has the machine; on loopback, to try it out, that may be.
Status check_user(const Config& config, const ServeOptions& options) {
  if (!options.user.empty()) return sys::become_user(options.user);
  if (!sys::runs_as_root() || is_loopback(config.listen.host)) return {};
  return Error{ErrorId::kUsage,
               "as root it serves this machine only: give --user with whom to run as, or listen on "
               "127.0.0.1"};
}

int serve(const ServeOptions& options) {
  const Result<Config> config = read_config(options);
  if (!config) return print_error(config.error());
  Status ready = check_user(*config, options);
  if (ready) ready = sys::harden_process();
  if (!ready) return print_error(ready.error());
  set_log_level(config->log_level);
  Result<std::unique_ptr<Server>> server = Server::start(*config);
  if (!server) return print_error(server.error());
  print_started(*config, (*server)->started());
  if (!options.provision.empty()) (*server)->provision(options.provision);
  if (options.status_line) (*server)->show_status_line();
  (*server)->run();
  return kExitOk;
}

const char* level_word(FindingLevel level) {
  switch (level) {
    case FindingLevel::kGood:
      return "ok";
    case FindingLevel::kWarning:
      return "warn";
    case FindingLevel::kBad:
      break;
  }
  return "BAD";
}

void print_findings(const std::vector<Finding>& findings) {
  for (const Finding& finding : findings) {
    const std::string mark = level_word(finding.level);
    std::cout << mark << std::string(6 - mark.size(), ' ') << finding.text << "\n";
    if (!finding.remedy.empty()) std::cout << "      " << finding.remedy << "\n";
  }
  std::cout << std::flush;
}

int doctor(Format format, const ServeOptions& options) {
  const Result<Config> config = read_config(options);
  if (!config) return print_error(config.error());
  const std::vector<Finding> findings = examine(*config);
  if (format == Format::kTable) {
    print_findings(findings);
  } else {
    Json rows = Json::array();
    for (const Finding& finding : findings) {
      rows.push_back({{"level", level_word(finding.level)},
                      {"finding", finding.text},
                      {"remedy", finding.remedy}});
    }
    print_rows(format, {{"level", "/level"}, {"finding", "/finding"}, {"remedy", "/remedy"}}, rows);
  }
  const bool bad = std::ranges::count(findings, FindingLevel::kBad, &Finding::level) > 0;
  return bad ? kExitFailed : kExitOk;
}

// "loopback, private".
std::string listed(const Json& places) {
  std::string text;
  for (const Json& one : places) text += (text.empty() ? "" : ", ") + one.get<std::string>();
  return text.empty() ? "none" : text;
}

// Of a door at its weakest.
std::string protection_text(const std::string& protection) {
  if (protection == "encrypted") return protection;
  return protection == "signed" ? "signed, NOT encrypted" : "NOT encrypted";
}

int exposure(ApiClient& api, Format format) {
  const Result<Json> seen = api.get("/exposure");
  if (!seen) return print_error(seen.error());
  if (format == Format::kTable) {
    for (const Json& one : (*seen)["listeners"]) {
      std::cout << "      " << one["what"].get<std::string>() << " at "
                << one["at"].get<std::string>() << ", for "
                << (one["outside"].get<bool>() ? "other machines" : "this machine only") << ", "
                << protection_text(one["protection"].get<std::string>()) << "\n";
    }
    std::cout << "      the server may connect to " << listed((*seen)["outgoing"])
              << " (outgoing.allow)\n      without encryption anything may go to and from "
              << listed((*seen)["plain"]) << " (plain.allow)\n";
    for (const Json& one : (*seen)["findings"]) {
      std::cout << (one["urgency"] == "mend" ? "MEND  " : "look  ")
                << one["text"].get<std::string>() << " [" << one["id"].get<std::string>()
                << "]\n      " << one["remedy"].get<std::string>() << "\n";
    }
    std::cout << std::flush;
  } else {
    print_rows(format,
               {{"urgency", "/urgency"}, {"id", "/id"}, {"text", "/text"}, {"remedy", "/remedy"}},
               (*seen)["findings"]);
  }
  const bool mend = std::ranges::any_of((*seen)["findings"],
                                        [](const Json& one) { return one["urgency"] == "mend"; });
  return mend ? kExitFailed : kExitOk;
}

void add_options(CLI::App* command, ServeOptions& options) {
  // Of an option given twice the later one counts, so that a script can be run with one of its own.
  command
      ->add_option("--config", options.config_file, "Settings; default: lineshaft.toml, if there")
      ->take_last();
  command->add_option("--data", options.data, "Data directory")->take_last();
  command->add_option("--listen", options.listen, "Address and port, as 127.0.0.1:8443")
      ->take_last();
}

}  // namespace

void add_serve_commands(Cli& cli) {
  auto options = std::make_shared<ServeOptions>();
  CLI::App* serve_command = cli.root.add_subcommand("serve", "Run the server");
  add_options(serve_command, *options);
  serve_command->add_option("--provision", options->provision,
                            "Folder with connections.json, flows.json, rights.json, "
                            "cooperation.json, royalties.json, CSV "
                            "files and OPC UA certificates (.der) to trust, to start with, once");
  serve_command->add_option("--user", options->user, "Give up root's rights and run as this user");
  serve_command->add_flag("--status-line", options->status_line,
                          "Print a line of what arrives every second");
  cli.on(serve_command, [options] { return serve(*options); });
  CLI::App* doctor_command =
      cli.root.add_subcommand("doctor", "Say what is wrong with this installation, in words");
  add_options(doctor_command, *options);
  cli.add_output(doctor_command);
  doctor_command->add_flag("--exposure", options->exposure,
                           "Instead ask the running server, as its administrator, what others "
                           "can reach and what to mend first");
  cli.on(doctor_command, [&cli, options] {
    if (!options->exposure) return doctor(cli.format(), *options);
    Result<ApiClient> api = ApiClient::open(load_access(cli.server));
    return api ? exposure(*api, cli.format()) : print_error(api.error());
  });
}

}  // namespace lineshaft::app
