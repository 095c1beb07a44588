// connect/instant.h: one moment on both clocks.
#pragma once

#include "base/time.h"

namespace lineshaft::connect {

struct Instant {
  Timestamp wall;         // for samples; may jump
  Nanoseconds steady{0};  // for intervals; the loop's
};

}  // namespace lineshaft::connect
