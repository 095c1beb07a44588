#include "settlement/statement.h"

#include <algorithm>
#include <numeric>
#include <unordered_map>

#include "base/assert.h"
#include "settlement/asset_step.h"
#include "settlement/exact.h"
#include "settlement/licence_step.h"
#include "settlement/payouts.h"

namespace lineshaft::settlement {
namespace {

Error refused(const std::string& why) { return {ErrorId::kInvalidArgument, why}; }

constexpr std::size_t kEvidenceDigits = 64;

bool is_evidence(std::string_view text) {
  return text.size() == kEvidenceDigits && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

// Positions of `items`, ordered by `id`.
template <typename Item, typename Id>
std::vector<std::size_t> ordered_by(const std::vector<Item>& items, Id id) {
  std::vector<std::size_t> order(items.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t i) -> const std::string& { return items[i].*id; });
  return order;
}

std::vector<const Hold*> holds_on(const std::vector<Hold>& holds, std::string Hold::*whom) {
  std::vector<const Hold*> found;
  for (const std::size_t i : ordered_by(holds, &Hold::id)) {
    if (!(holds[i].*whom).empty()) found.push_back(&holds[i]);
  }
  return found;
}

class Settlement {
 public:
  explicit Settlement(const Run& run)
      : run_(run), payouts_(holds_on(run.holds, &Hold::payee), statement_.closing) {
    statement_.period = run.period;
    statement_.currency = run.currency;
    statement_.closing = run.opening;
  }

  Result<Statement> settle() {
    if (Status checked = check_run(run_); !checked) return checked.error();
    for (const auto step : {&Settlement::begin, &Settlement::price_lines,
                            &Settlement::settle_licences, &Settlement::settle_assets}) {
      if (Status done = (this->*step)(); !done) return done.error();
    }
    statement_.payouts = payouts_.take_payouts();
    statement_.journal = payouts_.take_journal();
    return std::move(statement_);
  }

 private:
  Status begin() {
    for (const std::size_t i : ordered_by(run_.assets, &AssetPlan::id)) {
      AssetState& state = assets_.emplace_back();
      state.plan = &run_.assets[i];
      state.stretches = stretches_of(*state.plan, run_.period);
      state.own_by_stretch.resize(state.stretches.size());
      names_.push_back(state.plan->id);
    }
    for (const std::size_t i : ordered_by(run_.terms, &Terms::licence)) {
      LicenceInput& input = licences_.emplace_back();
      input.terms = &run_.terms[i];
      asset_of_.push_back(asset_at(input.terms->asset));
      input.base_by_stretch.resize(assets_[asset_of_.back()].stretches.size());
      licence_at_.emplace(input.terms->licence, licences_.size() - 1);
    }
    for (const std::size_t i : ordered_by(run_.gaps, &Gap::id)) {
      licences_[licence_at_.at(run_.gaps[i].licence)].gaps.push_back(&run_.gaps[i]);
    }
    for (const std::size_t i : ordered_by(run_.reached, &Reached::milestone)) {
      licences_[licence_at_.at(run_.reached[i].licence)].reached.push_back(&run_.reached[i]);
    }
    for (const Hold* hold : holds_on(run_.holds, &Hold::licence)) {
      licences_[licence_at_.at(hold->licence)].holds.push_back(hold);
    }
    return {};
  }

  std::size_t asset_at(const std::string& name) const {
    const auto found = std::ranges::lower_bound(names_, name);
    LS_ASSERT(found != names_.end() && *found == name);
    return static_cast<std::size_t>(found - names_.begin());
  }

  Status price_lines() {
    const std::string* before = nullptr;
    statement_.lines.reserve(run_.lines.size());
    for (const std::size_t i : ordered_by(run_.lines, &UsageLine::id)) {
      const UsageLine& line = run_.lines[i];
      if (before != nullptr && *before == line.id) {
        return refused("line " + line.id + " is there twice");
      }
      before = &line.id;
      if (Status added = add_line(i, line); !added) return added;
    }
    return {};
  }

  Status add_line(std::size_t position, const UsageLine& line) {
    if (Status checked = check_id("lines: id", line.id); !checked) return checked;
    const auto found = licence_at_.find(line.licence);
    if (found == licence_at_.end()) {
      return refused("line " + line.id + ": there is no licence '" + line.licence + "'");
    }
    if (!run_.period.contains(line.at)) {
      return refused("line " + line.id + ": " + format_rfc3339(line.at) + " is not in the period");
    }
    if (!is_evidence(line.evidence)) {
      return refused("line " + line.id + ": the evidence is no SHA-256");
    }
    LicenceInput& input = licences_[found->second];
    const Result<Int128> value = value_of(line, *input.terms);
    if (!value) return value.error();
    ++input.lines;
    input.measured += *value;
    if (!is_amount(input.measured)) return too_large("lines of licence " + line.licence);
    const std::vector<Stretch>& stretches = assets_[asset_of_[found->second]].stretches;
    input.base_by_stretch[stretch_at(stretches, line.at)] += *value;
    statement_.lines.push_back({position, *value});
    return {};
  }

