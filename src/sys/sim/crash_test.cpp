#include "sys/sim/crash.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "sys/sim/disk.h"

namespace lineshaft::sys {
namespace {

using testing::UnorderedElementsAre;

// "a=text b=" of the files of the root.
std::string text_of(const DiskImage& image) {
  std::string text;
  for (const auto& [name, node] : image.entries(kRootNode)) {
    Bytes content(static_cast<std::size_t>(image.file(node).size()));
    image.file(node).read(0, content);
    for (std::uint8_t& byte : content) byte = byte == 0 ? std::uint8_t{'0'} : byte;
    text += (text.empty() ? "" : " ") + name + "=" + std::string(as_text(content));
  }
  return text;
}

class CrashTest : public testing::Test {
 protected:
  // A file whose name and content are durable, so that what follows is all there is to lose.
  std::unique_ptr<File> durable_file(const std::string& name, std::string_view content) {
    auto file = disk_.open(name, OpenMode::kCreate).value();
    EXPECT_TRUE(file->write_at(0, as_bytes(content)).ok());
    EXPECT_TRUE(file->sync().ok());
    EXPECT_TRUE(disk_.sync_directory("/").ok());
    return file;
  }
  void write(File& file, std::uint64_t offset, std::string_view data) {
    ASSERT_TRUE(file.write_at(offset, as_bytes(data)).ok());
  }
  // The disks that a power cut may leave right after the newest operation, each as often as it is
  // visited.
  std::vector<std::string> disks_now() {
    std::vector<std::string> disks;
    disk_.for_each_crash_state(disk_.operations() - 1, [&](const CrashState& state) {
      EXPECT_EQ(state.operations, disk_.operations());
      disks.push_back(text_of(state.image));
      return true;
    });
    return disks;
  }

