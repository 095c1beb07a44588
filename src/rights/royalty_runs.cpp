// Runs: made, approved by two people, posted to the ledger, taken back.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/hex.h"
#include "rights/royalty_book.h"
#include "rights/royalty_json.h"
#include "rights/schema.h"
#include "settlement/run_json.h"
#include "sys/sha256.h"

namespace lineshaft::rights {
namespace {

constexpr std::string_view kSteps[] = {
    // 1: settings, reports and the inputs of runs are kept as JSON; what they are found by is
    // repeated in columns. Days are numbers of days since 1970-01-01.
    R"(CREATE TABLE royalty_settings (
         tenant INTEGER NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL,
         json TEXT NOT NULL, PRIMARY KEY (tenant, kind, id)) STRICT;
       CREATE TABLE royalty_reports (
         tenant INTEGER NOT NULL, id TEXT NOT NULL, licence TEXT NOT NULL,
         from_day INTEGER NOT NULL, json TEXT NOT NULL, PRIMARY KEY (tenant, id)) STRICT;
       CREATE TABLE royalty_runs (
         tenant INTEGER NOT NULL, number INTEGER NOT NULL, id TEXT NOT NULL,
         state INTEGER NOT NULL, currency TEXT NOT NULL, from_day INTEGER NOT NULL,
         to_day INTEGER NOT NULL, digest TEXT NOT NULL, approvals TEXT NOT NULL,
         made_by TEXT NOT NULL, made INTEGER NOT NULL, sequence INTEGER NOT NULL,
         reversal_sequence INTEGER NOT NULL, PRIMARY KEY (tenant, id)) STRICT;
       CREATE UNIQUE INDEX royalty_runs_number ON royalty_runs (tenant, number);
       CREATE TABLE royalty_inputs (
         tenant INTEGER NOT NULL, run TEXT NOT NULL, inputs TEXT NOT NULL,
         findings TEXT NOT NULL, PRIMARY KEY (tenant, run)) STRICT;)"};

constexpr std::string_view kRunColumns =
    "number, id, state, currency, from_day, to_day, digest, approvals, made_by, made, sequence, "
    "reversal_sequence";
Error conflict(const std::string& what) { return {ErrorId::kConflict, what}; }

Json approvals_json(const std::vector<RunApproval>& approvals) {
  Json list = Json::array();
  for (const RunApproval& approval : approvals) {
    list.push_back({{"user", approval.user}, {"name", approval.name}, {"time", approval.time.ns}});
  }
  return list;
}

std::vector<RunApproval> approvals_from(std::string_view text) {
  std::vector<RunApproval> approvals;
  const Result<Json> list = parse_json(text);
  if (!list) return approvals;
  for (const Json& item : *list) {
    approvals.push_back({item.value("user", ""), item.value("name", ""),
                         Timestamp{item.value("time", std::int64_t{0})}});
  }
  return approvals;
}

RoyaltyRun run_of(records::Statement& row) {
  RoyaltyRun run;
  run.number = row.int64(0);
  run.id = row.text(1);
  run.state = static_cast<RunState>(row.int64(2));
  const Result<Currency> currency = Currency::parse(row.text(3));
  if (currency) run.currency = *currency;
  run.from = day_of(row.int64(4));
  run.to = day_of(row.int64(5));
  run.digest = row.text(6);
  run.approvals = approvals_from(row.text(7));
  run.made_by = row.text(8);
  run.made = Timestamp{row.int64(9)};
  run.sequence = static_cast<std::uint64_t>(row.int64(10));
  run.reversal_sequence = static_cast<std::uint64_t>(row.int64(11));
  return run;
}

// The gap of the licence that reaches to the end of the run, if there is one.
const settlement::Gap* last_gap(const settlement::Run& run, const std::string& licence) {
  const auto gap = std::ranges::find_if(run.gaps, [&](const settlement::Gap& one) {
    return one.licence == licence && one.range.to == run.period.to;
  });
  return gap == run.gaps.end() ? nullptr : &*gap;
}

bool is_filled(const settlement::Statement& statement, const std::string& gap) {
  return std::ranges::any_of(statement.licences, [&](const settlement::LicenceResult& result) {
    const auto fill = std::ranges::find(result.gaps, gap, &settlement::GapFill::gap);
    return fill != result.gaps.end() && fill->value;
  });
}

std::map<std::string, OwedMeter> owed_meters(const WholeRun& whole,
                                             const settlement::Statement& statement) {
  std::map<std::string, OwedMeter> owed;
  const Result<Json> findings = parse_json(whole.findings);
  if (!findings) return owed;
  const std::string last_day = day_text(whole.run.to - std::chrono::days(1));
  for (const Json& meter : (*findings)["meters"]) {
    if (meter["days"].empty() || meter["days"].back()["day"] != last_day) continue;
    const std::string licence = meter["licence"];
    const settlement::Gap* gap = last_gap(whole.inputs, licence);
    if (gap != nullptr && is_filled(statement, gap->id)) continue;
    // All of that run was a gap, and what came before was not owed even then.
    const bool is_whole = gap != nullptr && gap->range.from == whole.inputs.period.from;
    if (is_whole && meter["owed_since"].is_null()) continue;
    owed[licence] = {meter["tag"], gap == nullptr ? std::nullopt : std::optional(gap->range.from)};
  }
  return owed;
}

}  // namespace

