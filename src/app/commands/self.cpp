// version, completion, man: all read the command table itself.
#include <iostream>

#include "app/cli.h"
#include "app/manual.h"

namespace lineshaft::app {

void add_self_commands(Cli& cli) {
  CLI::App* version = cli.root.add_subcommand("version", "Print the version");
  cli.on(version, [] {
    std::cout << "lineshaft " << kVersion << std::endl;
    return kExitOk;
  });
  CLI::App* completion = cli.root.add_subcommand("completion", "Print a completion script");
  completion->require_subcommand(1);
  cli.on(completion->add_subcommand("bash", "For bash: source <(lineshaft completion bash)"),
         [&cli] {
           std::cout << bash_completion(cli.root);
           return kExitOk;
         });
  cli.on(completion->add_subcommand("zsh", "For zsh: source <(lineshaft completion zsh)"), [&cli] {
    std::cout << zsh_completion(cli.root);
    return kExitOk;
  });
  CLI::App* man = cli.root.add_subcommand("man", "Print the manual page: lineshaft man | man -l -");
  auto markdown = std::make_shared<bool>(false);
  man->add_flag("--markdown", *markdown, "Print docs/reference/cli.md instead");
  cli.on(man, [&cli, markdown] {
    std::cout << (*markdown ? reference_page(cli.root) : manual_page(cli.root, kVersion));
    return kExitOk;
  });
}

}  // namespace lineshaft::app
