#include "settlement/split.h"

#include <algorithm>
#include <numeric>

#include "base/assert.h"
#include "settlement/exact.h"

namespace lineshaft::settlement {
namespace {

// Far above any sum of weights, so that most carry on after a change of the shares.
constexpr std::int64_t kDenominatorMax = std::int64_t{1} << 61;

Error refused(const std::string& why) { return {ErrorId::kInvalidArgument, why}; }

// One payee of a split: his exact claim is whole + part / denominator, 0 <= part < denominator.
struct Claim {
  std::string payee;
  std::int64_t weight = 0;
  Int128 part = 0;  // first the opening residual, over the common denominator
  Int128 whole = 0;
  Int128 given = 0;

  Int128 owed(Int128 denominator) const { return (whole - given) * denominator + part; }
};

// Payees of both lists, in order. Requires: both checked.
std::vector<Claim> claims_of(std::span<const Share> shares, const Residuals& opening) {
  std::vector<Claim> claims;
  for (const Share& share : shares) claims.push_back({share.payee, share.weight, 0, 0, 0});
  std::ranges::sort(claims, {}, &Claim::payee);
  const std::size_t named = claims.size();
  for (const Residual& residual : opening.payees) {
    const auto end = claims.begin() + static_cast<std::ptrdiff_t>(named);
    const auto found = std::lower_bound(
        claims.begin(), end, residual.payee,
        [](const Claim& claim, const std::string& payee) { return claim.payee < payee; });
    if (found != end && found->payee == residual.payee) {
      found->part = residual.numerator;
    } else {
      claims.push_back({residual.payee, 0, residual.numerator, 0, 0});
    }
  }
  std::ranges::sort(claims, {}, &Claim::payee);
  return claims;
}

// Fills in whole and part, and gives each what he can have at once: the floor, or nothing.
// Returns what is left over of amount + suspense; below zero if floors are more than there is.
Int128 give_floors(std::vector<Claim>& claims, Int128 amount, std::int64_t weight_sum,
                   std::int64_t residual_denominator, std::int64_t denominator) {
  for (Claim& claim : claims) {
    const Quotient quotient = divide_product(amount, claim.weight, weight_sum).value_or(Quotient{});
    const Int128 part = quotient.remainder * (denominator / weight_sum) +
                        claim.part * (denominator / residual_denominator);
    claim.part = part % denominator;
    if (claim.part < 0) claim.part += denominator;
    claim.whole = quotient.whole + (part - claim.part) / denominator;
    claim.given = std::max<Int128>(claim.whole, 0);
  }
  Int128 sum = 0;
  for (const Claim& claim : claims) sum += claim.owed(denominator);
  LS_ASSERT(sum % denominator == 0);
  return sum / denominator;
}

// Order by what is still owed, most first; ties by payee, as the claims are ordered.
void give_rest(std::vector<Claim>& claims, Int128 left, std::int64_t denominator) {
  std::vector<std::size_t> order(claims.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::ranges::greater{},
                           [&](std::size_t i) { return claims[i].owed(denominator); });
  LS_ASSERT(left <= static_cast<Int128>(claims.size()));
  for (std::size_t i = 0; left > 0; ++i, --left) ++claims[order[i]].given;
  // Some have been given more than their claim before; the others wait, the smallest rest first.
  while (left < 0) {
    for (std::size_t i = order.size(); i-- > 0 && left < 0;) {
      Claim& claim = claims[order[i]];
      if (claim.given == 0) continue;
      --claim.given;
      ++left;
    }
  }
}

Split split_of(std::vector<Claim> claims, std::int64_t denominator) {
  Split split;
  std::int64_t divisor = denominator;
  for (const Claim& claim : claims) {
    divisor = std::gcd(divisor, static_cast<std::int64_t>(claim.owed(denominator) % divisor));
  }
  split.residuals.denominator = denominator / divisor;
  for (Claim& claim : claims) {
    const Int128 owed = claim.owed(denominator);
    if (owed != 0) split.residuals.payees.push_back({claim.payee, owed / divisor});
    split.portions.push_back({std::move(claim.payee), claim.given});
  }
  split.suspense = split.residuals.suspense();
  return split;
}

Int128 sum_of(std::span<const Int128> values) {
  return std::accumulate(values.begin(), values.end(), Int128{0});
}

}  // namespace

std::vector<Int128> largest_remainder(Int128 amount, std::span<const Int128> weights) {
  LS_ASSERT(is_amount(amount) && weights.size() <= kPayeesMax);
  const Int128 weight_sum = sum_of(weights);
  std::vector<Int128> amounts(weights.size());
  if (weight_sum == 0) {
    LS_ASSERT(amount == 0);
    return amounts;
  }
  std::vector<Int128> remainders(weights.size());
  Int128 left = amount;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    LS_ASSERT(is_amount(weights[i]));
    const Quotient quotient = divide_product(amount, weights[i], weight_sum).value_or(Quotient{});
    amounts[i] = quotient.whole;
    remainders[i] = quotient.remainder;
    left -= quotient.whole;
  }
  // Each lost less than one unit by rounding down, so one extra unit each is enough.
  LS_ASSERT(left >= 0 && left <= static_cast<Int128>(weights.size()));
  std::vector<std::size_t> order(weights.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::ranges::greater{},
                           [&](std::size_t i) { return remainders[i]; });
  for (std::size_t i = 0; left > 0; ++i, --left) ++amounts[order[i]];
  return amounts;
}

