// model/canonical_json.h: the one way to write a JSON document (RFC 8785), so that a hash or a
// signature of its bytes is one of its content. The library is included by .cpp files only.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/json.h"

namespace lineshaft {

// Without blanks, members ordered by their names' UTF-16 code units, strings escaped no more than
// needed. Numbers are whole: an amount, a rate or anything beyond 2^53 - 1 belongs into a string.
// Errors: kInvalidArgument, naming the member: a number with a fraction or too large, a text that
//         is not UTF-8, nesting deeper than 32. Threads: any. Cost: a few copies of the text.
Result<std::string> canonical_json(const Json& json);

// The document, if these bytes are what canonical_json would write: no member twice, no blank.
// Errors: kBadJson: not JSON; kInvalidArgument: other bytes, or as canonical_json.
Result<Json> parse_canonical_json(std::string_view text);

// Appends `text` with its quotes, escaped. Requires: UTF-8.
void append_canonical_string(std::string& out, std::string_view text);

}  // namespace lineshaft
