// provider: identity providers that people sign in by.
#include <iostream>

#include "app/cli.h"
#include "app/commands/ask_secret.h"
#include "app/commands/read_json.h"

namespace lineshaft::app {
namespace {

const std::vector<Column> kProviderColumns{{"id", "/id"},
                                           {"name", "/name"},
                                           {"issuer", "/issuer"},
                                           {"client", "/client_id"},
                                           {"enabled", "/enabled"},
                                           {"people", "/people"},
                                           {"sign in at", "/sign_in"}};
const std::vector<Column> kCheckColumns{{"sign in", "/authorization_endpoint"},
                                        {"tokens", "/token_endpoint"},
                                        {"sign out", "/end_session_endpoint"},
                                        {"algorithms", "/algorithms"},
                                        {"keys", "/keys"}};

struct ProviderOptions {
  std::uint64_t id = 0;
  std::string file;
  bool new_secret = false;
};

std::string path_of(const ProviderOptions& options, const char* end = "") {
  return "/identity-providers/" + std::to_string(options.id) + end;
}

// Who may come in is changed in a session that is new, or with the password once more.
template <typename Send>
Result<Json> with_password(Json body, Send send) {
  Result<Json> answer = send(body);
  if (answer || answer.error().id != ErrorId::kPasswordNeeded) return answer;
  const Result<std::string> password = ask_password("your password");
  if (!password) return password.error();
  body["password"] = *password;
  return send(body);
}

Status add_secret(Json& body) {
  if (body.contains("secret")) return {};
  Result<std::string> secret = ask_secret("client secret", "LINESHAFT_CLIENT_SECRET");
  if (!secret) return std::move(secret).error();
  body["secret"] = *std::move(secret);
  return {};
}

int put(Cli& cli, ApiClient& api, const ProviderOptions& options, bool is_new) {
  Result<Json> body = read_json(options.file);
  if (!body) return print_error(body.error());
  if (is_new || options.new_secret) {
    if (Status had = add_secret(*body); !had) return print_error(had.error());
  }
  const Result<Json> answer = with_password(*body, [&](const Json& wanted) {
    return is_new ? api.post("/identity-providers", wanted) : api.put(path_of(options), wanted);
  });
  if (!answer) return print_error(answer.error());
  print_object(cli.format(), kProviderColumns, *answer);
  return kExitOk;
}

int list(Cli& cli, ApiClient& api) {
  const Result<Json> answer = api.get("/identity-providers");
  if (!answer) return print_error(answer.error());
  print_rows(cli.format(), kProviderColumns, (*answer)["items"]);
  if (!(*answer)["redirect_uri"].is_null()) {
    print_note("each of them has to know the redirect URI " +
               (*answer)["redirect_uri"].get<std::string>());
  }
  return kExitOk;
}

int check(Cli& cli, ApiClient& api, const ProviderOptions& options) {
  Result<Json> answer = api.post(path_of(options, "/check"), Json::object());
  if (!answer) return print_error(answer.error());
  std::string algorithms;
  for (const Json& each : (*answer)["algorithms"]) {
    algorithms += (algorithms.empty() ? "" : ", ") + each.get<std::string>();
  }
  if (cli.format() == Format::kTable || cli.format() == Format::kCsv) {
    (*answer)["algorithms"] = algorithms;
  }
  print_object(cli.format(), kCheckColumns, *answer);
  return kExitOk;
}

int remove(ApiClient& api, const ProviderOptions& options) {
  const Result<Json> answer = with_password(Json::object(), [&](const Json& body) {
    return api.post(path_of(options, "/remove"), body);
  });
  return answer ? kExitOk : print_error(answer.error());
}

}  // namespace

void add_provider_commands(Cli& cli) {
  auto options = std::make_shared<ProviderOptions>();
  CLI::App* provider =
      cli.root.add_subcommand("provider", "Identity providers that people sign in by");
  provider->require_subcommand(1);
  cli.on_data(provider->add_subcommand("ls", "List them"),
              [&cli](ApiClient& api) { return list(cli, api); });
  CLI::App* add = provider->add_subcommand("add", "Add one; asks for the client's secret");
  CLI::App* set = provider->add_subcommand("set", "Change one, all of its settings");
  CLI::App* look = provider->add_subcommand("check", "Ask one for its document and its keys");
  CLI::App* gone = provider->add_subcommand("rm", "Remove one; sessions that began by it end");
  for (CLI::App* command : {set, look, gone}) {
    command->add_option("id", options->id, "Number of the provider, see provider ls")->required();
  }
  for (CLI::App* command : {add, set}) {
    command->add_option("file", options->file, "Settings as JSON; - is standard input")->required();
  }
  set->add_flag("--new-secret", options->new_secret, "Ask for a new secret of the client");
  cli.on_data(add, [&cli, options](ApiClient& api) { return put(cli, api, *options, true); });
  cli.on_data(set, [&cli, options](ApiClient& api) { return put(cli, api, *options, false); });
  cli.on_data(look, [&cli, options](ApiClient& api) { return check(cli, api, *options); });
  cli.on_api(gone, [options](ApiClient& api) { return remove(api, *options); });
}

}  // namespace lineshaft::app
