// app/manual.h: the manual page, the reference and the completions, written from the command table.
#pragma once

#include <string>
#include <string_view>

namespace CLI {
class App;
}

namespace lineshaft::app {

// man(7) source of lineshaft(1), with every command and option.
std::string manual_page(const CLI::App& root, std::string_view version);

// docs/reference/cli.md.
std::string reference_page(const CLI::App& root);

// A script that completes nouns, verbs and options.
std::string bash_completion(const CLI::App& root);
std::string zsh_completion(const CLI::App& root);

}  // namespace lineshaft::app
