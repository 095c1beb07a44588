// records/sqlite_error.h: what the library's result codes mean for callers.
#pragma once

#include <string>

#include "base/result.h"

namespace lineshaft::records {

// `code` is an extended result code that is not a success.
Error sqlite_error(int code, std::string what);

// After such a code the state of what was written is unknown.
bool is_failed_sync(int code);

Error poisoned_error(const std::string& path);

}  // namespace lineshaft::records
