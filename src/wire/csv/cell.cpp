#include "wire/csv/cell.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <string>

#include "base/utf8.h"

namespace lineshaft::csv {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_word(std::string_view text, std::string_view word) {
  return std::equal(text.begin(), text.end(), word.begin(), word.end(),
                    [](char a, char b) { return lower(a) == b; });
}

bool is_marker(std::string_view text) {
  if (text.size() > 4) return false;
  for (std::string_view word : {"na", "n/a", "#n/a", "null", "none", "-", "--", "?"}) {
    if (same_word(text, word)) return true;
  }
  return false;
}

bool non_finite(std::string_view text, double& out) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text.size() < 3 || is_digit(text.front())) return false;
  if (same_word(text, "nan")) {
    out = std::numeric_limits<double>::quiet_NaN();
  } else if (same_word(text, "inf") || same_word(text, "infinity")) {
    out = std::numeric_limits<double>::infinity();
  } else {
    return false;
  }
  if (negative) out = -out;
  return true;
}

// The parts of [+-] digits [point digits] [e [+-] digits]; at least one digit before the e.
struct Number {
  bool valid = false;
  bool negative = false;
  bool fraction = false;  // has a point
  bool exponent = false;
  bool leading_zero = false;  // "007", "-012"
  std::size_t digits = 0;     // significant: from the first that is not zero
};

Number look_at_number(std::string_view text, char decimal) {
  Number number;
  std::size_t at = 0;
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) number.negative = text[at++] == '-';
  const std::size_t start = at;
  std::size_t all = 0;
  for (; at < text.size(); ++at) {
    if (is_digit(text[at])) {
      ++all;
      if (number.digits > 0 || text[at] != '0') ++number.digits;
    } else if (text[at] == decimal && !number.fraction) {
      number.fraction = true;
    } else {
      break;
    }
  }
  number.leading_zero = !number.fraction && all > 1 && text[start] == '0';
  if (at < text.size() && lower(text[at]) == 'e' && all > 0) {
    number.exponent = true;
    if (++at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
    const std::size_t digits_from = at;
    while (at < text.size() && is_digit(text[at])) ++at;
    if (at == digits_from) return number;
  }
  number.valid = all > 0 && at == text.size();
  return number;
}

std::string_view without_plus(std::string_view text) {
  return text.starts_with('+') ? text.substr(1) : text;
}

template <typename T>
bool read_whole(std::string_view text, T& out) {
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), out);
  return code == std::errc{} && end == text.data() + text.size();
}

// from_chars knows the point only. Numbers are short: 64 bytes serve nearly always.
template <typename T>
bool read_float(std::string_view text, char decimal, T& out) {
  text = without_plus(text);
  if (decimal == '.') return read_whole(text, out);
  if (text.find('.') != std::string_view::npos) return false;
  std::array<char, 64> buffer{};
  if (text.size() > buffer.size()) {
    std::string copy(text);
    std::replace(copy.begin(), copy.end(), ',', '.');
    return read_whole(std::string_view(copy), out);
  }
  std::replace_copy(text.begin(), text.end(), buffer.begin(), ',', '.');
  return read_whole(std::string_view(buffer.data(), text.size()), out);
}

// Significant digits without zeros at either end, and the power of ten of the first: one form for
// one number.
struct Digits {
  std::string text;
  long exponent = 0;
  friend bool operator==(const Digits&, const Digits&) = default;
};

Digits digits_of(std::string_view text, char decimal) {
  Digits result;
  long point = 0;  // digits before the point, from the first significant one
  bool fraction = false;
  long exponent = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_digit(text[i])) {
      if (!result.text.empty() || text[i] != '0') {
        result.text += text[i];
        if (!fraction) ++point;
      } else if (fraction) {
        --point;
      }
    } else if (text[i] == decimal) {
      fraction = true;
    } else if (lower(text[i]) == 'e') {
      read_whole(without_plus(text.substr(i + 1)), exponent);
      break;
    }
  }
  while (result.text.ends_with('0')) result.text.pop_back();
  result.exponent = result.text.empty() ? 0 : point + exponent;
  return result;
}

template <typename T>
bool prints_the_same(T value, std::string_view text, char decimal) {
  const Digits wanted = digits_of(text, decimal);
  if (wanted.text.empty()) return value == 0;
  // No float64 has more significant digits than 767, so a longer text is not one of them.
  constexpr std::size_t kDigitsMax = 767;
  if (wanted.text.size() > kDigitsMax) return false;
  std::array<char, kDigitsMax + 16> buffer{};
  const auto [end, code] =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                    std::chars_format::scientific, static_cast<int>(wanted.text.size()) - 1);
  if (code != std::errc{}) return false;
  return digits_of(std::string_view(buffer.data(), end), '.') == wanted;
}

