#include "sys/process.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

namespace lineshaft::sys {
namespace {

// What a check says of itself in a process of its own: what is given up there is given up for ever.
int in_a_child(int (*check)()) {
  const pid_t child = fork();
  if (child == 0) _exit(check());
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(Process, AHardenedProcessMakesFilesForItsOwnerAndNoCoreFiles) {
  EXPECT_EQ(in_a_child([] {
              if (!harden_process()) return 1;
              const std::string path = testing::TempDir() + "/hardened-" + std::to_string(getpid());
              std::ofstream(path) << "x";
              const auto others = rights_of_others(path);
              unlink(path.c_str());
              if (!others || *others != 0) return 2;
              return writes_core_files() ? 3 : 0;
            }),
            0);
}

TEST(Process, RootBecomesAnotherUserAndCannotGoBack) {
  if (!runs_as_root()) GTEST_SKIP() << "only root can become somebody";
  EXPECT_EQ(in_a_child([] {
              if (!become_user("nobody")) return 1;
              if (runs_as_root() || getegid() == 0) return 2;
              return setuid(0) == 0 || seteuid(0) == 0 ? 3 : 0;
            }),
            0);
}

TEST(Process, AnUnknownUserIsNamed) {
  const Status unknown = become_user("no-such-user-here");
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.error().id, ErrorId::kInvalidArgument);
}

TEST(Process, SaysWhoElseMayRead) {
  const std::string path = testing::TempDir() + "/mode-" + std::to_string(getpid());
  std::ofstream(path) << "x";
  chmod(path.c_str(), 0640);
  EXPECT_EQ(*rights_of_others(path), 040U);
  unlink(path.c_str());
  EXPECT_EQ(rights_of_others(path).error().id, ErrorId::kFileMissing);
}

}  // namespace
}  // namespace lineshaft::sys
