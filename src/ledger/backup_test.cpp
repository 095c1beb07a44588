// Backups: the copy holds what the ledger held, whatever happens meanwhile, before and after.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "ledger/ledger_fixture.h"
#include "ledger/verify.h"

namespace lineshaft::ledger {
namespace {

constexpr const char* kCopy = "/copy/ledger";
constexpr const char* kFirstSegment = "/log/0000000000000001.wal";

class LedgerBackup : public testing::Test {
 protected:
  LedgerBackup() {
    EXPECT_TRUE(store_.open().ok());
    store_.open_accounts();
    post(40);
  }

  void post(int count) {
    for (int i = 0; i < count; ++i) {
      const std::string key = "k" + std::to_string(keys_++);
      ASSERT_EQ(store_.refusal(post_of(key, {{1, 1}, {2, -1}})), "");
    }
  }
  Result<BackupReport> back_up(OnDisk& store) {
    return store->back_up(kCopy, random_, [] { return true; });
  }
  BackupReport backed_up() {
    const Result<BackupReport> report = back_up(store_);
    EXPECT_TRUE(report.ok()) << report.error().text();
    return report ? *report : BackupReport{};
  }
  // "" if the copy passes an audit, is all signed, and holds so many entries.
  static std::string problem(const sys::DiskImage& image, std::uint64_t entries) {
    sys::SimDisk disk(image);
    const Result<Verified> found = verify_directory(disk, kCopy, {});
    if (!found) return found.error().text();
    if (found->entries != entries) return std::to_string(found->entries) + " entries";
    if (!found->checkpoint || found->checkpoint->size != entries) return "not all is signed";
    return {};
  }
  static void flip(sys::SimDisk& disk, const std::string& path, std::uint64_t at) {
    const auto file = disk.open(path, sys::OpenMode::kReadWrite).value();
    std::uint8_t byte = 0;
    ASSERT_EQ(file->read_at(at, {&byte, 1}).value(), 1u);
    byte ^= 1;
    ASSERT_TRUE(file->write_at(at, {&byte, 1}).ok());
  }

