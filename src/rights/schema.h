// rights/schema.h: the tables of the register, and small helpers to read rows.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/date.h"
#include "records/database.h"
#include "rights/register.h"

namespace lineshaft::rights {

// Steps of Database::migrate: only append.
std::span<const std::string_view> register_steps();

inline std::int64_t number_of(Day day) { return day.time_since_epoch().count(); }
inline Day day_of(std::int64_t number) { return Day(std::chrono::days(number)); }

// All rows of a statement whose parameters are bound.
template <typename Row, typename Read>
Result<std::vector<Row>> all_rows(records::Statement& statement, Read read) {
  std::vector<Row> rows;
  for (;;) {
    const Result<bool> more = statement.step();
    if (!more) return more.error();
    if (!*more) return rows;
    rows.push_back(read(statement));
  }
}

// Prepares, binds and reads all rows.
template <typename Row, typename Read, typename... Values>
Result<std::vector<Row>> query(records::Database& database, std::string_view sql, Read read,
                               const Values&... values) {
  Result<records::Statement> statement = database.prepare(sql);
  if (!statement) return std::move(statement).error();
  statement->bind(values...);
  return all_rows<Row>(*statement, read);
}

// The one number that a statement gives.
template <typename... Values>
Result<std::int64_t> query_number(records::Database& database, std::string_view sql,
                                  const Values&... values) {
  Result<std::vector<std::int64_t>> rows = query<std::int64_t>(
      database, sql, [](records::Statement& row) { return row.int64(0); }, values...);
  if (!rows) return std::move(rows).error();
  return rows->empty() ? std::int64_t{0} : rows->front();
}

// Puts them in order of party. Errors: kInvalidArgument naming the share: none, too many, twice the
// same party, a weight out of range.
Status check_shares(std::vector<Share>& shares);

// UTF-8 without control characters (line breaks where allowed), of bounded length.
Status check_text(std::string_view field, std::string_view text, std::size_t characters_max,
                  bool required = false);
// "" or 64 hexadecimal digits in lower case.
Status check_document(std::string_view field, std::string_view sha256);

}  // namespace lineshaft::rights
