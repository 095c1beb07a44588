// organisation, signup, usage.
#include "app/cli.h"
#include "app/commands/save_answer.h"

namespace lineshaft::app {
namespace {

const std::vector<Column> kOrganisationColumns{{"id", "/id"},
                                               {"name", "/name"},
                                               {"state", "/state"},
                                               {"leaves", "/leaves"},
                                               {"tags", "/used/tags"},
                                               {"samples/s", "/used/samples_per_second"},
                                               {"bytes", "/used/bytes"},
                                               {"requests/min", "/used/requests_per_minute"},
                                               {"people", "/used/people"},
                                               {"tokens", "/used/tokens"},
                                               {"connections", "/used/connections"}};
const std::vector<Column> kMadeColumns{
    {"id", "/id"}, {"name", "/name"}, {"email", "/email"}, {"first password", "/password"}};
const std::vector<Column> kSignupColumns{{"id", "/id"},       {"organisation", "/organisation"},
                                         {"email", "/email"}, {"name", "/name"},
                                         {"state", "/state"}, {"asked", "/asked"},
                                         {"note", "/note"},   {"reason", "/reason"}};
const std::vector<Column> kUsageColumns{{"from", "/from"},
                                        {"samples", "/samples"},
                                        {"requests", "/requests"},
                                        {"refused", "/refused"},
                                        {"tags", "/tags"},
                                        {"bytes", "/bytes"},
                                        {"connections", "/connections"},
                                        {"people", "/people"},
                                        {"tokens", "/tokens"}};

struct Options {
  std::uint64_t id = 0;
  std::string organisation;
  std::string email;
  std::string name;
  std::string note;
  std::vector<std::string> quotas;
};
using Shared = std::shared_ptr<Options>;

std::string path_of(const Options& options) {
  return "/organisations/" + std::to_string(options.id);
}

int print_items(Cli& cli, const Result<Json>& answer, const std::vector<Column>& columns) {
  if (!answer) return print_error(answer.error());
  print_rows(cli.format(), columns, (*answer)["items"]);
  return kExitOk;
}

int print_one(Cli& cli, const Result<Json>& answer, const std::vector<Column>& columns) {
  if (!answer) return print_error(answer.error());
  print_object(cli.format(), columns, *answer);
  return kExitOk;
}

int done(const Result<Json>& answer) { return answer ? kExitOk : print_error(answer.error()); }

// "tags=1000", "bytes=none". What is not named stays.
Result<Json> with_quotas(Json quotas, const std::vector<std::string>& wanted) {
  for (const std::string& each : wanted) {
    const std::size_t equals = each.find('=');
    const std::string figure = equals == each.npos ? "" : each.substr(equals + 1);
    const bool digits = !figure.empty() && figure.size() <= 15 &&
                        figure.find_first_not_of("0123456789") == figure.npos;
    if (!digits && figure != "none") {
      return Error{ErrorId::kUsage,
                   "'" + each + "': write a quota and a number, or none: tags=1000"};
    }
    quotas[each.substr(0, equals)] = digits ? Json(std::stoull(figure)) : Json();
  }
  return quotas;
}

int set_quotas(Cli& cli, ApiClient& api, const Options& options) {
  const Result<Json> before = api.get(path_of(options));
  if (!before) return print_error(before.error());
  const Result<Json> quotas = with_quotas((*before)["quotas"], options.quotas);
  if (!quotas) return print_error(quotas.error());
  return print_one(cli, api.put(path_of(options) + "/quotas", *quotas), kOrganisationColumns);
}

CLI::App* numbered(CLI::App* of, const char* verb, const char* what, const Shared& options) {
  CLI::App* command = of->add_subcommand(verb, what);
  command->add_option("id", options->id, "Number, see ls")->required();
  return command;
}

void add_state(Cli& cli, CLI::App* of, const char* verb, const char* what, const char* state,
               const Shared& options) {
  cli.on_api(numbered(of, verb, what, options), [options, state](ApiClient& api) {
    return done(api.put(path_of(*options) + "/state", {{"state", state}}));
  });
}

void add_administration(Cli& cli, CLI::App* of, const Shared& options) {
  cli.on_data(of->add_subcommand("ls", "List organisations and how much they use"),
              [&cli](ApiClient& api) {
                return print_items(cli, api.get("/organisations"), kOrganisationColumns);
              });
  CLI::App* add = of->add_subcommand("add", "Take one in; the first password is printed once");
  add->add_option("name", options->organisation, "Name of the organisation")->required();
  add->add_option("--email", options->email, "Address of its administrator")->required();
  add->add_option("--person", options->name, "Name of its administrator")->required();
  cli.on_data(add, [&cli, options](ApiClient& api) {
    return print_one(cli,
                     api.post("/organisations", {{"organisation", options->organisation},
                                                 {"email", options->email},
                                                 {"name", options->name}}),
                     kMadeColumns);
  });
  CLI::App* quota = numbered(of, "quota", "Set what it may use at most", options);
  quota
      ->add_option("quotas", options->quotas,
                   "tags, samples_per_second, bytes, requests_per_minute, tokens, people, "
                   "connections: tags=1000, or tags=none")
      ->required();
  cli.on_data(quota, [&cli, options](ApiClient& api) { return set_quotas(cli, api, *options); });
  add_state(cli, of, "suspend", "Let nobody of it in; what it has stays", "suspended", options);
  add_state(cli, of, "resume", "Let it in again", "active", options);
  CLI::App* remove =
      numbered(of, "rm", "Remove it with all it has, now; it must have asked to leave", options);
  remove->add_option("name", options->organisation, "Its name, typed")->required();
  cli.on_api(remove, [options](ApiClient& api) {
    return done(api.post(path_of(*options) + "/remove", {{"name", options->organisation}}));
  });
}

void add_own(Cli& cli, CLI::App* of, const Shared& options) {
  cli.on_data(of->add_subcommand("show", "One's own: quotas and use"), [&cli](ApiClient& api) {
    return print_one(cli, api.get("/organisation"), kOrganisationColumns);
  });
  CLI::App* save = of->add_subcommand("export", "Everything that one's own has, as one tar");
  save->add_option("file", options->note, "Where to write it; - for standard output")->required();
  cli.on_api(save, [options](ApiClient& api) {
    return save_answer(api, "/organisation/export", options->note);
  });
  CLI::App* leave = of->add_subcommand("leave", "Have one's own removed, 30 days from now");
  leave->add_option("name", options->organisation, "Its name, typed")->required();
  cli.on_api(leave, [options](ApiClient& api) {
    return done(api.post("/organisation/leave", {{"name", options->organisation}}));
  });
  cli.on_api(of->add_subcommand("stay", "Stay after all"),
             [](ApiClient& api) { return done(api.remove("/organisation/leave")); });
}

void add_signups(Cli& cli, const Shared& options) {
  CLI::App* signup = cli.root.add_subcommand("signup", "Organisations that ask to be taken in");
  signup->require_subcommand(1);
  CLI::App* open = signup->add_subcommand("open", "Take sign-ups, each to be approved");
  open->add_option("--contact", options->note, "Whom organisations ask for more");
  cli.on_api(open, [options](ApiClient& api) {
    return done(api.put("/platform", {{"signup", "approval"}, {"contact", options->note}}));
  });
  cli.on_api(signup->add_subcommand("close", "Take none"), [](ApiClient& api) {
    Result<Json> settings = api.get("/platform");
    if (!settings) return print_error(settings.error());
    (*settings)["signup"] = "closed";
    return done(api.put("/platform", *settings));
  });
  cli.on_data(
      signup->add_subcommand("ls", "List sign-ups, those that wait first"),
      [&cli](ApiClient& api) { return print_items(cli, api.get("/signups"), kSignupColumns); });
  CLI::App* approve =
      numbered(signup, "approve", "Take it in; the first password is printed once", options);
  cli.on_data(approve, [&cli, options](ApiClient& api) {
    const std::string path = "/signups/" + std::to_string(options->id) + "/approve";
    return print_one(cli, api.post(path, Json::object()), kMadeColumns);
  });
  CLI::App* refuse = numbered(signup, "refuse", "Refuse it", options);
  refuse->add_option("reason", options->note, "Why")->required();
  cli.on_api(refuse, [options](ApiClient& api) {
    const std::string path = "/signups/" + std::to_string(options->id) + "/refuse";
    return done(api.post(path, {{"reason", options->note}}));
  });
}

}  // namespace

void add_organisation_commands(Cli& cli) {
  const auto options = std::make_shared<Options>();
  CLI::App* organisation =
      cli.root.add_subcommand("organisation", "Organisations of the server, and one's own");
  organisation->require_subcommand(1);
  add_administration(cli, organisation, options);
  add_own(cli, organisation, options);
  add_signups(cli, options);
  CLI::App* usage = cli.root.add_subcommand("usage", "What one's organisation used, by the hour");
  usage->add_option("--organisation", options->id, "Of another, for who runs the server");
  cli.on_data(usage, [&cli, options](ApiClient& api) {
    const std::string path = options->id == 0 ? "/usage" : path_of(*options) + "/usage";
    return print_items(cli, api.get(path), kUsageColumns);
  });
}

}  // namespace lineshaft::app
