#include "app/commands/account.h"

#include <iostream>

#include "identity/identity.h"
#include "records/database.h"
#include "sys/file.h"

namespace lineshaft::app {
namespace {

const std::vector<Column> kSessionColumns{
    {"id", "/id"},     {"own", "/own"},      {"since", "/created"}, {"last used", "/used"},
    {"ends", "/ends"}, {"from", "/address"}, {"by", "/strength"},   {"program", "/agent"}};
const std::vector<Column> kInvitationColumns{{"id", "/id"},     {"email", "/email"},
                                             {"name", "/name"}, {"role", "/role"},
                                             {"by", "/by"},     {"expires", "/expires"}};

struct Options {
  std::uint64_t id = 0;
  std::string session;
  std::string email;
  std::string name;
  std::string role = "viewer";
  std::string who;
  std::string data = "lineshaft-data";
};

int print_items(Cli& cli, ApiClient& api, const std::string& path,
                const std::vector<Column>& columns) {
  const Result<Json> answer = api.get(path);
  if (!answer) return print_error(answer.error());
  print_rows(cli.format(), columns, (*answer)["items"]);
  return kExitOk;
}

int remove_at(ApiClient& api, const std::string& path) {
  const Result<Json> answer = api.remove(path);
  return answer ? kExitOk : print_error(answer.error());
}

std::string of_user(const Options& options, const char* what) {
  return "/users/" + std::to_string(options.id) + what;
}

int invite(ApiClient& api, const Options& options) {
  const Result<Json> answer = api.post(
      "/invitations", {{"email", options.email}, {"name", options.name}, {"role", options.role}});
  if (!answer) return print_error(answer.error());
  std::cout << api.access().url << (*answer)["link"].get<std::string>() << std::endl;
  print_note("for " + options.email + " alone, once, until " +
             (*answer)["expires"].get<std::string>());
  return kExitOk;
}

int factor_rule(ApiClient& api, const Options& options) {
  const Result<Json> answer = options.who.empty()
                                  ? api.get("/factor-rule")
                                  : api.put("/factor-rule", {{"demanded_of", options.who}});
  if (!answer) return print_error(answer.error());
  std::cout << (*answer)["demanded_of"].get<std::string>() << std::endl;
  return kExitOk;
}

// On the server's machine, with the server stopped: whoever can read its data can do this.
int recover(const Options& options) {
  sys::FileSystem& files = sys::real_file_system();
  const std::string path = sys::join_path(options.data, "records.db");
  if (!files.exists(path)) return print_error({ErrorId::kFileMissing, path});
  const auto lock = files.lock_directory(options.data);
  if (!lock) {
    return print_error({lock.error().id, lock.error().what + "; stop the server first"});
  }
  auto database = records::Database::open(files, {.path = path});
  if (!database) return print_error(database.error());
  auto identity =
      identity::Identity::open(*std::move(database), sys::real_clock(), sys::real_random());
  if (!identity) return print_error(identity.error());
  const Result<std::string> code = (*identity)->issue_recovery(options.email);
  if (!code) return print_error(code.error());
  std::cout
      << "recovery code   " << *code << "\n"
      << "Start the server, open its console within the hour, choose \"I cannot sign in\" and "
         "enter the code.\n"
      << "It sets a new password, and removes the second factors and sessions of " << options.email
      << "." << std::endl;
  return kExitOk;
}

void add_invitation_commands(Cli& cli, CLI::App* user, const std::shared_ptr<Options>& options) {
  CLI::App* add = user->add_subcommand("invite", "Invite a person; prints a link that works once");
  add->add_option("--email", options->email, "Address of the person")->required();
  add->add_option("--name", options->name, "Name of the person")->required();
  add->add_option("--role", options->role, "A role in the whole organisation, see access roles")
      ->capture_default_str();
  cli.on_api(add, [options](ApiClient& api) { return invite(api, *options); });
  cli.on_data(
      user->add_subcommand("invitations", "List invitations that wait"),
      [&cli](ApiClient& api) { return print_items(cli, api, "/invitations", kInvitationColumns); });
  CLI::App* withdraw = user->add_subcommand("uninvite", "Withdraw an invitation");
  withdraw->add_option("id", options->id, "Number of the invitation, see user invitations")
      ->required();
  cli.on_api(withdraw, [options](ApiClient& api) {
    return remove_at(api, "/invitations/" + std::to_string(options->id));
  });
}

}  // namespace

void add_people_commands(Cli& cli, CLI::App* user) {
  auto options = std::make_shared<Options>();
  add_invitation_commands(cli, user, options);
  CLI::App* reset = user->add_subcommand(
      "reset-factors", "Take the second factors away from a person who lost them");
  CLI::App* sessions = user->add_subcommand("sessions", "List the open sessions of a person");
  CLI::App* end = user->add_subcommand("end-sessions", "End all sessions of a person");
  for (CLI::App* command : {reset, sessions, end}) {
    command->add_option("id", options->id, "Number of the person, see user ls")->required();
  }
  cli.on_api(reset,
             [options](ApiClient& api) { return remove_at(api, of_user(*options, "/factors")); });
  cli.on_data(sessions, [&cli, options](ApiClient& api) {
    return print_items(cli, api, of_user(*options, "/sessions"), kSessionColumns);
  });
  cli.on_api(end,
             [options](ApiClient& api) { return remove_at(api, of_user(*options, "/sessions")); });
  CLI::App* rule =
      user->add_subcommand("factor-rule", "Show or change who must have a second factor");
  rule->add_option("who", options->who, "nobody, administrators or everyone");
  cli.on_api(rule, [options](ApiClient& api) { return factor_rule(api, *options); });
}

void add_account_commands(Cli& cli) {
  auto options = std::make_shared<Options>();
  CLI::App* session = cli.root.add_subcommand("session", "Your own open sessions");
  session->require_subcommand(1);
  cli.on_data(session->add_subcommand("ls", "List them"), [&cli](ApiClient& api) {
    return print_items(cli, api, "/account/sessions", kSessionColumns);
  });
  CLI::App* end = session->add_subcommand("rm", "End one, or all but this one");
  end->add_option("id", options->session, "Which, see session ls; none: all others");
  cli.on_api(end, [options](ApiClient& api) {
    const std::string one = options->session.empty() ? "" : "/" + options->session;
    return remove_at(api, "/account/sessions" + one);
  });
  CLI::App* back = cli.root.add_subcommand(
      "recover", "On the server's machine: a code for an administrator who cannot sign in");
  back->add_option("--data", options->data, "Data directory")->capture_default_str();
  back->add_option("--email", options->email, "Address of the administrator")->required();
  cli.on(back, [options] { return recover(*options); });
}

}  // namespace lineshaft::app
