#include "retention/rules.h"

#include <nlohmann/json.hpp>

namespace lineshaft::retention {
namespace {

constexpr const char* kForEverWord = "forever";
// Room for ", and 1000 more".
constexpr std::size_t kMoreBytes = 16;

Json days_json(std::uint32_t days) {
  if (days == 0) return nullptr;
  return days == RetentionRule::kForEver ? Json(kForEverWord) : Json(days);
}

// Requires: `field` may be "forever" if it is that of the hours.
Result<std::uint32_t> days_from_json(const Json& object, const char* field, bool may_be_forever) {
  const auto found = object.find(field);
  if (found == object.end() || found->is_null()) return std::uint32_t{0};
  if (may_be_forever && *found == kForEverWord) return RetentionRule::kForEver;
  // Parsed numbers without a sign are unsigned; -1 and 1.5 are not.
  const bool whole = found->is_number_unsigned();
  const std::uint64_t days = whole ? found->get<std::uint64_t>() : 0;
  if (days >= 1 && days <= historian::kRetentionDaysMax) return static_cast<std::uint32_t>(days);
  return Error{ErrorId::kInvalidArgument, std::string(field) +
                                              ": must be a whole number from 1 to 36500, " +
                                              (may_be_forever ? "\"forever\" or null" : "or null")};
}

Result<RetentionRule> rule_from_json(const Json& object) {
  if (!object.is_object()) return Error{ErrorId::kInvalidArgument, "must be an object"};
  if (Status known = only_fields(object, {"pattern", "samples_days", "minutes_days", "hours_days",
                                          "keep_replaced", "tags"});
      !known) {
    return known.error();
  }
  const Result<std::string> pattern = required_string(object, "pattern");
  if (!pattern) return pattern.error();
  const Result<std::uint32_t> samples = days_from_json(object, "samples_days", false);
  if (!samples) return samples.error();
  const Result<std::uint32_t> minutes = days_from_json(object, "minutes_days", false);
  if (!minutes) return minutes.error();
  const Result<std::uint32_t> hours = days_from_json(object, "hours_days", true);
  if (!hours) return hours.error();
  const Result<bool> keep_replaced = optional_bool(object, "keep_replaced", false);
  if (!keep_replaced) return keep_replaced.error();
  return RetentionRule{*pattern, *samples, *minutes, *hours, *keep_replaced};
}

std::string days_in_words(std::uint32_t days) {
  return std::to_string(days) + (days == 1 ? " day" : " days");
}

}  // namespace

Json rule_json(const RetentionRule& rule) {
  return {{"pattern", rule.pattern},
          {"samples_days", days_json(rule.samples_days)},
          {"minutes_days", days_json(rule.minutes_days)},
          {"hours_days", days_json(rule.hours_days)},
          {"keep_replaced", rule.keep_replaced}};
}

Result<std::vector<RetentionRule>> rules_from_json(const Json& list) {
  if (!list.is_array()) return Error{ErrorId::kInvalidArgument, "rules: must be a list"};
  std::vector<RetentionRule> rules;
  for (const Json& object : list) {
    Result<RetentionRule> rule = rule_from_json(object);
    if (!rule) {
      return Error{rule.error().id,
                   "rule " + std::to_string(rules.size() + 1) + ": " + rule.error().what};
    }
    rules.push_back(*std::move(rule));
  }
  if (Status sound = historian::check_retention(rules); !sound) return sound.error();
  return rules;
}

std::string in_words(const RetentionRule& rule) {
  const char* const replaced = rule.keep_replaced ? ", with what was replaced" : "";
  if (rule.samples_days == 0) return std::string("everything for ever") + replaced;
  std::string words = "samples for " + days_in_words(rule.samples_days) + replaced;
  if (rule.minutes_days != 0) words += ", then minutes up to " + days_in_words(rule.minutes_days);
  if (rule.hours_days == RetentionRule::kForEver) return words + ", then hours for ever";
  if (rule.hours_days != 0) words += ", then hours up to " + days_in_words(rule.hours_days);
  return words + ", then nothing";
}

std::string in_words(const std::vector<RetentionRule>& rules, std::size_t bytes_max) {
  if (rules.empty()) return "everything for ever";
  std::string words;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const std::string next = (i == 0 ? "" : "; ") + rules[i].pattern + ": " + in_words(rules[i]);
    if (words.size() + next.size() + kMoreBytes > bytes_max) {
      return words + "; and " + std::to_string(rules.size() - i) + " more";
    }
    words += next;
  }
  return words;
}

}  // namespace lineshaft::retention
