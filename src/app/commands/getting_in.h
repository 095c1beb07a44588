// app/commands/getting_in.h: connect backfill | browse | methods | call | scan | export | import |
// undo, and write.
#pragma once

#include "app/cli.h"

namespace lineshaft::app {

// Adds them to the command `connect`.
void add_getting_in_commands(Cli& cli, CLI::App* connect);
void add_backfill_command(Cli& cli, CLI::App* connect);
void add_method_commands(Cli& cli, CLI::App* connect);
void add_write_command(Cli& cli);  // write

}  // namespace lineshaft::app
