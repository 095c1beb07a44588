// wire/csv/cell.h: what a cell of text is, which type a column of cells has, and its value. A digit
// is never lost silently: a type is proposed only if it keeps every digit of every cell.
#pragma once

#include <cstdint>
#include <string_view>

#include "model/value.h"
#include "wire/csv/reader.h"

namespace lineshaft::csv {

enum class CellKind : std::uint8_t {
  kEmpty,      // nothing, not even quotes
  kMarker,     // NA, N/A, #N/A, null, None, -, --, ?: no value in a column of numbers
  kBool,       // true or false, any case
  kInteger,    // fits int64 with every digit
  kReal,       // any other number
  kNonFinite,  // NaN, Inf, Infinity, with a sign
  kText,
};

struct CellShape {
  CellKind kind = CellKind::kEmpty;
  bool leading_zero = false;  // "007": a number would lose the zeros
  bool fits_float64 = true;   // for numbers: a float64 gives back all its digits
};

// `decimal` is '.' or ','. Blanks around the text do not count.
CellShape look_at_cell(const Field& field, char decimal);

// Blanks off both ends.
std::string_view trimmed(std::string_view text);

// Counts the cells of one column; 80 bytes, whatever the length.
class ColumnStats {
 public:
  void add(const CellShape& shape);

  // The narrowest of bool, int64, float64 that keeps every digit, else string. A column where at
  // most one cell in ten is no number is a column of numbers with wrong cells. No cell at all:
  // float64.
  ValueType type() const;
  // Cells that type() will not take: wrong ones in a column of numbers.
  std::uint64_t misfits() const;
  // True when the column is a string only because a float64 would lose digits.
  bool string_for_digits() const;

  std::uint64_t empty = 0, markers = 0, bools = 0, integers = 0, reals = 0, non_finite = 0;
  std::uint64_t texts = 0, leading_zeros = 0, too_many_digits = 0;

 private:
  std::uint64_t numbers() const { return integers + reals + non_finite; }
};

enum class CellRead : std::uint8_t { kValue, kNone, kWrong };

// The value of a cell in a column of `type`; kNone for empty and, except for strings, for markers.
// A string keeps its blanks; it must be UTF-8. A quoted empty cell is an empty string. A float
// takes the nearest value: see keeps_digits.
CellRead read_cell(ValueType type, const Field& field, char decimal, Value& out);

// True when the float (float32 or float64) read from a number gives back all its digits: printed to
// as many digits as the text has, it is the same number. Requires: `value` was read from `text`.
bool keeps_digits(const Value& value, std::string_view text, char decimal);

}  // namespace lineshaft::csv
