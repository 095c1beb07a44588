// api/ledger_json.h: accounts, journals, proofs and statements of the ledger as JSON
// (docs/reference/ledger.md). Include it in .cpp files only.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>

#include "ledger/ledger.h"
#include "model/json.h"

namespace lineshaft::api {

// Errors: kAccountUnknown.
using AccountOf = std::function<Result<ledger::AccountView>(ledger::AccountId)>;
using AccountNamed = std::function<Result<ledger::AccountId>(const std::string& name)>;

Json account_json(const ledger::AccountView& view);
Json statement_json(const ledger::AccountView& account, const ledger::Statement& statement);
// Legs with names and amounts in their currency. Whole journals have their bytes, whose hash is the
// leaf. Errors: of `account_of`.
Result<Json> journal_json(const ledger::JournalView& view, const AccountOf& account_of);
Json hashes_json(const std::vector<ledger::Sha256>& hashes);
// Debits and credits of each currency, by its code.
Json totals_json(const std::vector<ledger::AccountView>& views);

// What a person asks to be posted; legs name their account by number or name. A reversal needs no
// legs. Errors: kInvalidArgument, naming the field; kAccountUnknown.
Result<ledger::Journal> journal_from_json(const Json& body, const AccountOf& account_of,
                                          const AccountNamed& account_named);

}  // namespace lineshaft::api
