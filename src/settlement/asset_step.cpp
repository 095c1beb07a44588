#include "settlement/asset_step.h"

#include <algorithm>

#include "settlement/recoup.h"

namespace lineshaft::settlement {
namespace {

// Nothing to divide and nothing in suspense: the residuals wait.
bool nothing_to_split(Int128 amount, const Residuals& residuals) {
  return amount == 0 && residuals.suspense() == 0;
}

Status pay_inventors(const Award& award, AssetBalance& balance, AssetResult& result) {
  result.award = award.rate.of(result.retained, Rounding::kCeiling).value_or(0);
  if (nothing_to_split(result.award, balance.inventors)) return {};
  Result<Split> split =
      settlement::split(result.award, award.inventors, balance.inventors, SplitMode::kClosed);
  if (!split) return split.error();
  result.inventors = std::move(split->portions);
  balance.inventors = std::move(split->residuals);
  return {};
}

Status pay_owners(const AssetState& state, AssetBalance& balance, AssetResult& result) {
  std::vector<Int128> weights = state.own_by_stretch;
  const TimeRange whole{state.stretches.front().range.from, state.stretches.back().range.to};
  add_to(weights, cut_by_time(result.received, whole, state.stretches));
  const std::vector<Int128> amounts =
      cut_by_weight(result.retained - result.award, weights, state.stretches);
  for (std::size_t i = 0; i < amounts.size(); ++i) {
    if (nothing_to_split(amounts[i], balance.owners)) continue;
    const Stretch& stretch = state.stretches[i];
    Result<Split> split = settlement::split(amounts[i], state.plan->owners[stretch.table].shares,
                                            balance.owners, state.plan->mode);
    if (!split) return split.error();
    result.segments.push_back(
        {stretch.range, amounts[i], std::move(split->portions), split->residuals_ended});
    balance.owners = std::move(split->residuals);
  }
  return {};
}

}  // namespace

void recoup_pools(AssetState& state, const std::map<std::string, Int128>& outstanding) {
  std::vector<Pool> pools = state.plan->pools;
  std::ranges::sort(pools, {}, &Pool::id);
  std::vector<Int128> open;
  for (const Pool& pool : pools) {
    const auto found = outstanding.find(pool.id);
    open.push_back(found == outstanding.end() ? 0 : found->second);
  }
  const Recouped recouped = recoup(state.own.net_of_tax, pools, open);
  for (std::size_t i = 0; i < pools.size(); ++i) {
    if (open[i] == 0) continue;
    state.pools.push_back({pools[i].id, pools[i].payee, open[i], recouped.amounts[i]});
  }
  state.own.external = recouped.left;
}

Result<AssetResult> divide_asset(const AssetState& state, Int128 received, Int128 retained,
                                 AssetBalance& balance) {
  AssetResult result;
  result.asset = state.plan->id;
  result.own = state.own;
  result.received = received;
  result.pools = state.pools;
  result.retained = retained;
  if (state.plan->award) {
    if (Status paid = pay_inventors(*state.plan->award, balance, result); !paid)
      return paid.error();
  }
  if (Status paid = pay_owners(state, balance, result); !paid) return paid.error();
  result.suspense = balance.owners.suspense() + balance.inventors.suspense();
  return result;
}

}  // namespace lineshaft::settlement
