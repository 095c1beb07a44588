#include "sys/sim/disk.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>

namespace lineshaft::sys {
namespace {

std::string content_of(FileSystem& files, const std::string& path) {
  const Result<Bytes> content = read_file(files, path, 1 << 24);
  return content ? std::string(as_text(*content)) : content.error().text();
}

std::string id_of(const Status& status) { return status ? "ok" : error_number(status.error().id); }
template <typename T>
std::string id_of(const Result<T>& result) {
  return result ? "ok" : error_number(result.error().id);
}
const std::string kIo = error_number(ErrorId::kIoError);
const std::string kFull = error_number(ErrorId::kDiskFull);
const std::string kMissing = error_number(ErrorId::kFileMissing);
const std::string kConflict = error_number(ErrorId::kConflict);
const std::string kLocked = error_number(ErrorId::kLocked);

// The same expectations of the operating system's files and of the simulated ones: a test that
// passes on the one and not on the other shows a simulation that lies.
enum class Which { kReal, kSimulated };

class AnyFileSystem : public testing::TestWithParam<Which> {
 protected:
  void SetUp() override {
    if (GetParam() == Which::kSimulated) {
      files_ = &simulated_;
      root_ = "/data";
      ASSERT_TRUE(simulated_.create_directories(root_).ok());
      return;
    }
    std::string pattern = testing::TempDir() + "lineshaft-any-files-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
  }
  void TearDown() override {
    if (GetParam() == Which::kReal) std::filesystem::remove_all(root_);
  }

  std::string path(std::string_view name) const { return join_path(root_, name); }
  std::unique_ptr<File> create(std::string_view name, std::string_view content = "") {
    auto file = files_->open(path(name), OpenMode::kCreateNew).value();
    EXPECT_TRUE(file->write_at(0, as_bytes(content)).ok());
    return file;
  }
  std::string content(std::string_view name) { return content_of(*files_, path(name)); }
  std::string opening(std::string_view name, OpenMode mode) {
    return id_of(files_->open(path(name), mode));
  }

