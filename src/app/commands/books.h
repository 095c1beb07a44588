// app/commands/books.h: the verbs of `lineshaft ledger` that ask a running server.
#pragma once

#include <string>

#include "app/cli.h"

namespace lineshaft::app {

void add_books_commands(Cli& cli, CLI::App* noun);

// `form`: ledger or hledger; `of`: all or cosigned.
int export_from_server(ApiClient& api, const std::string& file, const std::string& form,
                       const std::string& of);

}  // namespace lineshaft::app
