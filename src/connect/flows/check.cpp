// What is allowed of a flow, whatever its kind.
#include <cmath>

#include "connect/flow.h"
#include "connect/flows/name.h"
#include "connect/flows/units.h"
#include "connect/protocol.h"

namespace lineshaft::connect {

namespace {

constexpr std::size_t kTitleBytesMax = 128;
constexpr std::uint32_t kIntervalMsMax = 86'400'000;

Error wrong(const std::string& field, const std::string& problem) {
  return {ErrorId::kInvalidArgument, field + ": " + problem};
}

Status check_rule(const FlowRule& rule, const std::string& here) {
  if (!is_name(rule.select, kTagPathBytesMax)) {
    return wrong(here + "select", "must be a pattern of 1 to 512 bytes, as acme/*/press 4/**");
  }
  if (rule.leave_out) return {};
  if (Status form = check_name_template(rule.name); !form) {
    return wrong(here + "name", form.error().what);
  }
  if (!rule.unit.empty() && !is_known_unit(rule.unit)) {
    return wrong(here + "unit",
                 "'" + rule.unit.substr(0, 16) + "' is no unit that numbers can be converted to");
  }
  if (!std::isfinite(rule.deadband) || rule.deadband < 0) {
    return wrong(here + "deadband", "must be a number from 0 on");
  }
  if (rule.min_interval_ms > kIntervalMsMax) {
    return wrong(here + "min_interval_ms", "must be 0 to 86400000");
  }
  return {};
}

}  // namespace

Status check_flow(const FlowConfig& config) {
  if (!is_name(config.name, kTitleBytesMax)) {
    return wrong("name", "must be text of 1 to 128 bytes");
  }
  if (config.rules.empty() || config.rules.size() > kFlowRulesMax) {
    return wrong("rules", "must be a list of 1 to 100 rules");
  }
  for (std::size_t i = 0; i < config.rules.size(); ++i) {
    Status checked = check_rule(config.rules[i], "rules[" + std::to_string(i) + "].");
    if (!checked) return checked;
  }
  return kind_of(config.settings).check_settings(config.settings);
}

}  // namespace lineshaft::connect