  SimDisk simulated_;
  FileSystem* files_ = &real_file_system();
  std::string root_;
};

INSTANTIATE_TEST_SUITE_P(Files, AnyFileSystem, testing::Values(Which::kReal, Which::kSimulated),
                         [](const auto& kind) {
                           return kind.param == Which::kReal ? "Real" : "Simulated";
                         });

TEST_P(AnyFileSystem, ReadsBackWhatWasWrittenAtAnyOffset) {
  const auto file = create("a");
  ASSERT_TRUE(file->write_at(5, as_bytes("world")).ok());
  EXPECT_EQ(content("a"), std::string(5, '\0') + "world") << "a hole is zeros";
  ASSERT_TRUE(file->write_at(0, as_bytes("hello")).ok());
  ASSERT_TRUE(file->write_at(10, {}).ok());
  ASSERT_TRUE(file->sync().ok());
  Bytes out(100);
  EXPECT_EQ(file->read_at(3, out).value(), 7U);
  EXPECT_EQ(as_text(ByteSpan(out).first(7)), "loworld");
  EXPECT_EQ(file->read_at(10, out).value(), 0U) << "at the end";
  EXPECT_EQ(file->read_at(1000, out).value(), 0U);
  EXPECT_EQ(file->size().value(), 10U);
}

// Pages of the simulated disk have 4096 bytes.
TEST_P(AnyFileSystem, KeepsBytesOnBothSidesOfAPageBoundary) {
  const auto file = create("a");
  Bytes expected(10'000);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    expected[i] = static_cast<std::uint8_t>(i % 251);
  }
  ASSERT_TRUE(file->write_at(0, expected).ok());
  for (const std::size_t offset : {std::size_t{0}, std::size_t{4090}, std::size_t{8190}}) {
    const Bytes piece(10, static_cast<std::uint8_t>(offset % 200));
    ASSERT_TRUE(file->write_at(offset, piece).ok());
    std::copy(piece.begin(), piece.end(), expected.begin() + static_cast<std::ptrdiff_t>(offset));
  }
  EXPECT_EQ(read_file(*files_, path("a"), 1 << 20).value(), expected);
}

TEST_P(AnyFileSystem, TruncatesAndShowsZerosWhereAFileGrowsAgain) {
  const auto file = create("a", "abcdef");
  ASSERT_TRUE(file->truncate(2).ok());
  ASSERT_TRUE(file->truncate(4).ok());
  EXPECT_EQ(content("a"), std::string("ab\0\0", 4));
  ASSERT_TRUE(file->truncate(0).ok());
  ASSERT_TRUE(file->write_at(1, as_bytes("z")).ok());
  EXPECT_EQ(content("a"), std::string("\0z", 2));
}

TEST_P(AnyFileSystem, AllocatesZerosAndNeverShrinks) {
  const auto file = create("a", "kept");
  ASSERT_TRUE(file->allocate(9000).ok());
  ASSERT_TRUE(file->allocate(10).ok());
  EXPECT_EQ(content("a"), "kept" + std::string(8996, '\0'));
}

TEST_P(AnyFileSystem, OpensAsTheModeSays) {
  EXPECT_EQ(opening("a", OpenMode::kRead), kMissing);
  EXPECT_EQ(opening("a", OpenMode::kReadWrite), kMissing);
  EXPECT_EQ(opening("a", OpenMode::kCreate), "ok");
  EXPECT_EQ(opening("a", OpenMode::kCreateNew), kConflict);
  EXPECT_EQ(opening("a", OpenMode::kCreate), "ok");
  EXPECT_EQ(opening("a/b", OpenMode::kCreate), kMissing) << "a is a file";
  EXPECT_EQ(opening("x/b", OpenMode::kCreate), kMissing);
  ASSERT_TRUE(files_->create_directories(path("x")).ok());
  EXPECT_EQ(opening("x", OpenMode::kReadWrite), kIo) << "a directory";
  const auto file = files_->open(path("a"), OpenMode::kRead).value();
  EXPECT_EQ(id_of(file->write_at(0, as_bytes("x"))), kIo);
  EXPECT_EQ(id_of(file->truncate(0)), kIo);
}

TEST_P(AnyFileSystem, RenamesAndRemovesNames) {
  create("a", "1");
  create("b", "2");
  ASSERT_TRUE(files_->rename(path("a"), path("b")).ok()) << "replaces";
  EXPECT_FALSE(files_->exists(path("a")));
  EXPECT_EQ(content("b"), "1");
  ASSERT_TRUE(files_->rename(path("b"), path("b")).ok());
  EXPECT_EQ(content("b"), "1");
  EXPECT_EQ(id_of(files_->rename(path("a"), path("c"))), kMissing);
  EXPECT_EQ(id_of(files_->rename(path("b"), path("x/c"))), kMissing);
  ASSERT_TRUE(files_->create_directories(path("x")).ok());
  EXPECT_EQ(id_of(files_->rename(path("b"), path("x"))), kIo) << "a directory is in the way";
  ASSERT_TRUE(files_->rename(path("b"), path("x/c")).ok());
  EXPECT_EQ(content("x/c"), "1");
  EXPECT_EQ(id_of(files_->remove(path("x"))), kIo) << "a directory";
  ASSERT_TRUE(files_->remove(path("x/c")).ok());
  EXPECT_EQ(id_of(files_->remove(path("x/c"))), kMissing);
}

TEST_P(AnyFileSystem, AnOpenFileOutlivesItsNames) {
  const auto file = create("a", "1");
  ASSERT_TRUE(files_->rename(path("a"), path("b")).ok());
  ASSERT_TRUE(file->write_at(0, as_bytes("2")).ok());
  EXPECT_EQ(content("b"), "2");
  ASSERT_TRUE(files_->remove(path("b")).ok());
  Bytes out(1);
  EXPECT_EQ(file->read_at(0, out).value(), 1U);
  EXPECT_EQ(as_text(out), "2");
  create("b", "new");
  ASSERT_TRUE(file->write_at(0, as_bytes("3")).ok());
  EXPECT_EQ(content("b"), "new");
}

TEST_P(AnyFileSystem, MakesDirectoriesWithTheirParentsAndListsThemInOrder) {
  ASSERT_TRUE(files_->create_directories(path("x/y/z")).ok());
  ASSERT_TRUE(files_->create_directories(path("x/y/z")).ok());
  create("x/b");
  create("x/a");
  EXPECT_EQ(files_->list(path("x")).value(), (std::vector<std::string>{"a", "b", "y"}));
  EXPECT_EQ(id_of(files_->list(path("nowhere"))), kMissing);
  EXPECT_EQ(id_of(files_->list(path("x/a"))), kMissing);
  EXPECT_EQ(id_of(files_->create_directories(path("x/a"))), kConflict);
  EXPECT_EQ(id_of(files_->create_directories(path("x/a/c"))), kConflict);
  EXPECT_EQ(id_of(files_->sync_directory(path("x"))), "ok");
  EXPECT_EQ(id_of(files_->sync_directory(path("nowhere"))), kMissing);
  EXPECT_EQ(id_of(files_->sync_directory(path("x/a"))), kMissing);
  EXPECT_TRUE(files_->exists(path("x/y")));
  EXPECT_FALSE(files_->exists(path("x/c")));
}

TEST_P(AnyFileSystem, LocksADirectoryForOneHolder) {
  auto held = files_->lock_directory(root_);
  ASSERT_TRUE(held.ok());
  EXPECT_EQ(id_of(files_->lock_directory(root_)), kLocked);
  held->reset();
  EXPECT_EQ(id_of(files_->lock_directory(root_)), "ok");
  EXPECT_EQ(id_of(files_->lock_directory(path("nowhere"))), kMissing);
}

TEST_P(AnyFileSystem, ReplacesAFileAtomically) {
  for (const char* text : {"first", "2nd"}) {
    ASSERT_TRUE(write_file_atomically(*files_, path("a"), as_bytes(text)).ok());
    EXPECT_EQ(content("a"), text);
  }
  EXPECT_EQ(files_->list(root_).value(), (std::vector<std::string>{"a"}));
}

// What only the simulated disk does.
class SimDiskTest : public testing::Test {
 protected:
  std::unique_ptr<File> create(const std::string& path, std::string_view content = "") {
    auto file = disk_.open(path, OpenMode::kCreateNew).value();
    EXPECT_TRUE(file->write_at(0, as_bytes(content)).ok());
    return file;
  }
  // What a power cut leaves at worst.
  std::string durable(const std::string& path) {
    SimDisk after(disk_.durable_image());
    return content_of(after, path);
  }
  std::string durable_names() {
    SimDisk after(disk_.durable_image());
    std::string names;
    for (const std::string& name : after.list("/").value()) names += name + " ";
    return names;
  }