bool float64_keeps(std::string_view text, char decimal, const Number& number) {
  if (number.digits <= 15 && !number.exponent) return true;
  double value = 0;
  if (!read_float(text, decimal, value)) return false;
  return number.digits <= 15 ? value != 0 || number.digits == 0
                             : prints_the_same(value, text, decimal);
}

}  // namespace

std::string_view trimmed(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

CellShape look_at_cell(const Field& field, char decimal) {
  const std::string_view text = trimmed(field.text);
  if (text.empty()) return {field.quoted ? CellKind::kText : CellKind::kEmpty};
  CellShape shape;
  if (const Number number = look_at_number(text, decimal); number.valid) {
    std::int64_t integer = 0;
    const bool whole = !number.fraction && !number.exponent &&
                       read_whole(without_plus(text), integer) &&
                       !(number.negative && integer == 0);  // int64 has no -0
    shape.kind = whole ? CellKind::kInteger : CellKind::kReal;
    shape.leading_zero = number.leading_zero;
    shape.fits_float64 = float64_keeps(text, decimal, number);
    return shape;
  }
  double ignored = 0;
  if (non_finite(text, ignored)) {
    shape.kind = CellKind::kNonFinite;
  } else if (same_word(text, "true") || same_word(text, "false")) {
    shape.kind = CellKind::kBool;
  } else {
    shape.kind = is_marker(text) ? CellKind::kMarker : CellKind::kText;
  }
  return shape;
}

void ColumnStats::add(const CellShape& shape) {
  std::uint64_t* const counters[] = {&empty, &markers,    &bools, &integers,
                                     &reals, &non_finite, &texts};
  ++*counters[static_cast<std::size_t>(shape.kind)];
  leading_zeros += shape.leading_zero ? 1 : 0;
  too_many_digits += shape.fits_float64 ? 0 : 1;
}

ValueType ColumnStats::type() const {
  const std::uint64_t filled = bools + numbers() + texts;
  if (filled == 0) return markers > 0 ? ValueType::kString : ValueType::kFloat64;
  if (leading_zeros > 0) return ValueType::kString;
  if ((bools + texts) * 10 > filled && (numbers() + texts) * 10 > filled) return ValueType::kString;
  if (bools > numbers() + texts) return ValueType::kBool;
  if (reals + non_finite == 0) return ValueType::kInt64;
  return too_many_digits > 0 ? ValueType::kString : ValueType::kFloat64;
}

std::uint64_t ColumnStats::misfits() const {
  switch (type()) {
    case ValueType::kString:
      return 0;
    case ValueType::kBool:
      return numbers() + texts;
    default:
      return bools + texts;
  }
}

bool ColumnStats::string_for_digits() const {
  return type() == ValueType::kString && leading_zeros == 0 && texts + bools == 0 &&
         too_many_digits > 0;
}

CellRead read_cell(ValueType type, const Field& field, char decimal, Value& out) {
  if (type == ValueType::kString) {
    if (field.text.empty() && !field.quoted) return CellRead::kNone;
    if (field.text.size() > kStringValueBytesMax || !is_utf8(field.text)) return CellRead::kWrong;
    out = std::string(field.text);
    return CellRead::kValue;
  }
  const std::string_view text = trimmed(field.text);
  if (text.empty() || is_marker(text)) return CellRead::kNone;
  switch (type) {
    case ValueType::kBool: {
      const bool yes = text == "1" || same_word(text, "true");
      if (!yes && text != "0" && !same_word(text, "false")) return CellRead::kWrong;
      out = yes;
      return CellRead::kValue;
    }
    case ValueType::kInt64: {
      std::int64_t value = 0;
      if (!look_at_number(text, decimal).valid || !read_whole(without_plus(text), value)) {
        return CellRead::kWrong;
      }
      out = value;
      return CellRead::kValue;
    }
    default:
      break;
  }
  double special = 0;
  if (non_finite(text, special)) {
    out = type == ValueType::kFloat32 ? Value(static_cast<float>(special)) : Value(special);
    return CellRead::kValue;
  }
  if (!look_at_number(text, decimal).valid) return CellRead::kWrong;
  if (type == ValueType::kFloat32) {
    float value = 0;
    if (!read_float(text, decimal, value)) return CellRead::kWrong;
    out = value;
  } else {
    double value = 0;
    if (!read_float(text, decimal, value)) return CellRead::kWrong;
    out = value;
  }
  return CellRead::kValue;
}

bool keeps_digits(const Value& value, std::string_view text, char decimal) {
  text = trimmed(text);
  const Number number = look_at_number(text, decimal);
  if (!number.valid) return true;  // NaN and infinities
  if (const float* single = std::get_if<float>(&value)) {
    return number.digits <= 6 || prints_the_same(*single, text, decimal);
  }
  if (const double* wide = std::get_if<double>(&value)) {
    return number.digits <= 15 || prints_the_same(*wide, text, decimal);
  }
  return true;
}

}  // namespace lineshaft::csv
