// intake/export.h: samples of tags as CSV, pulled piece by piece, exact enough to import back.
// Format: docs/reference/csv.md.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "historian/historian.h"
#include "intake/plan.h"
#include "model/sample.h"

namespace lineshaft::intake {

struct ExportOptions {
  Layout layout = Layout::kLong;  // kLong or kWide
  // With types and qualities, so that an import of the text makes identical samples. Without:
  // plain columns for a spreadsheet; the wide layout then leaves the cells of bad samples empty.
  bool exact = true;
};

// Pieces of the text, each at most a few hundred KiB, "" at the end. Fits sys::HttpBodySource. Each
// call reads from the historian on the caller's thread; one thread at a time.
using CsvSource = std::function<Result<std::string>()>;

// Samples of `tags` in `range`: long: tag after tag, each in order of time; wide: merged by time,
// one column a tag. Memory: a few thousand samples per tag. `historian` must outlive the source.
// Errors here: kNotFound for a tag; kInvalidArgument for no tag, for kTransposed, or for more than
// kSignalsMax tags (wide: 1,000); later, in a call: what scanning reports.
Result<CsvSource> make_csv_export(const historian::Historian& historian, TenantId tenant,
                                  std::vector<TagId> tags, TimeRange range, ExportOptions options);

}  // namespace lineshaft::intake
