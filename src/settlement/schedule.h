// settlement/schedule.h: what a licence owes for a period: tiers on the base that has come together
// so far, minimum, maximum and guarantee. Pure functions; threads: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/decimal.h"
#include "base/ratio.h"
#include "base/result.h"
#include "base/time.h"

namespace lineshaft::settlement {

inline constexpr std::size_t kTiersMax = 64;

// From `from` units of the base on, each further unit costs `rate` minor units, until the next
// tier.
struct Tier {
  Int128 from = 0;
  Ratio rate;
  friend bool operator==(const Tier&, const Tier&) = default;
};

// Errors: kInvalidArgument: more than kTiersMax, the first does not begin at 0, not ascending, a
// negative rate, rates without a common denominator of 18 digits.
Status check_tiers(const std::vector<Tier>& tiers);

// The floor of the exact piecewise linear sum: rounded once, so that what periods owe,
// royalty(C_t) - royalty(C_t-1), adds up to royalty(C_t) however the periods are cut.
// Requires: check_tiers. 0 without tiers.
// Errors: kInvalidArgument: base or royalty are no amount (exact.h).
Result<Int128> royalty(const std::vector<Tier>& tiers, Int128 base);

// From `due` on, all payments together reach `total`.
struct Guarantee {
  Timestamp due;
  Int128 total = 0;
  friend bool operator==(const Guarantee&, const Guarantee&) = default;
};

struct Limits {
  std::optional<Int128> period_minimum;  // of each period; what it adds counts for no other period
  std::optional<Int128> period_maximum;  // of each period; what is above it is forgone
  std::optional<Int128> total_maximum;   // of all periods together
  std::vector<Guarantee> guarantees;     // ascending in due and total
  friend bool operator==(const Limits&, const Limits&) = default;
};

// Errors: kInvalidArgument: a limit is no amount, a minimum above its maximum, guarantees not
// ascending or above the maximum.
Status check_limits(const Limits& limits);

// Where a licence stands between two periods. All begin at 0.
struct LicenceTotals {
  Int128 base = 0;    // C_t: of all periods so far
  Int128 earned = 0;  // the royalty of all periods, each within its period's limits
  Int128 due = 0;     // what was charged for it, guarantees included
  friend bool operator==(const LicenceTotals&, const LicenceTotals&) = default;
};

struct Charge {
  Int128 royalty = 0;    // royalty(C_t) - royalty(C_t-1)
  Int128 in_period = 0;  // the same within the limits of the period
  // max(0, min(total_maximum, max(guarantee, earned)) - due so far): what is charged.
  Int128 due = 0;
  LicenceTotals closing;
};

// Of a period that ends just before `end`, with `base` units of new base.
// Requires: check_tiers, check_limits; base >= 0.
// Errors: kInvalidArgument: as royalty.
Result<Charge> charge(const std::vector<Tier>& tiers, const Limits& limits,
                      const LicenceTotals& opening, Int128 base, Timestamp end);

}  // namespace lineshaft::settlement