  sys::SimDisk disk_;
  sys::SimRandom random_{7};
  OnDisk store_{disk_};
  int keys_ = 0;
};

TEST_F(LedgerBackup, CopiesWhatIsNewAndOpensAsTheSameLedger) {
  EXPECT_EQ(backed_up().entries_copied, 42u);
  post(10);
  const BackupReport second = backed_up();
  EXPECT_EQ(second.entries, 52u);
  EXPECT_EQ(second.entries_copied, 10u);
  EXPECT_TRUE(second.damages.empty());
  EXPECT_EQ(backed_up().entries_copied, 0u);
  EXPECT_EQ(problem(disk_.durable_image(), 52), "") << "when the power fails right after";

  OnDisk copy(disk_, 2);
  copy.options().directory = kCopy;
  ASSERT_TRUE(copy.open().ok());
  EXPECT_EQ(copy->read_only(), std::nullopt);
  EXPECT_EQ(copy->root(), store_->root());
  EXPECT_EQ(copy->key(), store_->key());
  EXPECT_EQ(copy.posted(1), 50);
  EXPECT_EQ(copy.refusal(post_of("k3", {{1, 1}, {2, -1}})), "") << "its answer of then";
  EXPECT_EQ(copy->last().value, 52u);
  EXPECT_TRUE(copy->checkpoint().ok()) << "it goes on signing with the same key";
}

TEST_F(LedgerBackup, AnEmptyLedgerIsOneToo) {
  OnDisk empty(disk_, 9);
  empty.options().directory = "/data/empty";
  ASSERT_TRUE(empty.open().ok());
  ASSERT_TRUE(back_up(empty).ok());
  EXPECT_EQ(problem(disk_.durable_image(), 0), "");
}

TEST_F(LedgerBackup, HoldsExactlyWhatIsSignedWhileOthersPost) {
  std::atomic<bool> stop = false;
  std::thread poster([&] {
    for (int i = 0; !stop; ++i) {
      static_cast<void>(store_->post(post_of("p" + std::to_string(i), {{1, 1}, {2, -1}})));
    }
  });
  for (int i = 0; i < 5; ++i) {
    const std::uint64_t entries = backed_up().entries;
    EXPECT_EQ(problem(disk_.image(), entries), "");
  }
  stop = true;
  poster.join();
}

TEST_F(LedgerBackup, TouchesNoCopyOfAnotherLedgerAndNoNewerOne) {
  OnDisk other(disk_, 9);
  other.options().directory = "/data/other";
  ASSERT_TRUE(other.open().ok());
  backed_up();
  EXPECT_EQ(back_up(other).error().id, ErrorId::kConflict) << "another key";
  const sys::DiskImage then = disk_.image();
  post(5);
  backed_up();
  store_.close();
  // The same ledger as it was then, beside the copy of what it became.
  sys::SimDisk disk(then);
  const Bytes newer = sys::read_file(disk_, std::string(kCopy) + kFirstSegment, 1 << 20).value();
  ASSERT_TRUE(sys::write_file_atomically(disk, std::string(kCopy) + kFirstSegment, newer).ok());
  OnDisk older(disk, 3);
  ASSERT_TRUE(older.open().ok());
  for (int more = 0; more < 20; ++more) {
    const Result<BackupReport> report = back_up(older);
    ASSERT_FALSE(report.ok()) << more;
    EXPECT_EQ(report.error().id, ErrorId::kConflict) << "newer, then of another history";
    ASSERT_EQ(older.refusal(post_of("n" + std::to_string(more), {{1, 1}, {2, -1}})), "");
  }
}

TEST_F(LedgerBackup, MendsACopyThatHasRotted) {
  backed_up();
  const sys::DiskImage good = disk_.image();
  store_.close();
  for (std::uint64_t at = 0; at < 4096; at += 37) {
    sys::SimDisk disk(good);
    flip(disk, std::string(kCopy) + kFirstSegment, at);
    OnDisk store(disk, 4);
    ASSERT_TRUE(store.open().ok());
    const Result<BackupReport> report = back_up(store);
    ASSERT_TRUE(report.ok()) << report.error().text() << ", byte " << at;
    EXPECT_TRUE(report->damages.empty()) << report->damages[0];
    EXPECT_EQ(problem(disk.image(), 42), "") << "byte " << at;
  }
}

TEST_F(LedgerBackup, KeepsWhatTheLedgerItselfHasLost) {
  post(60);  // into other segments
  backed_up();
  const std::string segment = std::string("/data/ledger") + kFirstSegment;
  // Met while it runs, in an entry that is in the copy already: nothing depends on it.
  flip(disk_, segment, 700);
  post(3);
  EXPECT_EQ(backed_up().entries, 105u);
  EXPECT_EQ(problem(disk_.image(), 105), "");
  // Met at the start.
  ASSERT_TRUE(store_.open().ok());
  ASSERT_TRUE(store_->read_only().has_value());
  const BackupReport kept = backed_up();
  EXPECT_EQ(kept.entries, 105u);
  EXPECT_FALSE(kept.damages.empty());
  EXPECT_EQ(problem(disk_.image(), 105), "");
}

TEST_F(LedgerBackup, ACrashLeavesTheCopyOfBeforeOrMoreOfIt) {
  backed_up();
  post(40);
  const std::size_t from = disk_.operations();
  backed_up();
  const sys::DiskImage done = disk_.image();
  std::size_t states = 0;
  disk_.for_each_crash_state(from, [&](const sys::CrashState& state) {
    ++states;
    sys::SimDisk disk(state.image);
    const Result<Verified> found = verify_directory(disk, kCopy, {});
    EXPECT_TRUE(found.ok()) << found.error().text();
    EXPECT_TRUE(found && found->entries >= 42 && found->entries <= 82);
    EXPECT_TRUE(found && found->checkpoint && found->checkpoint->size >= 42);
    return !HasFailure();
  });
  EXPECT_GT(states, 20u);
  EXPECT_EQ(problem(done, 82), "");
}

TEST_F(LedgerBackup, EveryFailingCallIsAnErrorOrHarmless) {
  backed_up();
  post(30);
  store_.close();
  const sys::DiskImage start = disk_.image();
  std::uint64_t nth = 0;
  for (bool hit = true; hit;) {
    sys::SimDisk disk(start);
    OnDisk store(disk, 5);
    ASSERT_TRUE(store.open().ok());
    sys::DiskFault fault;
    fault.nth = ++nth;
    disk.inject(fault);
    const Result<BackupReport> report = back_up(store);
    hit = disk.faults_hit() > 0;
    disk.clear_faults();
    if (report && report->damages.empty()) {
      EXPECT_EQ(problem(disk.image(), 72), "") << "call " << nth;
    }
    EXPECT_TRUE(verify_directory(disk, kCopy, {}).ok()) << "call " << nth;
    EXPECT_TRUE(hit || report.ok());
  }
  EXPECT_GT(nth, 20u);
}

TEST_F(LedgerBackup, CanBeStopped) {
  const auto stopped = store_->back_up(kCopy, random_, [] { return false; });
  EXPECT_EQ(stopped.error().id, ErrorId::kCancelled);
  EXPECT_EQ(backed_up().entries, 42u);
  EXPECT_EQ(problem(disk_.image(), 42), "");
}

}  // namespace
}  // namespace lineshaft::ledger