  Status settle_licences() {
    for (std::size_t i = 0; i < licences_.size(); ++i) {
      AssetState& asset = assets_[asset_of_[i]];
      LicenceBalance& balance = statement_.closing.licences[licences_[i].terms->licence];
      Result<LicenceOutput> output =
          settle_licence(std::move(licences_[i]), balance, run_.period, asset.stretches);
      if (!output) return output.error();
      LicenceResult& result = output->result;
      balance = std::move(output->closing);
      payouts_.leg(Account::kReceivable, result.payer, result.payment);
      payouts_.leg(Account::kWithholdingTax, result.payer, -result.withheld);
      for (const HeldPart& held : result.held) {
        payouts_.keep(held.hold, result.licence, held.amount);
      }
      asset.own.gross += output->gross;
      asset.own.net_of_tax += result.receipts;
      add_to(asset.own_by_stretch, output->receipts_by_stretch);
      statement_.licences.push_back(std::move(result));
    }
    release();
    return {};
  }

  // What was held of a licence comes in like its receipts, evenly over the period.
  void release() {
    for (const Release& release : run_.releases) {
      const Escrow escrow = payouts_.release(release.hold);
      if (!release.beneficiary.empty() || escrow.licence.empty()) {
        const std::string& payee = release.beneficiary.empty() ? escrow.payee : release.beneficiary;
        payouts_.pay(PartKind::kRelease, release.hold, payee, escrow.amount);
        continue;
      }
      AssetState& asset = assets_[asset_of_[licence_at_.at(escrow.licence)]];
      asset.own.gross += escrow.amount;
      asset.own.net_of_tax += escrow.amount;
      add_to(asset.own_by_stretch, cut_by_time(escrow.amount, run_.period, asset.stretches));
    }
  }

  Status settle_assets() {
    const Result<Route> route = route_of(run_.graph, names_);
    if (!route) return route.error();
    for (const Cost& cost : run_.costs) {
      Int128& outstanding = statement_.closing.pools[cost.pool];
      outstanding += cost.amount;
      if (!is_amount(outstanding)) return too_large("pool " + cost.pool);
    }
    std::vector<Receipts> receipts;
    for (AssetState& asset : assets_) {
      if (!is_amount(asset.own.gross)) return too_large("the receipts of " + asset.plan->id);
      recoup_pools(asset, statement_.closing.pools);
      receipts.push_back(asset.own);
    }
    const Result<Flow> flow = pass_on(*route, receipts);
    if (!flow) return flow.error();
    for (std::size_t i = 0; i < assets_.size(); ++i) {
      if (Status divided = divide(i, *route, *flow); !divided) return divided;
    }
    return {};
  }

  Status divide(std::size_t i, const Route& route, const Flow& flow) {
    AssetBalance& balance = statement_.closing.assets[names_[i]];
    const Int128 suspense = balance.owners.suspense() + balance.inventors.suspense();
    Result<AssetResult> result =
        divide_asset(assets_[i], flow.received[i], flow.retained[i], balance);
    if (!result) return Error{result.error().id, "asset " + names_[i] + ": " + result.error().what};
    for (std::size_t k = route.first_of[i]; k < route.first_of[i + 1]; ++k) {
      const Passage& passage = route.passages[k];
      result->passed.push_back({names_[passage.to], passage.rate, passage.base, flow.passed[k]});
    }
    for (const PoolResult& pool : result->pools) {
      statement_.closing.pools[pool.pool] -= pool.recouped;
      payouts_.pay(PartKind::kPool, pool.pool, pool.payee, pool.recouped);
    }
    for (const Portion& portion : result->inventors) {
      payouts_.pay(PartKind::kInventor, names_[i], portion.payee, portion.amount);
    }
    for (const Segment& segment : result->segments) {
      for (const Portion& portion : segment.portions) {
        payouts_.pay(PartKind::kShare, names_[i], portion.payee, portion.amount);
      }
    }
    payouts_.leg(Account::kSuspense, names_[i], suspense - result->suspense);
    statement_.assets.push_back(*std::move(result));
    return {};
  }

  const Run& run_;
  Statement statement_;
  Payouts payouts_;
  std::vector<AssetState> assets_;  // ordered by id
  std::vector<std::string> names_;
  std::vector<LicenceInput> licences_;  // ordered by id
  std::vector<std::size_t> asset_of_;   // of each licence
  std::unordered_map<std::string_view, std::size_t> licence_at_;
};

}  // namespace

Result<Statement> settle(const Run& run) { return Settlement(run).settle(); }

std::vector<Leg> reversal(const std::vector<Leg>& journal) {
  std::vector<Leg> legs = journal;
  for (Leg& leg : legs) leg.amount = -leg.amount;
  return legs;
}

std::string_view account_name(Account account) {
  switch (account) {
    case Account::kReceivable:
      return "receivable";
    case Account::kWithholdingTax:
      return "withholding_tax";
    case Account::kPayable:
      return "payable";
    case Account::kEscrow:
      return "escrow";
    case Account::kSuspense:
      return "suspense";
  }
  return "";
}

std::string_view part_name(PartKind kind) {
  switch (kind) {
    case PartKind::kShare:
      return "share";
    case PartKind::kInventor:
      return "inventor";
    case PartKind::kPool:
      return "pool";
    case PartKind::kRelease:
      return "release";
  }
  return "";
}

}  // namespace lineshaft::settlement
