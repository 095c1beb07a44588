// app/commands/account.h: the further commands of people: invitations, factors, sessions, recovery.
#pragma once

#include "app/cli.h"

namespace lineshaft::app {

// `user`: the command that they come under.
void add_people_commands(Cli& cli, CLI::App* user);
// session, recover.
void add_account_commands(Cli& cli);

}  // namespace lineshaft::app