  SimDisk disk_;
};

// Of three writes w1 w2 w3: none, all, all but one each, only one each, and w3 torn after its
// first byte, the others kept. Its size alone is without bytes; names there are none to lose.
TEST_F(CrashTest, AnyUnsyncedWriteMayBeMissing) {
  const auto file = durable_file("a", "....");
  write(*file, 0, "x");
  write(*file, 1, "y");
  write(*file, 2, "zz");
  EXPECT_THAT(disks_now(), UnorderedElementsAre("a=....", "a=xyzz", "a=.yzz", "a=x.zz", "a=xy..",
                                                "a=x...", "a=.y..", "a=..zz", "a=xyz."));
  ASSERT_TRUE(file->sync().ok());
  EXPECT_THAT(disks_now(), UnorderedElementsAre("a=xyzz"));
}

TEST_F(CrashTest, ASizeMayBeThereWithoutTheBytes) {
  const auto file = durable_file("a", ".");
  write(*file, 1, "x");
  EXPECT_THAT(disks_now(), UnorderedElementsAre("a=.", "a=.x", "a=.0"));
}

TEST_F(CrashTest, ANameMayBeThereWithoutItsBytesAndBytesWithoutTheirName) {
  const auto old = durable_file("a", "old");
  const auto fresh = disk_.open("b", OpenMode::kCreate).value();
  write(*fresh, 0, "n");
  ASSERT_TRUE(disk_.rename("b", "a").ok());
  // Nothing; all; create, write or rename missing; only one of them; names only; sizes only.
  EXPECT_THAT(disks_now(),
              UnorderedElementsAre("a=old", "a=n", "a=", "a=old b=n", "a=old b=", "a=0"));
}

TEST_F(CrashTest, ASyncedFileIsNotReachedByANameThatIsNotSynced) {
  const auto fresh = disk_.open("b", OpenMode::kCreate).value();
  write(*fresh, 0, "n");
  ASSERT_TRUE(fresh->sync().ok());
  EXPECT_THAT(disks_now(), UnorderedElementsAre("", "b=n"));
  ASSERT_TRUE(disk_.sync_directory("/").ok());
  EXPECT_THAT(disks_now(), UnorderedElementsAre("b=n"));
  ASSERT_TRUE(disk_.remove("b").ok());
  EXPECT_THAT(disks_now(), UnorderedElementsAre("b=n", ""));
}

TEST_F(CrashTest, ARenameBetweenDirectoriesIsDurableWithTheNewOne) {
  durable_file("a", "1");
  ASSERT_TRUE(disk_.create_directories("d").ok());
  ASSERT_TRUE(disk_.rename("a", "d/a").ok());
  ASSERT_TRUE(disk_.sync_directory("/").ok());
  EXPECT_THAT(disks_now(), UnorderedElementsAre("a=1 d=", "d="));
  ASSERT_TRUE(disk_.sync_directory("d").ok());
  EXPECT_THAT(disks_now(), UnorderedElementsAre("d="));
}

// A write of 1100 bytes at 500 crosses the sector boundaries at 512, 1024 and 1536.
TEST_F(CrashTest, AWriteIsTornAtSectorsFromEitherSide) {
  const auto file = durable_file("a", std::string(1600, '.'));
  write(*file, 500, std::string(1100, 'x'));
  std::set<std::pair<std::size_t, std::size_t>> written;
  for (const std::string& disk : disks_now()) {
    const std::size_t first = disk.find('x');
    if (first == std::string::npos) {
      written.insert({0, 0});
      continue;
    }
    const std::size_t last = disk.find_last_of('x') + 1;
    EXPECT_EQ(disk.substr(first, last - first), std::string(last - first, 'x'));
    written.insert({first - 2, last - 2});  // "a=" comes before
  }
  EXPECT_EQ(written, (std::set<std::pair<std::size_t, std::size_t>>{{0, 0},
                                                                    {500, 1600},
                                                                    {500, 501},
                                                                    {500, 508},
                                                                    {500, 512},
                                                                    {500, 1024},
                                                                    {500, 1050},
                                                                    {500, 1536},
                                                                    {500, 1599},
                                                                    {512, 1600},
                                                                    {1024, 1600},
                                                                    {1536, 1600}}));
}

TEST_F(CrashTest, ALongWriteIsTornAtSomeOfItsSectors) {
  const auto file = durable_file("a", "");
  write(*file, 0, std::string(1 << 20, 'x'));
  std::size_t states = 0;
  disk_.for_each_crash_state(disk_.operations() - 1, [&](const CrashState&) { return ++states; });
  // Nothing, all, zeros; cut at byte 1, 8 and the last; at 16 boundaries, one of them the middle,
  // with the bytes before or those from there on.
  EXPECT_EQ(states, 3U + 3U + 16U + 16U);
}

TEST_F(CrashTest, AnAllocationMayBeHalfDone) {
  const auto file = durable_file("a", "x");
  ASSERT_TRUE(file->allocate(9).ok());
  EXPECT_THAT(disks_now(),
              UnorderedElementsAre("a=x", "a=x00000000", "a=x0", "a=x0000", "a=x0000000"));
}

TEST_F(CrashTest, WhatAFailedSyncDroppedMayBeThereAllTheSame) {
  const auto file = durable_file("a", "..");
  write(*file, 0, "x");
  disk_.inject({.call = DiskCall::kSync});
  ASSERT_FALSE(file->sync().ok());
  const auto again = disk_.open("a", OpenMode::kReadWrite).value();
  write(*again, 1, "y");
  ASSERT_TRUE(again->sync().ok());
  EXPECT_THAT(disks_now(), UnorderedElementsAre("a=.y", "a=xy"));
  write(*again, 0, "z");
  ASSERT_TRUE(again->sync().ok());
  EXPECT_THAT(disks_now(), UnorderedElementsAre("a=zy")) << "never the older byte again";
}

TEST_F(CrashTest, EveryPrefixIsVisitedFromTheStartOrFromWhereOneSays) {
  const auto file = durable_file("a", "");
  const std::size_t from = disk_.operations();
  write(*file, 0, "x");
  ASSERT_TRUE(file->sync().ok());
  const auto prefixes = [&](std::size_t first) {
    std::set<std::size_t> seen;
    disk_.for_each_crash_state(first, [&](const CrashState& state) {
      seen.insert(state.operations);
      return true;
    });
    return seen;
  };
  EXPECT_EQ(prefixes(0), (std::set<std::size_t>{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(prefixes(from), (std::set<std::size_t>{4, 5}));
  std::size_t visits = 0;
  disk_.for_each_crash_state(0, [&](const CrashState&) { return ++visits < 3; });
  EXPECT_EQ(visits, 3U) << "a visitor can end it";
}

TEST_F(CrashTest, ACrashedDiskCanCrashAgain) {
  const auto file = durable_file("a", "..");
  write(*file, 0, "x");
  std::multiset<std::string> twice;
  disk_.for_each_crash_state(disk_.operations() - 1, [&](const CrashState& first) {
    SimDisk second(first.image);
    EXPECT_TRUE(second.open("a", OpenMode::kReadWrite).value()->write_at(1, as_bytes("y")).ok());
    second.for_each_crash_state(0, [&](const CrashState& state) {
      twice.insert(text_of(state.image));
      return true;
    });
    return true;
  });
  EXPECT_EQ(twice, (std::multiset<std::string>{"a=..", "a=..", "a=.y", "a=x.", "a=x.", "a=xy"}));
}

}  // namespace
}  // namespace lineshaft::sys
