#include "docket/fees.h"

#include <algorithm>
#include <utility>

namespace lineshaft::docket {
namespace {

// No more than 12 digits of a fee, 7 of a count and 4 of months: products fit by far.
Int128 share_of(const Ratio& ratio, Int128 value) {
  const std::optional<Int128> part = ratio.of(value, Rounding::kUp);
  LS_ASSERT(part.has_value());
  return *part;
}

// Which year of its life a right is in on that day: 1 from `begin` on.
int year_of_life(Day begin, Day day) {
  int year = 1;
  while (year < kRecurrencesMax && add_months(begin, 12 * year) <= day) ++year;
  return year;
}

const Fee* find_fee(const RulePack& pack, std::string_view id, Day day) {
  for (const Fee& fee : pack.fees) {
    if (fee.id == id && fee.valid.contains(day)) return &fee;
  }
  return nullptr;
}

std::int64_t count_of(const Case& item, std::string_view what) {
  const auto found = std::ranges::find(item.counts, what, &Case::Count::of);
  return found == item.counts.end() ? 0 : found->number;
}

// The fees of one deadline on one day.
class Bill {
 public:
  Bill(const Case& item, const Deadline& deadline, Day day)
      : item_(item), deadline_(deadline), day_(day) {
    const Event* begin = first_event(item, deadline.pack->years_from);
    if (deadline.rule->every != Offset{})
      year_ = deadline.number;
    else if (begin != nullptr)
      year_ = year_of_life(begin->day, deadline.trigger);
    const Event* grant = first_event(item, "granted");
    if (begin != nullptr) {
      grant_year_ = year_of_life(begin->day, grant == nullptr ? deadline.trigger : grant->day);
    }
  }

  Payment payment(bool is_late) {
    Payment payment;
    for (const std::string& id : deadline_.rule->fees) {
      const Fee* fee = find_fee(*deadline_.pack, id, day_);
      const std::optional<Money> full = fee == nullptr ? std::nullopt : full_amount(*fee);
      if (!full)
        payment.is_complete = false;
      else if (full->minor_units > 0)
        payment.items.push_back(reduced(*fee, *full));
    }
    if (is_late) payment.surcharge = surcharge(payment);
    return payment;
  }

 private:
  std::optional<Money> full_amount(const Fee& fee) const {
    Money money = fee.amount;
    if (!fee.by_year.empty()) {
      const auto years = std::ranges::find_if(fee.by_year, [&](const Fee::Years& row) {
        return row.first <= year_ && year_ <= row.last;
      });
      if (years == fee.by_year.end()) return std::nullopt;
      money = years->amount;
    }
    if (!fee.per.empty()) {
      const std::int64_t more = std::max<std::int64_t>(0, count_of(item_, fee.per) - fee.included);
      money.minor_units += fee.each.minor_units * more;
    }
    return money;
  }

  bool applies(const Reduction& reduction, const Fee& fee) const {
    if (std::ranges::find(item_.reductions, reduction.id) == item_.reductions.end()) return false;
    if (std::ranges::find(reduction.fees, fee.id) == reduction.fees.end()) return false;
    if (!reduction.valid.contains(day_)) return false;
    return reduction.years_from_grant == 0 || year_ < grant_year_ + reduction.years_from_grant;
  }

  FeeItem reduced(const Fee& fee, const Money& full) const {
    FeeItem item{&fee, full, full, nullptr};
    for (const Reduction& reduction : deadline_.pack->reductions) {
      if (!applies(reduction, fee)) continue;
      if (item.reduction == nullptr || reduction.off > item.reduction->off) {
        item.reduction = &reduction;
      }
    }
    if (item.reduction != nullptr) {
      // What remains is rounded, not what is taken off.
      const Ratio& off = item.reduction->off;
      const Result<Ratio> rest =
          Ratio::make(off.denominator() - off.numerator(), off.denominator());
      item.amount.minor_units = share_of(rest.value(), full.minor_units);
    }
    return item;
  }

  Money surcharge(const Payment& payment) const {
    const Surcharge& rule = deadline_.rule->surcharge;
    if (!rule.fee.empty()) {
      const Fee* fee = find_fee(*deadline_.pack, rule.fee, day_);
      return fee == nullptr ? Money{} : reduced(*fee, full_amount(*fee).value_or(Money{})).amount;
    }
    Money base{0, payment.items.empty() ? Currency() : payment.items.front().full.currency};
    for (const FeeItem& item : payment.items) {
      const bool is_meant =
          rule.of.empty() || std::ranges::find(rule.of, item.fee->id) != rule.of.end();
      if (is_meant && item.full.currency == base.currency)
        base.minor_units += item.full.minor_units;
    }
    const int months = rule.is_per_month ? charged_months() : 1;
    return {share_of(rule.rate, base.minor_units * months), base.currency};
  }

  // Months begun since the legal day, less the free ones; never more than the grace has, although
  // its last day may be put off by a holiday.
  int charged_months() const {
    const Rule& rule = *deadline_.rule;
    int months = 0;
    while (months < rule.grace->months && add_months(deadline_.legal, months) < day_) ++months;
    return std::max(0, months - rule.surcharge.free_months);
  }

  const Case& item_;
  const Deadline& deadline_;
  Day day_;
  int year_ = 0;
  int grant_year_ = 0;
};

}  // namespace

Payment payment_on(const Case& item, const Deadline& deadline, Day day) {
  const bool is_late = day > deadline.due && deadline.grace_end.has_value();
  const bool is_too_late = day > deadline.grace_end.value_or(deadline.due);
  if (is_too_late) day = deadline.grace_end.value_or(deadline.due);
  Payment payment = Bill(item, deadline, day).payment(is_late);
  payment.is_too_late = is_too_late;
  return payment;
}

void add_to(std::vector<Money>& sums, const Money& amount) {
  const auto at = std::ranges::lower_bound(sums, amount.currency, {}, &Money::currency);
  if (at != sums.end() && at->currency == amount.currency)
    at->minor_units += amount.minor_units;
  else
    sums.insert(at, amount);
}

Result<Costs> portfolio_costs(const RuleBook& book, std::span<const Case> cases,
                              const DayRange& range) {
  Costs costs;
  for (const Case& item : cases) {
    const Result<std::vector<Deadline>> deadlines = deadlines_of(book, item, range.before);
    if (!deadlines) return deadlines.error();
    for (const Deadline& deadline : *deadlines) {
      if (deadline.done || !range.contains(deadline.due)) continue;
      const Payment payment = payment_on(item, deadline, deadline.due);
      costs.incomplete += payment.is_complete ? 0 : 1;
      for (const FeeItem& fee : payment.items) {
        add_to(costs.sums, fee.amount);
        costs.lines.push_back({item.id, deadline, fee});
      }
    }
  }
  return costs;
}

}  // namespace lineshaft::docket
