// What can be said of a run before a line of it is read.
#include <algorithm>
#include <set>
#include <string_view>

#include "settlement/cut.h"
#include "settlement/exact.h"
#include "settlement/run.h"
#include "settlement/tax.h"

namespace lineshaft::settlement {
namespace {

Error refused(const std::string& why) { return {ErrorId::kInvalidArgument, why}; }

Error within(const std::string& part, const Error& error) {
  return {error.id, part + ": " + error.what};
}

class Checker {
 public:
  explicit Checker(const Run& run) : run_(run) {}

  Status check() {
    if (run_.period.empty()) return refused("period: ends before it begins");
    for (const auto step : {&Checker::assets, &Checker::terms, &Checker::events, &Checker::holds,
                            &Checker::releases, &Checker::balances}) {
      if (Status checked = (this->*step)(); !checked) return checked;
    }
    return {};
  }

 private:
  // An id that is there for the first time.
  static Status fresh(const std::string& part, const std::string& id,
                      std::set<std::string_view>& known) {
    if (Status checked = check_id(part, id); !checked) return checked;
    if (known.insert(id).second) return {};
    return refused(part + ": " + id + " is there twice");
  }

  Status assets() {
    for (const AssetPlan& plan : run_.assets) {
      if (Status checked = fresh("assets", plan.id, assets_); !checked) return checked;
      const std::string part = "asset " + plan.id;
      if (Status checked = owners(plan); !checked) return within(part, checked.error());
      if (Status checked = award(plan); !checked) return within(part, checked.error());
      if (plan.pools.size() > kPayeesMax) return refused(part + ": too many pools");
      for (const Pool& pool : plan.pools) {
        if (Status checked = fresh("pools", pool.id, pools_); !checked) return checked;
        if (Status checked = check_id("pools: payee", pool.payee); !checked) return checked;
      }
    }
    return {};
  }

  Status owners(const AssetPlan& plan) const {
    const std::vector<Stretch> stretches = stretches_of(plan, run_.period);
    if (stretches.size() > kPayeesMax) return refused("the shares change too often");
    Timestamp covered = run_.period.from;
    for (const Stretch& stretch : stretches) {
      if (stretch.range.from < covered) {
        return refused("two tables of shares are valid at " + format_rfc3339(stretch.range.from));
      }
      if (stretch.range.from > covered) break;
      if (Status checked = shares(plan.owners[stretch.table].shares); !checked) return checked;
      covered = stretch.range.to;
    }
    if (covered >= run_.period.to) return {};
    return refused("no table of shares is valid at " + format_rfc3339(covered));
  }

  static Status shares(const std::vector<Share>& shares) {
    if (Status checked = check_shares(shares); !checked) return checked;
    for (const Share& share : shares) {
      if (Status checked = check_id("shares: payee", share.payee); !checked) return checked;
    }
    return {};
  }

  static Status award(const AssetPlan& plan) {
    if (!plan.award) return {};
    if (Status checked = check_tax_rate("award", plan.award->rate); !checked) return checked;
    return shares(plan.award->inventors);
  }

  Status terms() {
    for (const Terms& terms : run_.terms) {
      if (Status checked = check_terms(terms); !checked) {
        return within("licence " + terms.licence, checked.error());
      }
      if (Status checked = fresh("licences", terms.licence, licences_); !checked) return checked;
      const std::string part = "licence " + terms.licence;
      if (terms.currency != run_.currency) {
        return refused(part + ": is in " + std::string(terms.currency.code()) +
                       ", the settlement in " + std::string(run_.currency.code()));
      }
      if (!assets_.contains(terms.asset)) {
        return refused(part + ": there is no asset '" + terms.asset + "'");
      }
      for (const Milestone& milestone : terms.milestones) {
        milestones_.insert({terms.licence, milestone.id});
      }
    }
    return {};
  }

