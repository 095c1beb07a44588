// sys/terminal.h: what is typed on the terminal without being shown.
#pragma once

#include <optional>
#include <string>

namespace lineshaft::sys {

// A line typed after `prompt`; nothing if there is no terminal.
std::optional<std::string> ask_hidden(const std::string& prompt);

}  // namespace lineshaft::sys
