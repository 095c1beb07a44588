// Random settlements, period after period: whatever the rules and the use, nothing is lost, nobody
// is paid who should not be, and the same input gives the same bytes. As long as
// LINESHAFT_TORTURE_SECONDS says, from the seed LINESHAFT_TORTURE_SEED; else kStatementsShort.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <set>

#include "base/torture_fixture.h"
#include "settlement/statement.h"

namespace lineshaft::settlement {
namespace {

constexpr std::uint64_t kStatementsShort = 10'000;
constexpr std::uint64_t kPeriods = 4;  // of each set of rules
// Under a sanitizer a replay takes longer than everything else; one in so many is enough there.
constexpr std::uint64_t kReplaysShort = 8;
constexpr std::int64_t kHour = 3'600'000'000'000;
constexpr std::int64_t kPeriodHours = 720;

class Rules {
 public:
  explicit Rules(std::uint64_t seed) : random_(seed) {}

  settlement::Run make() {
    settlement::Run run;
    for (const char* asset : {"alloy", "burner", "code", "data", "etch"}) {
      if (run.assets.size() >= 2 && one_in(3)) break;
      run.assets.push_back(plan(asset));
    }
    link(run);
    const std::uint64_t licences = 1 + below(3);
    for (std::uint64_t i = 0; i < licences; ++i) run.terms.push_back(terms(run, i));
    return run;
  }