Result<std::string> digest_of(const settlement::Run& inputs,
                              const settlement::Statement& statement) {
  const Result<std::string> text = settlement::canonical_statement(inputs, statement);
  if (!text) return text.error();
  return hex_text(sys::sha256(as_bytes(*text)));
}

Result<std::unique_ptr<RoyaltyBook>> RoyaltyBook::open(std::unique_ptr<records::Database> database,
                                                       RoyaltySources sources,
                                                       ledger::Ledger& ledger, sys::Clock& clock) {
  if (Status ready = database->migrate("royalties", kSteps); !ready) return ready.error();
  return std::unique_ptr<RoyaltyBook>(new RoyaltyBook(std::move(database), sources, ledger, clock));
}

// --- keeping ---

Result<std::vector<RoyaltyRun>> RoyaltyBook::read_runs(TenantId tenant) {
  auto runs = query<RoyaltyRun>(*database_,
                                "SELECT " + std::string(kRunColumns) +
                                    " FROM royalty_runs WHERE tenant = ?1 ORDER BY number DESC",
                                run_of, std::int64_t{tenant.value});
  if (!runs) return runs;
  for (RoyaltyRun& run : *runs) {
    if (Status taken = take_over_journals(tenant, run); !taken) return std::move(taken).error();
  }
  return runs;
}

Result<RoyaltyRun> RoyaltyBook::read_run(TenantId tenant, std::string_view id) {
  auto runs = query<RoyaltyRun>(
      *database_,
      "SELECT " + std::string(kRunColumns) + " FROM royalty_runs WHERE tenant = ?1 AND id = ?2",
      run_of, std::int64_t{tenant.value}, id);
  if (!runs) return runs.error();
  if (runs->empty()) {
    return Error{ErrorId::kNotFound, "there is no royalty run '" + std::string(id) + "'"};
  }
  if (Status taken = take_over_journals(tenant, runs->front()); !taken) {
    return std::move(taken).error();
  }
  return std::move(runs->front());
}

Status RoyaltyBook::take_over_journals(TenantId tenant, RoyaltyRun& run) {
  const RoyaltyRun before = run;
  const auto posted = ledger_.find_journal(post_key(run.id));
  if (posted && run.sequence == 0) {
    run.sequence = posted->value;
    run.state = RunState::kPosted;
  }
  const auto reversed = ledger_.find_journal(reversal_key(run.id));
  if (reversed && run.reversal_sequence == 0) {
    run.reversal_sequence = reversed->value;
    run.state = RunState::kReversed;
  }
  if (run.state == before.state) return {};
  return write_run(tenant, run);
}

Status RoyaltyBook::write_run(TenantId tenant, const RoyaltyRun& run) {
  return database_->run(
      "INSERT OR REPLACE INTO royalty_runs VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, "
      "?12, ?13)",
      std::int64_t{tenant.value}, run.number, run.id, static_cast<std::int64_t>(run.state),
      run.currency.code(), number_of(run.from), number_of(run.to), run.digest,
      dump(approvals_json(run.approvals)), run.made_by, run.made,
      static_cast<std::int64_t>(run.sequence), static_cast<std::int64_t>(run.reversal_sequence));
}

Result<WholeRun> RoyaltyBook::read_whole(TenantId tenant, const RoyaltyRun& run) {
  struct Kept {
    std::string inputs;
    std::string findings;
  };
  const auto kept = query<Kept>(
      *database_, "SELECT inputs, findings FROM royalty_inputs WHERE tenant = ?1 AND run = ?2",
      [](records::Statement& row) {
        return Kept{std::string(row.text(0)), std::string(row.text(1))};
      },
      std::int64_t{tenant.value}, run.id);
  if (!kept) return kept.error();
  const Error lost{ErrorId::kCorrupt, "the inputs of royalty run '" + run.id + "' are damaged"};
  if (kept->empty()) return lost;
  const Result<Json> json = parse_json(kept->front().inputs);
  if (!json) return lost;
  Result<settlement::Run> inputs = settlement::run_from_json(*json);
  if (!inputs) return lost;
  return WholeRun{run, *std::move(inputs), kept->front().findings};
}

