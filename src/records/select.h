// records/select.h: the rows of a SELECT as plain data.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "records/database.h"

namespace lineshaft::records {

// What `make` makes of each row (a Statement that stands on it), in the order of the rows. `values`
// are bound as Statement::bind() does. Errors: as Database::prepare() and Statement::step().
template <typename Row, typename Make, typename... Values>
Result<std::vector<Row>> select(Database& database, std::string_view sql, Make make,
                                const Values&... values) {
  Result<Statement> statement = database.prepare(sql);
  if (!statement) return std::move(statement).error();
  statement->bind(values...);
  std::vector<Row> rows;
  for (;;) {
    Result<bool> row = statement->step();
    if (!row) return std::move(row).error();
    if (!*row) return rows;
    rows.push_back(make(*statement));
  }
}

}  // namespace lineshaft::records
