// audit ls | search | export | verify | status | checkpoint | key | witness | feed | keep: who did
// what, and the proof that nobody rewrote it.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "app/cli.h"
#include "app/commands/save_answer.h"
#include "app/commands/witness.h"
#include "base/hex.h"
#include "identity/audit_export.h"
#include "identity/audit_verify.h"
#include "sys/file.h"

namespace lineshaft::app {
namespace {

using identity::AuditKept;

constexpr std::size_t kExportBytesMax = std::size_t{1} << 31U;
constexpr std::uint64_t kPageRows = 1'000;

const std::vector<Column> kEntryColumns{
    {"id", "/id"},          {"time", "/time"},     {"who", "/actor"},
    {"door", "/door"},      {"from", "/address"},  {"what", "/action"},
    {"on what", "/object"}, {"result", "/result"}, {"detail", "/detail"}};
const std::vector<Column> kFeedColumns{{"id", "/id"},     {"kind", "/kind"},
                                       {"host", "/host"}, {"port", "/port"},
                                       {"path", "/path"}, {"sent to", "/position"}};
const std::vector<Column> kStatusColumns{{"entries", "/entries"},
                                         {"verified up to", "/verified"},
                                         {"removed up to", "/removed_through"},
                                         {"kept months", "/keep_months"},
                                         {"trouble", "/trouble"},
                                         {"key", "/key"}};
const std::vector<Column> kVerifiedColumns{{"entries", "/entries"},
                                           {"shown", "/shown"},
                                           {"removed up to", "/removed_through"},
                                           {"root", "/root"},
                                           {"key", "/key"}};

struct SearchOptions {
  std::string from, to, actor, action, object, result, text;
  std::uint64_t limit = 50;
  std::string form = "signed";
  std::string file = "-";
};

void add_filters(CLI::App* command, SearchOptions& options) {
  command->add_option("--from", options.from, "Not before, 2026-01-31T00:00:00Z");
  command->add_option("--to", options.to, "Before");
  command->add_option("--actor", options.actor, "Part of a name");
  command->add_option("--action", options.action, "\"user.create\"; \"user\" finds all of them");
  command->add_option("--object", options.object, "Part of what it was done to");
  command->add_option("--result", options.result, "done, refused or failed");
  command->add_option("--text", options.text, "Anywhere in an entry");
}

std::string query_of(const SearchOptions& options) {
  std::string query;
  for (const auto& [name, value] :
       {std::pair("from", &options.from), std::pair("to", &options.to),
        std::pair("actor", &options.actor), std::pair("action", &options.action),
        std::pair("object", &options.object), std::pair("result", &options.result),
        std::pair("text", &options.text)}) {
    if (!value->empty()) query += "&" + std::string(name) + "=" + url_encode(*value);
  }
  return query;
}

int search(ApiClient& api, Format format, const SearchOptions& options) {
  Json rows = Json::array();
  std::string before;
  while (rows.size() < options.limit) {
    const std::uint64_t limit = std::min<std::uint64_t>(kPageRows, options.limit - rows.size());
    const Result<Json> page =
        api.get("/audit?limit=" + std::to_string(limit) + before + query_of(options));
    if (!page) return print_error(page.error());
    for (const Json& item : (*page)["items"]) rows.push_back(item);
    if ((*page)["next"].is_null()) break;
    before = "&before=" + std::to_string((*page)["next"].get<std::uint64_t>());
  }
  print_rows(format, kEntryColumns, rows);
  return kExitOk;
}

// --- verifying ---

struct VerifyOptions {
  std::string path;
  std::string key;
  std::vector<std::string> kept;
};

Error failed(std::string what) { return {ErrorId::kVerificationFailed, std::move(what)}; }

Result<std::string> read_text(const std::string& path) {
  const Result<Bytes> bytes = sys::read_file(sys::real_file_system(), path, kExportBytesMax);
  if (!bytes) return bytes.error();
  return std::string(as_text(*bytes));
}

// A data directory or a backup: its hashes, if its trail is good by itself.
Status keep_directory(const std::string& path, AuditKept& kept) {
  sys::FileSystem& files = sys::real_file_system();
  const auto good = identity::verify_audit_directory(files, path, {});
  if (!good) return Error{good.error().id, path + ": " + good.error().what};
  auto database =
      records::Database::open(files, {.path = sys::join_path(path, "records.db"), .check = false});
  if (!database) return database.error();
  for (std::uint64_t id = 1; id <= good->entries; ++id) {
    const auto seal = identity::read_seal(**database, id);
    if (!seal) return seal.error();
    for (std::size_t level = 0; level < seal->nodes.size(); ++level) {
      kept.nodes[ledger::node_count(id - 1) + level] = seal->nodes[level];
    }
  }
  const auto keys =
      identity::read_verifier_keys(files, sys::join_path(path, identity::kAuditDirectory));
  if (!keys) return keys.error();
  const auto root = ledger::root_at(good->entries, identity::seal_nodes(**database));
  if (!root) return root.error();
  kept.marks.push_back({path, {keys->back().name, good->entries, *root}});
  return {};
}

// What the reader kept: a checkpoint, an export, or a directory.
Status keep(const std::string& path, const std::optional<ledger::NoteKey>& key, AuditKept& kept) {
  if (std::filesystem::is_directory(path)) return keep_directory(path, kept);
  const Result<std::string> text = read_text(path);
  if (!text) return text.error();
  if (const auto read = identity::read_audit_export(*text, {})) {
    if (key && read->key != *key) return failed(path + " is signed by another key");
    kept.nodes.insert(read->nodes.begin(), read->nodes.end());
    kept.marks.push_back({path, read->checkpoint});
    return {};
  }
  const auto note = ledger::parse_note(*text);
  if (!note) return Error{ErrorId::kInvalidArgument, path + ": neither checkpoint nor export"};
  if (!key) {
    return Error{ErrorId::kUsage, "a checkpoint that was kept needs --key: the key that signed it"};
  }
  const auto opened = ledger::open_checkpoint(*note, *key);
  if (!opened) return Error{opened.error().id, path + ": " + opened.error().what};
  kept.marks.push_back({path, *opened});
  return {};
}

int print_verified(Format format, const Json& found, bool has_key) {
  print_object(format, kVerifiedColumns, found);
  if (!has_key) {
    print_note(
        "The key is the server's own word: compare it with what its owner told you, or give "
        "--key.");
  }
  return kExitOk;
}

int verify_export(Format format, const std::string& text, const identity::AuditKnown& known) {
  const auto read = identity::read_audit_export(text, {}, known);
  if (!read) return print_error(read.error());
  for (const std::string& name : read->unclear) {
    print_note("whether it continues " + name +
               " cannot be told: the export hides those entries in larger parts");
  }
  return print_verified(format,
                        {{"entries", read->checkpoint.size},
                         {"shown", read->shown},
                         {"removed_through", nullptr},
                         {"root", hex_text(read->checkpoint.root)},
                         {"key", read->key.text()}},
                        known.key.has_value());
}

int verify_directory(Format format, const std::string& path,
                     const std::optional<ledger::NoteKey>& key, const AuditKept& kept) {
  const auto found = identity::verify_audit_directory(sys::real_file_system(), path, kept);
  if (!found) return print_error(found.error());
  if (key && found->key != key->text()) {
    return print_error(failed("it is signed by " + found->key + ", not by " + key->text()));
  }
  return print_verified(format,
                        {{"entries", found->entries},
                         {"shown", found->entries - found->removed_through},
                         {"removed_through", found->removed_through},
                         {"root", found->root},
                         {"key", found->key}},
                        key.has_value());
}

int verify(Cli& cli, const VerifyOptions& options) {
  identity::AuditKnown known;
  if (!options.key.empty()) {
    const auto read = ledger::NoteKey::parse(options.key);
    if (!read) return print_error(read.error());
    known.key = *read;
  }
  for (const std::string& path : options.kept) {
    if (Status added = keep(path, known.key, known.kept); !added) return print_error(added.error());
  }
  if (std::filesystem::is_directory(options.path)) {
    return verify_directory(cli.format(), options.path, known.key, known.kept);
  }
  if (!options.path.empty()) {
    const Result<std::string> text = read_text(options.path);
    if (!text) return print_error(text.error());
    return verify_export(cli.format(), *text, known);
  }
  // Of a running server: what it hands out, checked here.
  Result<ApiClient> api = ApiClient::open(load_access(cli.server));
  if (!api) return print_error(api.error());
  std::string text;
  Status done = api->download("/audit/export?form=signed", [&](std::string_view piece) -> Status {
    text += piece;
    if (text.size() <= kExportBytesMax) return {};
    return Error{ErrorId::kInternal, "the server's answer is too long"};
  });
  if (!done) return print_error(done.error());
  return verify_export(cli.format(), text, known);
}

// --- the table ---

void add_search(Cli& cli, CLI::App* noun, const char* name, const char* what) {
  auto options = std::make_shared<SearchOptions>();
  CLI::App* command = noun->add_subcommand(name, what);
  if (std::string_view(name) == "search") {
    command->add_option("text", options->text, "Anywhere in an entry");
  }
  add_filters(command, *options);
  command->add_option("--limit", options->limit, "At most so many, the newest")
      ->capture_default_str();
  cli.on_data(command,
              [&cli, options](ApiClient& api) { return search(api, cli.format(), *options); });
}

void add_export(Cli& cli, CLI::App* noun) {
  auto options = std::make_shared<SearchOptions>();
  CLI::App* command = noun->add_subcommand("export", "Write entries into a file");
  add_filters(command, *options);
  command->add_option("--form", options->form, "signed: to verify; csv; ndjson")
      ->check(CLI::IsMember({"signed", "csv", "ndjson"}))
      ->capture_default_str();
  command->add_option("--file", options->file, "Where to; -: standard output")
      ->capture_default_str();
  cli.on_api(command, [options](ApiClient& api) {
    return save_answer(api, "/audit/export?form=" + options->form + query_of(*options),
                       options->file);
  });
}

void add_verify(Cli& cli, CLI::App* noun) {
  auto options = std::make_shared<VerifyOptions>();
  CLI::App* command =
      noun->add_subcommand("verify", "Check every entry; names the first that is not as signed");
  command->add_option("path", options->path,
                      "Signed export, data directory or backup; default: ask the server");
  command->add_option("--key", options->key, "The key of the trail, as its owner told you");
  command->add_option("--checkpoint", options->kept,
                      "What you kept, which it must continue: a checkpoint, an export or a backup; "
                      "may be repeated");
  cli.add_output(command);
  cli.on(command, [&cli, options] { return verify(cli, *options); });
}

void add_feeds(Cli& cli, CLI::App* noun) {
  CLI::App* feed = noun->add_subcommand("feed", "Where entries are sent as they come");
  feed->require_subcommand(1);
  cli.on_data(feed->add_subcommand("ls", "List them"), [&cli](ApiClient& api) {
    const Result<Json> list = api.get("/audit/feeds");
    if (!list) return print_error(list.error());
    print_rows(cli.format(), kFeedColumns, (*list)["items"]);
    return kExitOk;
  });
  struct Feed {
    std::string kind, host, path, authorities, fingerprint;
    std::uint16_t port = 0;
    std::uint64_t id = 0;
  };
  auto options = std::make_shared<Feed>();
  CLI::App* add = feed->add_subcommand("add", "Send entries somewhere");
  add->add_option("kind", options->kind, "syslog-tls, syslog-tcp or https")->required();
  add->add_option("host", options->host, "Name or address")->required();
  add->add_option("port", options->port, "Port")->required();
  add->add_option("--path", options->path, "https: /collect");
  add->add_option("--authorities", options->authorities, "File of certificates to trust");
  add->add_option("--fingerprint", options->fingerprint, "Of the certificate of the other side");
  cli.on_data(add, [&cli, options](ApiClient& api) {
    std::string pem;
    if (!options->authorities.empty()) {
      const Result<std::string> text = read_text(options->authorities);
      if (!text) return print_error(text.error());
      pem = *text;
    }
    const Result<Json> made = api.post("/audit/feeds", {{"kind", options->kind},
                                                        {"host", options->host},
                                                        {"port", options->port},
                                                        {"path", options->path},
                                                        {"trusted_pem", pem},
                                                        {"fingerprint", options->fingerprint}});
    if (!made) return print_error(made.error());
    print_object(cli.format(), kFeedColumns, *made);
    return kExitOk;
  });
  CLI::App* remove = feed->add_subcommand("rm", "Send them there no more");
  remove->add_option("id", options->id, "Number, see feed ls")->required();
  cli.on_api(remove, [options](ApiClient& api) {
    const Result<Json> gone = api.remove("/audit/feeds/" + std::to_string(options->id));
    return gone ? kExitOk : print_error(gone.error());
  });
}

}  // namespace

void add_audit_commands(Cli& cli) {
  CLI::App* noun = cli.root.add_subcommand("audit", "Who did what, and proof of it");
  noun->require_subcommand(1);
  add_search(cli, noun, "ls", "The newest entries");
  add_search(cli, noun, "search", "Find entries");
  add_export(cli, noun);
  add_verify(cli, noun);
  cli.on_data(noun->add_subcommand("status", "How far the server has verified it"),
              [&cli](ApiClient& api) {
                const Result<Json> status = api.get("/audit/status");
                if (!status) return print_error(status.error());
                print_object(cli.format(), kStatusColumns, *status);
                return kExitOk;
              });
  for (const auto& [name, what] : {std::pair("checkpoint", "What the trail is now, signed"),
                                   std::pair("key", "The key that signs the trail")}) {
    cli.on_api(noun->add_subcommand(name, what),
               [path = std::string("/audit/") + name](ApiClient& api) {
                 const Result<std::string> text = get_text(api, path);
                 if (!text) return print_error(text.error());
                 std::cout << *text << std::flush;
                 return kExitOk;
               });
  }
  auto months = std::make_shared<std::uint32_t>(0);
  CLI::App* keep_command = noun->add_subcommand("keep", "Say how long entries are kept");
  keep_command->add_option("months", *months, "6 or more")->required();
  cli.on_api(keep_command, [months](ApiClient& api) {
    const Result<Json> kept = api.put("/audit/settings", {{"keep_months", *months}});
    return kept ? kExitOk : print_error(kept.error());
  });
  add_feeds(cli, noun);
  add_witness_commands(cli, noun, {"/audit", "the audit trail", "entries", "known.audit"});
}

}  // namespace lineshaft::app