  SimDisk disk_;
};

TEST_F(SimDiskTest, BytesAreDurableAfterASyncOfTheFileAndNamesAfterOneOfTheDirectory) {
  const auto file = create("a", "1");
  ASSERT_TRUE(file->sync().ok());
  EXPECT_EQ(durable_names(), "") << "the name is not synced";
  ASSERT_TRUE(disk_.sync_directory("/").ok());
  EXPECT_EQ(durable("a"), "1");
  ASSERT_TRUE(file->write_at(1, as_bytes("2")).ok());
  EXPECT_EQ(durable("a"), "1");
  create("b", "never synced");
  ASSERT_TRUE(disk_.sync_directory("/").ok());
  EXPECT_EQ(durable("a"), "1") << "the directory's sync is not the file's";
  EXPECT_EQ(durable("b"), "");
  ASSERT_TRUE(file->sync().ok());
  EXPECT_EQ(durable("a"), "12");
}

TEST_F(SimDiskTest, ARenameIsDurableAfterASyncOfTheDirectory) {
  const auto old = create("a", "old");
  const auto fresh = create("b", "new");
  ASSERT_TRUE(old->sync().ok());
  ASSERT_TRUE(fresh->sync().ok());
  ASSERT_TRUE(disk_.sync_directory("/").ok());
  ASSERT_TRUE(disk_.rename("b", "a").ok());
  EXPECT_EQ(durable_names(), "a b ");
  EXPECT_EQ(durable("a"), "old");
  ASSERT_TRUE(disk_.sync_directory("/").ok());
  EXPECT_EQ(durable_names(), "a ");
  EXPECT_EQ(durable("a"), "new");
}

TEST_F(SimDiskTest, ANewDirectoryIsDurableAtOnceUnlessItsSyncFails) {
  ASSERT_TRUE(disk_.create_directories("x/y").ok());
  EXPECT_EQ(durable_names(), "x ");
  disk_.inject({.call = DiskCall::kSyncDirectory});
  EXPECT_FALSE(disk_.create_directories("z").ok());
  EXPECT_EQ(durable_names(), "x ");
}

// Linux calls the pages clean after a failed writeback: the next fdatasync succeeds without them.
TEST_F(SimDiskTest, WhatAFailedSyncDroppedIsReadBackButNeverDurableUnlessWrittenAgain) {
  const auto file = create("a", "1");
  ASSERT_TRUE(file->sync().ok());
  ASSERT_TRUE(disk_.sync_directory("/").ok());
  ASSERT_TRUE(file->write_at(1, as_bytes("2")).ok());
  disk_.inject({.call = DiskCall::kSync});
  EXPECT_EQ(id_of(file->sync()), kIo);
  EXPECT_EQ(id_of(file->sync()), kIo) << "the same open file goes on failing";
  EXPECT_EQ(content_of(disk_, "a"), "12");

  const auto again = disk_.open("a", OpenMode::kReadWrite).value();
  ASSERT_TRUE(again->sync().ok());
  EXPECT_EQ(durable("a"), std::string("1\0", 2)) << "the size is durable now, the byte is not";
  ASSERT_TRUE(again->write_at(2, as_bytes("3")).ok());
  ASSERT_TRUE(again->sync().ok());
  EXPECT_EQ(durable("a"), std::string("1\0003", 3));
  ASSERT_TRUE(again->write_at(1, as_bytes("2")).ok());
  ASSERT_TRUE(again->sync().ok());
  EXPECT_EQ(durable("a"), "123");
}

TEST_F(SimDiskTest, FailsTheNthCallOfAKindOnceOrFromThenOn) {
  const auto file = create("a");
  disk_.inject({.call = DiskCall::kWrite, .nth = 2});
  std::string outcomes;
  for (int i = 0; i < 4; ++i) outcomes += id_of(file->write_at(0, as_bytes("x"))) + " ";
  EXPECT_EQ(outcomes, "ok " + kIo + " ok ok ");
  EXPECT_EQ(disk_.faults_hit(), 1U);

  disk_.inject({.nth = 2, .from_then_on = true, .error = ErrorId::kDiskFull});
  EXPECT_EQ(id_of(file->size()), "ok");
  EXPECT_EQ(id_of(file->write_at(0, as_bytes("x"))), kFull);
  EXPECT_EQ(id_of(disk_.list("/")), kFull);
  disk_.clear_faults();
  EXPECT_EQ(id_of(disk_.list("/")), "ok");
}

TEST_F(SimDiskTest, EveryKindOfCallCanFailAndIsCounted) {
  const auto calls = [](SimDisk& disk, File& file) {
    Bytes out(1);
    return std::vector<std::string>{id_of(disk.open("a", OpenMode::kRead)),
                                    id_of(file.read_at(0, out)),
                                    id_of(file.write_at(0, as_bytes("x"))),
                                    id_of(file.size()),
                                    id_of(file.truncate(1)),
                                    id_of(file.allocate(2)),
                                    id_of(disk.rename("b", "c")),
                                    id_of(disk.remove("c")),
                                    id_of(disk.create_directories("d")),
                                    id_of(disk.sync_directory("/")),
                                    id_of(disk.list("/")),
                                    id_of(disk.free_bytes("/")),
                                    id_of(disk.lock_directory("/")),
                                    id_of(file.sync())};
  };
  create("b");
  const auto file = create("a");
  const DiskImage start = disk_.image();
  const std::uint64_t before = disk_.calls();
  EXPECT_EQ(calls(disk_, *file), std::vector<std::string>(14, "ok"));
  EXPECT_EQ(disk_.calls() - before, 15U) << "create_directories is two";
  for (std::size_t kind = 0; kind < kDiskCalls; ++kind) {
    EXPECT_GE(disk_.calls(static_cast<DiskCall>(kind)), 1U) << kind;
  }

  SimDisk broken(start);
  const auto same = broken.open("a", OpenMode::kReadWrite).value();
  broken.inject({.from_then_on = true});
  EXPECT_EQ(calls(broken, *same), std::vector<std::string>(14, kIo));
  EXPECT_EQ(broken.image().fingerprint(), start.fingerprint()) << "nothing was done";
}

TEST_F(SimDiskTest, AShortWriteLeavesItsFirstHalf) {
  const auto file = create("a", "....");
  disk_.inject({.call = DiskCall::kWrite, .error = ErrorId::kDiskFull, .partial = true});
  EXPECT_EQ(id_of(file->write_at(0, as_bytes("abcd"))), kFull);
  EXPECT_EQ(content_of(disk_, "a"), "ab..");
  disk_.inject({.call = DiskCall::kAllocate, .partial = true});
  EXPECT_EQ(id_of(file->allocate(8)), kIo);
  EXPECT_EQ(file->size().value(), 6U);
  disk_.inject({.call = DiskCall::kAllocate, .error = ErrorId::kDiskFull, .partial = true});
  EXPECT_EQ(id_of(file->allocate(8)), kFull);
  EXPECT_EQ(file->size().value(), 6U) << "the contract of allocate";
}

TEST_F(SimDiskTest, FailsEachCallOfARunInTurn) {
  const auto run = [](SimDisk& disk, std::uint64_t) {
    static_cast<void>(write_file_atomically(disk, "a", as_bytes("x")));
  };
  // open, truncate, write, sync, rename, sync of the directory; a failed one before the rename is
  // followed by a remove, which does not fail then.
  EXPECT_EQ(for_each_failing_call({}, {}, run), 6U);
  EXPECT_EQ(for_each_failing_call({}, {.call = DiskCall::kSync}, run), 1U);
  // From then on the remove fails too, but no new first call appears.
  EXPECT_EQ(for_each_failing_call({}, {.from_then_on = true}, run), 6U);
}

TEST_F(SimDiskTest, CannotReadABadPlaceUntilItIsMended) {
  const auto file = create("a", "0123456789");
  create("b", "0123456789");
  disk_.fail_reads("a", 4, 2);
  Bytes out(2);
  EXPECT_EQ(id_of(file->read_at(2, out)), "ok");
  EXPECT_EQ(id_of(file->read_at(3, out)), kIo);
  EXPECT_EQ(id_of(file->read_at(5, out)), kIo);
  EXPECT_EQ(id_of(file->read_at(6, out)), "ok");
  EXPECT_EQ(content_of(disk_, "b"), "0123456789");
  disk_.clear_faults();
  EXPECT_EQ(content_of(disk_, "a"), "0123456789");
}

TEST_F(SimDiskTest, AFullDiskTakesMoreWhenSomethingIsRemoved) {
  disk_.set_capacity(10);
  create("a", "12345678");
  EXPECT_EQ(disk_.free_bytes("/").value(), 2U);
  const auto file = create("b");
  EXPECT_EQ(id_of(file->allocate(3)), kFull);
  EXPECT_EQ(file->size().value(), 0U);
  EXPECT_EQ(id_of(file->write_at(0, as_bytes("abc"))), kFull);
  EXPECT_EQ(content_of(disk_, "b"), "ab") << "what fits is written";
  EXPECT_EQ(id_of(file->write_at(0, as_bytes("AB"))), "ok") << "needs no space";
  EXPECT_EQ(disk_.free_bytes("/").value(), 0U);
  ASSERT_TRUE(disk_.remove("a").ok());
  EXPECT_EQ(id_of(file->write_at(0, as_bytes("abc"))), "ok");
  EXPECT_EQ(disk_.free_bytes("/").value(), 7U);
}

TEST_F(SimDiskTest, CopiesOfADiskAreIndependent) {
  create("a", "1");
  SimDisk copy(disk_.image());
  const auto file = copy.open("a", OpenMode::kReadWrite).value();
  EXPECT_EQ(copy.image().fingerprint(), disk_.image().fingerprint());
  ASSERT_TRUE(file->write_at(0, as_bytes("2")).ok());
  EXPECT_EQ(content_of(disk_, "a"), "1");
  EXPECT_NE(copy.image().fingerprint(), disk_.image().fingerprint());
  ASSERT_TRUE(file->write_at(0, as_bytes("1")).ok());
  EXPECT_EQ(copy.image().fingerprint(), disk_.image().fingerprint());
}

TEST_F(SimDiskTest, SeveralThreadsMayWriteFilesOfTheirOwn) {
  constexpr int kThreads = 4;
  constexpr int kWrites = 200;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([this, t] {
      const auto file = disk_.open(std::to_string(t), OpenMode::kCreate).value();
      for (int i = 0; i < kWrites; ++i) {
        ASSERT_TRUE(file->write_at(static_cast<std::uint64_t>(i), as_bytes("x")).ok());
        ASSERT_TRUE(file->sync().ok());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(disk_.operations(), static_cast<std::size_t>(kThreads * (1 + 2 * kWrites)));
  ASSERT_TRUE(disk_.sync_directory("/").ok());
  for (int t = 0; t < kThreads; ++t)
    EXPECT_EQ(durable(std::to_string(t)), std::string(kWrites, 'x'));
}

}  // namespace
}  // namespace lineshaft::sys
