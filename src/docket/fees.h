// docket/fees.h: what a deadline costs, on which day, and what a portfolio costs in a stretch of
// time. Pure functions: no clock, no I/O, callable from any thread.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "docket/deadlines.h"

namespace lineshaft::docket {

struct FeeItem {
  const Fee* fee = nullptr;
  Money full;                            // by the table
  Money amount;                          // less the reduction; part of a minor unit rounds up
  const Reduction* reduction = nullptr;  // none if nothing was taken off
};

struct Payment {
  std::vector<FeeItem> items;  // those that are more than nothing
  Money surcharge;             // zero when in time; part of a minor unit rounds up
  bool is_too_late = false;    // after the period of grace: the amounts are those of its last day
  bool is_complete = true;     // false: the pack has no amount for one of the fees on that day
};

// What settles the deadline when paid on `day`. Requires: the deadline is of that case.
Payment payment_on(const Case& item, const Deadline& deadline, Day day);

// Adds to the sum of its currency; sums are ordered by currency.
void add_to(std::vector<Money>& sums, const Money& amount);

struct CostLine {
  std::string case_id;
  Deadline deadline;
  FeeItem item;
};

struct Costs {
  std::vector<CostLine> lines;  // by due day within a case, cases in the order given
  std::vector<Money> sums;      // one per currency
  std::size_t incomplete = 0;   // deadlines for which the pack has no amount
};

// The fees of everything open that is due on the days of `range`, each paid when it is due.
// Errors: as deadlines_of().
Result<Costs> portfolio_costs(const RuleBook& book, std::span<const Case> cases,
                              const DayRange& range);

}  // namespace lineshaft::docket
