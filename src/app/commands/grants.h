// app/commands/grants.h: roles and places on the command line: "operator@Northfield/Melt shop".
#pragma once

#include <string>
#include <vector>

#include "app/cli.h"

namespace lineshaft::app {

// Adds --role and --grant. Both references outlive the command.
void add_grant_options(CLI::App* command, std::string& role, std::vector<std::string>& grants);
// {"grants": [...]}, or {"role": ...} if there are no grants.
Json grants_body(const std::string& role, const std::vector<std::string>& grants);
// "operator@Northfield/Melt shop, viewer", of what the API answers.
std::string grants_text(const Json& grants);
// Each item with its grants as one text, where people read it or a spreadsheet.
Json with_roles(Format format, Json items);

}  // namespace lineshaft::app
