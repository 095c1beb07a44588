// wire/csv/writer.h: fields and lines of RFC 4180.
#pragma once

#include <string>
#include <string_view>

namespace lineshaft::csv {

// Appends one field. Quotes it when it is empty (so that it is read as an empty text, not as no
// value), holds the delimiter, a quote or a line end, or begins or ends with a blank. The text is
// never altered: a spreadsheet may take text that begins with = + - @ for a formula, but text that
// was changed on the way would not come back as it was.
void append_text(std::string& out, std::string_view text, char delimiter = ',');

// Ends a row with CRLF, as RFC 4180 says.
inline void end_row(std::string& out) { out += "\r\n"; }

}  // namespace lineshaft::csv
