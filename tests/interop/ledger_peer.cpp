// Makes a ledger with journals of every kind, for programs of others to look at:
//   ledger_peer DIRECTORY COUNT
// writes DIRECTORY/ledger, DIRECTORY/export, DIRECTORY/journal.hledger and, as JSON on stdout, the
// key and the balances by the names that the text for hledger uses.
#include <cstdio>
#include <iostream>
#include <random>
#include <string>

#include "ledger/ledger.h"
#include "sys/clock.h"
#include "sys/file.h"

using namespace lineshaft;
using ledger::Journal;
using ledger::JournalKind;

namespace {

constexpr std::uint32_t kAccounts = 12;

Journal journal_of(JournalKind kind, std::string key, std::int32_t day) {
  Journal journal;
  journal.kind = kind;
  journal.key = std::move(key);
  journal.effective_day = day;
  return journal;
}

// Yen have no digits behind the point, dinars three.
const char* currency_of(std::uint32_t account) {
  constexpr const char* kCodes[] = {"CNY", "CNY", "JPY", "JPY", "KWD", "KWD"};
  return kCodes[account % 6];
}

Journal random_journal(std::mt19937_64& random, std::uint64_t last, int number) {
  const auto day = static_cast<std::int32_t>(20'000 + random() % 400);
  Journal journal = journal_of(JournalKind::kPost, "journal; " + std::to_string(number), day);
  const std::uint64_t chance = random() % 10;
  if (chance == 0) journal.kind = JournalKind::kPending;
  if (chance == 1) {
    journal.kind = random() % 2 == 0 ? JournalKind::kPostPending : JournalKind::kVoidPending;
    journal.reference = {1 + random() % last};
    return journal;
  }
  const auto pair = static_cast<std::uint32_t>(random() % (kAccounts / 2));
  const auto amount =
      static_cast<Int128>(1 + random() % 1'000'000'000'000) * (chance == 2 ? 1'000'000'000 : 1);
  journal.legs = {{{2 * pair + 1}, amount}, {{2 * pair + 2}, -amount}};
  return journal;
}

int fail(const Error& error) {
  std::cerr << error.text() << "\n";
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const std::string directory = argv[1];
  ledger::LedgerOptions options;
  options.directory = directory + "/ledger";
  options.origin = "example.org/ledger";
  auto opened =
      ledger::Ledger::open(sys::real_file_system(), sys::real_random(), sys::real_clock(), options);
  if (!opened) return fail(opened.error());
  ledger::Ledger& store = **opened;
  for (std::uint32_t i = 0; i < kAccounts; ++i) {
    Journal open = journal_of(JournalKind::kOpenAccount, "open " + std::to_string(i), 20'000);
    open.account =
        ledger::Account{"an account (" + std::to_string(i) + ")", i % 3 == 0 ? "acme" : "bolt: 2",
                        Currency::parse(currency_of(i)).value()};
    if (const auto taken = store.post(open); !taken) return fail(taken.error());
  }
  std::mt19937_64 random(7);
  int taken = 0;
  for (int i = 0; i < std::stoi(argv[2]); ++i) {
    if (store.post(random_journal(random, store.last().value, i))) ++taken;
    if (i % 50 != 49) continue;
    // Undo the last post that can be undone.
    const auto last = store.journal(store.last(), "");
    if (!last || last->journal.kind != JournalKind::kPost) continue;
    Journal undo = journal_of(JournalKind::kReverse, "undo " + std::to_string(i), 20'500);
    undo.reference = last->sequence;
    for (const ledger::Leg& leg : last->journal.legs)
      undo.legs.push_back({leg.account, -leg.amount});
    if (const auto undone = store.post(undo); !undone) return fail(undone.error());
  }
  if (const Status made = store.export_to(directory + "/export"); !made) return fail(made.error());
  if (const Status made = store.write_hledger(directory + "/journal.hledger"); !made)
    return fail(made.error());
  std::cout << "{\"key\": \"" << store.key()->text() << "\", \"taken\": " << taken
            << ", \"balances\": {";
  const char* between = "";
  for (const ledger::AccountView& view : store.accounts("")) {
    const std::string owner = view.account.owner == "acme" ? "acme" : "bolt__2";
    std::cout << between << "\"" << owner << ":" << view.id.value << ":an_account__"
              << view.id.value - 1 << "_\": \""
              << money_text({view.balance.posted(), view.account.currency}) << "\"";
    between = ", ";
  }
  std::cout << "}}\n";
  return 0;
}
