// ledger: verify, export, trial-balance: a ledger that no server uses, or an export of one. The
// other verbs are in books.cpp.
#include <filesystem>

#include "app/cli.h"
#include "app/commands/books.h"
#include "app/offline_files.h"
#include "base/hex.h"
#include "ledger/ledger.h"
#include "ledger/verify.h"
#include "model/money.h"
#include "sys/clock.h"
#include "sys/file.h"

namespace lineshaft::app {
namespace {

struct VerifyArguments {
  std::string path;
  std::string key;
  std::string checkpoint;
  std::vector<std::string> witnesses;
};

Result<ledger::VerifyOptions> verify_options(const VerifyArguments& arguments) {
  ledger::VerifyOptions options;
  if (!arguments.key.empty()) {
    Result<ledger::NoteKey> key = ledger::NoteKey::parse(arguments.key);
    if (!key) return std::move(key).error();
    options.key = *std::move(key);
  }
  for (const std::string& text : arguments.witnesses) {
    Result<ledger::NoteKey> witness = ledger::NoteKey::parse(text);
    if (!witness) return std::move(witness).error();
    options.witnesses.push_back(*std::move(witness));
  }
  if (!arguments.checkpoint.empty()) {
    const Result<Bytes> text =
        sys::read_file(sys::real_file_system(), arguments.checkpoint, ledger::kNoteBytesMax);
    if (!text) return text.error();
    Result<ledger::SignedNote> note = ledger::parse_note(as_text(*text));
    if (!note) return std::move(note).error();
    options.kept = *std::move(note);
  }
  return options;
}

// "data/ledger/" -> "data", where the keys are.
std::string data_directory_of(const std::string& ledger) {
  const std::filesystem::path path(ledger);
  const std::string parent = (path.has_filename() ? path : path.parent_path()).parent_path();
  return parent.empty() ? "." : parent;
}

int verify(Format format, const VerifyArguments& arguments) {
  Result<ledger::VerifyOptions> options = verify_options(arguments);
  if (!options) return print_error(options.error());
  Progress progress("verifying");
  options->progress = [&](std::uint64_t done, std::uint64_t total) {
    progress.update(done, total, "B");
  };
  const bool is_directory = std::filesystem::is_directory(arguments.path);
  Result<OfflineFiles> offline = OfflineFiles();
  if (is_directory) offline = OfflineFiles::open(data_directory_of(arguments.path));
  if (!offline) return print_error(offline.error());
  sys::FileSystem& files = offline->files();
  const auto found = is_directory ? ledger::verify_directory(files, arguments.path, *options)
                                  : ledger::verify_export(files, arguments.path, *options);
  if (!found) return print_error(found.error());
  const Json signed_entries = found->checkpoint ? Json(found->checkpoint->size) : Json(nullptr);
  print_object(format,
               {{"entries", "/entries"},
                {"accounts", "/accounts"},
                {"root", "/root"},
                {"signed entries", "/signed_entries"},
                {"key", "/key"}},
               {{"entries", found->entries},
                {"accounts", found->accounts.size()},
                {"root", hex_text(found->root)},
                {"signed_entries", signed_entries},
                {"key", found->key}});
  if (!options->key) {
    print_note(
        "The key is the file's own word: compare it with what the owner told you, or give --key.");
  }
  return kExitOk;
}

Result<std::unique_ptr<ledger::Ledger>> open_closed(const std::string& directory,
                                                    sys::FileSystem& files) {
  // Opening makes what is missing: that is not for one who only looks.
  if (!std::filesystem::is_directory(sys::join_path(directory, "log"))) {
    return Error{ErrorId::kFileMissing, directory + " is no directory of a ledger"};
  }
  ledger::LedgerOptions options;
  options.directory = directory;
  return ledger::Ledger::open(files, sys::real_random(), sys::real_clock(), options);
}

struct ExportArguments {
  std::string directory;
  std::string file;
  std::string form = "ledger";
  std::string of = "all";
};

int export_ledger(const ExportArguments& arguments) {
  const auto offline = OfflineFiles::open(data_directory_of(arguments.directory));
  if (!offline) return print_error(offline.error());
  const auto store = open_closed(arguments.directory, offline->files());
  if (!store) return print_error(store.error());
  const std::string& file = arguments.file;
  const auto of = arguments.of == "cosigned" ? ledger::ExportOf::kCosigned : ledger::ExportOf::kAll;
  const Status written =
      arguments.form == "hledger" ? (*store)->write_hledger(file) : (*store)->export_to(file, of);
  if (!written) return print_error(written.error());
  print_note("the ledger is in " + file);
  return kExitOk;
}

const char* kind_word(ledger::AccountKind kind) {
  switch (kind) {
    case ledger::AccountKind::kAsset:
      return "asset";
    case ledger::AccountKind::kLiability:
      return "liability";
    case ledger::AccountKind::kEquity:
      return "equity";
    case ledger::AccountKind::kIncome:
      return "income";
    case ledger::AccountKind::kExpense:
      break;
  }
  return "expense";
}

Json to_json(const ledger::AccountView& view) {
  const auto text = [&](Int128 sum) { return amount_text({sum, view.account.currency}); };
  return {{"id", view.id.value},
          {"account", view.account.name},
          {"owner", view.account.owner},
          {"kind", kind_word(view.account.kind)},
          {"currency", view.account.currency.code()},
          {"debits", text(view.balance.debits)},
          {"credits", text(view.balance.credits)},
          {"balance", text(view.balance.posted())},
          {"pending", text(view.balance.pending())},
          {"closed", view.closed}};
}

int trial_balance(Format format, const std::string& directory, std::uint64_t at,
                  const std::string& owner) {
  const auto offline = OfflineFiles::open(data_directory_of(directory));
  if (!offline) return print_error(offline.error());
  const auto store = open_closed(directory, offline->files());
  if (!store) return print_error(store.error());
  const ledger::Sequence newest = (*store)->last();
  const auto views = (*store)->trial_balance(at == 0 ? newest : ledger::Sequence{at}, owner);
  if (!views) return print_error(views.error());
  Json rows = Json::array();
  for (const ledger::AccountView& view : *views) rows.push_back(to_json(view));
  print_rows(format,
             {{"id", "/id"},
              {"account", "/account"},
              {"owner", "/owner"},
              {"kind", "/kind"},
              {"currency", "/currency"},
              {"debits", "/debits"},
              {"credits", "/credits"},
              {"balance", "/balance"},
              {"pending", "/pending"}},
             rows);
  if (const auto damaged = (*store)->read_only()) return print_error(*damaged);
  return kExitOk;
}

}  // namespace

void add_ledger_commands(Cli& cli) {
  CLI::App* noun = cli.root.add_subcommand("ledger", "Accounts, journals, and proof of them");
  noun->require_subcommand(1);

  auto verify_arguments = std::make_shared<VerifyArguments>();
  CLI::App* verify_command =
      noun->add_subcommand("verify", "Check every entry, its hash and the signature over all");
  verify_command->add_option("path", verify_arguments->path, "Export, or directory of a ledger")
      ->required();
  verify_command->add_option("--key", verify_arguments->key,
                             "The ledger's key, as its owner told you");
  verify_command->add_option("--checkpoint", verify_arguments->checkpoint,
                             "File with a checkpoint that you kept; needs --key");
  cli.add_output(verify_command);
  cli.on(verify_command,
         [&cli, verify_arguments] { return verify(cli.format(), *verify_arguments); });

  verify_command->add_option("--witness", verify_arguments->witnesses,
                             "Key of a witness who must have cosigned; may be repeated");

  auto arguments = std::make_shared<ExportArguments>();
  CLI::App* export_command = noun->add_subcommand("export", "Write all entries into one file");
  export_command->add_option("directory", arguments->directory,
                             "Directory of a ledger that no server uses; default: ask the server");
  export_command->add_option("--file", arguments->file, "Where to")->required();
  export_command
      ->add_option("--form", arguments->form, "ledger: to verify; hledger: text for hledger")
      ->check(CLI::IsMember({"ledger", "hledger"}))
      ->capture_default_str();
  export_command
      ->add_option("--of", arguments->of,
                   "all; cosigned: up to the newest checkpoint that witnesses cosigned")
      ->check(CLI::IsMember({"all", "cosigned"}))
      ->capture_default_str();
  cli.on_api(export_command, [arguments](ApiClient& api) {
    if (!arguments->directory.empty()) return export_ledger(*arguments);
    return export_from_server(api, arguments->file, arguments->form, arguments->of);
  });

  auto at = std::make_shared<std::uint64_t>(0);
  auto owner = std::make_shared<std::string>();
  auto directory = std::make_shared<std::string>();
  CLI::App* balance = noun->add_subcommand("trial-balance", "Balances of all accounts");
  balance->add_option("directory", *directory, "Directory of the ledger")->required();
  balance->add_option("--at", *at, "After this entry; default: the last");
  balance->add_option("--owner", *owner, "Only the accounts of this party");
  cli.add_output(balance);
  cli.on(balance, [&cli, directory, at, owner] {
    return trial_balance(cli.format(), *directory, *at, *owner);
  });
  add_books_commands(cli, noun);
}

}  // namespace lineshaft::app
