// docket/case_fixture.h: cases and rule books in few words, for tests.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "docket/fees.h"

namespace lineshaft::docket {

inline Day day(std::string_view text) { return parse_day(text).value(); }

inline const RuleBook& shipped() {
  static const RuleBook book = RuleBook::read(shipped_packs()).value();
  return book;
}

inline Case make_case(std::string office, std::string kind, std::vector<Event> events) {
  return {"case-1", std::move(office), std::move(kind), std::move(events), {}, {}};
}

inline std::vector<Deadline> deadlines(const RuleBook& book, const Case& item,
                                       std::string_view until = "2100-01-01") {
  return deadlines_of(book, item, day(until)).value();
}

// The deadlines of one rule, by number.
inline std::vector<Deadline> deadlines(const Case& item, std::string_view rule) {
  std::vector<Deadline> found = deadlines(shipped(), item);
  std::erase_if(found, [&](const Deadline& deadline) { return deadline.rule->id != rule; });
  return found;
}

inline Deadline deadline(const Case& item, std::string_view rule, int number = 0) {
  for (const Deadline& found : deadlines(item, rule)) {
    if (found.number == number) return found;
  }
  ADD_FAILURE() << "no deadline " << rule << " " << number;
  return {};
}

inline std::string texts(const std::vector<Money>& sums) {
  std::string text;
  for (const Money& money : sums) text += (text.empty() ? "" : ", ") + money_text(money);
  return text;
}

// "1200.00 CNY", and " + 60.00 CNY" for a surcharge; "too late" after the grace.
inline std::string paid_on(const Case& item, const Deadline& deadline, std::string_view on) {
  const Payment payment = payment_on(item, deadline, day(on));
  if (payment.is_too_late) return "too late";
  std::vector<Money> sums;
  for (const FeeItem& fee : payment.items) add_to(sums, fee.amount);
  std::string text = texts(sums);
  if (payment.surcharge.minor_units > 0) text += " + " + money_text(payment.surcharge);
  return text;
}

// The sum of everything that is due on the days from..before, whatever was paid.
inline std::string costs(const Case& item, std::string_view from, std::string_view before) {
  const Costs costs =
      portfolio_costs(shipped(), std::vector<Case>{item}, {day(from), day(before)}).value();
  EXPECT_EQ(costs.incomplete, 0U);
  return texts(costs.sums);
}

}  // namespace lineshaft::docket
