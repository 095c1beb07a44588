#include "historian/columns.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <type_traits>
#include <utility>

#include "base/assert.h"

namespace lineshaft::historian {
namespace {

Columns::Values empty_values(ValueType type) {
  switch (type) {
    case ValueType::kBool:
      return std::vector<std::uint8_t>();
    case ValueType::kInt64:
      return std::vector<std::int64_t>();
    case ValueType::kFloat32:
      return std::vector<float>();
    case ValueType::kFloat64:
      return std::vector<double>();
    case ValueType::kString:
      return std::vector<std::string>();
  }
  return {};
}

template <typename T>
void append_part(std::vector<T>& to, const std::vector<T>& from, std::size_t first,
                 std::size_t last) {
  to.insert(to.end(), from.begin() + static_cast<std::ptrdiff_t>(first),
            from.begin() + static_cast<std::ptrdiff_t>(last));
}

template <typename T>
void keep_part(std::vector<T>& of, std::size_t first, std::size_t last) {
  of.erase(of.begin() + static_cast<std::ptrdiff_t>(last), of.end());
  of.erase(of.begin(), of.begin() + static_cast<std::ptrdiff_t>(first));
}

}  // namespace

std::size_t index_of(std::span<const std::int64_t> times, Timestamp time, std::size_t from) {
  std::size_t step = 1;
  std::size_t low = from;
  while (low + step < times.size() && times[low + step] < time.ns) {
    low += step;
    step *= 2;
  }
  const std::size_t high = std::min(times.size(), low + step + 1);
  const auto begin = times.begin();
  return static_cast<std::size_t>(
      std::lower_bound(begin + static_cast<std::ptrdiff_t>(std::min(low, high)),
                       begin + static_cast<std::ptrdiff_t>(high), time.ns) -
      begin);
}

Columns::Columns(ValueType type) : values_(empty_values(type)) {}

Columns Columns::of(std::vector<std::int64_t> times, std::vector<Quality> qualities,
                    Values values) {
  Columns columns;
  columns.times_ = std::move(times);
  columns.qualities_ = std::move(qualities);
  columns.values_ = std::move(values);
  LS_ASSERT(columns.qualities_.empty() || columns.qualities_.size() == columns.times_.size());
  LS_ASSERT(std::visit([](const auto& v) { return v.size(); }, columns.values_) ==
            columns.times_.size());
  return columns;
}

Value Columns::value(std::size_t i) const {
  return std::visit(
      [i](const auto& values) -> Value {
        if constexpr (std::is_same_v<std::decay_t<decltype(values)>, std::vector<std::uint8_t>>) {
          return values[i] != 0;
        } else {
          return values[i];
        }
      },
      values_);
}

double Columns::number(std::size_t i) const {
  return std::visit(
      [i](const auto& values) -> double {
        if constexpr (std::is_same_v<std::decay_t<decltype(values)>, std::vector<std::string>>) {
          return std::numeric_limits<double>::quiet_NaN();
        } else {
          return static_cast<double>(values[i]);
        }
      },
      values_);
}

void Columns::add(const Point& point) {
  LS_ASSERT(type_of(point.value) == type());
  if (point.quality != quality::kGood && qualities_.empty()) {
    qualities_.assign(times_.size(), quality::kGood);
    qualities_.push_back(point.quality);
  } else if (!qualities_.empty()) {
    qualities_.push_back(point.quality);
  }
  times_.push_back(point.time.ns);
  std::visit(
      [&](auto& values) {
        using T = typename std::decay_t<decltype(values)>::value_type;
        if constexpr (std::is_same_v<T, std::uint8_t>) {
          values.push_back(std::get<bool>(point.value) ? 1 : 0);
        } else {
          values.push_back(std::get<T>(point.value));
        }
      },
      values_);
}

void Columns::append(const Columns& other, std::size_t from, std::size_t to) {
  LS_ASSERT(other.type() == type());
  LS_ASSERT(from <= to && to <= other.size());
  if (!other.all_good() && all_good()) qualities_.assign(size(), quality::kGood);
  if (!other.all_good()) {
    append_part(qualities_, other.qualities_, from, to);
  } else if (!qualities_.empty()) {
    qualities_.resize(size() + (to - from), quality::kGood);
  }
  append_part(times_, other.times_, from, to);
  std::visit(
      [&](auto& values) {
        append_part(values, std::get<std::decay_t<decltype(values)>>(other.values_), from, to);
      },
      values_);
  // An empty column says that all are Good; one of none would say it of points that come.
  if (times_.empty()) qualities_.clear();
}

void Columns::cut_to(TimeRange range) {
  const std::size_t from = index_of(range.from);
  const std::size_t to = std::max(from, index_of(range.to));
  if (from == 0 && to == size()) return;
  if (!all_good()) keep_part(qualities_, from, to);
  keep_part(times_, from, to);
  std::visit([&](auto& values) { keep_part(values, from, to); }, values_);
}

void Columns::cut_out(TimeRange range) {
  const std::size_t from = index_of(range.from);
  const std::size_t to = std::max(from, index_of(range.to));
  if (from == to) return;
  const auto erase_part = [&](auto& of) {
    of.erase(of.begin() + static_cast<std::ptrdiff_t>(from),
             of.begin() + static_cast<std::ptrdiff_t>(to));
  };
  if (!all_good()) erase_part(qualities_);
  erase_part(times_);
  std::visit(erase_part, values_);
}

void Columns::reserve(std::size_t count) {
  times_.reserve(count);
  std::visit([&](auto& values) { values.reserve(count); }, values_);
}

std::size_t Columns::text_bytes() const {
  const auto* texts = std::get_if<std::vector<std::string>>(&values_);
  if (texts == nullptr) return 0;
  return std::accumulate(
      texts->begin(), texts->end(), std::size_t{0},
      [](std::size_t sum, const std::string& text) { return sum + text.size(); });
}

Columns overlay(Columns older, Columns newer) {
  if (older.empty()) return newer;
  if (newer.empty()) return older;
  if (older.back() < newer.front()) {
    older.append(newer, 0, newer.size());
    return older;
  }
  Columns merged(older.type());
  merged.reserve(older.size() + newer.size());
  std::size_t a = 0;
  std::size_t b = 0;
  // In runs of one source, which are long where the two hardly overlap.
  while (a < older.size() && b < newer.size()) {
    const std::size_t a_from = a;
    while (a < older.size() && older.time(a) < newer.time(b)) ++a;
    merged.append(older, a_from, a);
    if (a == older.size()) break;
    const std::size_t b_from = b;
    while (b < newer.size() && newer.time(b) <= older.time(a)) {
      const bool same = newer.time(b) == older.time(a);
      ++b;
      if (same && ++a == older.size()) break;
    }
    merged.append(newer, b_from, b);
  }
  merged.append(older, a, older.size());
  merged.append(newer, b, newer.size());
  return merged;
}

}  // namespace lineshaft::historian
