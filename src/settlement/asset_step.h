// settlement/asset_step.h: how the receipts of one asset are divided (steps 3, 5, 6 and 7 of the
// reference page). Only settle() uses it.
#pragma once

#include <span>
#include <vector>

#include "base/result.h"
#include "settlement/cut.h"
#include "settlement/statement.h"

namespace lineshaft::settlement {

// One asset between the licences and the graph.
struct AssetState {
  const AssetPlan* plan = nullptr;
  std::vector<Stretch> stretches;
  Receipts own;
  std::vector<Int128> own_by_stretch;  // net of tax
  std::vector<PoolResult> pools;
};

// Pays back the pools of the asset from its own receipts, and lowers own.external by it.
void recoup_pools(AssetState& state, const std::map<std::string, Int128>& outstanding);

// Divides what remains after the graph among inventors and owners, and carries their residuals.
// Errors: kInvalidArgument: as split.
Result<AssetResult> divide_asset(const AssetState& state, Int128 received, Int128 retained,
                                 AssetBalance& balance);

}  // namespace lineshaft::settlement
