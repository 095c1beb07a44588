#include "api/ledger_json.h"

#include <array>
#include <charconv>
#include <map>
#include <span>

#include "base/hex.h"
#include "model/money.h"

namespace lineshaft::api {
namespace {

using ledger::AccountKind;
using ledger::Constraint;
using ledger::Journal;
using ledger::JournalKind;

constexpr std::array<std::string_view, 5> kAccountKinds = {"asset", "liability", "equity", "income",
                                                           "expense"};
constexpr std::array<std::string_view, 3> kConstraints = {"none", "debits_within_credits",
                                                          "credits_within_debits"};
constexpr std::array kJournalKinds = {JournalKind::kPost,         JournalKind::kPending,
                                      JournalKind::kPostPending,  JournalKind::kVoidPending,
                                      JournalKind::kReverse,      JournalKind::kOpenAccount,
                                      JournalKind::kCloseAccount, JournalKind::kClosePeriod};

Error invalid(std::string what) { return {ErrorId::kInvalidArgument, std::move(what)}; }

std::string day_text_of(std::int32_t day) { return day_text(Day(std::chrono::days(day))); }

// Its place among the words.
Result<std::size_t> place_of(const std::string& word, const char* field,
                             std::span<const std::string_view> words) {
  std::string all;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == word) return i;
    all += (i == 0 ? "" : ", ") + std::string(words[i]);
  }
  return invalid(std::string(field) + ": must be one of " + all);
}

Result<ledger::Sha256> hash_of(const std::string& text) {
  ledger::Sha256 hash{};
  bool good = text.size() == 2 * hash.size();
  for (std::size_t i = 0; good && i < hash.size(); ++i) {
    const char* const begin = text.data() + 2 * i;
    const auto [end, code] = std::from_chars(begin, begin + 2, hash[i], 16);
    good = code == std::errc() && end == begin + 2;
  }
  if (!good) return invalid("evidence: must be SHA-256 hashes of 64 hexadecimal digits");
  return hash;
}

Json exchange_json(const ledger::Exchange& exchange) {
  return {{"from", exchange.from.code()},
          {"to", exchange.to.code()},
          {"rate", exchange.rate.text()},
          {"instant", format_rfc3339(exchange.instant)},
          {"source", exchange.source}};
}

Json named_account_json(const ledger::Account& account) {
  return {{"name", account.name},
          {"owner", account.owner},
          {"currency", account.currency.code()},
          {"kind", kAccountKinds[static_cast<std::size_t>(account.kind)]},
          {"constraint", kConstraints[static_cast<std::size_t>(account.constraint)]}};
}

// --- reading ---

Result<Timestamp> time_of(const Json& object, const char* field) {
  const Result<std::string> text = required_string(object, field);
  if (!text) return text.error();
  const Result<Timestamp> time = parse_timestamp(*text);
  if (!time) return invalid(std::string(field) + ": " + time.error().what);
  return *time;
}

Result<Currency> currency_of(const Json& object, const char* field) {
  const Result<std::string> text = required_string(object, field);
  if (!text) return text.error();
  const Result<Currency> currency = Currency::parse(*text);
  if (!currency) return invalid(std::string(field) + ": " + currency.error().what);
  return *currency;
}

Result<ledger::Account> account_of_json(const Json& object) {
  if (!object.is_object()) return invalid("account: must be an object");
  if (Status known = only_fields(object, {"name", "owner", "currency", "kind", "constraint"});
      !known) {
    return invalid("account." + known.error().what);
  }
  ledger::Account account;
  const Result<std::string> name = required_string(object, "name");
  if (!name) return name.error();
  const Result<std::string> owner = required_string(object, "owner");
  if (!owner) return owner.error();
  const Result<Currency> currency = currency_of(object, "currency");
  if (!currency) return currency.error();
  const Result<std::string> kind = required_string(object, "kind");
  if (!kind) return kind.error();
  const Result<std::size_t> kind_place = place_of(*kind, "account.kind", kAccountKinds);
  if (!kind_place) return kind_place.error();
  const Result<std::string> constraint = optional_string(object, "constraint", "none");
  if (!constraint) return constraint.error();
  const Result<std::size_t> constraint_place =
      place_of(*constraint, "account.constraint", kConstraints);
  if (!constraint_place) return constraint_place.error();
  return ledger::Account{*name, *owner, *currency, static_cast<AccountKind>(*kind_place),
                         static_cast<Constraint>(*constraint_place)};
}

Result<ledger::Exchange> exchange_of_json(const Json& object) {
  if (!object.is_object()) return invalid("exchange: must be an object");
  if (Status known = only_fields(object, {"from", "to", "rate", "instant", "source"}); !known) {
    return invalid("exchange." + known.error().what);
  }
  const Result<Currency> from = currency_of(object, "from");
  if (!from) return from.error();
  const Result<Currency> to = currency_of(object, "to");
  if (!to) return to.error();
  const Result<std::string> rate_text = required_string(object, "rate");
  if (!rate_text) return rate_text.error();
  const Result<Ratio> rate = Ratio::parse(*rate_text);
  if (!rate) return invalid("exchange.rate: " + rate.error().what);
  const Result<Timestamp> instant = time_of(object, "instant");
  if (!instant) return instant.error();
  const Result<std::string> source = required_string(object, "source");
  if (!source) return source.error();
  return ledger::Exchange{*from, *to, *rate, *instant, *source};
}

