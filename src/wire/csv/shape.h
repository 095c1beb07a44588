// wire/csv/shape.h: how a text is cut into cells: a guess from its beginning.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lineshaft::csv {

// How much of the beginning of a file is looked at for these guesses.
inline constexpr std::size_t kHeadBytes = 256 * 1024;

struct Shape {
  char delimiter = ',';
  char decimal = '.';
  bool header = false;           // the first line after skip_lines holds names
  std::uint32_t skip_lines = 0;  // lines in front that have another number of fields
  std::size_t fields = 0;        // of a row
  bool transposed = false;       // lines are signals: see below
  bool names_in_front = false;   // transposed: the first field of every line is a name
};

// What is known already is not guessed again.
struct ShapeHints {
  std::optional<char> delimiter = {};
  std::optional<char> decimal = {};
  std::optional<bool> header = {};
  std::optional<std::uint32_t> skip_lines = {};
  std::optional<bool> transposed = {};
};

// `head` is UTF-8 without a mark; `complete` says that it is the whole text.
//
// The delimiter is the one of , ; tab | and runs of blanks that gives most rows the same number of
// fields, two or more, and most of these a number or a time. A comma between digits is a decimal
// comma when no field has a point there. The first line is a header when none of its fields is a
// number or a time while the rows below have some, or when all is text and its fields are distinct.
// A table is transposed when every line is a name and numbers (or only numbers, with more columns
// than lines) and the numbers are more alike along the lines than down the columns; or when the
// first line is a name and times.
Shape guess_shape(std::string_view head, bool complete, const ShapeHints& hints);

}  // namespace lineshaft::csv
