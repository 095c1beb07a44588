// ledger accounts | statement | journal ls, show, post | proof | checkpoint | key: the ledger of a
// running server.
#include <algorithm>
#include <fstream>
#include <iostream>

#include "app/cli.h"
#include "app/commands/books.h"
#include "app/commands/read_json.h"
#include "app/commands/witness.h"
#include "base/hex.h"
#include "ledger/checkpoint.h"
#include "sys/clock.h"
#include "sys/file.h"

namespace lineshaft::app {
namespace {

using ledger::Checkpoint;
using ledger::NoteKey;
using ledger::SignedNote;

const std::vector<Column> kAccountColumns{
    {"id", "/id"},           {"account", "/name"},      {"owner", "/owner"},
    {"kind", "/kind"},       {"currency", "/currency"}, {"debits", "/debits"},
    {"credits", "/credits"}, {"balance", "/balance"},   {"pending", "/pending"}};
const std::vector<Column> kLineColumns{
    {"journal", "/sequence"}, {"day", "/effective"}, {"kind", "/kind"}, {"amount", "/amount"},
    {"balance", "/balance"},  {"key", "/key"},       {"memo", "/memo"}};
const std::vector<Column> kJournalColumns{{"journal", "/sequence"}, {"day", "/effective"},
                                          {"kind", "/kind"},        {"key", "/key"},
                                          {"memo", "/memo"},        {"legs", "/shown"}};
const std::vector<Column> kFactColumns{
    {"journal", "/sequence"},        {"kind", "/kind"},         {"key", "/key"},
    {"day", "/effective"},           {"recorded", "/recorded"}, {"memo", "/memo"},
    {"hidden legs", "/legs_hidden"}, {"hash", "/leaf"}};
const std::vector<Column> kLegColumns{
    {"account", "/name"}, {"owner", "/owner"}, {"amount", "/amount"}, {"currency", "/currency"}};
const std::vector<Column> kReceiptColumns{{"journal", "/sequence"}, {"repeat", "/repeat"}};
const std::vector<Column> kProofColumns{{"journal", "/sequence"}, {"of", "/size"},
                                        {"hash", "/leaf"},        {"root", "/root"},
                                        {"ledger", "/name"},      {"key", "/key"}};
constexpr std::uint64_t kPageRows = 1'000;
bool is_as_said(Format format) { return format == Format::kJson || format == Format::kNdjson; }

// --- accounts ---

int list_accounts(ApiClient& api, Format format, const std::string& party) {
  Json rows = Json::array();
  for (std::uint64_t total = 1; rows.size() < total;) {
    const Result<Json> page = api.get("/ledger/accounts?limit=" + std::to_string(kPageRows) +
                                      "&offset=" + std::to_string(rows.size()) +
                                      (party.empty() ? "" : "&party=" + url_encode(party)));
    if (!page) return print_error(page.error());
    const Json& items = (*page)["items"];
    total = items.empty() ? 0 : (*page)["total"].get<std::uint64_t>();
    for (const Json& item : items) rows.push_back(item);
  }
  print_rows(format, kAccountColumns, rows);
  return kExitOk;
}

int show_statement(ApiClient& api, Format format, std::uint64_t account) {
  const std::string path = "/ledger/accounts/" + std::to_string(account) +
                           "/statement?limit=" + std::to_string(kPageRows);
  Json rows = Json::array();
  for (std::uint64_t after = 0;;) {
    const Result<Json> page = api.get(path + "&after=" + std::to_string(after));
    if (!page) return print_error(page.error());
    for (const Json& line : (*page)["lines"]) rows.push_back(line);
    if ((*page)["next"].is_null()) break;
    after = (*page)["next"].get<std::uint64_t>();
  }
  print_rows(format, kLineColumns, rows);
  return kExitOk;
}

// --- journals ---

int list_journals(ApiClient& api, Format format, std::uint64_t limit) {
  Json rows = Json::array();
  std::string before;
  while (rows.size() < limit) {
    const std::uint64_t wanted = std::min<std::uint64_t>(limit - rows.size(), 200);
    const Result<Json> page = api.get("/ledger/journals?limit=" + std::to_string(wanted) + before);
    if (!page) return print_error(page.error());
    for (Json item : (*page)["items"]) {
      if (!is_as_said(format)) item["shown"] = item["legs"].size();
      rows.push_back(std::move(item));
    }
    if ((*page)["next"].is_null()) break;
    before = "&before=" + std::to_string((*page)["next"].get<std::uint64_t>());
  }
  print_rows(format, kJournalColumns, rows);
  return kExitOk;
}

int show_journal(ApiClient& api, Format format, std::uint64_t sequence) {
  const Result<Json> journal = api.get("/ledger/journals/" + std::to_string(sequence));
  if (!journal) return print_error(journal.error());
  print_object(format, kFactColumns, *journal);
  if (is_as_said(format)) return kExitOk;
  std::cout << std::endl;
  print_rows(format, kLegColumns, (*journal)["legs"]);
  return kExitOk;
}

int post_journal(ApiClient& api, Format format, const std::string& file) {
  const Result<Json> body = read_json(file);
  if (!body) return print_error(body.error());
  const Result<Json> receipt = api.post("/ledger/journals", *body);
  if (!receipt) return print_error(receipt.error());
  print_object(format, kReceiptColumns, *receipt);
  return kExitOk;
}

// --- proofs ---

// Checked here, with what the server signed: it is not asked whether it is right.
Result<Json> proved(ApiClient& api, std::uint64_t sequence, const std::string& key) {
  const Result<Signed> now = signed_now(api, "/ledger", key);
  if (!now) return now.error();
  const std::string path = "/ledger/journals/" + std::to_string(sequence);
  const Result<Json> journal = api.get(path);
  if (!journal) return journal.error();
  const std::uint64_t size = now->checkpoint.size;
  Result<Json> answer = api.get(path + "/proof?size=" + std::to_string(size));
  if (!answer) return answer.error();
  Result<ledger::Sha256> leaf = hash_of((*answer)["leaf"]);
  if (!leaf) return leaf.error();
  const Result<ledger::Proof> proof = proof_of(*answer);
  if (!proof) return proof.error();
  if (journal->contains("entry")) {
    const Result<Bytes> entry = bytes_of((*journal)["entry"]);
    if (!entry) return entry.error();
    leaf = ledger::leaf_hash(*entry);
  }
  const std::string name = "journal " + std::to_string(sequence);
  if (!ledger::verify_inclusion(*leaf, sequence - 1, size, *proof, now->checkpoint.root)) {
    return Error{ErrorId::kVerificationFailed,
                 name + " is not among the " + std::to_string(size) + " that were signed"};
  }
  (*answer)["root"] = hex_text(now->checkpoint.root);
  (*answer)["name"] = now->checkpoint.origin;
  (*answer)["key"] = now->key.text();
  return answer;
}

int show_proof(ApiClient& api, Format format, std::uint64_t sequence, const std::string& key) {
  const Result<Json> proof = proved(api, sequence, key);
  if (!proof) return print_error(proof.error());
  print_object(format, kProofColumns, *proof);
  return kExitOk;
}

int print_text(ApiClient& api, const std::string& path) {
  const Result<std::string> text = get_text(api, path);
  if (!text) return print_error(text.error());
  std::cout << *text << std::flush;
  return kExitOk;
}

void add_journal_commands(Cli& cli, CLI::App* noun) {
  CLI::App* journal = noun->add_subcommand("journal", "What was posted");
  journal->require_subcommand(1);
  auto limit = std::make_shared<std::uint64_t>(50);
  CLI::App* list = journal->add_subcommand("ls", "The newest journals, with the legs one may see");
  list->add_option("--limit", *limit, "How many")->capture_default_str();
  cli.on_data(list,
              [&cli, limit](ApiClient& api) { return list_journals(api, cli.format(), *limit); });
  auto sequence = std::make_shared<std::uint64_t>(0);
  CLI::App* show = journal->add_subcommand("show", "One journal and its legs");
  show->add_option("journal", *sequence, "Its number")->required();
  cli.on_data(show, [&cli, sequence](ApiClient& api) {
    return show_journal(api, cli.format(), *sequence);
  });
  auto file = std::make_shared<std::string>();
  CLI::App* post =
      journal->add_subcommand("post", "Post a journal; the same one again does nothing");
  post->add_option("file", *file, "JSON as the API has it; - reads stdin")->required();
  cli.on_data(post,
              [&cli, file](ApiClient& api) { return post_journal(api, cli.format(), *file); });
}

}  // namespace

int export_from_server(ApiClient& api, const std::string& file, const std::string& form,
                       const std::string& of) {
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  if (!out) return print_error({ErrorId::kIoError, "cannot write " + file});
  Status done = api.download("/ledger/export?form=" + form + "&of=" + of,
                             [&](std::string_view piece) -> Status {
                               out << piece;
                               if (out.good()) return {};
                               return Error{ErrorId::kIoError, "writing " + file};
                             });
  out.close();
  if (done && !out) done = Error{ErrorId::kIoError, "writing " + file};
  return done ? kExitOk : print_error(done.error());
}

void add_books_commands(Cli& cli, CLI::App* noun) {
  auto party = std::make_shared<std::string>();
  CLI::App* accounts = noun->add_subcommand("accounts", "Accounts with their balances");
  accounts->add_option("--party", *party, "Only those of this party");
  cli.on_data(accounts,
              [&cli, party](ApiClient& api) { return list_accounts(api, cli.format(), *party); });
  auto account = std::make_shared<std::uint64_t>(0);
  CLI::App* statement = noun->add_subcommand("statement", "What happened to an account, in order");
  statement->add_option("account", *account, "Its number")->required();
  cli.on_data(statement, [&cli, account](ApiClient& api) {
    return show_statement(api, cli.format(), *account);
  });
  add_journal_commands(cli, noun);
  auto sequence = std::make_shared<std::uint64_t>(0);
  auto key = std::make_shared<std::string>();
  CLI::App* proof = noun->add_subcommand(
      "proof", "Check here that a journal is in the ledger as it is signed now");
  proof->add_option("journal", *sequence, "Its number")->required();
  proof->add_option("--key", *key,
                    "The ledger's key, as its owner told you; default: the server's word");
  cli.on_data(proof, [&cli, sequence, key](ApiClient& api) {
    return show_proof(api, cli.format(), *sequence, *key);
  });
  CLI::App* checkpoint =
      noun->add_subcommand("checkpoint", "What the ledger is now, signed: keep it");
  cli.on_api(checkpoint, [](ApiClient& api) { return print_text(api, "/ledger/checkpoint"); });
  CLI::App* key_command = noun->add_subcommand("key", "The key that signs the checkpoints");
  cli.on_api(key_command, [](ApiClient& api) { return print_text(api, "/ledger/key"); });
  add_witness_commands(cli, noun, {"/ledger", "the ledger", "journals", "known.checkpoint"});
}

}  // namespace lineshaft::app
