// app/commands/shares.h: shares as a person types and reads them.
#pragma once

#include <string>

#include "app/output.h"

namespace lineshaft::app {

// "centre 60, firm 40" of [{"party","weight"}].
std::string shares_text(const Json& shares);

// "firm-1=40" to {"party","weight"}. An id has no '='. Errors: kUsage.
Result<Json> share_of(const std::string& text);

// JSON is what the server said; in the other forms a list stands in one cell.
inline bool is_as_said(Format format) {
  return format == Format::kJson || format == Format::kNdjson;
}

}  // namespace lineshaft::app
