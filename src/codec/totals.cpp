#include "codec/totals.h"

namespace lineshaft::codec {

Totals PartialTotals::total() const {
  Totals totals;
  totals.numbers = numbers;
  if (numbers == 0) return totals;
  totals.min = min[0];
  totals.max = max[0];
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    totals.sum += sum[lane];
    totals.min = min[lane] < totals.min ? min[lane] : totals.min;
    totals.max = max[lane] > totals.max ? max[lane] : totals.max;
  }
  return totals;
}

}  // namespace lineshaft::codec
