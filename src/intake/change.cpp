#include "intake/change.h"

#include <algorithm>
#include <string>
#include <utility>

namespace lineshaft::intake {
namespace {

template <typename T>
void drop_if_same(std::optional<T>& change, const T& now) {
  if (change && *change == now) change.reset();
}

bool is_empty(const ColumnChange& change) {
  return !change.use && !change.path && !change.type && !change.unit && !change.interpolation;
}

void drop_same_columns(const std::vector<ColumnPlan>& columns, std::vector<ColumnChange>& changes) {
  for (ColumnChange& change : changes) {
    if (change.index >= columns.size()) continue;  // refused when it is applied
    const ColumnPlan& now = columns[change.index];
    drop_if_same(change.use, now.use);
    drop_if_same(change.path, now.path);
    drop_if_same(change.type, now.type);
    drop_if_same(change.unit, now.unit);
    drop_if_same(change.interpolation, now.interpolation);
  }
  const auto empty = [&](const ColumnChange& change) {
    return change.index < columns.size() && is_empty(change);
  };
  changes.erase(std::remove_if(changes.begin(), changes.end(), empty), changes.end());
}

bool cuts_anew(const PlanChange& change) { return change.encoding || change.delimiter; }
bool moves_rows(const PlanChange& change) { return change.header || change.skip_lines; }

// Taking a signal in or out needs no new look, as long as it was looked at once.
bool is_simple(const ColumnPlan& column, Use use) {
  const auto on_or_off = [](Use any) { return any == Use::kSkip || any == Use::kValue; };
  return on_or_off(column.use) && on_or_off(use) && !column.path.empty();
}

bool changes_roles(const Plan& plan, const PlanChange& change) {
  if (change.time_column) return true;
  return std::any_of(change.columns.begin(), change.columns.end(), [&](const ColumnChange& column) {
    return column.use && column.index < plan.columns.size() &&
           (plan.layout == Layout::kLong || !is_simple(plan.columns[column.index], *column.use));
  });
}

// The uses of the columns, without those that a new time column takes over.
void hint_uses(const Plan& plan, const PlanChange& change, SurveyHints& hints) {
  for (const ColumnPlan& column : plan.columns) {
    const bool of_time = column.use == Use::kTime || column.use == Use::kTimeOfDay;
    if (change.time_column && (of_time || column.name == *change.time_column)) continue;
    hints.uses.emplace_back(column.index, column.use);
  }
}

Error wrong(std::string what) { return {ErrorId::kInvalidArgument, std::move(what)}; }

std::string names_of(const Plan& plan) {
  std::string names;
  for (const ColumnPlan& column : plan.columns) names += column.name + '\n';
  return names;
}

// Where a survey found the same columns again, what was said about them still holds.
void keep_columns(const Plan& old, Plan& plan) {
  if (old.layout != plan.layout || names_of(old) != names_of(plan)) return;
  const auto keep = [](const std::vector<ColumnPlan>& from, std::vector<ColumnPlan>& to) {
    for (std::size_t i = 0; i < std::min(from.size(), to.size()); ++i) {
      const bool both = from[i].name == to[i].name && !from[i].path.empty() && !to[i].path.empty();
      if (!both) continue;
      const Use use = to[i].use;
      to[i] = from[i];
      to[i].use = use;
    }
  };
  keep(old.columns, plan.columns);
  keep(old.tags, plan.tags);
}

void keep_time(const Plan& old, TimePlan& time) {
  time.zone = old.time.zone;
  if (!time.column.empty() || !old.time.column.empty()) return;
  time.start = old.time.start;
  time.step_ms = old.time.step_ms;
}

Status check_use(const Plan& plan, bool of_tags, Use use) {
  const bool on_or_off = use == Use::kSkip || use == Use::kValue;
  if (on_or_off || (!of_tags && plan.layout != Layout::kTransposed)) return {};
  if (!of_tags && use == Use::kTime) return {};
  return wrong("use: a signal can be skip or value here, not " + std::string(use_name(use)));
}

Status apply_columns(const Plan& plan, bool of_tags, const std::vector<ColumnChange>& changes,
                     std::vector<ColumnPlan>& columns) {
  for (const ColumnChange& change : changes) {
    if (change.index >= columns.size()) {
      return wrong(std::string(of_tags ? "tags" : "columns") + ": there is no index " +
                   std::to_string(change.index));
    }
    ColumnPlan& column = columns[change.index];
    if (change.use) {
      if (Status good = check_use(plan, of_tags, *change.use); !good) return good;
      column.use = *change.use;
    }
    if (change.path) column.path = *change.path;
    if (change.type) column.type = *change.type;
    if (change.unit) column.unit = *change.unit;
    if (change.interpolation) column.interpolation = *change.interpolation;
  }
  return {};
}

}  // namespace

PlanChange only_what_differs(const Plan& plan, PlanChange change) {
  drop_if_same(change.encoding, plan.encoding);
  drop_if_same(change.delimiter, plan.delimiter);
  drop_if_same(change.decimal, plan.decimal);
  drop_if_same(change.header, plan.header);
  drop_if_same(change.skip_lines, plan.skip_lines);
  drop_if_same(change.layout, plan.layout);
  drop_if_same(change.time_column, plan.time.column);
  drop_if_same(change.time_format, plan.time.format);
  drop_if_same(change.time_zone, plan.time.zone);
  drop_if_same(change.midnight_ends_day, plan.time.midnight_ends_day);
  drop_if_same(change.time_start, plan.time.start);
  drop_if_same(change.step_ms, plan.time.step_ms);
  drop_if_same(change.skip_refused, plan.skip_refused);
  drop_same_columns(plan.columns, change.columns);
  drop_same_columns(plan.tags, change.tags);
  return change;
}

std::optional<SurveyHints> hints_for(const Plan& plan, const PlanChange& change) {
  const bool roles = changes_roles(plan, change);
  if (!cuts_anew(change) && !moves_rows(change) && !change.decimal && !change.layout && !roles) {
    return std::nullopt;
  }
  SurveyHints hints;
  hints.encoding = change.encoding.value_or(plan.encoding);
  hints.delimiter = change.delimiter.value_or(plan.delimiter);
  hints.header = change.header;
  hints.skip_lines = change.skip_lines;
  hints.decimal = change.decimal;
  hints.layout = change.layout;
  hints.time_column = change.time_column;
  if (change.time_column || change.layout) hints.time_format = change.time_format;
  if (!cuts_anew(change)) {
    hints.skip_lines = change.skip_lines.value_or(plan.skip_lines);
    hints.decimal = change.decimal.value_or(plan.decimal);
    // In a transposed table it means something else: a name in front of every line.
    const bool turned = change.layout && (*change.layout == Layout::kTransposed ||
                                          plan.layout == Layout::kTransposed);
    if (!turned) hints.header = change.header.value_or(plan.header);
  }
  if (roles && !cuts_anew(change) && !moves_rows(change) && !change.layout) {
    hints.layout = plan.layout;
    hint_uses(plan, change, hints);
  }
  for (const ColumnChange& column : change.columns) {
    if (column.use) hints.uses.emplace_back(column.index, *column.use);
  }
  return hints;
}

Result<Plan> changed_plan(const Plan& old, Plan proposed, const PlanChange& change) {
  Plan plan = std::move(proposed);
  keep_time(old, plan.time);
  if (!cuts_anew(change) && !moves_rows(change) && !change.decimal) keep_columns(old, plan);
  plan.skip_refused = change.skip_refused.value_or(old.skip_refused);
  if (change.time_format) plan.time.format = *change.time_format;
  if (change.time_zone) plan.time.zone = *change.time_zone;
  if (change.midnight_ends_day) plan.time.midnight_ends_day = *change.midnight_ends_day;
  if (change.time_start) plan.time.start = *change.time_start;
  if (change.step_ms) plan.time.step_ms = *change.step_ms;
  if (Status done = apply_columns(plan, false, change.columns, plan.columns); !done) {
    return std::move(done).error();
  }
  if (Status done = apply_columns(plan, true, change.tags, plan.tags); !done) {
    return std::move(done).error();
  }
  return plan;
}

}  // namespace lineshaft::intake