Result<std::optional<RoyaltyRun>> RoyaltyBook::last_posted(TenantId tenant, Currency currency) {
  const Result<std::vector<RoyaltyRun>> runs = read_runs(tenant);
  if (!runs) return runs.error();
  std::optional<RoyaltyRun> last;
  for (const RoyaltyRun& run : *runs) {
    const bool counts = run.state == RunState::kPosted && run.currency == currency;
    if (counts && (!last || run.to > last->to)) last = run;
  }
  return last;
}

// What the run before it has left. Errors: kConflict: it does not follow upon that run.
Result<Before> RoyaltyBook::left_for(TenantId tenant, const RoyaltyRun& run) {
  const auto last = last_posted(tenant, run.currency);
  if (!last) return last.error();
  if (!*last) return Before{};
  if ((*last)->to != run.from) {
    return conflict("from: run '" + (*last)->id + "' settled the days before " +
                    day_text((*last)->to) + "; the next one begins there");
  }
  const Result<WholeRun> whole = read_whole(tenant, **last);
  if (!whole) return whole.error();
  Result<settlement::Statement> statement = settlement::settle(whole->inputs);
  if (!statement) return statement.error();
  std::map<std::string, OwedMeter> owed = owed_meters(*whole, *statement);
  return Before{std::move(statement->closing), std::move(owed)};
}

// --- what people do ---

Result<std::vector<RoyaltyRun>> RoyaltyBook::list_runs(TenantId tenant) {
  const std::lock_guard lock(mutex_);
  return read_runs(tenant);
}

Result<WholeRun> RoyaltyBook::get_run(TenantId tenant, std::string_view id) {
  const std::lock_guard lock(mutex_);
  const Result<RoyaltyRun> run = read_run(tenant, id);
  if (!run) return run.error();
  return read_whole(tenant, *run);
}

Result<WholeRun> RoyaltyBook::make_run(TenantId tenant, const RunRequest& request,
                                       const Person& by) {
  const std::lock_guard lock(mutex_);
  const Result<RoyaltyRun> present = read_run(tenant, request.id);
  if (!present && present.error().id != ErrorId::kNotFound) return present.error();
  if (present && present->state >= RunState::kPosted) {
    return conflict("royalty run '" + request.id + "' was posted; give this one another id");
  }
  RoyaltyRun run;
  run.id = request.id;
  run.currency = request.currency;
  run.from = request.from;
  run.to = request.to;
  run.made_by = by.name;
  run.made = clock_.now();
  Result<Before> before = left_for(tenant, run);
  if (!before) return before.error();
  const Result<RoyaltySettings> all = read_settings(tenant);
  if (!all) return all.error();
  Result<Collected> collected =
      collect_run(tenant, sources_, *all, request, *std::move(before), run.made);
  if (!collected) return collected.error();
  const Result<settlement::Statement> statement = settlement::settle(collected->run);
  if (!statement) return statement.error();
  Result<std::string> digest = digest_of(collected->run, *statement);
  if (!digest) return digest.error();
  run.digest = *std::move(digest);

  Result<records::Transaction> transaction = database_->begin();
  if (!transaction) return std::move(transaction).error();
  const Result<std::int64_t> newest = query_number(
      *database_, "SELECT coalesce(max(number), 0) FROM royalty_runs WHERE tenant = ?1",
      std::int64_t{tenant.value});
  if (!newest) return newest.error();
  run.number = present ? present->number : *newest + 1;
  if (Status written = write_run(tenant, run); !written) return std::move(written).error();
  const Status kept = database_->run(
      "INSERT OR REPLACE INTO royalty_inputs VALUES (?1, ?2, ?3, ?4)", std::int64_t{tenant.value},
      run.id, dump(settlement::run_json(collected->run)), collected->findings);
  if (!kept) return kept.error();
  if (Status done = transaction->commit(); !done) return std::move(done).error();
  return WholeRun{std::move(run), std::move(collected->run), std::move(collected->findings)};
}

