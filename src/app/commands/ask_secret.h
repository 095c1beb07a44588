// app/commands/ask_secret.h: what must not stand on a command line, which others see.
#pragma once

#include <string>

#include "base/result.h"

namespace lineshaft::app {

// From that variable of the environment (for scripts), else asked on the terminal without echo.
// Errors: kUsage: there is no terminal to ask on.
Result<std::string> ask_secret(const std::string& prompt, const char* variable);
// The same with LINESHAFT_PASSWORD.
Result<std::string> ask_password(const std::string& prompt);

}  // namespace lineshaft::app
