// The ledger: accounts, statements and journals as a party may see them, proofs, checkpoints and
// witnesses for everybody, posting for who manages the rights.
#include <nlohmann/json.hpp>

#include "api/ledger_json.h"
#include "api/resources.h"
#include "api/rights_view.h"
#include "api/witness_answers.h"
#include "base/hex.h"

namespace lineshaft::api {
namespace {

using ledger::Sequence;
using ledger::Sha256;

constexpr std::uint64_t kAccountsPerPageMax = 1'000;
constexpr std::uint64_t kLinesPerPageMax = 1'000;
constexpr std::uint64_t kJournalsPerPageMax = 200;
constexpr std::uint64_t kSequenceMax = std::uint64_t{1} << 53U;

// Whose books a request sees.
struct Reader {
  bool sees_all = false;
  std::string party;  // else; "": none

  // What Ledger takes for an owner. Requires: has_books().
  std::string owner() const { return sees_all ? std::string() : party; }
  bool has_books() const { return sees_all || !party.empty(); }
  bool sees(const ledger::Account& account) const { return sees_all || account.owner == party; }
};

Result<Reader> reader_of(const Services& services, const Request& request) {
  const Result<rights::View> view = books_view(services, request);
  if (!view) return view.error();
  return Reader{!view->party, view->party.value_or("")};
}

AccountOf account_lookup(const Services& services) {
  return [&services](ledger::AccountId id) { return services.ledger->account(id); };
}

Reply text_reply(std::string text) {
  Reply reply;
  reply.content_type = "text/plain; charset=utf-8";
  reply.body = std::move(text);
  return reply;
}

// --- the ledger as a whole ---

Result<Reply> summary(const Services& services, const Request&) {
  ledger::Ledger& ledger = *services.ledger;
  const auto key = ledger.key();
  const auto damage = ledger.read_only();
  const std::uint64_t size = ledger.last().value;
  const Result<Sha256> root = ledger.root_of(size);
  if (!root) return root.error();
  return Reply::json({{"size", size},
                      {"root", hex_text(*root)},
                      {"name", key ? Json(key->name) : Json()},
                      {"key", key ? Json(key->text()) : Json()},
                      {"read_only", damage ? Json(damage->what) : Json()}});
}

Result<Reply> public_key(const Services& services, const Request&) {
  const auto key = services.ledger->key();
  if (!key) return Error{ErrorId::kNotFound, "the ledger's key is lost"};
  return text_reply(key->text() + "\n");
}

Result<Reply> checkpoint(const Services& services, const Request&) {
  const auto note = services.ledger->checkpoint();
  if (!note) return note.error();
  return text_reply(note->encoded());
}

// --- accounts ---

std::vector<ledger::AccountView> only_of_query(std::vector<ledger::AccountView> views,
                                               const Request& request) {
  const std::string party = request.query("party").value_or("");
  const std::string currency = request.query("currency").value_or("");
  std::erase_if(views, [&](const ledger::AccountView& view) {
    return (!party.empty() && view.account.owner != party) ||
           (!currency.empty() && view.account.currency.code() != currency);
  });
  return views;
}

Result<Reply> accounts(const Services& services, const Request& request) {
  const Result<Reader> reader = reader_of(services, request);
  if (!reader) return reader.error();
  const auto offset = request.query_number("offset", 0, UINT32_MAX);
  if (!offset) return offset.error();
  const auto limit = request.query_number("limit", 100, kAccountsPerPageMax);
  if (!limit) return limit.error();
  std::vector<ledger::AccountView> all;
  if (reader->has_books()) all = services.ledger->accounts(reader->owner());
  const auto views = only_of_query(std::move(all), request);
  Json items = Json::array();
  for (std::size_t i = *offset; i < views.size() && items.size() < *limit; ++i) {
    items.push_back(account_json(views[i]));
  }
  return Reply::json(
      {{"items", std::move(items)}, {"total", views.size()}, {"totals", totals_json(views)}});
}

// The account of the path, if the reader sees it.
Result<ledger::AccountView> path_account(const Services& services, const Request& request) {
  const Result<Reader> reader = reader_of(services, request);
  if (!reader) return reader.error();
  const Result<std::uint32_t> id = request.id();
  if (!id) return id.error();
  Result<ledger::AccountView> view = services.ledger->account({*id});
  if (view && reader->sees(view->account)) return view;
  return Error{ErrorId::kNotFound, "there is no account " + std::to_string(*id)};
}

Result<Reply> account(const Services& services, const Request& request) {
  const auto view = path_account(services, request);
  if (!view) return view.error();
  return Reply::json(account_json(*view));
}

Result<Reply> statement(const Services& services, const Request& request) {
  const auto view = path_account(services, request);
  if (!view) return view.error();
  const auto after = request.query_number("after", 0, kSequenceMax);
  if (!after) return after.error();
  const auto through = request.query_number("through", services.ledger->last().value, kSequenceMax);
  if (!through) return through.error();
  const auto limit = request.query_number("limit", 100, kLinesPerPageMax);
  if (!limit) return limit.error();
  const auto found = services.ledger->statement(view->id, {*after}, {*through}, *limit);
  if (!found) return found.error();
  return Reply::json(statement_json(*view, *found));
}

Result<Reply> trial_balance(const Services& services, const Request& request) {
  const Result<Reader> reader = reader_of(services, request);
  if (!reader) return reader.error();
  const auto at = request.query_number("at", services.ledger->last().value, kSequenceMax);
  if (!at) return at.error();
  std::vector<ledger::AccountView> all;
  if (reader->has_books()) {
    auto balances = services.ledger->trial_balance({*at}, reader->owner());
    if (!balances) return balances.error();
    all = *std::move(balances);
  }
  const auto views = only_of_query(std::move(all), request);
  Json items = Json::array();
  for (const ledger::AccountView& view : views) items.push_back(account_json(view));
  return Reply::json({{"at", *at},
                      {"items", std::move(items)},
                      {"total", views.size()},
                      {"totals", totals_json(views)}});
}

// --- journals ---

Result<Reply> journals(const Services& services, const Request& request) {
  const Result<Reader> reader = reader_of(services, request);
  if (!reader) return reader.error();
  const auto before = request.query_number("before", kSequenceMax, kSequenceMax);
  if (!before) return before.error();
  const auto limit = request.query_number("limit", 50, kJournalsPerPageMax);
  if (!limit) return limit.error();
  if (*limit == 0) return Error{ErrorId::kInvalidArgument, "limit: must be at least 1"};
  ledger::JournalPage page;
  if (reader->has_books()) {
    auto found = services.ledger->journals({*before}, reader->owner(), *limit);
    if (!found) return found.error();
    page = *std::move(found);
  }
  Json items = Json::array();
  for (const ledger::JournalView& view : page.journals) {
    Result<Json> item = journal_json(view, account_lookup(services));
    if (!item) return item.error();
    item->erase("entry");
    items.push_back(*std::move(item));
  }
  return Reply::json(
      {{"items", std::move(items)}, {"next", page.older ? Json(page.older->value) : Json()}});
}

// The journal of the path, if the reader sees it.
Result<ledger::JournalView> path_journal(const Services& services, const Request& request) {
  const Result<Reader> reader = reader_of(services, request);
  if (!reader) return reader.error();
  const Result<std::uint32_t> id = request.id();
  if (!id) return id.error();
  if (reader->has_books()) return services.ledger->journal({*id}, reader->owner());
  return Error{ErrorId::kNotFound, "there is no journal " + std::to_string(*id)};
}

Result<Reply> journal(const Services& services, const Request& request) {
  const auto view = path_journal(services, request);
  if (!view) return view.error();
  const Result<Json> json = journal_json(*view, account_lookup(services));
  if (!json) return json.error();
  return Reply::json(*json);
}

// A reversal that names no legs is given those of what it reverses, with the other sign.
Status fill_reversal(const Services& services, ledger::Journal& journal) {
  if (journal.kind != ledger::JournalKind::kReverse || !journal.legs.empty()) return {};
  auto reversed = services.ledger->journal(journal.reference, "");
  if (!reversed) return reversed.error();
  if (reversed->journal.kind == ledger::JournalKind::kPostPending) {
    reversed = services.ledger->journal(reversed->journal.reference, "");
    if (!reversed) return reversed.error();
  }
  journal.legs = std::move(reversed->journal.legs);
  for (ledger::Leg& leg : journal.legs) leg.amount = -leg.amount;
  return {};
}

// Who posts by hand neither takes the key of a royalty run nor undoes its journal behind its back.
Status check_royalties(const Services& services, const ledger::Journal& journal) {
  if (rights::is_royalty_key(journal.key)) {
    return Error{ErrorId::kInvalidArgument,
                 "key: '" + journal.key + "' is one of those that royalties use"};
  }
  if (journal.kind != ledger::JournalKind::kReverse) return {};
  const auto reversed = services.ledger->journal(journal.reference, "");
  if (!reversed) return reversed.error();
  if (!rights::is_royalty_key(reversed->journal.key)) return {};
  return Error{ErrorId::kConflict, "journal " + std::to_string(journal.reference.value) +
                                       " is of royalties ('" + reversed->journal.key +
                                       "'); reverse the royalty run"};
}

// Books of a name that is misspelt would be seen by nobody.
Status check_owner(const Services& services, const ledger::Journal& journal) {
  const std::string owner = journal.account ? journal.account->owner : journal.owner;
  if (owner.empty()) return {};
  const auto party = services.rights->get_party({kRegister, {}}, owner);
  if (party) return {};
  const char* const field = journal.account ? "account.owner: " : "owner: ";
  return Error{party.error().id, field + party.error().what};
}

Result<Reply> post(const Services& services, const Request& request) {
  const Result<Json> body = request.body();
  if (!body) return body.error();
  const AccountNamed named = [&](const std::string& name) -> Result<ledger::AccountId> {
    const auto id = services.ledger->find_account(name);
    if (id) return *id;
    return Error{ErrorId::kAccountUnknown, "there is no account '" + name + "'"};
  };
  Result<ledger::Journal> journal = journal_from_json(*body, account_lookup(services), named);
  if (!journal) return journal.error();
  if (Status filled = fill_reversal(services, *journal); !filled) return filled.error();
  if (Status known = check_owner(services, *journal); !known) return known.error();
  if (Status free = check_royalties(services, *journal); !free) return free.error();
  if (Status noted = audit(services, request, "ledger.post", journal->key, dump(*body)); !noted) {
    return noted.error();
  }
  const auto receipt = services.ledger->post(*std::move(journal));
  if (!receipt) return receipt.error();
  return Reply::json({{"sequence", receipt->sequence.value}, {"repeat", receipt->is_repeat}},
                     receipt->is_repeat ? 200 : 201);
}

// --- proofs ---

Result<Reply> inclusion(const Services& services, const Request& request) {
  const auto view = path_journal(services, request);
  if (!view) return view.error();
  const auto size = request.query_number("size", services.ledger->last().value, kSequenceMax);
  if (!size) return size.error();
  const auto proof = services.ledger->prove_inclusion(view->sequence, *size);
  if (!proof) return proof.error();
  const auto root = services.ledger->root_of(*size);
  if (!root) return root.error();
  return Reply::json({{"sequence", view->sequence.value},
                      {"size", *size},
                      {"leaf", hex_text(view->leaf)},
                      {"root", hex_text(*root)},
                      {"proof", hashes_json(*proof)}});
}

Result<Reply> consistency(const Services& services, const Request& request) {
  const auto from = request.query_number("from", 0, kSequenceMax);
  if (!from) return from.error();
  const auto to = request.query_number("to", services.ledger->last().value, kSequenceMax);
  if (!to) return to.error();
  const auto proof = services.ledger->prove_consistency(*from, *to);
  if (!proof) return proof.error();
  const auto old_root = services.ledger->root_of(*from);
  if (!old_root) return old_root.error();
  const auto root = services.ledger->root_of(*to);
  if (!root) return root.error();
  return consistency_reply(*from, *to, *old_root, *root, *proof);
}

Result<Reply> export_all(const Services& services, const Request& request) {
  const std::string form = request.query("form").value_or("ledger");
  const std::string of = request.query("of").value_or("all");
  if (form != "ledger" && form != "hledger") {
    return Error{ErrorId::kInvalidArgument, "form: must be ledger or hledger"};
  }
  if (of != "all" && of != "cosigned") {
    return Error{ErrorId::kInvalidArgument, "of: must be all or cosigned"};
  }
  Reply reply;
  if (form == "hledger") {
    reply.stream = services.ledger->hledger_pieces();
    reply.content_type = "text/plain; charset=utf-8";
    reply.headers.emplace_back("content-disposition", "attachment; filename=\"journal.hledger\"");
    return reply;
  }
  auto pieces = services.ledger->export_pieces(of == "all" ? ledger::ExportOf::kAll
                                                           : ledger::ExportOf::kCosigned);
  if (!pieces) return pieces.error();
  reply.stream = *std::move(pieces);
  reply.content_type = "application/octet-stream";
  reply.headers.emplace_back("content-disposition", "attachment; filename=\"ledger.export\"");
  return reply;
}

// --- witnesses ---

constexpr std::string_view kLog = "ledger";

Result<Reply> witness_list(const Services& services, const Request&) {
  return list_witnesses(services.ledger->witnesses());
}
Result<Reply> new_witness(const Services& services, const Request& request) {
  return add_witness(services, request, services.ledger->witnesses(), kLog);
}
Result<Reply> no_witness(const Services& services, const Request& request) {
  return remove_witness(services, request, services.ledger->witnesses(), kLog);
}
Result<Reply> cosigned(const Services& services, const Request& request) {
  return take_cosigned(request,
                       [&](const auto& note) { return services.ledger->take_cosigned(note); });
}

}  // namespace

std::vector<Route> ledger_routes(const Services& services) {
  using identity::Permission;
  const Rule read = Rule::needs(Permission::kLedgerRead);
  const Rule manage = Rule::needs(Permission::kSettlementManage);
  return {
      {"GET", "/ledger", read, "How many journals there are, and the root over them", "", "Ledger",
       bind(services, summary)},
      {"GET", "/ledger/key", read, "The key that signs checkpoints, as text", "", "",
       bind(services, public_key)},
      {"GET", "/ledger/checkpoint", read, "What the ledger is now, signed, as text", "", "",
       bind(services, checkpoint)},
      {"GET", "/ledger/accounts", read, "Accounts with their balances", "", "LedgerAccountPage",
       bind(services, accounts)},
      {"GET", "/ledger/accounts/{id}", read, "One account", "", "LedgerAccount",
       bind(services, account)},
      {"GET", "/ledger/accounts/{id}/statement", read, "What happened to an account, in order", "",
       "LedgerStatement", bind(services, statement)},
      {"GET", "/ledger/trial-balance", read, "Balances after any journal", "", "LedgerTrialBalance",
       bind(services, trial_balance)},
      {"GET", "/ledger/journals", read, "Journals, the newest first, with the legs one may see", "",
       "LedgerJournalPage", bind(services, journals)},
      {"POST", "/ledger/journals", manage, "Post a journal; the same key again is not done twice",
       "NewLedgerJournal", "LedgerReceipt", bind(services, post)},
      {"GET", "/ledger/journals/{id}", read, "One journal", "", "LedgerJournal",
       bind(services, journal)},
      {"GET", "/ledger/journals/{id}/proof", read, "That a journal is among the first so many", "",
       "InclusionProof", bind(services, inclusion)},
      {"GET", "/ledger/consistency", read, "That the ledger continues an older one", "",
       "ConsistencyProof", bind(services, consistency)},
      {"GET", "/ledger/export", manage, "Everything, to verify without this server, or for hledger",
       "", "", bind(services, export_all)},
      {"GET", "/ledger/witnesses", read, "Who cosigns checkpoints, and what each cosigned last", "",
       "WitnessPage", bind(services, witness_list)},
      {"POST", "/ledger/witnesses", manage, "Make a witness known by the key", "NewWitness",
       "NewWitness", bind(services, new_witness)},
      {"DELETE", "/ledger/witnesses/{witness}", manage, "Forget a witness", "", "",
       bind(services, no_witness)},
      {"POST", "/ledger/cosignatures", read, "Bring a checkpoint that known witnesses cosigned",
       "CosignedNote", "CosignedBy", bind(services, cosigned)},
  };
}

}  // namespace lineshaft::api