// Reads the parts of a journal one after the other; the first error stays.
class JournalReader {
 public:
  JournalReader(const Json& body, const AccountOf& account_of, const AccountNamed& account_named)
      : body_(body), account_of_(account_of), account_named_(account_named) {}

  Result<Journal> read() {
    Status done =
        only_fields(body_, {"key", "kind", "effective", "legs", "expiry", "reference", "account",
                            "closed", "owner", "exchange", "memo", "evidence"});
    if (done) done = read_head();
    if (done) done = read_legs();
    if (done) done = read_special();
    if (done) done = read_evidence();
    if (!done) return std::move(done).error();
    return std::move(journal_);
  }

 private:
  Status read_head() {
    const Result<std::string> kind = required_string(body_, "kind");
    if (!kind) return kind.error();
    std::array<std::string_view, kJournalKinds.size()> words;
    for (std::size_t i = 0; i < words.size(); ++i) words[i] = ledger::kind_text(kJournalKinds[i]);
    const Result<std::size_t> place = place_of(*kind, "kind", words);
    if (!place) return place.error();
    journal_.kind = kJournalKinds[*place];
    const Result<std::string> key = required_string(body_, "key");
    if (!key) return key.error();
    journal_.key = *key;
    const Result<std::string> effective = required_string(body_, "effective");
    if (!effective) return effective.error();
    const Result<Day> day = parse_day(*effective);
    if (!day) return invalid("effective: " + day.error().what);
    journal_.effective_day = static_cast<std::int32_t>(day->time_since_epoch().count());
    for (const auto& [field, out] :
         {std::pair{"memo", &journal_.memo}, std::pair{"owner", &journal_.owner}}) {
      Result<std::string> text = optional_string(body_, field, "");
      if (!text) return std::move(text).error();
      *out = *std::move(text);
    }
    return {};
  }

  Result<ledger::AccountId> id_of(const Json& item, const std::string& field) const {
    if (item.is_string()) {
      Result<ledger::AccountId> id = account_named_(item.get<std::string>());
      if (!id) return Error{id.error().id, field + ": " + id.error().what};
      return id;
    }
    const bool is_number = item.is_number_unsigned() && item.get<std::uint64_t>() <= UINT32_MAX;
    if (!is_number) return invalid(field + ": must be the number or the name of an account");
    return ledger::AccountId{item.get<std::uint32_t>()};
  }

  Status read_legs() {
    if (!body_.contains("legs")) return {};
    const Json& legs = body_["legs"];
    if (!legs.is_array()) return invalid("legs: must be a list");
    for (std::size_t i = 0; i < legs.size(); ++i) {
      if (Status read = read_leg(legs[i], "legs[" + std::to_string(i) + "]"); !read) return read;
    }
    return {};
  }

  Status read_leg(const Json& leg, const std::string& field) {
    if (!leg.is_object() || !leg.contains("account")) {
      return invalid(field + ": must be {\"account\",\"amount\"}");
    }
    if (Status known = only_fields(leg, {"account", "amount"}); !known) {
      return invalid(field + "." + known.error().what);
    }
    const Result<ledger::AccountId> id = id_of(leg["account"], field + ".account");
    if (!id) return id.error();
    const Result<ledger::AccountView> account = account_of_(*id);
    if (!account) return Error{account.error().id, field + ".account: " + account.error().what};
    const Result<std::string> text = required_string(leg, "amount");
    if (!text) return invalid(field + "." + text.error().what);
    const Result<Money> amount = parse_amount(*text, account->account.currency);
    if (!amount) return invalid(field + ".amount: " + amount.error().what);
    journal_.legs.push_back({*id, amount->minor_units});
    return {};
  }

  // What only some kinds have; check_journal() says which.
  Status read_special() {
    const Result<std::int64_t> reference =
        optional_integer(body_, "reference", 0, 0, std::int64_t{1} << 53U);
    if (!reference) return reference.error();
    journal_.reference = {static_cast<std::uint64_t>(*reference)};
    if (body_.contains("expiry")) {
      const Result<Timestamp> expiry = time_of(body_, "expiry");
      if (!expiry) return expiry.error();
      journal_.expiry = *expiry;
    }
    if (body_.contains("account")) {
      Result<ledger::Account> account = account_of_json(body_["account"]);
      if (!account) return std::move(account).error();
      journal_.account = *std::move(account);
    }
    if (body_.contains("closed")) {
      const Result<ledger::AccountId> closed = id_of(body_["closed"], "closed");
      if (!closed) return closed.error();
      journal_.closed = *closed;
    }
    if (body_.contains("exchange")) {
      Result<ledger::Exchange> exchange = exchange_of_json(body_["exchange"]);
      if (!exchange) return std::move(exchange).error();
      journal_.exchange = *std::move(exchange);
    }
    return {};
  }

