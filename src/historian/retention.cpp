#include "historian/retention.h"

#include <algorithm>

#include "historian/historian.h"

namespace lineshaft::historian {
namespace {

// The last midnight that is at least so many days ago; before all time if there is none.
Timestamp days_before(Timestamp now, std::uint32_t days) {
  constexpr std::int64_t kDay = Nanoseconds(std::chrono::days(1)).count();
  const std::int64_t today = now.ns / kDay - (now.ns % kDay < 0 ? 1 : 0);
  const std::int64_t day = today - static_cast<std::int64_t>(days);
  if (day <= INT64_MIN / kDay) return kTimestampMin;
  return {day * kDay};
}

Status check_rule(const RetentionRule& rule) {
  const auto wrong = [](const char* what) { return Error{ErrorId::kInvalidArgument, what}; };
  if (rule.pattern.empty()) return wrong("pattern: must not be empty; ** is every tag");
  if (Status sound = check_tag_filter({"", "", rule.pattern}); !sound) return sound;
  const bool has_summaries = rule.minutes_days != 0 || rule.hours_days != 0;
  if (rule.samples_days == 0 && has_summaries) {
    return wrong("samples_days: samples that are kept for ever need no summaries");
  }
  if (rule.samples_days > kRetentionDaysMax || rule.minutes_days > kRetentionDaysMax ||
      (rule.hours_days > kRetentionDaysMax && rule.hours_days != RetentionRule::kForEver)) {
    return wrong("days: at most 36500, or 0");
  }
  if (rule.minutes_days != 0 && rule.minutes_days <= rule.samples_days) {
    return wrong("minutes_days: must be more than samples_days");
  }
  if (rule.hours_days != 0 && rule.hours_days <= std::max(rule.samples_days, rule.minutes_days)) {
    return wrong("hours_days: must be more than samples_days and minutes_days");
  }
  return {};
}

}  // namespace

Status check_retention(const std::vector<RetentionRule>& rules) {
  if (rules.size() > kRetentionRulesMax) {
    return Error{ErrorId::kInvalidArgument, "there can be at most 1000 rules"};
  }
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const Status sound = check_rule(rules[i]);
    if (!sound) {
      return Error{sound.error().id, "rule " + std::to_string(i + 1) + ": " + sound.error().what};
    }
  }
  return {};
}

RetentionPlan plan_of(const RetentionRule& rule, bool has_numbers, Timestamp now) {
  RetentionPlan plan;
  if (rule.samples_days == 0) return plan;
  plan.samples_from = plan.minutes_from = plan.hours_from = days_before(now, rule.samples_days);
  if (!has_numbers) return plan;
  if (rule.minutes_days != 0) {
    plan.minutes_from = plan.hours_from = days_before(now, rule.minutes_days);
  }
  if (rule.hours_days != 0) {
    plan.hours_from = rule.hours_days == RetentionRule::kForEver
                          ? kTimestampMin
                          : days_before(now, rule.hours_days);
  }
  return plan;
}

}  // namespace lineshaft::historian
