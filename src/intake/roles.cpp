#include "intake/roles.h"

#include <algorithm>
#include <optional>

#include "intake/names.h"
#include "model/value.h"
#include "wire/csv/cell.h"
#include "wire/csv/time_format.h"

namespace lineshaft::intake {
namespace {

constexpr double kNearlyAll = 0.9;

// Share of the rows whose cell in this column satisfies `test`; 0 without rows.
template <typename Test>
double share(const FirstRows& sample, std::size_t column, Test test) {
  if (sample.rows.empty()) return 0;
  const auto count = std::count_if(sample.rows.begin(), sample.rows.end(),
                                   [&](const auto& row) { return test(row[column]); });
  return static_cast<double>(count) / static_cast<double>(sample.rows.size());
}

bool is_calendar_time(const std::string& text) {
  const auto found = csv::TimeFormat::candidates(text);
  return !found.empty() && !found.front().is_digits();
}
bool is_time_in_digits(const std::string& text) {
  const auto found = csv::TimeFormat::candidates(text);
  return !found.empty() && found.front().is_digits();
}
bool is_mere_date(const std::string& text) {
  const auto found = csv::TimeFormat::candidates(text);
  return !found.empty() && !found.front().is_epoch() &&
         found.front().name().find('H') == std::string::npos;
}
bool is_clock(const std::string& text) {
  csv::WallTime ignored;
  return csv::read_clock(text, ignored);
}

bool never_runs_back(const FirstRows& sample, std::size_t column) {
  std::optional<double> before;
  for (const auto& row : sample.rows) {
    Value value;
    const csv::Field field{row[column], false};
    if (csv::read_cell(ValueType::kFloat64, field, '.', value) != csv::CellRead::kValue) continue;
    const double now = std::get<double>(value);
    if (before && now < *before) return false;
    before = now;
  }
  return true;
}

std::size_t find_time(const FirstRows& sample) {
  std::size_t best = Roles::npos;
  int best_points = 0;
  for (std::size_t i = 0; i < sample.names.size(); ++i) {
    const bool named = names_time(sample.names[i]);
    int points = 0;
    if (share(sample, i, is_calendar_time) >= kNearlyAll) {
      points = named ? 4 : 3;
    } else if (share(sample, i, is_time_in_digits) >= kNearlyAll) {
      points = named ? 2 : i == 0 && never_runs_back(sample, i) ? 1 : 0;
    }
    if (points > best_points) {
      best = i;
      best_points = points;
    }
  }
  return best;
}

std::size_t find_clock(const FirstRows& sample, std::size_t time) {
  if (share(sample, time, is_mere_date) < kNearlyAll) return Roles::npos;
  for (std::size_t i = 0; i < sample.names.size(); ++i) {
    if (i != time && share(sample, i, is_clock) >= kNearlyAll) return i;
  }
  return Roles::npos;
}

template <typename Test>
std::size_t find_named(const FirstRows& sample, Test test, const Roles& roles) {
  for (std::size_t i = 0; i < sample.names.size(); ++i) {
    if (roles.uses[i] == Use::kValue && test(sample.names[i])) return i;
  }
  return Roles::npos;
}

bool holds_numbers(const FirstRows& sample, std::size_t column) {
  return share(sample, column, [](const std::string& text) {
           const csv::CellKind kind = csv::look_at_cell({text, false}, '.').kind;
           return kind == csv::CellKind::kInteger || kind == csv::CellKind::kReal;
         }) >= kNearlyAll;
}

void set(Roles& roles, std::size_t column, Use use) {
  if (column != Roles::npos) roles.uses[column] = use;
}

// Tag, value, quality and type by their names; what is left over is skipped. A layout that was
// asked for takes the first column of text for the tag and the next for the value.
void guess_long(const FirstRows& sample, bool asked_for, Roles& roles) {
  std::size_t tag = find_named(sample, names_tag, roles);
  std::size_t value = find_named(sample, names_value, roles);
  for (std::size_t i = 0; asked_for && i < sample.names.size(); ++i) {
    if (roles.uses[i] != Use::kValue) continue;
    if (tag == Roles::npos && i != value && !holds_numbers(sample, i)) {
      tag = i;
    } else if (value == Roles::npos && i != tag) {
      value = i;
    }
  }
  if (!asked_for && (tag == Roles::npos || value == Roles::npos)) return;
  roles.layout = Layout::kLong;
  const std::size_t quality = find_named(sample, names_quality, roles);
  const std::size_t type = find_named(
      sample, [](const std::string& name) { return name == "type"; }, roles);
  std::replace(roles.uses.begin(), roles.uses.end(), Use::kValue, Use::kSkip);
  set(roles, tag, Use::kTag);
  set(roles, value, Use::kValue);
  set(roles, quality, Use::kQuality);
  set(roles, type, Use::kType);
}

Status take_hints(const FirstRows& sample, const SurveyHints& hints, Roles& roles) {
  for (const auto& [index, use] : hints.uses) {
    if (index >= roles.uses.size()) {
      return Error{ErrorId::kInvalidArgument,
                   "columns: there is no column with the index " + std::to_string(index)};
    }
    // One column has each of these parts: the one that had it before loses it.
    const bool single = use == Use::kTime || use == Use::kTimeOfDay || use == Use::kTag ||
                        use == Use::kType || (roles.layout == Layout::kLong && use != Use::kSkip);
    if (single) std::replace(roles.uses.begin(), roles.uses.end(), use, Use::kSkip);
    roles.uses[index] = use;
  }
  if (roles.layout != Layout::kLong) return {};
  for (const Use use : {Use::kTag, Use::kTime, Use::kValue}) {
    if (roles.find(use) != Roles::npos) continue;
    return Error{ErrorId::kInvalidArgument, "layout: long needs a column whose use is " +
                                                std::string(use_name(use)) + " (of " +
                                                std::to_string(sample.names.size()) + " columns)"};
  }
  return {};
}

Status take_time_hint(const FirstRows& sample, const std::string& name, Roles& roles) {
  for (Use& use : roles.uses) {
    if (use == Use::kTime || use == Use::kTimeOfDay) use = Use::kValue;
  }
  if (name.empty()) return {};
  const auto found = std::find(sample.names.begin(), sample.names.end(), name);
  if (found == sample.names.end()) {
    return Error{ErrorId::kInvalidArgument, "time.column: there is no column '" + name + "'"};
  }
  roles.uses[static_cast<std::size_t>(found - sample.names.begin())] = Use::kTime;
  return {};
}

}  // namespace

std::size_t Roles::find(Use use) const {
  const auto found = std::find(uses.begin(), uses.end(), use);
  return found == uses.end() ? npos : static_cast<std::size_t>(found - uses.begin());
}

ExportName split_export_name(const std::string& name) {
  const std::size_t hash = name.rfind('#');
  if (hash == std::string::npos) return {name, ""};
  std::string suffix = name.substr(hash + 1);
  if (suffix != "quality" && !parse_type(suffix).ok()) return {name, ""};
  return {name.substr(0, hash), std::move(suffix)};
}

Result<Roles> guess_roles(const FirstRows& sample, const SurveyHints& hints) {
  Roles roles;
  roles.uses.assign(sample.names.size(), Use::kValue);
  for (std::size_t i = 0; i < sample.names.size(); ++i) {
    if (split_export_name(sample.names[i]).suffix == "quality") roles.uses[i] = Use::kQuality;
  }
  const std::size_t time = find_time(sample);
  set(roles, time, Use::kTime);
  if (hints.time_column) {
    if (Status hinted = take_time_hint(sample, *hints.time_column, roles); !hinted) {
      return std::move(hinted).error();
    }
  }
  if (const std::size_t chosen = roles.find(Use::kTime); chosen != Roles::npos) {
    set(roles, find_clock(sample, chosen), Use::kTimeOfDay);
    const bool asked_for = hints.layout == Layout::kLong;
    if (asked_for || !hints.layout) guess_long(sample, asked_for, roles);
  }
  for (std::size_t i = 0; roles.layout == Layout::kWide && i < roles.uses.size(); ++i) {
    const bool has_value = i > 0 && roles.uses[i - 1] == Use::kValue;
    if (roles.uses[i] == Use::kQuality && !has_value) roles.uses[i] = Use::kSkip;
  }
  if (hints.layout == Layout::kLong) roles.layout = Layout::kLong;
  if (Status hinted = take_hints(sample, hints, roles); !hinted) return std::move(hinted).error();
  return roles;
}

}  // namespace lineshaft::intake
