// ledger/journal_fixture.h: short ways to write journals, for tests.
#pragma once

#include <random>
#include <string>
#include <utility>
#include <vector>

#include "ledger/journal.h"

namespace lineshaft::ledger {

inline Currency currency(std::string_view code) { return Currency::parse(code).value(); }

inline Journal journal_of(JournalKind kind, std::string key) {
  Journal journal;
  journal.kind = kind;
  journal.key = std::move(key);
  journal.effective_day = 20'000;  // 2024-10-04
  return journal;
}

inline std::vector<Leg> legs_of(const std::vector<std::pair<std::uint32_t, Int128>>& legs) {
  std::vector<Leg> made;
  for (const auto& [account, amount] : legs) made.push_back({{account}, amount});
  return made;
}

inline Journal post_of(std::string key, const std::vector<std::pair<std::uint32_t, Int128>>& legs) {
  Journal journal = journal_of(JournalKind::kPost, std::move(key));
  journal.legs = legs_of(legs);
  return journal;
}

inline Journal pending_of(std::string key,
                          const std::vector<std::pair<std::uint32_t, Int128>>& legs,
                          std::optional<Timestamp> expiry = std::nullopt) {
  Journal journal = journal_of(JournalKind::kPending, std::move(key));
  journal.legs = legs_of(legs);
  journal.expiry = expiry;
  return journal;
}

// kPostPending, kVoidPending.
inline Journal referring(JournalKind kind, std::string key, std::uint64_t reference) {
  Journal journal = journal_of(kind, std::move(key));
  journal.reference = {reference};
  return journal;
}

inline Journal reverse_of(std::string key, std::uint64_t reference,
                          const std::vector<std::pair<std::uint32_t, Int128>>& legs) {
  Journal journal = referring(JournalKind::kReverse, std::move(key), reference);
  journal.legs = legs_of(legs);
  return journal;
}

inline Journal open_of(const std::string& name, const std::string& owner,
                       Constraint constraint = Constraint::kNone,
                       std::string_view currency_code = "CNY") {
  Journal journal = journal_of(JournalKind::kOpenAccount, "open " + name);
  journal.account = Account{name, owner, currency(currency_code), AccountKind::kAsset, constraint};
  return journal;
}

inline Journal close_of(std::string key, std::uint32_t account) {
  Journal journal = journal_of(JournalKind::kCloseAccount, std::move(key));
  journal.closed = {account};
  return journal;
}

inline Journal period_of(std::string key, std::int32_t through, std::string owner = "") {
  Journal journal = journal_of(JournalKind::kClosePeriod, std::move(key));
  journal.effective_day = through;
  journal.owner = std::move(owner);
  return journal;
}

}  // namespace lineshaft::ledger
