// settlement/licence_step.h: what one licence brings in a period (steps 1 and 2 of the reference
// page). Only settle() uses it.
#pragma once

#include <span>
#include <vector>

#include "base/result.h"
#include "settlement/cut.h"
#include "settlement/statement.h"

namespace lineshaft::settlement {

// Everything of one licence. The pointers are the run's.
struct LicenceInput {
  const Terms* terms = nullptr;
  std::vector<const Gap*> gaps;  // ordered by id
  std::vector<const Reached*> reached;
  std::vector<const Hold*> holds;  // ordered by id
  std::uint64_t lines = 0;
  Int128 measured = 0;
  std::vector<Int128> base_by_stretch;  // of the lines; then of the gaps that were filled
};

struct LicenceOutput {
  LicenceResult result;
  LicenceBalance closing;
  std::vector<Int128> receipts_by_stretch;
  Int128 gross = 0;  // of the payment, what stands behind the receipts
};

// Rounding point "line": quantity * unit price, to the nearest unit, ties to even. As it is
// without a unit price. Errors: kInvalidArgument: too large.
Result<Int128> value_of(const UsageLine& line, const Terms& terms);

// Errors: kInvalidArgument: gaps that overlap, a milestone charged before, sums too large.
Result<LicenceOutput> settle_licence(LicenceInput input, const LicenceBalance& opening,
                                     const TimeRange& period, std::span<const Stretch> stretches);

}  // namespace lineshaft::settlement
