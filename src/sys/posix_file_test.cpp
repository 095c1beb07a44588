#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <string>

#include "sys/file.h"

namespace lineshaft::sys {
namespace {

class PosixFileTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "lineshaft-files-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  std::string path(std::string_view name) const { return join_path(root_, name); }
  std::unique_ptr<File> create(std::string_view name) {
    return files_.open(path(name), OpenMode::kCreateNew).value();
  }
  Bytes content(std::string_view name) { return read_file(files_, path(name), 1 << 24).value(); }

  FileSystem& files_ = real_file_system();
  std::string root_;
};

Bytes bytes_of(std::string_view text) { return {text.begin(), text.end()}; }

TEST_F(PosixFileTest, WritesAndReadsAtAnyOffset) {
  const auto file = create("a");
  ASSERT_TRUE(file->write_at(5, as_bytes("world")).ok());
  ASSERT_TRUE(file->write_at(0, as_bytes("hello")).ok());
  ASSERT_TRUE(file->sync().ok());
  Bytes out(100);
  EXPECT_EQ(file->read_at(3, out).value(), 7U);
  EXPECT_EQ(as_text(ByteSpan(out).first(7)), "loworld");
  EXPECT_EQ(file->read_at(10, out).value(), 0U) << "at the end";
  EXPECT_EQ(file->size().value(), 10U);
}

TEST_F(PosixFileTest, AllocatedBytesAreZeroAndKeepWhatWasWritten) {
  const auto file = create("a");
  ASSERT_TRUE(file->write_at(0, as_bytes("kept")).ok());
  ASSERT_TRUE(file->allocate(3'000'001).ok());
  ASSERT_TRUE(file->allocate(10).ok()) << "never shrinks";
  Bytes expected(3'000'001);
  std::copy_n("kept", 4, expected.begin());
  EXPECT_EQ(content("a"), expected);
}

// A limit on the size of files stands in for a full disk: the write stops in the middle.
TEST_F(PosixFileTest, AnAllocationThatFailsSaysSo) {
  const auto file = create("a");
  ASSERT_TRUE(file->write_at(0, as_bytes("kept")).ok());
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit small{4096, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const Status allocated = file->allocate(1 << 20);
  const Status written = file->write_at(0, Bytes(8192));
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  ASSERT_FALSE(allocated.ok());
  EXPECT_EQ(allocated.error().id, ErrorId::kIoError);  // EFBIG is not a full disk
  ASSERT_FALSE(written.ok()) << "a short write is carried on until it fails";
  EXPECT_NE(written.error().what.find(path("a")), std::string::npos);
}

TEST_F(PosixFileTest, AFullDeviceIsNamedAsSuch) {
  if (!files_.exists("/dev/full")) GTEST_SKIP();
  const auto file = files_.open("/dev/full", OpenMode::kReadWrite).value();
  const Status written = file->write_at(0, as_bytes("x"));
  ASSERT_FALSE(written.ok());
  EXPECT_EQ(written.error().id, ErrorId::kDiskFull);
}

TEST_F(PosixFileTest, OpenModesDifferInWhatMustExist) {
  EXPECT_EQ(files_.open(path("a"), OpenMode::kRead).error().id, ErrorId::kFileMissing);
  EXPECT_EQ(files_.open(path("a"), OpenMode::kReadWrite).error().id, ErrorId::kFileMissing);
  ASSERT_TRUE(files_.open(path("a"), OpenMode::kCreate).ok());
  EXPECT_EQ(files_.open(path("a"), OpenMode::kCreateNew).error().id, ErrorId::kConflict);
  ASSERT_TRUE(files_.open(path("a"), OpenMode::kCreate).ok());
  EXPECT_EQ(files_.open(path("a/b"), OpenMode::kCreate).error().id, ErrorId::kFileMissing);
  const auto mode = std::filesystem::status(path("a")).permissions();
  EXPECT_EQ(mode, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST_F(PosixFileTest, DirectoriesAreMadeWithTheirParentsAndListedInOrder) {
  ASSERT_TRUE(files_.create_directories(path("x/y/z")).ok());
  ASSERT_TRUE(files_.create_directories(path("x/y/z")).ok());
  for (const char* name : {"x/b", "x/a"}) create(name);
  ASSERT_TRUE(files_.sync_directory(path("x")).ok());
  EXPECT_EQ(files_.list(path("x")).value(), (std::vector<std::string>{"a", "b", "y"}));
  EXPECT_EQ(files_.list(path("nowhere")).error().id, ErrorId::kFileMissing);
  ASSERT_TRUE(files_.rename(path("x/a"), path("x/b")).ok()) << "replaces";
  ASSERT_TRUE(files_.remove(path("x/b")).ok());
  EXPECT_EQ(files_.remove(path("x/b")).error().id, ErrorId::kFileMissing);
  EXPECT_EQ(files_.rename(path("x/b"), path("c")).error().id, ErrorId::kFileMissing);
  create("file");
  EXPECT_FALSE(files_.create_directories(path("file/a")).ok());
}

TEST_F(PosixFileTest, ADirectoryIsLockedForOneHolder) {
  auto lock = files_.lock_directory(root_);
  ASSERT_TRUE(lock.ok());
  EXPECT_EQ(files_.lock_directory(root_).error().id, ErrorId::kLocked);
  lock->reset();
  EXPECT_TRUE(files_.lock_directory(root_).ok());
}

TEST_F(PosixFileTest, FreeSpaceIsWhatThisProcessMayUse) {
  const std::uint64_t free = files_.free_bytes(root_).value();
  const auto space = std::filesystem::space(root_);
  const std::uint64_t expected = ::geteuid() == 0 ? space.free : space.available;
  // Others write meanwhile: a gigabyte of tolerance.
  EXPECT_LT(free > expected ? free - expected : expected - free, std::uint64_t{1} << 30);
}

TEST_F(PosixFileTest, AFileIsReplacedAsAWhole) {
  ASSERT_TRUE(write_file_atomically(files_, path("a"), as_bytes("first and longer")).ok());
  create("a.tmp")->write_at(0, as_bytes("left over by a crash, and very long")).ok();
  ASSERT_TRUE(write_file_atomically(files_, path("a"), as_bytes("second")).ok());
  EXPECT_EQ(content("a"), bytes_of("second"));
  EXPECT_EQ(files_.list(root_).value(), (std::vector<std::string>{"a"}));
}

TEST_F(PosixFileTest, AFileLargerThanAllowedIsNotRead) {
  ASSERT_TRUE(write_file_atomically(files_, path("a"), as_bytes("12345")).ok());
  EXPECT_EQ(read_file(files_, path("a"), 4).error().id, ErrorId::kInvalidArgument);
  EXPECT_EQ(read_file(files_, path("a"), 5).value(), bytes_of("12345"));
}

TEST(JoinPath, PutsOneSlashBetween) {
  EXPECT_EQ(join_path("a/b", "c"), "a/b/c");
  EXPECT_EQ(join_path("a/", "c"), "a/c");
  EXPECT_EQ(join_path("/", "c"), "/c");
  EXPECT_EQ(join_path("", "c"), "c");
}

}  // namespace
}  // namespace lineshaft::sys