Filled fill_under_caps(Int128 amount, std::span<const Int128> weights,
                       std::span<const std::optional<Int128>> caps) {
  LS_ASSERT(caps.size() == weights.size());
  Filled filled{std::vector<Int128>(weights.size()), amount};
  std::vector<Int128> open(weights.begin(), weights.end());  // 0 once the cap is reached
  for (bool again = true; again;) {
    again = false;
    const Int128 weight_sum = sum_of(open);
    const Int128 pool = filled.left;
    for (std::size_t i = 0; i < open.size(); ++i) {
      if (open[i] == 0 || !caps[i]) continue;
      // The exact claim reaches the cap: what is left of the pool goes to the others.
      if (divide_product(pool, open[i], weight_sum).value_or(Quotient{}).whole < *caps[i]) continue;
      filled.amounts[i] = *caps[i];
      filled.left -= *caps[i];
      open[i] = 0;
      again = true;
    }
  }
  if (sum_of(open) == 0) return filled;
  // Every claim is below its cap, a whole number, so one more unit does not exceed it.
  const std::vector<Int128> rest = largest_remainder(filled.left, open);
  for (std::size_t i = 0; i < open.size(); ++i) filled.amounts[i] += rest[i];
  filled.left = 0;
  return filled;
}

Status check_shares(std::span<const Share> shares) {
  if (shares.empty()) return refused("shares: nobody has one");
  if (shares.size() > kPayeesMax) {
    return refused("shares: more than " + std::to_string(kPayeesMax) + " payees");
  }
  std::vector<std::string_view> payees;
  for (const Share& share : shares) {
    if (share.payee.empty()) return refused("shares: a payee has no name");
    if (share.weight < 1 || share.weight > kWeightMax) {
      return refused("shares: the weight " + std::to_string(share.weight) + " of " + share.payee +
                     " is not 1 to " + std::to_string(kWeightMax));
    }
    payees.push_back(share.payee);
  }
  std::ranges::sort(payees);
  const auto twice = std::ranges::adjacent_find(payees);
  if (twice == payees.end()) return {};
  return refused("shares: " + std::string(*twice) + " is named twice");
}

Int128 Residuals::suspense() const {
  Int128 sum = 0;
  for (const Residual& residual : payees) sum += residual.numerator;
  return sum / denominator;
}

Status check_residuals(const Residuals& residuals) {
  if (residuals.denominator < 1 || residuals.denominator > kDenominatorMax) {
    return refused("residuals: the denominator is out of range");
  }
  if (residuals.payees.size() > kPayeesMax) return refused("residuals: too many payees");
  const std::string* before = nullptr;
  Int128 sum = 0;
  for (const Residual& residual : residuals.payees) {
    if (before != nullptr && *before >= residual.payee) {
      return refused("residuals: " + residual.payee + " is not in its order");
    }
    // Nobody has been given a whole unit too much, so nobody lacks more than others have.
    if (residual.numerator == 0 || residual.numerator <= -residuals.denominator ||
        residual.numerator >= kPayeesMax * Int128{residuals.denominator}) {
      return refused("residuals: what " + residual.payee + " is owed is out of range");
    }
    before = &residual.payee;
    sum += residual.numerator;
  }
  if (sum < 0 || sum % residuals.denominator != 0) {
    return refused("residuals: all together are no whole number of units");
  }
  return {};
}

Result<Split> split(Int128 amount, std::span<const Share> shares, const Residuals& opening,
                    SplitMode mode) {
  if (amount < 0) return refused("a negative amount is not split: post a reversal");
  if (!is_amount(amount)) return too_large("split");
  if (Status checked = check_shares(shares); !checked) return checked.error();
  if (Status checked = check_residuals(opening); !checked) return checked.error();
  std::int64_t weight_sum = 0;
  for (const Share& share : shares) weight_sum += share.weight;

  const std::optional<std::int64_t> common =
      common_multiple(opening.denominator, weight_sum, kDenominatorMax);
  const bool ended = !common && !opening.payees.empty();
  const Residuals none;
  const Residuals& carried = common ? opening : none;
  const std::int64_t denominator = common.value_or(weight_sum);
  const Int128 pool = common ? amount : amount + opening.suspense();

  std::vector<Claim> claims = claims_of(shares, carried);
  const Int128 left = give_floors(claims, pool, weight_sum, carried.denominator, denominator);
  if (mode == SplitMode::kClosed) give_rest(claims, left, denominator);
  Split result = split_of(std::move(claims), denominator);
  result.residuals_ended = ended;
  return result;
}

}  // namespace lineshaft::settlement
