#include "app/manual.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <vector>

#include "app/cli.h"

namespace lineshaft::app {
namespace {

using testing::HasSubstr;

TEST(Manual, NamesEveryCommandWithItsOptions) {
  const std::unique_ptr<Cli> cli = make_cli();
  const std::string page = manual_page(cli->root, "1.2.3");
  for (const char* command :
       {"lineshaft serve",        "lineshaft sim plant",      "lineshaft doctor",
        "lineshaft connect scan", "lineshaft connect add",    "lineshaft connect ls",
        "lineshaft connect test", "lineshaft tag ls",         "lineshaft tag watch",
        "lineshaft query last",   "lineshaft query raw",      "lineshaft query agg",
        "lineshaft query at",     "lineshaft retention set",  "lineshaft erase",
        "lineshaft asset own",    "lineshaft party join",     "lineshaft import csv",
        "lineshaft export",       "lineshaft user add",       "lineshaft token add",
        "lineshaft version",      "lineshaft completion bash"}) {
    EXPECT_THAT(page, HasSubstr(".SS \"" + std::string(command) + " ")) << command;
  }
  EXPECT_THAT(page, HasSubstr("\\-\\-dry\\-run"));
  EXPECT_THAT(page, HasSubstr("Lineshaft 1.2.3"));
}

TEST(Manual, ThePageOfTheReferenceIsWhatTheProgramSays) {
  std::ifstream in(std::string(LINESHAFT_SOURCE_DIR) + "/docs/reference/cli.md");
  const std::string page{std::istreambuf_iterator<char>(in), {}};
  EXPECT_EQ(page, reference_page(make_cli()->root))
      << "run: lineshaft man --markdown > docs/reference/cli.md";
}

TEST(Cli, ThePartOfTheTableForANounHoldsItAsTheWholeDoes) {
  const std::unique_ptr<Cli> whole = make_cli();
  const auto any = [](const CLI::App*) { return true; };
  const std::vector<CLI::App*> nouns = whole->root.get_subcommands(any);
  for (const CLI::App* noun : nouns) {
    const std::unique_ptr<Cli> part = make_cli(noun->get_name());
    EXPECT_EQ(part->root.get_subcommand(noun->get_name())->help("", CLI::AppFormatMode::All),
              noun->help("", CLI::AppFormatMode::All));
    EXPECT_LT(part->root.get_subcommands(any).size(), nouns.size()) << noun->get_name();
  }
}

// What a shell prints that runs this script.
std::string shell_output(const std::string& shell, const std::string& script) {
  const std::string file = testing::TempDir() + "/lineshaft-completion." + shell;
  std::ofstream(file) << script;
  FILE* const pipe = popen((shell + " " + file).c_str(), "r");
  std::string output;
  char buffer[4096];
  while (std::fgets(buffer, sizeof(buffer), pipe) != nullptr) output += buffer;
  EXPECT_EQ(pclose(pipe), 0);
  return output;
}

// What bash itself offers after the words typed so far.
std::string bash_offers(const std::string& script, const std::string& words) {
  return shell_output("bash", script + "\nCOMP_WORDS=(" + words +
                                  " '')\nCOMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n_lineshaft\n"
                                  "echo \"${COMPREPLY[*]}\"\n");
}

// The same of zsh, with its completion system replaced by what it would be told.
std::string zsh_offers(const std::string& script, const std::string& words) {
  return shell_output("zsh", "compdef() { :; }\n_files() { :; }\ncompadd() { shift; echo $*; }\n" +
                                 script + "\nwords=(" + words +
                                 " '')\nCURRENT=${#words}\n_lineshaft\n");
}

TEST(Completion, OffersNounsVerbsAndOptionsWhereTheyFit) {
  const std::unique_ptr<Cli> cli = make_cli();
  const std::string script = bash_completion(cli->root);
  EXPECT_THAT(bash_offers(script, "lineshaft"), HasSubstr("connect"));
  EXPECT_THAT(bash_offers(script, "lineshaft query"), HasSubstr("last raw agg"));
  EXPECT_THAT(bash_offers(script, "lineshaft import csv"), HasSubstr("--dry-run"));
}

TEST(Completion, WordsThatAreNoCommandsDoNotHideTheOptions) {
  const std::string script = bash_completion(make_cli()->root);
  EXPECT_THAT(bash_offers(script, "lineshaft import csv file.csv"), HasSubstr("--dry-run"));
  EXPECT_THAT(bash_offers(script, "lineshaft connect test 10.0.0.5 --port 502"),
              HasSubstr("--file"));
  EXPECT_THAT(bash_offers(script, "lineshaft connect test 10.0.0.5"),
              testing::Not(HasSubstr("scan")));
}

TEST(Completion, OffersTheSameInZsh) {
  if (std::system("command -v zsh > /dev/null") != 0) GTEST_SKIP() << "zsh is not installed";
  const std::string script = zsh_completion(make_cli()->root);
  EXPECT_THAT(zsh_offers(script, "lineshaft"), HasSubstr("connect"));
  EXPECT_THAT(zsh_offers(script, "lineshaft query"), HasSubstr("last raw agg"));
  EXPECT_THAT(zsh_offers(script, "lineshaft import csv file.csv"), HasSubstr("--dry-run"));
}

TEST(Output, ExitCodesFollowTheTableOfTheReference) {
  EXPECT_EQ(exit_code(ErrorCode::kInvalid), 1);
  EXPECT_EQ(exit_code(ErrorCode::kMissing), 3);
  EXPECT_EQ(exit_code(ErrorCode::kConflict), 4);
  EXPECT_EQ(exit_code(ErrorCode::kDenied), 5);
  EXPECT_EQ(exit_code(ErrorCode::kTimeout), 6);
  EXPECT_EQ(exit_code(ErrorCode::kCorrupt), 7);
}

}  // namespace
}  // namespace lineshaft::app
