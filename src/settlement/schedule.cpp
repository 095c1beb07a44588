#include "settlement/schedule.h"

#include <algorithm>

#include "base/assert.h"
#include "settlement/exact.h"

namespace lineshaft::settlement {
namespace {

constexpr std::int64_t kDenominatorMax = 1'000'000'000'000'000'000;

Error refused(const std::string& why) { return {ErrorId::kInvalidArgument, why}; }

std::optional<std::int64_t> common_denominator(const std::vector<Tier>& tiers) {
  std::optional<std::int64_t> common = 1;
  for (const Tier& tier : tiers) {
    if (tier.rate.denominator() > kDenominatorMax) return std::nullopt;
    common = common_multiple(*common, tier.rate.denominator(), kDenominatorMax);
    if (!common) return std::nullopt;
  }
  return common;
}

Status check_limit(const char* name, const std::optional<Int128>& limit) {
  if (!limit || is_amount(*limit)) return {};
  return refused(std::string(name) + ": negative, or more than 30 digits");
}

}  // namespace

Status check_tiers(const std::vector<Tier>& tiers) {
  if (tiers.size() > kTiersMax) {
    return refused("tiers: more than " + std::to_string(kTiersMax));
  }
  for (std::size_t i = 0; i < tiers.size(); ++i) {
    const std::string name = "tier " + std::to_string(i + 1);
    if (tiers[i].rate < Ratio()) return refused(name + ": the rate is negative");
    if (!is_amount(tiers[i].from)) return too_large(name);
    if (i == 0 && tiers[i].from != 0) return refused(name + ": does not begin at 0");
    if (i > 0 && tiers[i].from <= tiers[i - 1].from) {
      return refused(name + ": does not begin after the one before");
    }
  }
  if (!common_denominator(tiers)) {
    return refused("tiers: the rates have no common denominator of 18 digits");
  }
  return {};
}

Result<Int128> royalty(const std::vector<Tier>& tiers, Int128 base) {
  if (!is_amount(base)) return too_large("royalty: the base");
  const std::int64_t denominator = common_denominator(tiers).value_or(1);
  Int128 whole = 0;
  Int128 parts = 0;  // over the denominator; at most kTiersMax * 10^18
  for (std::size_t i = 0; i < tiers.size() && tiers[i].from < base; ++i) {
    const Int128 end = i + 1 < tiers.size() ? std::min(base, tiers[i + 1].from) : base;
    const Ratio& rate = tiers[i].rate;
    const std::optional<Quotient> quotient =
        divide_product(end - tiers[i].from, rate.numerator(), rate.denominator());
    if (!quotient || !is_amount(quotient->whole)) return too_large("royalty");
    whole += quotient->whole;
    parts += quotient->remainder * (denominator / rate.denominator());
  }
  whole += parts / denominator;
  if (!is_amount(whole)) return too_large("royalty");
  return whole;
}

Status check_limits(const Limits& limits) {
  for (const auto& [name, limit] : {std::pair{"period_minimum", limits.period_minimum},
                                    {"period_maximum", limits.period_maximum},
                                    {"total_maximum", limits.total_maximum}}) {
    if (Status checked = check_limit(name, limit); !checked) return checked;
  }
  if (limits.period_minimum && limits.period_maximum &&
      *limits.period_minimum > *limits.period_maximum) {
    return refused("period_minimum: above period_maximum");
  }
  const Guarantee* before = nullptr;
  for (const Guarantee& guarantee : limits.guarantees) {
    if (!is_amount(guarantee.total)) return refused("guarantees: negative, or more than 30 digits");
    if (before != nullptr && (guarantee.due <= before->due || guarantee.total < before->total)) {
      return refused("guarantees: not ascending in due and total");
    }
    if (limits.total_maximum && guarantee.total > *limits.total_maximum) {
      return refused("guarantees: above total_maximum");
    }
    before = &guarantee;
  }
  return {};
}

Result<Charge> charge(const std::vector<Tier>& tiers, const Limits& limits,
                      const LicenceTotals& opening, Int128 base, Timestamp end) {
  LS_ASSERT(base >= 0);
  Charge charge;
  charge.closing = opening;
  charge.closing.base += base;
  const Result<Int128> before = royalty(tiers, opening.base);
  if (!before) return before.error();
  const Result<Int128> after = royalty(tiers, charge.closing.base);
  if (!after) return after.error();
  charge.royalty = *after - *before;
  charge.in_period = charge.royalty;
  if (limits.period_minimum) charge.in_period = std::max(charge.in_period, *limits.period_minimum);
  if (limits.period_maximum) charge.in_period = std::min(charge.in_period, *limits.period_maximum);

  charge.closing.earned += charge.in_period;
  Int128 owed = charge.closing.earned;
  for (const Guarantee& guarantee : limits.guarantees) {
    if (guarantee.due < end) owed = std::max(owed, guarantee.total);
  }
  if (limits.total_maximum) owed = std::min(owed, *limits.total_maximum);
  charge.due = std::max<Int128>(0, owed - opening.due);
  charge.closing.due += charge.due;
  if (!is_amount(charge.closing.earned) || !is_amount(charge.closing.due)) {
    return too_large("royalty");
  }
  return charge;
}

}  // namespace lineshaft::settlement
