// app/commands/put.h: the verb `put` that many nouns have.
#pragma once

#include <string>
#include <vector>

#include "app/cli.h"

namespace lineshaft::app {

// `noun put FILE`: one object or a list of them, each put at `path` as the API has it, and shown.
// Requires: `columns` live as long as the program.
void add_put(Cli& cli, CLI::App* noun, const std::string& what, const std::string& path,
             const std::vector<Column>& columns);

}  // namespace lineshaft::app