  Status events() {
    for (const Gap& gap : run_.gaps) {
      if (Status checked = fresh("gaps", gap.id, holds_); !checked) return checked;
      const std::string part = "gap " + gap.id;
      if (run_.opening.escrow.contains(gap.id)) return refused(part + ": was held before");
      if (!licences_.contains(gap.licence)) {
        return refused(part + ": there is no licence '" + gap.licence + "'");
      }
      if (gap.range.empty() || gap.range.from < run_.period.from || gap.range.to > run_.period.to) {
        return refused(part + ": is empty, or reaches out of the period");
      }
      if (gap.declared && !is_amount(*gap.declared)) return too_large(part + ": declared");
    }
    for (const Reached& reached : run_.reached) {
      const std::string part = "milestone " + reached.milestone + " of " + reached.licence;
      const auto known = milestones_.find({reached.licence, reached.milestone});
      if (known == milestones_.end()) return refused(part + ": is not in terms, or is there twice");
      milestones_.erase(known);
      if (!run_.period.contains(reached.at)) return refused(part + ": is not in the period");
    }
    for (const Cost& cost : run_.costs) {
      if (!pools_.contains(cost.pool))
        return refused("costs: there is no pool '" + cost.pool + "'");
      if (!is_amount(cost.amount)) return too_large("costs of " + cost.pool);
    }
    return {};
  }

  Status holds() {
    for (const Hold& hold : run_.holds) {
      if (Status checked = fresh("holds", hold.id, holds_); !checked) return checked;
      const std::string part = "hold " + hold.id;
      if (Status checked = check_tax_rate("fraction", hold.fraction); !checked) {
        return within(part, checked.error());
      }
      if (hold.licence.empty() == hold.payee.empty()) {
        return refused(part + ": must be of a licence or of a payee");
      }
      const auto escrow = run_.opening.escrow.find(hold.id);
      if (escrow != run_.opening.escrow.end() &&
          (escrow->second.licence != hold.licence || escrow->second.payee != hold.payee)) {
        return refused(part + ": was another one before");
      }
      if (hold.licence.empty()) continue;
      if (!licences_.contains(hold.licence)) {
        return refused(part + ": there is no licence '" + hold.licence + "'");
      }
    }
    return {};
  }

  Status releases() {
    std::set<std::string_view> released;
    for (const Release& release : run_.releases) {
      if (Status checked = fresh("releases", release.hold, released); !checked) return checked;
      const std::string part = "release of " + release.hold;
      const auto escrow = run_.opening.escrow.find(release.hold);
      if (escrow == run_.opening.escrow.end()) return refused(part + ": nothing is held");
      if (holds_.contains(release.hold)) return refused(part + ": it holds still");
      if (!release.beneficiary.empty()) {
        if (Status checked = check_id(part, release.beneficiary); !checked) return checked;
      } else if (!escrow->second.licence.empty() && !licences_.contains(escrow->second.licence)) {
        return refused(part + ": there is no licence '" + escrow->second.licence + "'");
      }
    }
    return {};
  }

  Status balances() {
    const Balances& opening = run_.opening;
    for (const auto& [id, balance] : opening.licences) {
      for (const Int128 amount : {balance.totals.base, balance.totals.earned, balance.totals.due,
                                  balance.advance, balance.measured, balance.measured_ns}) {
        if (!is_amount(amount)) return refused("balance of " + id + ": is out of range");
      }
    }
    for (const auto& [id, balance] : opening.assets) {
      for (const Residuals* residuals : {&balance.owners, &balance.inventors}) {
        if (Status checked = check_residuals(*residuals); !checked) {
          return within("balance of " + id, checked.error());
        }
      }
    }
    for (const auto& [id, outstanding] : opening.pools) {
      if (!is_amount(outstanding)) return refused("balance of " + id + ": is out of range");
    }
    for (const auto& [id, escrow] : opening.escrow) {
      if (!is_amount(escrow.amount) || escrow.licence.empty() == escrow.payee.empty()) {
        return refused("balance of " + id + ": is out of range, or of nobody");
      }
    }
    return {};
  }

  const Run& run_;
  std::set<std::string_view> assets_;
  std::set<std::string_view> pools_;
  std::set<std::string_view> licences_;
  std::set<std::string_view> holds_;  // and gaps, which can be held
  std::set<std::pair<std::string_view, std::string_view>> milestones_;  // not yet reached
};

}  // namespace

Status check_run(const Run& run) { return Checker(run).check(); }

}  // namespace lineshaft::settlement
