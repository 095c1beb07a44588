// historian/totals.h: windows of a range of time, each with what charts and simple aggregates need.
// What summaries tell besides is not computed, which makes it fast.
#pragma once

#include <cstdint>
#include <vector>

#include "historian/files.h"
#include "historian/fold.h"

namespace lineshaft::historian {

// Of a run of points. "Usable" is everything but bad quality; the numbers are as_double. NaN is
// left out of min and max, unless there is nothing else; it is not left out of the sum.
struct Totals {
  std::uint64_t count = 0;
  std::uint64_t bad = 0;
  Quality last_quality;
  Timestamp first_usable, last_usable;  // valid if count > bad, as is the rest
  double first = 0, last = 0, min = 0, max = 0, sum = 0;

  bool usable() const { return count > bad; }
  // Adds what follows in time.
  void add(const Totals& later);
  void add(const Summary& later);
};

enum class TotalsFrom : std::uint8_t {
  kSummaries,  // of whole blocks what the index tells of them
  kValues,     // always the values, where there are some
};

// The totals of each window. Of blocks that nothing overlaps only the columns that are needed are
// decoded: none for whole ones, if summaries will do.
// Errors: kIoError. Threads: any; each keeps some 200 KiB for the columns of one block.
Result<std::vector<Totals>> window_totals(const SeriesView& view, const Windows& windows,
                                          TotalsFrom from = TotalsFrom::kSummaries);

}  // namespace lineshaft::historian
