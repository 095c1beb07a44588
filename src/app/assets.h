// app/assets.h: the console's files, compiled into the binary by console/tools/embed.mjs.
#pragma once

#include <vector>

#include "api/router.h"

namespace lineshaft::app {

std::vector<api::Asset> console_assets();

}  // namespace lineshaft::app