Result<RoyaltyRun> RoyaltyBook::approve(TenantId tenant, std::string_view id,
                                        std::string_view digest, const Person& by) {
  const std::lock_guard lock(mutex_);
  Result<RoyaltyRun> run = read_run(tenant, id);
  if (!run) return run;
  if (run->state >= RunState::kPosted) return conflict("run '" + run->id + "' is posted already");
  if (run->digest != digest) {
    return conflict("the statement of run '" + run->id + "' is another one by now; read it again");
  }
  if (std::ranges::find(run->approvals, by.user, &RunApproval::user) != run->approvals.end()) {
    return conflict("you have approved run '" + run->id + "' already; it takes another person too");
  }
  run->approvals.push_back({by.user, by.name, clock_.now()});
  if (run->approvals.size() >= kApproversNeeded) run->state = RunState::kApproved;
  if (Status written = write_run(tenant, *run); !written) return std::move(written).error();
  return run;
}

Result<RoyaltyRun> RoyaltyBook::post(TenantId tenant, std::string_view id) {
  const std::lock_guard lock(mutex_);
  Result<RoyaltyRun> run = read_run(tenant, id);
  if (!run) return run;
  if (run->state == RunState::kPosted) return run;
  if (run->state != RunState::kApproved) {
    return conflict("run '" + run->id + "' is " + std::string(name_of(run->state)) +
                    "; it is posted when two people have approved it");
  }
  const Result<WholeRun> whole = read_whole(tenant, *run);
  if (!whole) return whole.error();
  const Result<Before> before = left_for(tenant, *run);
  if (!before) return before.error();
  if (dump(settlement::balances_json(before->balances)) !=
      dump(settlement::balances_json(whole->inputs.opening))) {
    return conflict("another run was posted or reversed since '" + run->id +
                    "' was made; make it again");
  }
  const Result<settlement::Statement> statement = settlement::settle(whole->inputs);
  if (!statement) return statement.error();
  const Result<std::string> digest = digest_of(whole->inputs, *statement);
  if (!digest) return digest.error();
  if (*digest != run->digest) {
    return Error{ErrorId::kCorrupt, "what is kept of run '" + run->id +
                                        "' gives another statement than the one approved"};
  }
  // A period in which nobody owes anything has no journal; the next one follows upon it all the
  // same.
  if (!statement->journal.empty()) {
    Result<ledger::Journal> journal = journal_of(*run, statement->journal);
    if (!journal) return journal.error();
    const Result<ledger::Receipt> receipt = ledger_.post(*std::move(journal));
    if (!receipt) return receipt.error();
    run->sequence = receipt->sequence.value;
  }
  run->state = RunState::kPosted;
  if (Status written = write_run(tenant, *run); !written) return std::move(written).error();
  return run;
}

Result<RoyaltyRun> RoyaltyBook::reverse(TenantId tenant, std::string_view id) {
  const std::lock_guard lock(mutex_);
  Result<RoyaltyRun> run = read_run(tenant, id);
  if (!run) return run;
  if (run->state == RunState::kReversed) return run;
  const auto last = last_posted(tenant, run->currency);
  if (!last) return last.error();
  if (run->state != RunState::kPosted || !*last || (*last)->id != run->id) {
    return conflict("run '" + run->id + "' is not the newest that is posted in " +
                    std::string(run->currency.code()) + "; what came after it rests on it");
  }
  if (run->sequence != 0) {
    const Result<ledger::Receipt> receipt = post_reversal(*run);
    if (!receipt) return receipt.error();
    run->reversal_sequence = receipt->sequence.value;
  }
  run->state = RunState::kReversed;
  if (Status written = write_run(tenant, *run); !written) return std::move(written).error();
  return run;
}

Result<std::vector<settlement::PayeeChange>> RoyaltyBook::what_if(TenantId tenant,
                                                                  std::string_view id,
                                                                  const WhatIf& changes) {
  const Result<WholeRun> whole = get_run(tenant, id);
  if (!whole) return whole.error();
  settlement::Run other = whole->inputs;
  for (const settlement::Terms& terms : changes.terms) {
    const auto known = std::ranges::find(other.terms, terms.licence, &settlement::Terms::licence);
    if (known == other.terms.end()) {
      return Error{ErrorId::kNotFound, "terms: licence '" + terms.licence + "' is not in the run"};
    }
    *known = terms;
  }
  for (const settlement::AssetPlan& plan : changes.shares) {
    const auto known = std::ranges::find(other.assets, plan.id, &settlement::AssetPlan::id);
    if (known == other.assets.end()) {
      return Error{ErrorId::kNotFound, "shares: asset '" + plan.id + "' is not in the run"};
    }
    known->owners = plan.owners;
  }
  if (changes.links) other.graph.links = *changes.links;
  const Result<settlement::Statement> before = settlement::settle(whole->inputs);
  if (!before) return before.error();
  const Result<settlement::Statement> after = settlement::settle(other);
  if (!after) return after.error();
  return settlement::changes(*before, *after);
}

}  // namespace lineshaft::rights
