// intake/change.h: what a person's change makes of a plan, and whether the file must be looked at
// anew for it.
#pragma once

#include <optional>

#include "base/result.h"
#include "intake/plan.h"
#include "intake/survey.h"

namespace lineshaft::intake {

// Drops from `change` what the plan says already, so that a whole plan can be sent back with one
// field changed.
PlanChange only_what_differs(const Plan& plan, PlanChange change);

// How the file is to be surveyed anew, or nothing when the columns stay as they are.
//
//   changed                     kept from the plan, all else is guessed anew
//   encoding, delimiter         encoding, delimiter
//   header, skip_lines          these, and decimal
//   decimal                     all of these
//   layout                      all of these
//   time column, uses           all of these, the layout and the other columns' uses
//
// Requires: `change` comes from only_what_differs.
std::optional<SurveyHints> hints_for(const Plan& plan, const PlanChange& change);

// `proposed`: the plan of the new survey, or the old plan when there was none. Keeps of the old
// plan what the survey does not look at (zone, start and step) and, where columns are the same,
// what was said about them; then applies the change. Errors: kInvalidArgument naming the field.
Result<Plan> changed_plan(const Plan& old, Plan proposed, const PlanChange& change);

}  // namespace lineshaft::intake
