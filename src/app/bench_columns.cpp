#include "app/bench_columns.h"

#include <algorithm>
#include <charconv>

#include "wire/csv/cell.h"
#include "wire/csv/encoding.h"
#include "wire/csv/reader.h"
#include "wire/csv/shape.h"

namespace lineshaft::app {
namespace {

constexpr std::size_t kTableBytesMax = 256 * 1024 * 1024;

// One table as text, column by column.
struct Columns {
  std::vector<std::string> names;
  std::vector<std::vector<std::string>> cells;
};

void add_row(const csv::Row& row, Columns& columns) {
  if (columns.cells.size() < row.fields.size()) columns.cells.resize(row.fields.size());
  for (std::size_t i = 0; i < row.fields.size(); ++i) {
    columns.cells[i].emplace_back(row.fields[i].text);
  }
}

void add_transposed_row(const csv::Row& row, bool name_in_front, Columns& columns) {
  auto field = row.fields.begin();
  if (name_in_front) columns.names.emplace_back((field++)->text);
  auto& cells = columns.cells.emplace_back();
  for (; field != row.fields.end(); ++field) cells.emplace_back(field->text);
}

Columns cut_into_columns(std::string_view text, const csv::Shape& shape) {
  Columns columns;
  csv::Reader reader(shape.delimiter);
  reader.feed(text);
  reader.finish();
  csv::Row row;
  bool header = shape.header && !shape.transposed;
  while (reader.next(row)) {
    if (row.line <= shape.skip_lines || !row.problem.empty()) continue;
    if (header) {
      for (const csv::Field& field : row.fields)
        columns.names.emplace_back(csv::trimmed(field.text));
      header = false;
    } else if (shape.transposed) {
      add_transposed_row(row, shape.names_in_front, columns);
    } else {
      add_row(row, columns);
    }
  }
  return columns;
}

// False when the column is none of numbers.
bool read_numbers(const std::vector<std::string>& cells, char decimal, BenchColumn& column) {
  csv::ColumnStats stats;
  for (const std::string& cell : cells) stats.add(csv::look_at_cell({cell, false}, decimal));
  // A real that a float64 cannot give back digit by digit is still a number: 74.93588199999998.
  column.type = stats.string_for_digits() ? ValueType::kFloat64 : stats.type();
  if (column.type == ValueType::kString) return false;
  for (const std::string& cell : cells) {
    Value value;
    if (csv::read_cell(column.type, {cell, false}, decimal, value) != csv::CellRead::kValue)
      continue;
    column.values.push_back(as_double(value));
    column.decimals.push_back(decimals_of(csv::trimmed(cell)));
  }
  return !column.values.empty();
}

Status add_table(sys::FileSystem& files, const std::string& directory, const std::string& name,
                 std::vector<BenchColumn>& out) {
  const Result<Bytes> bytes =
      sys::read_file(files, sys::join_path(directory, name), kTableBytesMax);
  if (!bytes.ok()) return bytes.error();
  std::string_view text = as_text(*bytes);
  const csv::EncodingGuess guess = csv::guess_encoding(text.substr(0, csv::kHeadBytes));
  if (guess.encoding != csv::Encoding::kUtf8) {
    return Error{ErrorId::kInvalidArgument, "the table " + name + " is not UTF-8"};
  }
  text.remove_prefix(guess.mark_bytes);
  const std::string_view head = text.substr(0, csv::kHeadBytes);
  const csv::Shape shape = csv::guess_shape(head, head.size() == text.size(), {});
  const Columns columns = cut_into_columns(text, shape);
  for (std::size_t i = 0; i < columns.cells.size(); ++i) {
    BenchColumn column;
    column.name =
        name + "/" + (i < columns.names.size() ? columns.names[i] : std::to_string(i + 1));
    if (read_numbers(columns.cells[i], shape.decimal, column)) out.push_back(std::move(column));
  }
  return {};
}

}  // namespace

std::uint8_t decimals_of(std::string_view number) {
  const std::size_t e = number.find_first_of("eE");
  std::string_view mantissa = number.substr(0, e);
  int exponent = 0;
  if (e != std::string_view::npos) {
    std::string_view digits = number.substr(e + 1);
    if (digits.starts_with('+')) digits.remove_prefix(1);
    std::from_chars(digits.data(), digits.data() + digits.size(), exponent);
  }
  const std::size_t point = mantissa.find_first_of(".,");
  int behind = 0;
  if (point != std::string_view::npos) {
    const std::size_t last = mantissa.find_last_not_of('0');
    behind = static_cast<int>(last - point);
  }
  return static_cast<std::uint8_t>(std::clamp(behind - exponent, 0, 255));
}

Result<std::vector<BenchColumn>> read_bench_columns(sys::FileSystem& files,
                                                    const std::string& directory) {
  const Result<std::vector<std::string>> names = files.list(directory);
  if (!names.ok()) return names.error();
  std::vector<BenchColumn> columns;
  for (const std::string& name : *names) {
    if (!name.ends_with(".csv") && !name.ends_with(".dat")) continue;
    if (Status added = add_table(files, directory, name, columns); !added) {
      return std::move(added).error();
    }
  }
  if (columns.empty()) {
    return Error{ErrorId::kInvalidArgument, directory + " holds no table with a column of numbers"};
  }
  return columns;
}

}  // namespace lineshaft::app