  // What happens in period `number`, after `opening`.
  void fill(settlement::Run& run, std::uint64_t number, Balances opening) {
    const auto begin = static_cast<std::int64_t>(number) * kPeriodHours * kHour;
    run.period = {{begin}, {begin + kPeriodHours * kHour}};
    run.opening = std::move(opening);
    run.lines.clear();
    run.gaps.clear();
    run.reached.clear();
    run.costs.clear();
    run.holds.clear();
    run.releases.clear();
    for (const Terms& terms : run.terms) use(run, terms, number);
    for (const AssetPlan& plan : run.assets) {
      for (const Pool& pool : plan.pools) {
        if (one_in(2)) run.costs.push_back({pool.id, amount(2'000), {}});
      }
    }
    dispute(run);
  }

  template <typename Item>
  void shuffle(std::vector<Item>& items) {
    std::ranges::shuffle(items, random_);
  }

  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
  bool one_in(std::uint64_t count) { return below(count) == 0; }

 private:
  Ratio ratio(std::int64_t above_max, std::int64_t below) {
    const auto above =
        static_cast<std::int64_t>(this->below(static_cast<std::uint64_t>(above_max)));
    return Ratio::make(above + 1, below).value();
  }

  // Small ones, at which rounding matters, and sometimes huge ones.
  Int128 amount(std::uint64_t bound) {
    const auto small = static_cast<Int128>(below(bound));
    return one_in(50) ? small * 1'000'000'000'000'000 + 7 : small;
  }

  std::vector<Share> shares(char first) {
    std::vector<Share> shares;
    const std::uint64_t payees = 1 + below(4);
    for (std::uint64_t i = 0; i < payees; ++i) {
      const auto payee = static_cast<char>(first + static_cast<char>(below(6)));
      if (std::ranges::find(shares, std::string(1, payee), &Share::payee) != shares.end()) continue;
      shares.push_back({std::string(1, payee), static_cast<std::int64_t>(1 + below(7))});
    }
    return shares;
  }

  AssetPlan plan(const std::string& id) {
    AssetPlan plan;
    plan.id = id;
    plan.mode = one_in(3) ? SplitMode::kStream : SplitMode::kClosed;
    Timestamp from = kTimestampMin;
    for (std::uint64_t changes = below(4); changes > 0; --changes) {
      const auto hours = static_cast<std::int64_t>(below(kPeriodHours * kPeriods));
      if (hours * kHour <= from.ns) continue;
      plan.owners.push_back({{from, {hours * kHour}}, shares('A')});
      from = {hours * kHour};
    }
    plan.owners.push_back({{from, kTimestampMax}, shares('A')});
    if (one_in(3)) plan.award = Award{ratio(50, 100), shares('P')};
    for (std::uint64_t pools = below(3); pools > 0; --pools) {
      plan.pools.push_back({id + std::to_string(pools), "Z", static_cast<std::uint32_t>(below(2))});
    }
    return plan;
  }

  void link(settlement::Run& run) {
    constexpr Stacking kStackings[] = {Stacking::kDirect, Stacking::kDirect, Stacking::kEveryPath,
                                       Stacking::kOncePerAncestor};
    constexpr LinkBase kBases[] = {LinkBase::kGross, LinkBase::kNetOfTax, LinkBase::kNetOfUpstream,
                                   LinkBase::kExternal};
    run.graph.stacking = kStackings[below(4)];
    run.graph.cap = ratio(100, 100);
    for (std::size_t i = 0; i < run.assets.size(); ++i) {
      for (std::size_t k = i + 1; k < run.assets.size(); ++k) {
        if (one_in(2)) continue;
        const LinkBase base =
            run.graph.stacking == Stacking::kDirect ? kBases[below(4)] : LinkBase::kExternal;
        run.graph.links.push_back({run.assets[i].id, run.assets[k].id, ratio(40, 100), base});
        if (base != LinkBase::kExternal || run.graph.stacking != Stacking::kDirect) continue;
        run.graph.links.push_back({run.assets[k].id, run.assets[i].id, ratio(30, 100), base});
      }
    }
  }

  Terms terms(const settlement::Run& run, std::uint64_t number) {
    Terms terms;
    terms.licence = "licence" + std::to_string(number);
    terms.version = "1";
    terms.asset = run.assets[below(run.assets.size())].id;
    terms.payer = one_in(2) ? "firm" : "plant";
    terms.gaps = std::array{GapRule::kHold, GapRule::kEstimate, GapRule::kDeclared}[below(3)];
    terms.withholding = one_in(2) ? ratio(20, 100) : Ratio();
    if (one_in(2)) {
      terms.usage = Usage::kQuantity;
      terms.quantity_digits = 1;
      if (one_in(2)) terms.unit_price = ratio(500, 7);
    }
    if (terms.base_is_money() && one_in(2)) terms.vat = ratio(20, 100);
    terms.tiers = {{0, ratio(30, 100)}};
    if (one_in(2)) terms.tiers.push_back({1'000, ratio(30, 77)});
    if (one_in(4)) terms.limits.period_minimum = 50;
    if (one_in(4)) terms.limits.period_maximum = 500;
    if (one_in(4)) terms.limits.guarantees = {{{kPeriodHours * kHour}, 300}};
    if (one_in(8)) terms.limits.total_maximum = 1'000;
    if (one_in(4)) terms.fees = {{"fee", {when(0)}, amount(1'000)}};
    if (one_in(4)) terms.milestones = {{"milestone", amount(1'000)}};
    if (one_in(4)) terms.advances = {{"advance", {when(0)}, amount(1'000), !one_in(3)}};
    return terms;
  }

  std::int64_t when(std::uint64_t number) {
    return static_cast<std::int64_t>(number * kPeriodHours + below(kPeriodHours)) * kHour;
  }

  void use(settlement::Run& run, const Terms& terms, std::uint64_t number) {
    const std::string evidence(64, '0');
    for (std::uint64_t lines = below(5); lines > 0; --lines) {
      run.lines.push_back({terms.licence + "/" + std::to_string(lines),
                           terms.licence,
                           {when(number)},
                           amount(3'000),
                           evidence});
    }
    if (one_in(4)) {
      const std::int64_t from = when(number);
      Gap gap = {"gap" + terms.licence + std::to_string(number),
                 terms.licence,
                 {{from}, {from + kHour}},
                 {},
                 evidence};
      if (one_in(2)) gap.declared = amount(100);
      run.gaps.push_back(gap);
    }
    const bool charged = !run.opening.licences[terms.licence].milestones.empty();
    if (terms.milestones.empty() || charged || one_in(2)) return;
    run.reached.push_back({terms.licence, "milestone", {when(number)}, evidence});
  }

  void dispute(settlement::Run& run) {
    for (const char* payee : {"A", "B"}) {
      if (one_in(4)) run.holds.push_back({std::string("of ") + payee, "", payee, ratio(9, 9)});
    }
    if (one_in(4)) run.holds.push_back({"of licence0", "licence0", "", ratio(9, 9)});
    for (const auto& [hold, escrow] : run.opening.escrow) {
      const bool holds = std::ranges::find(run.holds, hold, &Hold::id) != run.holds.end();
      if (!holds && one_in(2)) run.releases.push_back({hold, one_in(3) ? "claimant" : ""});
    }
  }

  std::mt19937_64 random_;
};

// --- the invariants ---

std::set<std::string> allowed_payees(const settlement::Run& run) {
  std::set<std::string> payees = {"claimant"};
  for (const AssetPlan& plan : run.assets) {
    for (const ShareTable& table : plan.owners) {
      const bool holds = table.valid.from < run.period.to && run.period.from < table.valid.to;
      for (const Share& share : table.shares) {
        if (holds) payees.insert(share.payee);
      }
    }
    if (plan.award) {
      for (const Share& share : plan.award->inventors) payees.insert(share.payee);
    }
    for (const Pool& pool : plan.pools) payees.insert(pool.payee);
  }
  for (const auto& [id, balance] : run.opening.assets) {
    for (const Residual& residual : balance.owners.payees) payees.insert(residual.payee);
  }
  for (const auto& [hold, escrow] : run.opening.escrow) payees.insert(escrow.payee);
  return payees;
}

Int128 escrow_sum(const Balances& balances) {
  Int128 sum = 0;
  for (const auto& [hold, escrow] : balances.escrow) sum += escrow.amount;
  return sum;
}

Int128 suspense_sum(const Balances& balances) {
  Int128 sum = 0;
  for (const auto& [asset, balance] : balances.assets) {
    sum += balance.owners.suspense() + balance.inventors.suspense();
  }
  return sum;
}

// What comes in goes out, counted from the results and not from the journal.
void expect_conserved(const settlement::Run& run, const Statement& statement) {
  Int128 in = 0;
  Int128 out = 0;
  for (const LicenceResult& licence : statement.licences) {
    ASSERT_GE(licence.payment, 0);
    in += licence.payment;
    out += licence.withheld;
  }
  const std::set<std::string> allowed = allowed_payees(run);
  for (const Payout& payout : statement.payouts) {
    ASSERT_GE(payout.amount, 0);
    ASSERT_TRUE(allowed.contains(payout.payee)) << payout.payee;
    out += payout.amount;
  }
  out += escrow_sum(statement.closing) - escrow_sum(run.opening);
  out += suspense_sum(statement.closing) - suspense_sum(run.opening);
  ASSERT_EQ(in, out);

  Int128 legs = 0;
  for (const Leg& leg : statement.journal) {
    legs += leg.amount;
    ASSERT_TRUE(leg.account != Account::kReceivable || leg.amount > 0);
    ASSERT_TRUE(leg.account != Account::kPayable || leg.amount < 0);
    ASSERT_TRUE(leg.account != Account::kWithholdingTax || leg.amount < 0);
  }
  ASSERT_EQ(legs, 0);
}

void expect_bounded(const Statement& statement) {
  for (const AssetResult& asset : statement.assets) {
    Int128 passed = 0;
    for (const PassedOn& one : asset.passed) {
      ASSERT_LE(one.amounts.paid, one.amounts.owed);
      ASSERT_GE(one.amounts.paid, 0);
      passed += one.amounts.paid;
    }
    ASSERT_EQ(asset.own.external + asset.received, passed + asset.retained);
    ASSERT_GE(asset.retained, asset.award);
    const auto& owners = statement.closing.assets.at(asset.asset).owners;
    ASSERT_LE(asset.suspense, static_cast<Int128>(owners.payees.size()));
  }
  for (const auto& [pool, outstanding] : statement.closing.pools) ASSERT_GE(outstanding, 0);
  for (const auto& [licence, balance] : statement.closing.licences) ASSERT_GE(balance.advance, 0);
}

// The same in another order gives the same bytes.
void expect_replayed(Rules& rules, const settlement::Run& run, const Statement& statement) {
  settlement::Run other = run;
  rules.shuffle(other.terms);
  rules.shuffle(other.assets);
  rules.shuffle(other.graph.links);
  rules.shuffle(other.lines);
  rules.shuffle(other.gaps);
  rules.shuffle(other.costs);
  rules.shuffle(other.holds);
  rules.shuffle(other.releases);
  for (AssetPlan& plan : other.assets) {
    rules.shuffle(plan.owners);
    rules.shuffle(plan.pools);
    for (ShareTable& table : plan.owners) rules.shuffle(table.shares);
  }
  const Statement again = settle(other).value();
  ASSERT_EQ(canonical_statement(other, again).value(), canonical_statement(run, statement).value());
}

TEST(StatementTorture, KeepsEveryInvariant) {
  const Torture torture;
  std::uint64_t statements = 0;
  std::uint64_t replays = 0;
  std::uint64_t lines = 0;
  std::uint64_t payouts = 0;
  std::uint64_t seed = 0;
  while (torture.wanted() ? !torture.is_over() : statements < kStatementsShort) {
    Rules rules(Torture::seed(++seed));
    settlement::Run run = rules.make();
    Balances balances;
    for (std::uint64_t period = 0; period < kPeriods; ++period) {
      SCOPED_TRACE("seed " + std::to_string(Torture::seed(seed)) + ", period " +
                   std::to_string(period));
      rules.fill(run, period, balances);
      const Result<Statement> statement = settle(run);
      ASSERT_TRUE(statement.ok()) << statement.error().what;
      ASSERT_NO_FATAL_FAILURE(expect_conserved(run, *statement));
      ASSERT_NO_FATAL_FAILURE(expect_bounded(*statement));
      balances = statement->closing;
      if (torture.wanted() || statements % kReplaysShort == seed % kReplaysShort) {
        ASSERT_NO_FATAL_FAILURE(expect_replayed(rules, run, *statement));
        const Result<Balances> read = balances_from_json(balances_json(balances));
        ASSERT_TRUE(read.ok()) << read.error().what;
        ASSERT_EQ(*read, balances);
        ++replays;
      }
      ++statements;
      lines += run.lines.size();
      payouts += statement->payouts.size();
    }
  }
  torture.report({{"statements", statements},
                  {"replays", replays},
                  {"usage_lines", lines},
                  {"payouts", payouts}});
}

// One period, or the same cut in many: with shares that stay, nobody gets more than a unit more or
// less, and nothing at all in a stream.
TEST(StatementTorture, DoesNotDependOnHowThePeriodIsCut) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    std::mt19937_64 random(Torture::seed(seed));
    settlement::Run run;
    run.assets = {{"a", random() % 2 == 0 ? SplitMode::kStream : SplitMode::kClosed, {}, {}, {}}};
    run.assets[0].owners = {
        {{}, {{"x", 3}, {"y", static_cast<std::int64_t>(1 + random() % 50)}, {"z", 7}}}};
    Terms terms;
    terms.licence = "l";
    terms.version = "1";
    terms.asset = "a";
    terms.payer = "p";
    terms.tiers = {{0, Ratio::make(7, 100).value()}, {50'000, Ratio::make(1, 33).value()}};
    run.terms = {terms};
    std::map<std::string, Int128> cut;
    std::map<std::string, Int128> whole;
    std::vector<UsageLine> all;
    constexpr std::int64_t kParts = 12;
    for (std::int64_t part = 0; part < kParts; ++part) {
      run.period = {{part * kHour}, {(part + 1) * kHour}};
      const std::string id = "line" + std::to_string(part);
      run.lines = {{id,
                    "l",
                    {part * kHour},
                    static_cast<Int128>(2'000 + random() % 20'000),
                    std::string(64, '0')}};
      all.push_back(run.lines[0]);
      const Statement statement = settle(run).value();
      for (const Payout& payout : statement.payouts) cut[payout.payee] += payout.amount;
      run.opening = statement.closing;
    }
    run.opening = {};
    run.period = {{0}, {kParts * kHour}};
    run.lines = all;
    const Statement once = settle(run).value();
    for (const Payout& payout : once.payouts) whole[payout.payee] = payout.amount;
    for (const auto& [payee, amount] : whole) {
      const Int128 difference = cut[payee] - amount;
      const Int128 bound = run.assets[0].mode == SplitMode::kStream ? 0 : 1;
      ASSERT_LE(difference, bound) << "seed " << seed;
      ASSERT_GE(difference, -bound) << "seed " << seed;
    }
  }
}

}  // namespace
}  // namespace lineshaft::settlement
