// historian/columns.h: points of one tag, column by column: what files hold and readers work on.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "historian/series.h"

namespace lineshaft::historian {

// Index of the first of growing times at or after `time`, from `from` on. Cost: logarithm of how
// far it is.
std::size_t index_of(std::span<const std::int64_t> times, Timestamp time, std::size_t from = 0);

// In order of time, one point a time, all of one type; whoever adds sees to that.
class Columns {
 public:
  // In the order of ValueType; a bool is 0 or 1.
  using Values = std::variant<std::vector<std::uint8_t>, std::vector<std::int64_t>,
                              std::vector<float>, std::vector<double>, std::vector<std::string>>;

  explicit Columns(ValueType type = ValueType::kBool);

  ValueType type() const { return static_cast<ValueType>(values_.index() + 1); }
  std::size_t size() const { return times_.size(); }
  bool empty() const { return times_.empty(); }
  bool all_good() const { return qualities_.empty(); }

  Timestamp time(std::size_t i) const { return {times_[i]}; }
  Timestamp front() const { return {times_.front()}; }
  Timestamp back() const { return {times_.back()}; }
  Quality quality(std::size_t i) const { return all_good() ? quality::kGood : qualities_[i]; }
  Value value(std::size_t i) const;
  double number(std::size_t i) const;  // as_double(value(i))
  Point point(std::size_t i) const { return {time(i), quality(i), value(i)}; }

  std::span<const std::int64_t> times() const { return times_; }     // nanoseconds
  std::span<const Quality> qualities() const { return qualities_; }  // none: all are Good
  const Values& values() const { return values_; }

  std::size_t index_of(Timestamp time, std::size_t from = 0) const {
    return historian::index_of(times_, time, from);
  }

  void add(const Point& point);                                         // of this type
  void append(const Columns& other, std::size_t from, std::size_t to);  // [from, to) of this type
  void cut_to(TimeRange range);
  void cut_out(TimeRange range);
  void reserve(std::size_t count);
  std::size_t text_bytes() const;  // of strings

  // For decoders. Requires: as many times as values, and as qualities unless there are none.
  static Columns of(std::vector<std::int64_t> times, std::vector<Quality> qualities, Values values);

 private:
  std::vector<std::int64_t> times_;
  std::vector<Quality> qualities_;
  Values values_;
};

// Of two points at one time that of `newer` counts. Requires: one type.
Columns overlay(Columns older, Columns newer);

}  // namespace lineshaft::historian
