#include "intake/mapper.h"

#include <algorithm>
#include <cstdio>
#include <set>
#include <utility>

#include "base/time.h"
#include "base/utf8.h"

namespace lineshaft::intake {
namespace {

constexpr std::int64_t kSecondsPerDay = 86'400;
constexpr std::int64_t kNsPerSecond = 1'000'000'000;
constexpr std::int64_t kNsPerMillisecond = 1'000'000;

// Enough of a cell to find it in the file.
std::string shown(std::string_view text) {
  std::string part(utf8_prefix(text, 64));
  for (char& c : part) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return is_utf8(part) ? "'" + part + "'" : "a text that is not UTF-8";
}

// Short cells keep their digits for sure; only longer ones are looked at.
bool may_lose_digits(ValueType type, std::string_view text) {
  return (type == ValueType::kFloat64 && text.size() > 15) ||
         (type == ValueType::kFloat32 && text.size() > 6);
}

Error wrong(std::string what) { return {ErrorId::kInvalidArgument, std::move(what)}; }

}  // namespace

Result<Mapper> Mapper::make(const Plan& plan, sys::TimeZone zone) {
  Mapper mapper(plan, std::move(zone));
  if (Status prepared = mapper.prepare(); !prepared) return std::move(prepared).error();
  return mapper;
}

std::size_t Mapper::find(Use use) const {
  for (const ColumnPlan& column : plan_.columns) {
    if (column.use == use) return column.index;
  }
  return npos;
}

Status Mapper::prepare() {
  if (Status columns = prepare_columns(); !columns) return columns;
  if (time_column_ != npos) {
    Result<csv::TimeFormat> format = csv::TimeFormat::parse(plan_.time.format);
    if (!format.ok()) return std::move(format).error();
    format_ = std::move(format).value();
  } else if (plan_.time.step_ms.value_or(1) < 1) {
    return wrong("time.step_ms: must be 1 or more");
  }
  if (signals_.empty()) return wrong("columns: none has the use value");
  return check_paths();
}

Status Mapper::prepare_columns() {
  for (std::size_t i = 0; i < plan_.columns.size(); ++i) {
    if (plan_.columns[i].index != i)
      return wrong("columns: must stand in the order of their index");
  }
  time_column_ = find(Use::kTime);
  clock_column_ = find(Use::kTimeOfDay);
  const auto add = [&](const ColumnPlan& signal, std::size_t column) {
    signals_.push_back(
        {static_cast<std::uint32_t>(signals_.size()), column, npos, signal.type, signal.name});
  };
  if (plan_.layout == Layout::kLong) {
    tag_column_ = find(Use::kTag);
    value_column_ = find(Use::kValue);
    quality_column_ = find(Use::kQuality);
    if (tag_column_ == npos || value_column_ == npos || time_column_ == npos) {
      return wrong("columns: the long layout needs one each with the use tag, time and value");
    }
    for (const ColumnPlan& tag : plan_.tags) {
      if (tag.use == Use::kSkip) {
        signal_of_name_.emplace(tag.name, npos);
      } else {
        signal_of_name_.emplace(tag.name, signals_.size());
        add(tag, value_column_);
      }
    }
    return {};
  }
  const ColumnPlan* before = nullptr;
  for (const ColumnPlan& column : plan_.columns) {
    signal_of_line_.push_back(column.use == Use::kValue ? signals_.size() : npos);
    if (column.use == Use::kValue) add(column, column.index);
    if (column.use == Use::kQuality) {
      // The qualities of a skipped column are skipped with it.
      if (before != nullptr && before->use == Use::kValue) {
        signals_.back().quality_column = column.index;
      } else if (before == nullptr || before->use != Use::kSkip) {
        return wrong("columns: a quality column needs a value column right before it");
      }
    }
    before = &column;
  }
  return {};
}

Status Mapper::check_paths() const {
  std::set<std::string> seen;
  for (const TagSpec& spec : tag_specs()) {
    if (Status good = check_tag_spec(spec); !good) return good;
    if (!seen.insert(spec.path).second) {
      return wrong("path: '" + spec.path + "' is given to two signals");
    }
  }
  return {};
}

std::vector<TagSpec> Mapper::tag_specs() const {
  std::vector<TagSpec> specs;
  for (const ColumnPlan& signal : plan_.layout == Layout::kLong ? plan_.tags : plan_.columns) {
    if (signal.use != Use::kValue) continue;
    TagSpec spec;
    spec.path = signal.path;
    spec.type = signal.type;
    spec.unit = signal.unit;
    spec.interpolation = signal.interpolation;
    specs.push_back(std::move(spec));
  }
  return specs;
}

std::optional<RowProblem> Mapper::map(const csv::Row& row, std::span<const TagId> ids,
                                      std::vector<Sample>& out) {
  const std::size_t before = out.size();
  std::optional<RowProblem> problem;
  if (row.problem.empty()) {
    problem = map_row(row, ids, out);
  } else {
    problem = RowProblem{"", std::string(row.problem)};
  }
  ++rows_;
  if (problem) out.resize(before);
  return problem;
}

std::optional<RowProblem> Mapper::map_row(const csv::Row& row, std::span<const TagId> ids,
                                          std::vector<Sample>& out) {
  if (plan_.layout == Layout::kTransposed) return map_line(row, ids, out);
  if (row.fields.size() != plan_.columns.size()) {
    return RowProblem{"", "the row has " + std::to_string(row.fields.size()) +
                              " fields where the table has " +
                              std::to_string(plan_.columns.size()) + " columns"};
  }
  Timestamp time;
  if (auto problem = time_of_row(row, time)) {
    return RowProblem{time_column_ == npos ? "" : plan_.columns[time_column_].name,
                      std::move(*problem)};
  }
  return plan_.layout == Layout::kLong ? map_long(row, time, ids, out)
                                       : map_wide(row, time, ids, out);
}

std::optional<RowProblem> Mapper::map_wide(const csv::Row& row, Timestamp time,
                                           std::span<const TagId> ids, std::vector<Sample>& out) {
  for (const Signal& signal : signals_) {
    const csv::Field* const quality =
        signal.quality_column == npos ? nullptr : &row.fields[signal.quality_column];
    if (auto problem = add_sample(signal, row.fields[signal.column], quality, time, ids, out)) {
      return RowProblem{signal.name, std::move(*problem)};
    }
  }
  return std::nullopt;
}

std::optional<RowProblem> Mapper::map_long(const csv::Row& row, Timestamp time,
                                           std::span<const TagId> ids, std::vector<Sample>& out) {
  const std::string_view name = csv::trimmed(row.fields[tag_column_].text);
  const auto found = signal_of_name_.find(name);
  if (found == signal_of_name_.end()) {
    const std::string problem =
        name.empty() ? "the tag is missing" : "the tag " + shown(name) + " is not in the plan";
    return RowProblem{plan_.columns[tag_column_].name, problem};
  }
  if (found->second == npos) return std::nullopt;
  const csv::Field* const quality =
      quality_column_ == npos ? nullptr : &row.fields[quality_column_];
  const Signal& signal = signals_[found->second];
  if (auto problem = add_sample(signal, row.fields[value_column_], quality, time, ids, out)) {
    return RowProblem{plan_.columns[value_column_].name, std::move(*problem)};
  }
  return std::nullopt;
}

std::optional<RowProblem> Mapper::map_line(const csv::Row& row, std::span<const TagId> ids,
                                           std::vector<Sample>& out) {
  if (rows_ >= signal_of_line_.size()) return RowProblem{"", "the line is not in the plan"};
  if (rows_ == time_column_) return read_times(row);
  const std::size_t number = signal_of_line_[static_cast<std::size_t>(rows_)];
  if (number == npos) return std::nullopt;
  const Signal& signal = signals_[number];
  const std::size_t first = plan_.header ? 1 : 0;
  for (std::size_t i = first; i < row.fields.size(); ++i) {
    Timestamp time;
    std::optional<std::string> problem;
    if (time_column_ == npos) {
      problem = counted_time(i - first, time);
    } else if (i - first < line_times_.size()) {
      time = line_times_[i - first];
    } else {
      problem = "the line has more cells than the line of times";
    }
    if (!problem) problem = add_sample(signal, row.fields[i], nullptr, time, ids, out);
    if (problem) {
      return RowProblem{signal.name, "cell " + std::to_string(i + 1) + ": " + *problem};
    }
  }
  return std::nullopt;
}

std::optional<RowProblem> Mapper::read_times(const csv::Row& row) {
  for (std::size_t i = plan_.header ? 1 : 0; i < row.fields.size(); ++i) {
    Timestamp time;
    if (auto problem = read_time(row.fields[i].text, {}, time)) {
      return RowProblem{plan_.columns[time_column_].name,
                        "cell " + std::to_string(i + 1) + ": " + *problem};
    }
    line_times_.push_back(time);
  }
  return std::nullopt;
}

std::optional<std::string> Mapper::time_of_row(const csv::Row& row, Timestamp& out) {
  if (time_column_ == npos) return counted_time(rows_, out);
  return read_time(
      row.fields[time_column_].text,
      clock_column_ == npos ? std::string_view() : std::string_view(row.fields[clock_column_].text),
      out);
}

std::optional<std::string> Mapper::counted_time(std::uint64_t index, Timestamp& out) const {
  std::int64_t distance = 0;
  const std::int64_t step_ms = plan_.time.step_ms.value_or(1'000);
  if (__builtin_mul_overflow(static_cast<std::int64_t>(index), step_ms, &distance) ||
      __builtin_mul_overflow(distance, kNsPerMillisecond, &distance) ||
      __builtin_add_overflow(plan_.time.start.value_or(Timestamp{}).ns, distance, &out.ns)) {
    return "its time would lie beyond the year 2262";
  }
  return std::nullopt;
}

std::optional<std::string> Mapper::read_time(std::string_view text, std::string_view clock_text,
                                             Timestamp& out) {
  csv::WallTime wall;
  if (csv::trimmed(text).empty()) return "the time is missing";
  if (!format_->read(text, wall)) {
    return shown(text) + " is not a time of the form " + format_->name();
  }
  if (clock_column_ != npos) {
    csv::WallTime clock;
    if (!csv::read_clock(clock_text, clock)) return shown(clock_text) + " is not a time of day";
    wall.seconds += clock.seconds;
    wall.ns = clock.ns;
    if (clock.offset_s) wall.offset_s = clock.offset_s;
  }
  const bool midnight = wall.seconds % kSecondsPerDay == 0 && wall.ns == 0;
  if (plan_.time.midnight_ends_day && midnight) wall.seconds += kSecondsPerDay;
  return to_instant(wall, out);
}

std::optional<std::string> Mapper::to_instant(const csv::WallTime& wall, Timestamp& out) {
  std::int64_t instant_s = 0;
  if (wall.offset_s) {
    instant_s = wall.seconds - *wall.offset_s;
  } else {
    const sys::TimeZone::Instants instants = zone_.at_local(wall.seconds);
    if (!instants.first) {
      return "this local time does not exist in " + plan_.time.zone +
             ": clocks went forward over it";
    }
    instant_s = *instants.first;
    if (instants.second) {
      ++counters_.ambiguous_times;
      const bool first_has_passed = last_instant_s_ && instant_s < *last_instant_s_;
      if (first_has_passed && *instants.second >= *last_instant_s_) instant_s = *instants.second;
    }
  }
  last_instant_s_ = instant_s;
  if (__builtin_mul_overflow(instant_s, kNsPerSecond, &out.ns) ||
      __builtin_add_overflow(out.ns, std::int64_t{wall.ns}, &out.ns)) {
    return "the time lies outside the years 1678 to 2261";
  }
  return std::nullopt;
}

std::optional<std::string> Mapper::add_sample(const Signal& signal, const csv::Field& cell,
                                              const csv::Field* quality, Timestamp time,
                                              std::span<const TagId> ids,
                                              std::vector<Sample>& out) {
  Sample& sample = out.emplace_back();
  const csv::CellRead read = csv::read_cell(signal.type, cell, plan_.decimal, sample.value);
  if (read == csv::CellRead::kWrong) {
    return shown(cell.text) + " is not a " + std::string(type_name(signal.type)) + " value";
  }
  if (quality != nullptr && !csv::trimmed(quality->text).empty()) {
    const Result<Quality> parsed = parse_quality(csv::trimmed(quality->text));
    if (!parsed.ok()) return shown(quality->text) + " is not a quality";
    sample.quality = *parsed;
  }
  if (read == csv::CellRead::kNone) {
    if (sample.quality.good()) {
      out.pop_back();
      return std::nullopt;
    }
    sample.value = zero_of(signal.type);
  } else if (may_lose_digits(signal.type, cell.text) &&
             !csv::keeps_digits(sample.value, cell.text, plan_.decimal)) {
    ++counters_.rounded_cells;
  }
  sample.time = time;
  sample.tag = ids.empty() ? TagId{signal.number + 1} : ids[signal.number];
  return std::nullopt;
}

}  // namespace lineshaft::intake
