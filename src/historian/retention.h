// historian/retention.h: how long samples, and what is summed up of them, are kept.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace lineshaft::historian {

// For the tags of a path pattern (TagFilter::pattern). Days are UTC's: what is older by so many
// full days goes at the end of a day. Texts have no summaries.
struct RetentionRule {
  std::string pattern;
  std::uint32_t samples_days = 0;  // 0: for ever
  std::uint32_t minutes_days = 0;  // a summary of each minute; 0: none
  std::uint32_t hours_days = 0;    // a summary of each hour; 0: none, kForEver: for ever
  // Samples that are replaced by others of the same time are kept beside them, for audits.
  bool keep_replaced = false;
  static constexpr std::uint32_t kForEver = UINT32_MAX;
  friend bool operator==(const RetentionRule&, const RetentionRule&) = default;
};
inline constexpr std::uint32_t kRetentionDaysMax = 36'500;
inline constexpr std::size_t kRetentionRulesMax = 1000;

// Errors: kInvalidArgument naming the rule, from 1, and the field: patterns that are not allowed,
// summaries that are not kept longer than what they are made of.
Status check_retention(const std::vector<RetentionRule>& rules);

// What a rule means at an instant: where each kind begins.
struct RetentionPlan {
  Timestamp samples_from = kTimestampMin;  // earlier samples become summaries, or go
  Timestamp minutes_from =
      kTimestampMin;                     // earlier summaries of minutes become such of hours, or go
  Timestamp hours_from = kTimestampMin;  // everything earlier goes

  bool keeps_minutes() const { return minutes_from < samples_from; }
  bool keeps_hours() const { return hours_from < minutes_from; }
  bool keeps_all() const { return samples_from == kTimestampMin; }
};
// Whatever is not summed up (no minutes, no hours; texts) has its kinds begin where the one before
// does.
RetentionPlan plan_of(const RetentionRule& rule, bool has_numbers, Timestamp now);

struct RetentionReport {
  std::uint64_t tags = 0;             // of which something went or was summed up
  std::uint64_t rollups = 0;          // summaries written
  std::uint64_t erasures = 0;         // tags of which something went for good
  std::uint64_t files_rewritten = 0;  // to give their space back
};

}  // namespace lineshaft::historian
