// claim, login, logout, user, token.
#include <iostream>

#include "app/cli.h"
#include "app/commands/account.h"
#include "app/commands/ask_secret.h"
#include "app/commands/grants.h"

namespace lineshaft::app {
namespace {

const std::vector<Column> kUserColumns{{"id", "/id"},
                                       {"email", "/email"},
                                       {"name", "/name"},
                                       {"roles", "/roles"},
                                       {"codes", "/second_factor/totp"},
                                       {"passkeys", "/second_factor/passkeys"},
                                       {"created", "/created"}};
const std::vector<Column> kTokenColumns{
    {"id", "/id"},           {"name", "/name"},           {"roles", "/roles"},
    {"created", "/created"}, {"last used", "/last_used"}, {"expires", "/expires"}};

// The second step of a sign-in, if the answer to the first asks for it. A passkey needs a browser.
Result<Json> second_step(ApiClient& api, Result<Json> answer) {
  if (!answer || !answer->contains("second_factor_required")) return answer;
  const Result<std::string> code =
      ask_secret("code of your authenticator app, or a recovery code", "LINESHAFT_CODE");
  if (!code) return code.error();
  constexpr std::size_t kDigitsMax = 8;  // with a blank or two
  const char* kind = code->size() > kDigitsMax ? "recovery_code" : "code";
  return api.post("/session/factor", {{"pending", (*answer)["pending"]}, {kind, *code}});
}

// Keeps the session of a sign-in for the commands that follow.
int keep_session(const ApiClient& api, const Json& session, Access access) {
  access.cookie = api.last_cookie();
  access.csrf = session["csrf"].get<std::string>();
  if (Status saved = save_access(access); !saved) return print_error(saved.error());
  print_note("signed in to " + access.url + " as " + session["user"]["email"].get<std::string>());
  return kExitOk;
}

struct AccessOptions {
  std::string server;
  std::string fingerprint;
  std::string code;
  std::string organisation;
  std::string email;
  std::string name;
  std::string role = "viewer";
  std::vector<std::string> grants;
  std::uint64_t id = 0;
};

Access access_of(const AccessOptions& options) {
  Access access = load_access(options.server);
  access.token.clear();
  access.cookie.clear();
  if (!options.fingerprint.empty()) access.fingerprint = options.fingerprint;
  return access;
}

int start_session(const AccessOptions& options, const std::string& path, Json body) {
  const Access access = access_of(options);
  Result<ApiClient> api = ApiClient::open(access);
  if (!api) return print_error(api.error());
  // What the server wants to be read first. A server that cannot be reached says so further down.
  if (const Result<Json> status = api->get("/status"); status && status->contains("notice")) {
    print_note((*status)["notice"].get<std::string>());
  }
  Result<std::string> password = ask_password("password");
  if (!password) return print_error(password.error());
  body["password"] = *std::move(password);
  const Result<Json> session = second_step(*api, api->post(path, body));
  if (!session) {
    const int code = print_error(session.error());
    if (session.error().id == ErrorId::kTlsFailed && access.fingerprint.empty()) {
      print_note(
          "  A new server vouches for itself: give --fingerprint with what it printed at its "
          "start.");
    }
    return code;
  }
  return keep_session(*api, *session, access);
}

int sign_out() {
  Access access = load_access("");
  if (Result<ApiClient> api = ApiClient::open(access); api) {
    // The session may have ended already; the file is cleared in any case.
    if (const Result<Json> ended = api->remove("/session"); !ended) print_error(ended.error());
  }
  access.cookie.clear();
  access.csrf.clear();
  const Status saved = save_access(access);
  return saved ? kExitOk : print_error(saved.error());
}

void add_server_options(CLI::App* command, AccessOptions& options) {
  command->add_option("--server", options.server, "Address of the server, https://host:port");
  command->add_option("--fingerprint", options.fingerprint,
                      "SHA-256 fingerprint of the server's certificate, as it prints at start");
}

int print_list(Cli& cli, ApiClient& api, const std::string& path,
               const std::vector<Column>& columns) {
  const Result<Json> answer = api.get(path);
  if (!answer) return print_error(answer.error());
  print_rows(cli.format(), columns, with_roles(cli.format(), (*answer)["items"]));
  return kExitOk;
}

int remove_one(ApiClient& api, const std::string& path, std::uint64_t id) {
  const Result<Json> answer = api.remove(path + "/" + std::to_string(id));
  return answer ? kExitOk : print_error(answer.error());
}

void add_user_commands(Cli& cli, const std::shared_ptr<AccessOptions>& options) {
  CLI::App* user = cli.root.add_subcommand("user", "People of the organisation");
  user->require_subcommand(1);
  cli.on_data(user->add_subcommand("ls", "List people"),
              [&cli](ApiClient& api) { return print_list(cli, api, "/users", kUserColumns); });
  CLI::App* add = user->add_subcommand("add", "Add a person; asks for the first password");
  add->add_option("--email", options->email, "Address to sign in with")->required();
  add->add_option("--name", options->name, "Name of the person")->required();
  add_grant_options(add, options->role, options->grants);
  cli.on_data(add, [&cli, options](ApiClient& api) {
    Result<std::string> password = ask_password("password of " + options->email);
    if (!password) return print_error(password.error());
    Json body = grants_body(options->role, options->grants);
    body.update({{"email", options->email}, {"name", options->name}, {"password", *password}});
    const Result<Json> answer = api.post("/users", body);
    if (!answer) return print_error(answer.error());
    print_object(cli.format(), kUserColumns, with_roles(cli.format(), Json::array({*answer}))[0]);
    return kExitOk;
  });
  CLI::App* party = user->add_subcommand("party", "Say for which party of the register one speaks");
  party->add_option("id", options->id, "Number of the person, see user ls")->required();
  party->add_option("party", options->name, "The party; \"\" for none")->required();
  cli.on_api(party, [options](ApiClient& api) {
    const Result<Json> answer =
        api.put("/users/" + std::to_string(options->id) + "/party", {{"party", options->name}});
    return answer ? kExitOk : print_error(answer.error());
  });
  add_people_commands(cli, user);
  CLI::App* remove = user->add_subcommand("rm", "Remove a person");
  remove->add_option("id", options->id, "Number of the person, see user ls")->required();
  cli.on_api(remove, [options](ApiClient& api) { return remove_one(api, "/users", options->id); });
}

void add_token_commands(Cli& cli, const std::shared_ptr<AccessOptions>& options) {
  CLI::App* token = cli.root.add_subcommand("token", "Access of programs");
  token->require_subcommand(1);
  cli.on_data(token->add_subcommand("ls", "List tokens"),
              [&cli](ApiClient& api) { return print_list(cli, api, "/tokens", kTokenColumns); });
  CLI::App* add = token->add_subcommand("add", "Make a token; it is printed once");
  add->add_option("name", options->name, "What the token is for")->required();
  add_grant_options(add, options->role, options->grants);
  cli.on_api(add, [options](ApiClient& api) {
    Json body = grants_body(options->role, options->grants);
    body["name"] = options->name;
    const Result<Json> answer = api.post("/tokens", body);
    if (!answer) return print_error(answer.error());
    std::cout << (*answer)["token"].get<std::string>() << std::endl;
    return kExitOk;
  });
  CLI::App* remove = token->add_subcommand("rm", "Revoke a token");
  remove->add_option("id", options->id, "Number of the token, see token ls")->required();
  cli.on_api(remove, [options](ApiClient& api) { return remove_one(api, "/tokens", options->id); });
}

}  // namespace

void add_access_commands(Cli& cli) {
  auto options = std::make_shared<AccessOptions>();
  CLI::App* claim = cli.root.add_subcommand("claim", "Take ownership of a new server");
  add_server_options(claim, *options);
  claim->add_option("--code", options->code, "The claim code that the server printed")->required();
  claim->add_option("--organisation", options->organisation, "Name of your organisation")
      ->required();
  claim->add_option("--email", options->email, "Your address to sign in with")->required();
  claim->add_option("--name", options->name, "Your name")->required();
  cli.on(claim, [options] {
    return start_session(*options, "/claim",
                         {{"code", options->code},
                          {"organisation", options->organisation},
                          {"email", options->email},
                          {"name", options->name}});
  });
  CLI::App* login = cli.root.add_subcommand("login", "Sign this command line in");
  add_server_options(login, *options);
  login->add_option("--email", options->email, "Your address")->required();
  cli.on(login, [options] {
    return start_session(*options, "/session", {{"email", options->email}});
  });
  CLI::App* logout = cli.root.add_subcommand("logout", "End the session of this command line");
  cli.on(logout, sign_out);
  add_account_commands(cli);
  add_user_commands(cli, options);
  add_token_commands(cli, options);
}

}  // namespace lineshaft::app
