// app/commands/read_json.h: what a person hands over as a file.
#pragma once

#include <string>

#include "app/output.h"

namespace lineshaft::app {

// A JSON file, or "-" for standard input. Errors: kFileMissing, kUsage: it is not JSON.
Result<Json> read_json(const std::string& file);

}  // namespace lineshaft::app
