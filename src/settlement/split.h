// settlement/split.h: divides one amount among several, down to the last minor unit.
// Pure functions; threads: any. docs/reference/settlement.md has the rules with an example.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/decimal.h"
#include "base/result.h"

namespace lineshaft::settlement {

inline constexpr std::size_t kPayeesMax = 10'000;
inline constexpr std::int64_t kWeightMax = 1'000'000'000'000;  // a sum of weights fits 64 bits

// --- without memory ---

// floor(amount * weight / sum of weights) each, then one unit each to the largest remainders (ties:
// the earlier). Adds up to the amount. A weight of 0 gets nothing.
// Requires: amount and weights are amounts (exact.h), not all weights 0 unless the amount is, at
//           most kPayeesMax of them. Cost: O(n log n).
std::vector<Int128> largest_remainder(Int128 amount, std::span<const Int128> weights);

struct Filled {
  std::vector<Int128> amounts;  // in the order of the weights, none above its cap
  Int128 left = 0;              // what no cap had room for
};

// Water-filling: in proportion to the weights until a cap is reached, then on among the others.
// caps[i] bounds amounts[i]; nothing is no bound.
// Requires: as largest_remainder; caps.size() == weights.size(). Cost: at most n rounds of O(n).
Filled fill_under_caps(Int128 amount, std::span<const Int128> weights,
                       std::span<const std::optional<Int128>> caps);

// --- with memory: what rounding has left is carried to the next time ---

struct Share {
  std::string payee;
  std::int64_t weight = 1;  // relative, 1..kWeightMax: {1, 1} and {50, 50} split alike
  friend bool operator==(const Share&, const Share&) = default;
};

// Errors: kInvalidArgument: nobody, more than kPayeesMax, a weight out of range, a payee twice or
// without a name.
Status check_shares(std::span<const Share> shares);

// What one payee is owed beyond what he was given, exactly: numerator / denominator minor units;
// negative if he was given more.
struct Residual {
  std::string payee;
  Int128 numerator = 0;
  friend bool operator==(const Residual&, const Residual&) = default;
};

struct Residuals {
  std::int64_t denominator = 1;
  std::vector<Residual> payees;  // ordered by payee; none is zero
  friend bool operator==(const Residuals&, const Residuals&) = default;

  // Of all payees together: the units that are in suspense.
  Int128 suspense() const;
};

// Errors: kInvalidArgument: the denominator or a numerator cannot come from split(), the order is
// wrong, or all together are no whole number of units that is 0 or more.
Status check_residuals(const Residuals& residuals);

enum class SplitMode : std::uint8_t {
  // The statement closes at zero: every unit is paid out now. Units that are left after rounding
  // down go to the largest exact claims, in which what was left before counts.
  kClosed,
  // A stream of many small amounts: each payee has floor(all that came so far * share); the rest is
  // in suspense, less than one unit for each payee. What was paid never goes down.
  kStream,
};

struct Portion {
  std::string payee;
  Int128 amount = 0;
  friend bool operator==(const Portion&, const Portion&) = default;
};

struct Split {
  std::vector<Portion> portions;  // ordered by payee: of the shares, and of the opening residuals
  Residuals residuals;
  Int128 suspense = 0;  // residuals.suspense()
  // The new weights and the old residuals have no common denominator below 2^61: the old ones ended
  // here, and what was in suspense was divided like the amount.
  bool residuals_ended = false;
};

// portions + suspense = amount + opening.suspense(), exactly; every portion is 0 or more.
//
// With shares that stay the same nobody is ever a whole unit away from his exact claim in a stream,
// nor in closed statements whose every exact claim is 0 or more. (A claim can be negative when less
// than about a unit per payee is divided; then somebody may wait for more than a unit.)
//
// A payee who has left the shares keeps his residual, and can still be paid the unit it may become.
//
// Errors: as check_shares and check_residuals; kInvalidArgument: the amount is negative or too
//         large. Cost: O(n log n).
Result<Split> split(Int128 amount, std::span<const Share> shares, const Residuals& opening,
                    SplitMode mode);

}  // namespace lineshaft::settlement
