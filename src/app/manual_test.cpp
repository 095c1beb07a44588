#include "app/manual.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>

#include "app/cli.h"

namespace lineshaft::app {
namespace {

using testing::HasSubstr;

TEST(Manual, NamesEveryCommandWithItsOptions) {
  const std::unique_ptr<Cli> cli = make_cli();
  const std::string page = manual_page(cli->root, "1.2.3");
  for (const char* command :
       {"lineshaft serve", "lineshaft sim plant", "lineshaft doctor", "lineshaft connect scan",
        "lineshaft connect add", "lineshaft connect ls", "lineshaft connect test",
        "lineshaft tag ls", "lineshaft tag watch", "lineshaft query last", "lineshaft query raw",
        "lineshaft query agg", "lineshaft import csv", "lineshaft export", "lineshaft user add",
        "lineshaft token add", "lineshaft version", "lineshaft completion bash"}) {
    EXPECT_THAT(page, HasSubstr(".SS \"" + std::string(command) + "\"")) << command;
  }
  EXPECT_THAT(page, HasSubstr("\\-\\-dry\\-run"));
  EXPECT_THAT(page, HasSubstr("Lineshaft 1.2.3"));
}

// What bash itself offers after the words typed so far.
std::string bash_offers(const std::string& script, const std::string& words) {
  const std::string file = testing::TempDir() + "/lineshaft-completion.bash";
  std::ofstream(file) << script << "\nCOMP_WORDS=(" << words << " '')\n"
                      << "COMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n_lineshaft\n"
                      << "echo \"${COMPREPLY[*]}\"\n";
  FILE* const pipe = popen(("bash " + file).c_str(), "r");
  std::string offers;
  char buffer[4096];
  while (std::fgets(buffer, sizeof(buffer), pipe) != nullptr) offers += buffer;
  EXPECT_EQ(pclose(pipe), 0);
  return offers;
}

TEST(Completion, OffersNounsVerbsAndOptionsWhereTheyFit) {
  const std::unique_ptr<Cli> cli = make_cli();
  const std::string script = bash_completion(cli->root);
  EXPECT_THAT(bash_offers(script, "lineshaft"), HasSubstr("connect"));
  EXPECT_THAT(bash_offers(script, "lineshaft query"), HasSubstr("last raw agg"));
  EXPECT_THAT(bash_offers(script, "lineshaft import csv"), HasSubstr("--dry-run"));
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
