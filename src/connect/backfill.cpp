#include "connect/backfill.h"

namespace lineshaft::connect {

std::string_view backfill_state_name(BackfillState state) {
  switch (state) {
    case BackfillState::kRunning:
      return "running";
    case BackfillState::kDone:
      return "done";
    case BackfillState::kFailed:
      return "failed";
    case BackfillState::kCancelled:
      return "cancelled";
  }
  return "";
}

}  // namespace lineshaft::connect