  Status read_evidence() {
    if (!body_.contains("evidence")) return {};
    const Json& hashes = body_["evidence"];
    if (!hashes.is_array()) return invalid("evidence: must be a list");
    for (const Json& one : hashes) {
      const Result<ledger::Sha256> hash = hash_of(one.is_string() ? one.get<std::string>() : "");
      if (!hash) return hash.error();
      journal_.evidence.push_back(*hash);
    }
    return {};
  }

  const Json& body_;
  const AccountOf& account_of_;
  const AccountNamed& account_named_;
  Journal journal_;
};

}  // namespace

Json account_json(const ledger::AccountView& view) {
  const auto text = [&](Int128 sum) { return amount_text({sum, view.account.currency}); };
  Json json = {{"id", view.id.value}};
  json.update(named_account_json(view.account));
  json.update({{"debits", text(view.balance.debits)},
               {"credits", text(view.balance.credits)},
               {"balance", text(view.balance.posted())},
               {"pending", text(view.balance.pending())},
               {"closed", view.closed}});
  return json;
}

Json statement_json(const ledger::AccountView& account, const ledger::Statement& statement) {
  const auto text = [&](Int128 sum) { return amount_text({sum, account.account.currency}); };
  Json lines = Json::array();
  for (const ledger::StatementLine& line : statement.lines) {
    lines.push_back({{"sequence", line.sequence.value},
                     {"kind", ledger::kind_text(line.kind)},
                     {"effective", day_text_of(line.effective_day)},
                     {"recorded", format_rfc3339(line.recorded)},
                     {"amount", text(line.amount)},
                     {"balance", text(line.balance)},
                     {"key", line.key},
                     {"memo", line.memo}});
  }
  return {{"account", account_json(account)},
          {"opening", text(statement.opening)},
          {"closing", text(statement.closing)},
          {"lines", std::move(lines)},
          {"next", statement.goes_on ? Json(statement.goes_on->value - 1) : Json()}};
}

Json hashes_json(const std::vector<ledger::Sha256>& hashes) {
  Json json = Json::array();
  for (const ledger::Sha256& hash : hashes) json.push_back(hex_text(hash));
  return json;
}

Result<Json> journal_json(const ledger::JournalView& view, const AccountOf& account_of) {
  const Journal& journal = view.journal;
  Json legs = Json::array();
  for (const ledger::Leg& leg : journal.legs) {
    const Result<ledger::AccountView> found = account_of(leg.account);
    if (!found) return found.error();
    const ledger::Account& account = found->account;
    legs.push_back({{"account", leg.account.value},
                    {"name", account.name},
                    {"owner", account.owner},
                    {"currency", account.currency.code()},
                    {"amount", amount_text({leg.amount, account.currency})}});
  }
  Json json = {{"sequence", view.sequence.value},
               {"kind", ledger::kind_text(journal.kind)},
               {"key", journal.key},
               {"effective", day_text_of(journal.effective_day)},
               {"recorded", format_rfc3339(journal.recorded)},
               {"memo", journal.memo},
               {"legs", std::move(legs)},
               {"legs_hidden", view.legs_hidden},
               {"evidence", hashes_json(journal.evidence)},
               {"leaf", hex_text(view.leaf)}};
  if (journal.reference.value != 0) json["reference"] = journal.reference.value;
  if (journal.expiry) json["expiry"] = format_rfc3339(*journal.expiry);
  if (journal.account) json["account"] = named_account_json(*journal.account);
  if (journal.closed.value != 0) json["closed"] = journal.closed.value;
  if (journal.kind == JournalKind::kClosePeriod) json["owner"] = journal.owner;
  if (journal.exchange) json["exchange"] = exchange_json(*journal.exchange);
  if (view.legs_hidden == 0) {
    Bytes bytes;
    ledger::encode_journal(journal, bytes);
    json["entry"] = hex_text(bytes);
  }
  return json;
}

Json totals_json(const std::vector<ledger::AccountView>& views) {
  std::map<Currency, ledger::Balance> sums;
  for (const ledger::AccountView& view : views) {
    ledger::Balance& sum = sums[view.account.currency];
    sum.debits += view.balance.debits;
    sum.credits += view.balance.credits;
  }
  Json json = Json::array();
  for (const auto& [currency, sum] : sums) {
    json.push_back({{"currency", currency.code()},
                    {"debits", amount_text({sum.debits, currency})},
                    {"credits", amount_text({sum.credits, currency})},
                    {"balance", amount_text({sum.posted(), currency})}});
  }
  return json;
}

Result<Journal> journal_from_json(const Json& body, const AccountOf& account_of,
                                  const AccountNamed& account_named) {
  return JournalReader(body, account_of, account_named).read();
}

}  // namespace lineshaft::api
