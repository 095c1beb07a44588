// version, completion, man: the last two read the command table itself.
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
  cli.on(completion->add_subcommand("bash", "For bash: source <(lineshaft completion bash)"), [] {
    std::cout << bash_completion(make_cli()->root);
    return kExitOk;
  });
  cli.on(completion->add_subcommand("zsh", "For zsh: source <(lineshaft completion zsh)"), [] {
    std::cout << zsh_completion(make_cli()->root);
    return kExitOk;
  });
  CLI::App* man = cli.root.add_subcommand("man", "Print the manual page: lineshaft man | man -l -");
  auto markdown = std::make_shared<bool>(false);
  man->add_flag("--markdown", *markdown, "Print docs/reference/cli.md instead");
  cli.on(man, [markdown] {
    const std::unique_ptr<Cli> whole = make_cli();
    std::cout << (*markdown ? reference_page(whole->root) : manual_page(whole->root, kVersion));
    return kExitOk;
  });
}

}  // namespace lineshaft::app
