// wire/wipo/row.h: records as rows of a table (CSV): the columns, and the text of each cell.
// How the cells become lines of a file is for whoever holds a CSV writer.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wire/wipo/record.h"

namespace lineshaft::wipo {

// Several values in one cell stand with "; " between them; a ';' or '\' of a value has a '\' before
// it. Days are 2015-01-20. A priority is "CN 202310000001.X 2023-05-31". A title is "zh: ..." with
// its language, or just the text.
inline constexpr std::array<std::string_view, 15> kColumns = {"kind",
                                                              "office",
                                                              "application_number",
                                                              "filed",
                                                              "publication_number",
                                                              "publication_kind",
                                                              "published",
                                                              "grant_number",
                                                              "granted",
                                                              "priorities",
                                                              "titles",
                                                              "applicants",
                                                              "inventors",
                                                              "classes",
                                                              "status"};

// The cells of a record, in the order of kColumns.
std::vector<std::string> cells_of(const RegisterRecord& record);

// Which column each cell of a table is, from its first row.
class RowReader {
 public:
  // Any order; columns may be missing, but not `kind` and `office`.
  // Errors: kBadRegisterDocument: a column that is not known, twice there, or missing.
  static Result<RowReader> make(std::span<const std::string_view> header);

  // `line` is where the row begins, for errors. A row with fewer cells ends with empty ones.
  // Errors: kBadRegisterDocument with line and column.
  Result<RegisterRecord> read(std::span<const std::string_view> cells, std::size_t line) const;

 private:
  std::vector<std::size_t> columns_;  // index into kColumns, for each cell
};

}  // namespace lineshaft::wipo
