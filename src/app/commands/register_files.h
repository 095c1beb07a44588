// app/commands/register_files.h: the register from and to files.
#pragma once

#include "app/cli.h"

namespace lineshaft::app {

// asset import | export.
void add_asset_files(Cli& cli, CLI::App* asset);

}  // namespace lineshaft::app
