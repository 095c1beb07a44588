// What runs and payments write into the ledger.
#include "base/hex.h"
#include "rights/royalty_book.h"
#include "rights/schema.h"
#include "sys/sha256.h"

namespace lineshaft::rights {
namespace {

constexpr const char* kPostKey = "settlement/";
constexpr const char* kReversalKey = "reversal/";
constexpr const char* kPaymentKey = "payment/";
// Owns what is between the parties: what is held, and what rounding has left.
constexpr const char* kClearing = "clearing";

ledger::AccountKind kind_of(settlement::Account account) {
  const bool is_asset = account == settlement::Account::kReceivable ||
                        account == settlement::Account::kWithholdingTax;
  return is_asset ? ledger::AccountKind::kAsset : ledger::AccountKind::kLiability;
}

}  // namespace

std::string post_key(const std::string& run) { return kPostKey + run; }
std::string reversal_key(const std::string& run) { return kReversalKey + run; }

bool is_royalty_key(std::string_view key) {
  return key.starts_with(kPostKey) || key.starts_with(kReversalKey) || key.starts_with(kPaymentKey);
}

Result<ledger::AccountId> RoyaltyBook::open_account(const ledger::Account& account) {
  if (const auto known = ledger_.find_account(account.name)) return *known;
  ledger::Journal journal;
  journal.kind = ledger::JournalKind::kOpenAccount;
  journal.key = "open/" + hex_text(sys::sha256(as_bytes(account.name))).substr(0, 48);
  journal.account = account;
  const Result<ledger::Receipt> opened = ledger_.post(std::move(journal));
  if (!opened) return opened.error();
  const auto known = ledger_.find_account(account.name);
  if (known) return *known;
  return Error{ErrorId::kAccountUnknown, "account '" + account.name + "'"};
}

Result<ledger::AccountId> RoyaltyBook::account(settlement::Account kind, const std::string& party,
                                               Currency currency) {
  const bool is_clearing =
      kind == settlement::Account::kEscrow || kind == settlement::Account::kSuspense;
  ledger::Account account;
  account.name = party + "/" + std::string(settlement::account_name(kind)) + "/" +
                 std::string(currency.code());
  account.owner = is_clearing ? kClearing : party;
  account.currency = currency;
  account.kind = kind_of(kind);
  return open_account(account);
}

Result<ledger::Journal> RoyaltyBook::journal_of(const RoyaltyRun& run,
                                                const std::vector<settlement::Leg>& legs) {
  ledger::Journal journal;
  journal.key = post_key(run.id);
  journal.effective_day = static_cast<std::int32_t>(number_of(run.to) - 1);
  journal.memo = "settlement " + run.id + ", " + day_text(run.from) + " to " +
                 day_text(run.to - std::chrono::days(1));
  sys::Sha256 digest{};
  for (std::size_t i = 0; i < digest.size(); ++i) {
    digest[i] = static_cast<std::uint8_t>(std::stoi(run.digest.substr(2 * i, 2), nullptr, 16));
  }
  journal.evidence = {digest};
  for (const settlement::Leg& leg : legs) {
    const Result<ledger::AccountId> id = account(leg.account, leg.party, run.currency);
    if (!id) return id.error();
    journal.legs.push_back({*id, leg.amount});
  }
  return journal;
}

Result<ledger::Receipt> RoyaltyBook::pay(const std::string& id, const std::string& party,
                                         bool is_paid_in, Money amount, Day on) {
  const std::lock_guard lock(mutex_);
  if (amount.minor_units <= 0) {
    return Error{ErrorId::kInvalidArgument, "amount: must be more than 0"};
  }
  const auto kind = is_paid_in ? settlement::Account::kReceivable : settlement::Account::kPayable;
  const std::string name = party + "/" + std::string(settlement::account_name(kind)) + "/" +
                           std::string(amount.currency.code());
  const auto with = ledger_.find_account(name);
  if (!with) {
    return Error{ErrorId::kNotFound,
                 "'" + party + "' has no account '" + name + "': nothing was settled with it"};
  }
  const Result<ledger::AccountView> view = ledger_.account(*with);
  if (!view) return view.error();
  const Int128 owed = is_paid_in ? view->balance.posted() : -view->balance.posted();
  const bool is_new = !ledger_.find_journal(kPaymentKey + id);
  if (is_new && amount.minor_units > owed) {
    return Error{ErrorId::kOverdraft, "amount: " + money_text(amount) + " is more than the " +
                                          money_text({owed, amount.currency}) + " that are owed"};
  }
  ledger::Account bank;
  bank.name = std::string("bank/") + std::string(amount.currency.code());
  bank.owner = kClearing;
  bank.currency = amount.currency;
  const Result<ledger::AccountId> account = open_account(bank);
  if (!account) return account.error();
  ledger::Journal journal;
  journal.key = kPaymentKey + id;
  journal.effective_day = static_cast<std::int32_t>(number_of(on));
  journal.memo = (is_paid_in ? "received from " : "paid to ") + party;
  const Int128 into_bank = is_paid_in ? amount.minor_units : -amount.minor_units;
  journal.legs = {{*account, into_bank}, {*with, -into_bank}};
  return ledger_.post(std::move(journal));
}

// The legs of the run's journal with the other sign. Requires: it has one.
Result<ledger::Receipt> RoyaltyBook::post_reversal(const RoyaltyRun& run) {
  const Result<ledger::JournalView> posted = ledger_.journal({run.sequence}, "");
  if (!posted) return posted.error();
  ledger::Journal journal;
  journal.kind = ledger::JournalKind::kReverse;
  journal.key = reversal_key(run.id);
  journal.effective_day = posted->journal.effective_day;
  journal.reference = {run.sequence};
  journal.legs = posted->journal.legs;
  for (ledger::Leg& leg : journal.legs) leg.amount = -leg.amount;
  journal.memo = "reversal of settlement " + run.id;
  journal.evidence = posted->journal.evidence;
  return ledger_.post(std::move(journal));
}

}  // namespace lineshaft::rights
