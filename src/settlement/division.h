// settlement/division.h: what each party adds to a common result, as exact fractions: Shapley's
// value, and Owen's for centres with members. docs/reference/settlement.md has the formulas.
// Pure functions; threads: any.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/decimal.h"
#include "base/ratio.h"
#include "base/result.h"

namespace lineshaft::settlement {

// A set of parties: bit i is party i.
using Coalition = std::uint64_t;

// What a coalition is worth, in minor units or any other unit; asked once for each coalition.
using Worth = std::function<std::int64_t(Coalition)>;

// 2^24 worths are 128 MiB as a table and take a tenth of a second.
inline constexpr unsigned kPartiesExactMax = 24;

struct Division {
  // lcm(1..n) for Shapley. Every denominator of the value divides it.
  std::int64_t denominator = 1;
  // Of each party, over `denominator`; they add up to denominator * worth of all, exactly.
  std::vector<Int128> numerators;

  // What explains it: contributions[i][s] is the sum, over all coalitions of s others, of what
  // party i adds by joining; divided by C(n-1, s) it is the mean. Empty for Owen's value.
  std::vector<std::vector<Int128>> contributions;
};

// worth[S] for each of the 2^n coalitions S; n from the size of the table. The empty coalition is
// worth nothing, the others may be worth less than nothing (costs).
// Errors: kInvalidArgument: the size is no power of two up to 2^24, or worth[0] is not 0.
// Cost:   one pass over the table, and n * 2^(n/2) steps; memory below a megabyte.
Result<Division> shapley(std::span<const std::int64_t> worth);

// The same, for n parties, without a table.
Result<Division> shapley(unsigned parties, const Worth& worth);

// Owen's value: the centres divide first, as Shapley says, then each centre among its members,
// where what a member adds is counted within his centre and any set of whole other centres.
// centres[k] is the set of the members of centre k.
// Errors: kInvalidArgument: an empty centre, a member of two centres, members that are not
//         0..n-1, the empty coalition is worth something, or more work than for 24 parties: the
//         largest centre and the number of centres, together at most 25.
// Cost:   sum over the centres of 2^(members + centres - 1) calls of `worth`.
Result<Division> owen(std::span<const Coalition> centres, const Worth& worth);

// The division in whole units: floors, then one unit each to the largest remainders (ties: the
// earlier party). Adds up to the worth of all.
std::vector<Int128> in_units(const Division& division);

// --- beyond 24 parties: a sample of the orders in which parties join ---

// in[i] is 1 if party i is a member.
using LargeWorth = std::function<std::int64_t(std::span<const std::uint8_t> in)>;

struct SamplePlan {
  std::uint64_t seed = 0;
  // What one party can add at least and at most; a sample outside is refused.
  std::int64_t adds_min = 0;
  std::int64_t adds_max = 0;
  // No estimate is further off than `error`, but for a chance of `risk` (0 < risk < 1).
  Ratio error;
  Ratio risk;
};

inline constexpr std::uint64_t kPermutationsMax = 100'000'000;
inline constexpr std::size_t kPartiesMax = 10'000;

// Hoeffding, with the risk shared among `parties`: m >= r^2 ln(2 parties / risk) / (2 error^2),
// rounded up, r = adds_max - adds_min. One party: the risk is of each estimate by itself.
// Errors: kInvalidArgument: no range, error <= 0, risk not between 0 and 1, more than
//         kPermutationsMax.
Result<std::uint64_t> permutations_needed(const SamplePlan& plan, std::size_t parties);

struct SampledDivision {
  SamplePlan plan;
  std::uint64_t permutations = 0;
  // Of each party, over `permutations`; they add up to permutations * worth of all.
  std::vector<Int128> sums;
};

// permutations_needed(plan, parties) orders, drawn from the seed as the reference page says: the
// same seed gives the same sample anywhere.
// Errors: as permutations_needed; what a party added lies outside of the plan.
// Cost:   parties * permutations calls of `worth`.
Result<SampledDivision> sampled_shapley(std::size_t parties, const LargeWorth& worth,
                                        const SamplePlan& plan);

}  // namespace lineshaft::settlement
