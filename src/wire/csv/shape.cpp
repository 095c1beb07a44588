#include "wire/csv/shape.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <set>

#include "wire/csv/cell.h"
#include "wire/csv/reader.h"
#include "wire/csv/time_format.h"

namespace lineshaft::csv {
namespace {

constexpr std::size_t kRowsLookedAt = 200;
constexpr std::uint32_t kSkipLinesMax = 100;

struct Line {
  std::uint64_t number;
  std::vector<std::string> fields;
};
using Lines = std::vector<Line>;

Lines cut(std::string_view head, bool complete, char delimiter, std::uint32_t skip_lines) {
  Lines lines;
  Reader reader(delimiter);
  reader.feed(head);
  if (complete) reader.finish();
  Row row;
  while (lines.size() < kRowsLookedAt && reader.next(row)) {
    if (!row.problem.empty() || row.line <= skip_lines) continue;
    Line line{row.line, {}};
    for (const Field& field : row.fields) line.fields.emplace_back(field.text);
    lines.push_back(std::move(line));
  }
  return lines;
}

bool is_number(std::string_view text, char decimal) {
  const CellKind kind = look_at_cell({text, false}, decimal).kind;
  return kind == CellKind::kInteger || kind == CellKind::kReal || kind == CellKind::kNonFinite;
}
bool is_time(std::string_view text) { return !TimeFormat::candidates(text).empty(); }
bool is_measured(std::string_view text) {
  return is_number(text, '.') || is_number(text, ',') || is_time(text);
}

std::size_t usual_fields(const Lines& lines) {
  std::map<std::size_t, std::size_t> counts;
  for (const Line& line : lines) ++counts[line.fields.size()];
  std::size_t usual = 0;
  std::size_t times = 0;
  for (const auto& [fields, count] : counts) {
    if (count >= times) {
      usual = fields;
      times = count;
    }
  }
  return usual;
}

double score(const Lines& lines) {
  const std::size_t usual = usual_fields(lines);
  if (usual < 2) return 0;
  double same = 0;
  double measured = 0;
  double filled = 0;
  for (const Line& line : lines) {
    same += line.fields.size() == usual ? 1 : 0;
    for (const std::string& field : line.fields) {
      if (trimmed(field).empty()) continue;
      ++filled;
      measured += is_measured(field) ? 1 : 0;
    }
  }
  const double share = filled > 0 ? measured / filled : 0;
  return same / static_cast<double>(lines.size()) * (0.25 + 0.75 * share);
}

char guess_delimiter(std::string_view head, bool complete, std::uint32_t skip_lines) {
  char best = ',';
  double best_score = 0;
  for (const char delimiter : {',', ';', '\t', '|', kBlanks}) {
    const double points = score(cut(head, complete, delimiter, skip_lines));
    if (points > best_score * 1.0001) {
      best = delimiter;
      best_score = points;
    }
  }
  return best;
}

char guess_decimal(const Lines& lines) {
  std::size_t points = 0;
  std::size_t commas = 0;
  for (const Line& line : lines) {
    for (const std::string& field : line.fields) {
      points += field.find('.') != std::string::npos && is_number(field, '.') ? 1U : 0U;
      commas += field.find(',') != std::string::npos && is_number(field, ',') ? 1U : 0U;
    }
  }
  return commas > points ? ',' : '.';
}

// A preamble: leading lines with another number of fields than the rest.
std::uint32_t guess_skip(const Lines& lines, std::size_t usual) {
  std::uint32_t skip = 0;
  for (const Line& line : lines) {
    if (line.fields.size() == usual || line.number > kSkipLinesMax) break;
    skip = static_cast<std::uint32_t>(line.number);
  }
  return skip;
}

bool guess_header(const Lines& lines, char decimal) {
  if (lines.size() < 2) return false;
  const auto measured = [&](const std::string& field) {
    return is_number(field, decimal) || is_time(field);
  };
  const std::vector<std::string>& first = lines[0].fields;
  if (std::any_of(first.begin(), first.end(), measured)) return false;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    if (std::any_of(lines[i].fields.begin(), lines[i].fields.end(), measured)) return true;
  }
  const std::set<std::string> distinct(first.begin(), first.end());
  return distinct.size() == first.size() && distinct.count("") == 0;
}

// How unlike the numbers are: range over largest magnitude, 0 for equal ones, up to 2.
double spread(const std::vector<double>& numbers) {
  const auto [low, high] = std::minmax_element(numbers.begin(), numbers.end());
  const double largest = std::max(std::abs(*low), std::abs(*high));
  return largest > 0 ? (*high - *low) / largest : 0;
}

double median(std::vector<double> numbers) {
  const auto middle = numbers.begin() + static_cast<std::ptrdiff_t>(numbers.size() / 2);
  std::nth_element(numbers.begin(), middle, numbers.end());
  return *middle;
}

// The numbers of the lines from field `first`; empty when one is no number or lines differ in
// length.
std::vector<std::vector<double>> as_matrix(const Lines& lines, std::size_t first, char decimal) {
  std::vector<std::vector<double>> matrix;
  for (const Line& line : lines) {
    if (line.fields.size() != lines[0].fields.size()) return {};
    std::vector<double>& numbers = matrix.emplace_back();
    for (std::size_t i = first; i < line.fields.size(); ++i) {
      Value value;
      const Field field{line.fields[i], false};
      if (read_cell(ValueType::kFloat64, field, decimal, value) != CellRead::kValue) return {};
      numbers.push_back(std::get<double>(value));
      if (!std::isfinite(numbers.back())) return {};
    }
  }
  return matrix;
}

bool alike_along_lines(const std::vector<std::vector<double>>& matrix) {
  std::vector<double> along;
  for (const auto& numbers : matrix) along.push_back(spread(numbers));
  std::vector<double> down;
  for (std::size_t column = 0; column < matrix[0].size(); ++column) {
    std::vector<double> numbers;
    for (const auto& line : matrix) numbers.push_back(line[column]);
    down.push_back(spread(numbers));
  }
  return median(along) < 0.75 * median(down);
}

void guess_transposed(const Lines& lines, Shape& shape, bool forced) {
  constexpr std::size_t kLeastLines = 4;
  constexpr std::size_t kLeastFields = 8;
  if (lines.empty()) return;
  const auto starts_with_name = [&](const Line& line) {
    return !line.fields.empty() && !is_number(line.fields[0], shape.decimal) &&
           !is_time(line.fields[0]);
  };
  shape.names_in_front = std::all_of(lines.begin(), lines.end(), starts_with_name);
  const std::vector<std::string>& first = lines[0].fields;
  const bool times_on_top = shape.names_in_front && first.size() > 2 &&
                            std::all_of(first.begin() + 1, first.end(), is_time);
  shape.transposed = forced || times_on_top;
  if (shape.transposed || lines.size() < kLeastLines || shape.fields < kLeastFields) return;
  if (!shape.names_in_front && shape.fields <= lines.size()) return;
  const auto matrix = as_matrix(lines, shape.names_in_front ? 1 : 0, shape.decimal);
  shape.transposed = !matrix.empty() && alike_along_lines(matrix);
}

}  // namespace

Shape guess_shape(std::string_view head, bool complete, const ShapeHints& hints) {
  Shape shape;
  const std::uint32_t known_skip = hints.skip_lines.value_or(0);
  shape.delimiter =
      hints.delimiter ? *hints.delimiter : guess_delimiter(head, complete, known_skip);
  Lines lines = cut(head, complete, shape.delimiter, known_skip);
  shape.fields = usual_fields(lines);
  shape.skip_lines = hints.skip_lines.value_or(guess_skip(lines, shape.fields));
  std::erase_if(lines, [&](const Line& line) { return line.number <= shape.skip_lines; });
  shape.decimal = hints.decimal.value_or(guess_decimal(lines));
  if (hints.transposed.value_or(true)) {
    guess_transposed(lines, shape, hints.transposed.value_or(false));
  }
  if (shape.transposed) {
    shape.names_in_front = hints.header.value_or(shape.names_in_front);
  } else {
    shape.header = hints.header.value_or(guess_header(lines, shape.decimal));
  }
  return shape;
}

}  // namespace lineshaft::csv
