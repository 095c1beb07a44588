// connect/table_cell.h: one cell of the table to a member of JSON and back.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "connect/connection.h"
#include "connect/fields.h"
#include "model/json.h"

namespace lineshaft::connect {

// The columns of a kind of row: members of a connection itself, of its settings (with "settings."
// in front), or of a signal.
std::vector<FieldSpec> connection_columns();
std::vector<FieldSpec> settings_columns(Protocol protocol);
std::vector<FieldSpec> signal_columns(Protocol protocol);

// Errors: kInvalidArgument: what the cell must be. Requires: `text` is not empty.
Result<Json> read_cell(const FieldSpec& column, std::string_view text);
// "" for null.
std::string write_cell(const FieldSpec& column, const Json& value);

}  // namespace lineshaft::connect
