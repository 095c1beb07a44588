// sys/process.h: what the process allows others to see of its memory, and what it is told without
// being seen.
#pragma once

#include <optional>
#include <string>

namespace lineshaft::sys {

// No core files, and no other process of the same user may look into the memory: it holds keys.
// Without effect on builds with a sanitizer, whose leak check has to look.
void forbid_looking_in();

// May anybody but its owner read or write the file?
bool others_may_read(const std::string& path);

// A line typed on the terminal without being shown; nothing if there is no terminal.
std::optional<std::string> ask_hidden(const std::string& prompt);

}  // namespace lineshaft::sys
