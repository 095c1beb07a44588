// vault.
#include "vault/vault.h"
#include "app/cli.h"
#include "app/key_sources.h"
#include "sys/clock.h"

namespace lineshaft::app {
namespace {

const std::vector<Column> kKeyColumns{
    {"owner", "/owner"}, {"number", "/number"}, {"made", "/made"}, {"state", "/state"}};
const std::vector<Column> kVaultColumns{{"master key", "/master_place"},
                                        {"since", "/master_since"},
                                        {"encryption", "/encryption"},
                                        {"files sealed", "/files_sealed"},
                                        {"files in the clear", "/files_clear"},
                                        {"files under former keys", "/files_old_keys"},
                                        {"rotating", "/rotating"}};

int show(ApiClient& api, Format format) {
  const Result<Json> view = api.get("/vault");
  if (!view) return print_error(view.error());
  if (format == Format::kTable) {
    print_object(format, kVaultColumns, *view);
    print_rows(format, kKeyColumns, (*view)["keys"]);
  } else {
    print_object(format, kVaultColumns, *view);
  }
  for (const char* said : {"advice", "trouble"}) {
    const auto text = (*view)[said].get<std::string>();
    if (!text.empty()) print_note(text);
  }
  return kExitOk;
}

int rotate(ApiClient& api, Format format) {
  const Result<Json> view = api.post("/vault/rotate", Json::object());
  if (!view) return print_error(view.error());
  print_object(format, kVaultColumns, *view);
  return kExitOk;
}

struct ChangeArguments {
  std::string config_file;
  std::string to_file;
  std::string data;
};

// The server must not run: it holds the lock, and the former key.
int change_master(const ChangeArguments& arguments) {
  Result<Config> from = load_config(arguments.config_file);
  if (!from) return print_error(from.error());
  Result<Config> to =
      load_config(arguments.to_file.empty() ? arguments.config_file : arguments.to_file);
  if (!to) return print_error(to.error());
  if (!arguments.data.empty()) from->data_directory = arguments.data;
  to->data_directory = from->data_directory;
  sys::FileSystem& files = sys::real_file_system();
  const auto lock = files.lock_directory(from->data_directory);
  if (!lock) return print_error(lock.error());
  if (!vault::Vault::exists(files, from->data_directory)) {
    return print_error({ErrorId::kFileMissing, "there are no keys in " + from->data_directory});
  }
  auto keys = vault::Vault::open(
      {files, sys::real_clock(), sys::real_random(), from->data_directory}, master_settings(*from));
  if (!keys) return print_error(keys.error());
  if (Status changed = (*keys)->change_master(master_settings(*to)); !changed) {
    return print_error(changed.error());
  }
  print_note("the keys are sealed under a new master key: " + master_place(*to));
  return kExitOk;
}

}  // namespace

void add_vault_commands(Cli& cli) {
  CLI::App* vault = cli.root.add_subcommand("vault", "The keys that secrets are sealed under");
  vault->require_subcommand(1);
  cli.on_data(vault->add_subcommand("status", "Which keys there are, and what they seal"),
              [&cli](ApiClient& api) { return show(api, cli.format()); });
  cli.on_data(vault->add_subcommand("rotate", "Make new keys and seal everything under them"),
              [&cli](ApiClient& api) { return rotate(api, cli.format()); });
  auto arguments = std::make_shared<ChangeArguments>();
  CLI::App* change = vault->add_subcommand(
      "change-master", "Seal the keys under a new master key, while the server is stopped");
  change->add_option("--config", arguments->config_file, "Settings that say where it is");
  change->add_option("--to", arguments->to_file,
                     "Settings that say where the new one is to be; default: the same place");
  change->add_option("--data", arguments->data, "Data directory");
  cli.on(change, [arguments] { return change_master(*arguments); });
}

}  // namespace lineshaft::app
