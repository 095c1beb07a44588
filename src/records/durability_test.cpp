// What a commit promises, against a killed process and a failing disk. A kill leaves what the
// system had taken in its cache, so the syncs themselves are counted and broken here as well.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <string>

#include "records/database.h"
#include "records/test_directory.h"

namespace {
int syncs = 0;
bool syncs_fail = false;
bool writes_fail = false;

int counted_sync(long number, int file) {
  ++syncs;
  if (syncs_fail) {
    errno = EIO;
    return -1;
  }
  return static_cast<int>(syscall(number, file));
}
}  // namespace

// The library calls these instead of the C library's: the program's own symbols come first.
extern "C" int fdatasync(int file) { return counted_sync(SYS_fdatasync, file); }
extern "C" int fsync(int file) { return counted_sync(SYS_fsync, file); }

namespace lineshaft::records {
namespace {

constexpr std::array<std::string_view, 1> kSteps{
    "CREATE TABLE rows (id INTEGER PRIMARY KEY, part INTEGER NOT NULL) STRICT"};
constexpr std::int64_t kPartsEach = 3;

std::unique_ptr<Database> open(const std::string& path) {
  std::unique_ptr<Database> database =
      Database::open(sys::real_file_system(), {.path = path}).value();
  LS_ASSERT(database->migrate("rows", kSteps).ok());
  return database;
}

std::int64_t scalar(Database& database, std::string_view sql) {
  Statement select = database.prepare(sql).value();
  EXPECT_TRUE(select.step().value());
  return select.int64(0);
}

// One transaction of kPartsEach rows.
Status commit_one(Database& database, std::int64_t number) {
  Result<Transaction> transaction = database.begin();
  if (!transaction) return std::move(transaction).error();
  for (std::int64_t part = 0; part < kPartsEach; ++part) {
    Status added = database.run("INSERT INTO rows (id, part) VALUES (?1, ?2)",
                                number * kPartsEach + part, part);
    if (!added) return added;
  }
  return transaction->commit();
}

// The process that will be killed: commits for ever and tells after each commit.
[[noreturn]] void commit_until_killed(const std::string& path, int acknowledgements) {
  const std::unique_ptr<Database> database = open(path);
  for (std::int64_t number = scalar(*database, "SELECT count(*) FROM rows") / kPartsEach;;
       ++number) {
    LS_ASSERT(commit_one(*database, number).ok());
    LS_ASSERT(write(acknowledgements, &number, sizeof number) == sizeof number);
  }
}

// Runs it, kills it after `wanted` acknowledgements, and returns the last number it acknowledged.
std::int64_t run_and_kill(const std::string& path, int wanted) {
  std::array<int, 2> ends{};
  LS_ASSERT(pipe(ends.data()) == 0);
  const pid_t child = fork();
  LS_ASSERT(child >= 0);
  if (child == 0) {
    close(ends[0]);
    commit_until_killed(path, ends[1]);
  }
  close(ends[1]);
  std::int64_t acknowledged = -1;
  std::int64_t number = 0;
  for (int i = 0; i < wanted; ++i) {
    LS_ASSERT(read(ends[0], &number, sizeof number) == sizeof number);
    acknowledged = number;
  }
  kill(child, SIGKILL);
  while (read(ends[0], &number, sizeof number) == sizeof number) acknowledged = number;
  close(ends[0]);
  int status = 0;
  LS_ASSERT(waitpid(child, &status, 0) == child);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  return acknowledged;
}

TEST(Durability, KeepsEveryAcknowledgedCommitOfAKilledProcess) {
  const TestDirectory directory;
  const std::string path = directory.file("records.db");
  for (int round = 0; round < 40; ++round) {
    const std::int64_t acknowledged = run_and_kill(path, 1 + round * 7 % 23);
    const std::unique_ptr<Database> database = open(path);
    EXPECT_TRUE(database->recovery().damages.empty());
    const std::int64_t rows = scalar(*database, "SELECT count(*) FROM rows");
    EXPECT_EQ(rows % kPartsEach, 0) << "part of a transaction was kept";
    EXPECT_GE(rows / kPartsEach, acknowledged + 1) << "an acknowledged commit is missing";
    EXPECT_LE(rows / kPartsEach, acknowledged + 2) << "more than the one commit under way was kept";
    EXPECT_EQ(scalar(*database, "SELECT max(id) FROM rows"), rows - 1);
  }
}

TEST(Durability, SyncsBeforeEveryCommitReturns) {
  const TestDirectory directory;
  const std::unique_ptr<Database> database = open(directory.file("records.db"));
  for (std::int64_t number = 0; number < 20; ++number) {
    const int before = syncs;
    ASSERT_TRUE(commit_one(*database, number).ok());
    EXPECT_GT(syncs, before);
  }
}

TEST(Durability, TakesNoWriteAfterAFailedSyncButGoesOnReading) {
  const TestDirectory directory;
  const std::string path = directory.file("records.db");
  {
    const std::unique_ptr<Database> database = open(path);
    ASSERT_TRUE(commit_one(*database, 0).ok());
    syncs_fail = true;
    EXPECT_EQ(commit_one(*database, 1).error().id, ErrorId::kIoError);
    syncs_fail = false;  // The next sync would succeed, as after a real failure, and prove nothing.
    EXPECT_TRUE(database->poisoned());
    EXPECT_EQ(commit_one(*database, 2).error().id, ErrorId::kStorePoisoned);
    EXPECT_EQ(database->run("DELETE FROM rows").error().id, ErrorId::kStorePoisoned);
    EXPECT_EQ(scalar(*database, "SELECT count(*) FROM rows"), kPartsEach);
  }
  const std::unique_ptr<Database> again = open(path);
  EXPECT_GE(scalar(*again, "SELECT count(*) FROM rows"), kPartsEach);
  EXPECT_TRUE(commit_one(*again, 9).ok());
}

ssize_t full_disk_write(int file, const void* data, size_t bytes, off_t offset) {
  if (writes_fail) {
    errno = ENOSPC;
    return -1;
  }
  return pwrite(file, data, bytes, offset);
}

TEST(Durability, RefusesWritesOnAFullDiskAndRecoversWhenThereIsRoom) {
  sqlite3_vfs* files = sqlite3_vfs_find(nullptr);
  for (const char* call : {"pwrite", "pwrite64"}) {
    files->xSetSystemCall(files, call, reinterpret_cast<sqlite3_syscall_ptr>(full_disk_write));
  }
  const TestDirectory directory;
  const std::unique_ptr<Database> database = open(directory.file("records.db"));
  ASSERT_TRUE(commit_one(*database, 0).ok());
  writes_fail = true;
  EXPECT_EQ(commit_one(*database, 1).error().id, ErrorId::kDiskFull);
  EXPECT_EQ(scalar(*database, "SELECT count(*) FROM rows"), kPartsEach) << "reading goes on";
  writes_fail = false;
  EXPECT_FALSE(database->poisoned());
  EXPECT_TRUE(commit_one(*database, 1).ok());
  files->xSetSystemCall(files, nullptr, nullptr);
}

}  // namespace
}  // namespace lineshaft::records
