// The body of a change of an import, and the state of an import as it lies in the spool.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "intake/change.h"
#include "intake/import_json.h"
#include "intake/state.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lineshaft;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto plan = intake::json_to_plan(text); plan.ok()) {
    const auto again = intake::json_to_plan(intake::plan_to_json(*plan));
    LS_ASSERT(again.ok());
  }
  if (const auto change = intake::json_to_plan_change(text); change.ok()) {
    intake::Plan plan;
    plan.columns.resize(3);
    const intake::PlanChange news = intake::only_what_differs(plan, *change);
    static_cast<void>(intake::hints_for(plan, news));
    static_cast<void>(intake::changed_plan(plan, plan, news));
  }
  if (const auto state = intake::json_to_state(text); state.ok()) {
    LS_ASSERT(intake::json_to_state(intake::state_to_json(*state)).ok());
  }
  return 0;
}
