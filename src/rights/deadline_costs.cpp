// What the deadlines of a stretch of time cost: by asset, owner and month.
#include <algorithm>
#include <map>

#include "rights/deadline_book.h"
#include "settlement/split.h"

namespace lineshaft::rights {
namespace {

// What has to be paid, one amount for each currency.
std::vector<Money> sums_of(const docket::Payment& payment) {
  std::vector<Money> sums;
  for (const docket::FeeItem& item : payment.items) docket::add_to(sums, item.amount);
  if (payment.surcharge.minor_units > 0) docket::add_to(sums, payment.surcharge);
  return sums;
}

// The shares of the last entry that begins by that day; none before the first.
std::vector<Share> shares_by(const std::vector<Ownership>& entries, Day on) {
  std::vector<Share> shares;
  for (const Ownership& entry : entries) {
    if (entry.from <= on) shares = entry.shares;
  }
  return shares;
}

// Adds up; what is divided among owners adds up to the whole, unit for unit.
class Sum {
 public:
  void add(const Asset& asset, const std::vector<Share>& shares, Day on,
           const std::vector<Money>& amounts) {
    if (costs_.assets.empty() || costs_.assets.back().asset.id != asset.id) {
      costs_.assets.push_back({asset, 0, {}});
    }
    AssetCost& row = costs_.assets.back();
    ++row.deadlines;
    const std::chrono::year_month_day date(on);
    for (const Money& amount : amounts) {
      docket::add_to(row.sums, amount);
      docket::add_to(costs_.sums, amount);
      docket::add_to(months_[Day(date.year() / date.month() / 1)], amount);
      divide(shares, amount);
    }
  }

  PortfolioCosts& costs() { return costs_; }

  PortfolioCosts done() {
    std::ranges::sort(costs_.assets, {}, [](const AssetCost& row) { return row.asset.id; });
    for (auto& [party, sums] : owners_) costs_.owners.push_back({party, std::move(sums)});
    for (auto& [month, sums] : months_) costs_.months.push_back({month, std::move(sums)});
    return std::move(costs_);
  }

 private:
  void divide(const std::vector<Share>& shares, const Money& amount) {
    if (shares.empty()) return docket::add_to(owners_[""], amount);
    std::vector<Int128> weights;
    for (const Share& share : shares) weights.push_back(share.weight);
    const std::vector<Int128> parts = settlement::largest_remainder(amount.minor_units, weights);
    for (std::size_t i = 0; i < shares.size(); ++i) {
      if (parts[i] > 0) docket::add_to(owners_[shares[i].party], {parts[i], amount.currency});
    }
  }

  PortfolioCosts costs_;
  std::map<std::string, std::vector<Money>> owners_;
  std::map<Day, std::vector<Money>> months_;
};

}  // namespace

Result<PortfolioCosts> DeadlineBook::costs(const View& view, const DeadlineFilter& filter) {
  Result<Walk> walk = prepare(view, filter);
  if (!walk) return std::move(walk).error();
  walk->is_open = true;
  walk->is_overdue = true;
  // What is overdue is paid today.
  const bool holds_today = filter.days.contains(walk->today);
  if (holds_today) walk->days.from = kDayMin;
  Result<std::vector<Entry>> entries = some(*walk, kCostDeadlinesMax);
  if (!entries) return std::move(entries).error();
  std::ranges::stable_sort(*entries, {}, &Entry::item);
  Sum sum;
  std::string owned;  // whose ownership `standing` is
  std::vector<Ownership> standing;
  Status read = each(*walk, *entries, [&](const Found& found, const AssetDeadline& one) -> Status {
    const bool is_late = one.state == DeadlineState::kOverdue;
    if (one.state == DeadlineState::kMissed || (is_late && !holds_today)) return {};
    if (!is_late && !filter.days.contains(one.deadline.due)) return {};
    if (one.deadline.rule->fees.empty()) return {};
    const Asset& asset = found.history.asset;
    if (owned != asset.id) {
      Result<std::vector<Ownership>> entries_of =
          register_.standing_ownership(walk->tenant, asset.id);
      if (!entries_of) return entries_of.error();
      standing = *std::move(entries_of);
      owned = asset.id;
    }
    const Day on = is_late ? walk->today : one.deadline.due;
    const docket::Payment payment = docket::payment_on(found.docket.item, one.deadline, on);
    ++sum.costs().deadlines;
    sum.costs().incomplete += payment.is_complete ? 0 : 1;
    sum.add(asset, shares_by(standing, on), on, sums_of(payment));
    return {};
  });
  if (!read) return read.error();
  return sum.done();
}

}  // namespace lineshaft::rights
