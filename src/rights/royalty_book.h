// rights/royalty_book.h: royalty runs from what happened to journals in the ledger. A run is made
// as often as wanted, approved by two people, posted as one journal, and taken back by another one.
// Kept in tables of records.db with everything that it was made from, so that anybody can make the
// same statement again. docs/reference/royalties.md.
//
// Threads: any; calls wait for each other. Every call blocks for the disk.
// Errors of every call besides those named: as records::Statement::step.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/ledger.h"
#include "rights/royalty.h"
#include "rights/royalty_collect.h"
#include "settlement/difference.h"
#include "settlement/statement.h"

namespace lineshaft::rights {

// Who does something: the number of the account, and its name.
struct Person {
  std::string user;
  std::string name;
};

// What is asked in "what if": the same run with these put in the place of what it has.
struct WhatIf {
  std::vector<settlement::Terms> terms;       // of licences of the run
  std::vector<settlement::AssetPlan> shares;  // id and owners of assets of the run
  std::optional<std::vector<settlement::Link>> links;
};

class RoyaltyBook {
 public:
  // Takes the database for itself; the others must outlive the book. Errors: as Database::migrate.
  static Result<std::unique_ptr<RoyaltyBook>> open(std::unique_ptr<records::Database> database,
                                                   RoyaltySources sources, ledger::Ledger& ledger,
                                                   sys::Clock& clock);

  // --- settings ---
  Result<std::vector<RoyaltyPlan>> list_plans(TenantId tenant);
  // Makes it when version is 0, else replaces that version. Errors: kNotFound: an asset or payee is
  // not in the register; kConflict: it is there with another version; kInvalidArgument: the links
  // of all plans together have a cycle or pay more than all; a pool of the same id.
  Result<RoyaltyPlan> put_plan(TenantId tenant, RoyaltyPlan plan);
  Result<RoyaltyRules> rules(TenantId tenant);
  Result<RoyaltyRules> put_rules(TenantId tenant, RoyaltyRules rules);  // errors: as put_plan
  Result<std::vector<LicenceMeter>> list_meters(TenantId tenant);
  // Errors: kNotFound: no such licence or tag; kConflict: as put_plan.
  Result<LicenceMeter> put_meter(TenantId tenant, LicenceMeter meter);
  Status remove_meter(TenantId tenant, std::string_view licence);

  // --- what licensees report ---
  // In order of `from`; of one licence, or of all if it is empty.
  Result<std::vector<UsageReport>> list_reports(TenantId tenant, std::string_view licence);
  // The same report again changes nothing. Errors: kNotFound: no such licence; kInvalidArgument:
  // it has no terms, or the quantity does not fit them; kConflict: another report has the id or
  // covers a part of the days, or they were settled already.
  Result<UsageReport> add_report(TenantId tenant, UsageReport report, std::string_view by);

  // --- runs ---
  Result<std::vector<RoyaltyRun>> list_runs(TenantId tenant);  // newest first
  Result<WholeRun> get_run(TenantId tenant, std::string_view id);
  // Makes the run, or makes it anew: approvals fall away. Errors: of collect_run and of
  // settlement::settle; kConflict: it is posted, another period comes first.
  Result<WholeRun> make_run(TenantId tenant, const RunRequest& request, const Person& by);
  // Errors: kNotFound; kConflict: the statement is another one by now, the run is posted already,
  // or this person has approved it.
  Result<RoyaltyRun> approve(TenantId tenant, std::string_view id, std::string_view digest,
                             const Person& by);
  // One journal of all legs; none if nobody owes anything. Again, and after a crash, it is the
  // same. Errors: kNotFound; kConflict: not approved by two people, or another run was posted since
  // it was made; of Ledger::post; kCorrupt: what is kept gives another statement than the one
  // approved.
  Result<RoyaltyRun> post(TenantId tenant, std::string_view id);
  // The same legs the other way; then the period can be settled again. Errors: kNotFound;
  // kConflict: not posted, or not the newest of its currency; of Ledger::post.
  Result<RoyaltyRun> reverse(TenantId tenant, std::string_view id);
  // Of every payee: as it is, and as it would be. Errors: kNotFound; kInvalidArgument: of settle.
  Result<std::vector<settlement::PayeeChange>> what_if(TenantId tenant, std::string_view id,
                                                       const WhatIf& changes);

  // Money that a party paid in, or was paid: one journal between it and the bank. The same id again
  // is the same journal. Errors: kInvalidArgument: not more than 0; kOverdraft: more than is owed.
  Result<ledger::Receipt> pay(const std::string& id, const std::string& party, bool is_paid_in,
                              Money amount, Day on);

 private:
  RoyaltyBook(std::unique_ptr<records::Database> database, RoyaltySources sources,
              ledger::Ledger& ledger, sys::Clock& clock)
      : database_(std::move(database)), sources_(sources), ledger_(ledger), clock_(clock) {}

  // mutex_ held, all of them:
  Result<std::vector<std::string>> settings(TenantId tenant, std::string_view kind);
  Status put_setting(TenantId tenant, std::string_view kind, std::string_view id,
                     std::int64_t version, const Json& json);
  Result<std::vector<RoyaltyPlan>> read_plans(TenantId tenant);
  Result<RoyaltyRules> read_rules(TenantId tenant);
  Status check_graph(const std::vector<RoyaltyPlan>& plans, const RoyaltyRules& rules) const;
  Result<std::vector<UsageReport>> read_reports(TenantId tenant, std::string_view licence);
  Status check_report(TenantId tenant, const UsageReport& report);
  Result<RoyaltySettings> read_settings(TenantId tenant);
  Result<std::vector<RoyaltyRun>> read_runs(TenantId tenant);
  Result<RoyaltyRun> read_run(TenantId tenant, std::string_view id);
  Result<WholeRun> read_whole(TenantId tenant, const RoyaltyRun& run);
  Status write_run(TenantId tenant, const RoyaltyRun& run);
  // The newest posted run of the currency; nothing if there is none.
  Result<std::optional<RoyaltyRun>> last_posted(TenantId tenant, Currency currency);
  Result<Before> left_for(TenantId tenant, const RoyaltyRun& run);
  // What the ledger has of this run counts, whatever was written here before a crash.
  Status take_over_journals(TenantId tenant, RoyaltyRun& run);
  Result<ledger::AccountId> account(settlement::Account kind, const std::string& party,
                                    Currency currency);
  Result<ledger::AccountId> open_account(const ledger::Account& account);
  Result<ledger::Journal> journal_of(const RoyaltyRun& run,
                                     const std::vector<settlement::Leg>& legs);
  Result<ledger::Receipt> post_reversal(const RoyaltyRun& run);

  std::mutex mutex_;
  std::unique_ptr<records::Database> database_;  // guarded by mutex_
  RoyaltySources sources_;
  ledger::Ledger& ledger_;
  sys::Clock& clock_;
};

// The idempotency keys of the journals of a run.
std::string post_key(const std::string& run);
std::string reversal_key(const std::string& run);
// Is it the key of a journal of a run, its reversal or a payment?
bool is_royalty_key(std::string_view key);

// SHA-256 of the canonical statement. Errors: as settlement::canonical_statement.
Result<std::string> digest_of(const settlement::Run& inputs,
                              const settlement::Statement& statement);

}  // namespace lineshaft::rights
