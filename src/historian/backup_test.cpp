// A copy of a running store: what was acknowledged is in it, only what is new is copied, and a
// crash, a full disk or a broken one leave a copy that opens, and the store as it was.
#include "historian/backup.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>

#include "historian/oracle_fixture.h"
#include "historian/verify.h"

namespace lineshaft::historian {
namespace {

constexpr TenantId kTenant{1};
constexpr char kStore[] = "/data/history";
constexpr char kCopy[] = "/backup/history";
const BackupProgress kGoOn = [](std::uint64_t, std::uint64_t) { return true; };

class BackupTest : public testing::Test {
 protected:
  BackupTest() { reopen(disk_); }

  void reopen(sys::SimDisk& disk) {
    store_ = std::make_unique<OnDisk>(disk);
    store_->options().wal_segment_bytes = 4096;
    const Status opened = store_->open();
    ASSERT_TRUE(opened.ok()) << opened.error().text();
  }
  Historian& store() { return **store_; }

  void put(int count) {
    for (int i = 0; i < count; ++i) {
      if (now_ % 4 == 0) {
        const TagSpec spec = spec_of("works/" + std::to_string(now_), ValueType::kInt64);
        const TagId id = store().ensure_tags(kTenant, {spec}).value()[0];
        kept_.put_tag(kTenant, {id, spec});
        tags_.push_back(id);
      }
      SampleBatch batch{kTenant, {now_}, {}};
      for (TagId tag : tags_) batch.samples.push_back({tag, {now_}, quality::kGood, now_ * 3});
      ++now_;
      ASSERT_TRUE(append(store(), batch).ok());
      kept_.append(batch);
    }
  }
  // So many files that the next flushes merge.
  void fill(int files) {
    for (int i = 0; i < files; ++i) {
      put(3);
      ASSERT_TRUE(store().flush().ok());
    }
    put(1);
  }

  // Empty if the copy on the disk opens without a word and is `wanted`.
  static std::string problem_of(const sys::DiskImage& image, const Oracle& wanted) {
    sys::SimDisk disk(image);
    OnDisk copy(disk);
    copy.options().directory = kCopy;
    if (Status opened = copy.open(); !opened) return opened.error().text();
    if (!copy->recovery().damages.empty()) return copy->recovery().damages[0];
    return wanted.difference(*copy);
  }
  // Empty if it is the copy of `before`; the tags may be newer ones already.
  std::string problem_of_old(const sys::DiskImage& image, const Oracle& before) const {
    sys::SimDisk disk(image);
    OnDisk copy(disk);
    copy.options().directory = kCopy;
    if (Status opened = copy.open(); !opened) return opened.error().text();
    if (!copy->recovery().damages.empty()) return copy->recovery().damages[0];
    const std::string missing = before.missing(*copy);
    return missing.empty() ? kept_.invented(*copy) : missing;
  }
  static bool has_copy(const sys::DiskImage& image) {
    return image.find(std::string(kCopy) + "/manifest").has_value();
  }

  sys::SimDisk disk_;
  std::unique_ptr<OnDisk> store_;
  Oracle kept_;
  std::vector<TagId> tags_;
  std::int64_t now_ = 100;
};

TEST_F(BackupTest, HoldsAllThatWasAcknowledgedBefore) {
  fill(5);
  const auto report = store().back_up(kCopy, kGoOn);
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_EQ(report->files, store().counters().files);
  EXPECT_EQ(report->bytes, store().counters().file_bytes);
  EXPECT_EQ(report->files_copied, report->files);
  EXPECT_TRUE(report->damages.empty());
  EXPECT_EQ(problem_of(disk_.image(), kept_), "");
  EXPECT_EQ(problem_of(disk_.durable_image(), kept_), "") << "when the power fails right after";
}

TEST_F(BackupTest, CopiesOnlyWhatIsNewAndRemovesWhatIsMergedAway) {
  fill(5);
  ASSERT_TRUE(store().back_up(kCopy, kGoOn).ok());
  put(1);
  const auto second = store().back_up(kCopy, kGoOn);
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(second->files_copied, 1u);
  EXPECT_EQ(second->files_removed, 1u) << "the catalogue of before: there is a new tag";
  const auto third = store().back_up(kCopy, kGoOn);
  EXPECT_EQ(third->files_copied, 0u) << "nothing is new";
  EXPECT_EQ(third->bytes_copied, 0u);
  ASSERT_TRUE(store().compact().ok());
  const auto merged = store().back_up(kCopy, kGoOn);
  EXPECT_EQ(merged->files, 1u);
  EXPECT_EQ(merged->files_copied, 1u);
  EXPECT_GE(merged->files_removed, third->files);
  EXPECT_EQ(problem_of(disk_.durable_image(), kept_), "");
}

TEST_F(BackupTest, IsRestoredIntoAnotherDirectoryAndGoesOnThere) {
  fill(5);
  ASSERT_TRUE(store().back_up(kCopy, kGoOn).ok());
  ASSERT_TRUE(restore_store(disk_, kCopy, "/new/history", kGoOn).ok());
  OnDisk restored(disk_);
  restored.options().directory = "/new/history";
  ASSERT_TRUE(restored.open().ok());
  EXPECT_EQ(kept_.difference(*restored), "");
  ASSERT_TRUE(append(*restored, {kTenant, {}, {{tags_[0], {9999}, {}, std::int64_t{5}}}}).ok());
  // The restored store carries on the same series of copies.
  const auto next = restored->back_up(kCopy, kGoOn);
  ASSERT_TRUE(next.ok()) << next.error().text();
  EXPECT_EQ(next->files_copied, 1u);
  EXPECT_EQ(restore_store(disk_, "/nothing", "/x", kGoOn).error().id, ErrorId::kFileMissing);
}

TEST_F(BackupTest, FilesThatAreMergedAwayStayUntilTheCopyIsMade) {
  fill(6);
  bool merged = false;
  const auto report = store().back_up(kCopy, [&](std::uint64_t done, std::uint64_t) {
    if (!merged && done > 0) {
      merged = true;
      put(2);
      EXPECT_TRUE(store().compact().ok());
    }
    return true;
  });
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_TRUE(merged);
  EXPECT_GE(report->files, 2u) << "what was there at the beginning";
  const auto names = disk_.list(kStore).value();
  EXPECT_EQ(std::count_if(names.begin(), names.end(),
                          [](const std::string& name) { return name.ends_with(".lsh"); }),
            1);
  EXPECT_EQ(kept_.difference(store()), "");
}

TEST_F(BackupTest, CanBeStopped) {
  fill(3);
  const auto stopped =
      store().back_up(kCopy, [](std::uint64_t done, std::uint64_t) { return done == 0; });
  EXPECT_EQ(stopped.error().id, ErrorId::kCancelled);
  EXPECT_FALSE(has_copy(disk_.image()));
  EXPECT_TRUE(store().back_up(kCopy, kGoOn).ok());
  EXPECT_EQ(problem_of(disk_.image(), kept_), "");
}

TEST_F(BackupTest, TouchesNoCopyOfAnotherStore) {
  fill(4);
  ASSERT_TRUE(store().back_up(kCopy, kGoOn).ok());
  const Oracle kept = kept_;
  sys::SimDisk other(disk_.image());
  for (const std::string& name : other.list(kStore).value()) {
    if (name != "wal") static_cast<void>(other.remove(std::string(kStore) + "/" + name));
  }
  for (const std::string& name : other.list("/data/history/wal").value()) {
    static_cast<void>(other.remove("/data/history/wal/" + name));
  }
  reopen(other);
  tags_.clear();
  kept_ = {};
  now_ = 5000;
  put(1);
  EXPECT_EQ(store().back_up(kCopy, kGoOn).error().id, ErrorId::kConflict) << "it is younger";
  fill(8);
  EXPECT_EQ(store().back_up(kCopy, kGoOn).error().id, ErrorId::kConflict) << "its files differ";
  EXPECT_EQ(problem_of(other.image(), kept), "");
  store_.reset();
}

// --- damage ---

void flip(sys::SimDisk& disk, const std::string& path, std::uint64_t at) {
  const auto file = disk.open(path, sys::OpenMode::kReadWrite);
  std::uint8_t byte = 0;
  ASSERT_TRUE((*file)->read_at(at, {&byte, 1}).ok());
  byte ^= 1;
  ASSERT_TRUE((*file)->write_at(at, {&byte, 1}).ok());
}

TEST_F(BackupTest, MendsACopyThatHasRotted) {
  fill(4);
  ASSERT_TRUE(store().back_up(kCopy, kGoOn).ok());
  for (const std::string& name : disk_.list(kCopy).value()) {
    if (name.ends_with(".lsh")) flip(disk_, std::string(kCopy) + "/" + name, 50);
  }
  const auto report = store().back_up(kCopy, kGoOn);
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_EQ(report->files_copied, report->files);
  EXPECT_TRUE(report->damages.empty());
  EXPECT_EQ(problem_of(disk_.image(), kept_), "");
}

TEST_F(BackupTest, KeepsTheWholeCopyOfAFileThatHasRottedInTheStore) {
  fill(4);
  ASSERT_TRUE(store().back_up(kCopy, kGoOn).ok());
  for (const std::string& name : disk_.list(kStore).value()) {
    if (name.ends_with(".lsh")) flip(disk_, std::string(kStore) + "/" + name, 50);
  }
  ASSERT_TRUE(store().back_up(kCopy, kGoOn).ok());
  EXPECT_EQ(problem_of(disk_.image(), kept_), "") << "the copies of the files are whole";
}

TEST_F(BackupTest, NamesWhatIsDamagedInTheStoreAndCopiesTheRest) {
  fill(4);
  ASSERT_TRUE(store().flush().ok());
  std::string name;
  for (const std::string& each : disk_.list(kStore).value()) {
    if (each.ends_with(".lsh")) name = each;
  }
  flip(disk_, std::string(kStore) + "/" + name, 50);
  const auto report = store().back_up(kCopy, kGoOn);
  ASSERT_TRUE(report.ok()) << report.error().text();
  ASSERT_EQ(report->damages.size(), 1u);
  EXPECT_NE(report->damages[0].find(name), std::string::npos);
  EXPECT_EQ(report->files, store().counters().files);
}

TEST_F(BackupTest, RenewsACatalogueThatHasRotted) {
  fill(2);
  ASSERT_TRUE(store().flush().ok());
  for (const std::string& name : disk_.list(kStore).value()) {
    if (name.ends_with(".tags")) flip(disk_, std::string(kStore) + "/" + name, 30);
  }
  const auto report = store().back_up(kCopy, kGoOn);
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_EQ(problem_of(disk_.image(), kept_), "");
}

// --- crashes and faults ---

TEST_F(BackupTest, ACrashLeavesTheCopyOfBeforeOrTheNewOne) {
  fill(3);
  ASSERT_TRUE(store().back_up(kCopy, kGoOn).ok());
  const Oracle before = kept_;
  fill(6);
  ASSERT_TRUE(store().compact().ok());
  sys::SimDisk disk(disk_.image());
  reopen(disk);
  const std::size_t from = disk.operations();
  ASSERT_TRUE(store().back_up(kCopy, kGoOn).ok());
  std::uint64_t states = 0;
  std::uint64_t old_ones = 0;
  disk.for_each_crash_state(from, [&](const sys::CrashState& crash) {
    ++states;
    const std::string not_new = problem_of(crash.image, kept_);
    if (not_new.empty()) return true;
    ++old_ones;
    const std::string not_old = problem_of_old(crash.image, before);
    EXPECT_EQ(not_old, "") << crash.operations << " " << crash.what << " and not new: " << not_new;
    return not_old.empty();
  });
  std::cout << "crash states: " << states << ", with the copy of before: " << old_ones << "\n";
  EXPECT_GE(states, 50u);
  EXPECT_GE(old_ones, 10u);
  store_.reset();
}

TEST_F(BackupTest, AFirstCopyThatIsCutOffIsNotTakenForOne) {
  fill(3);
  const std::size_t from = disk_.operations();
  ASSERT_TRUE(store().back_up(kCopy, kGoOn).ok());
  std::uint64_t states = 0;
  disk_.for_each_crash_state(from, [&](const sys::CrashState& crash) {
    ++states;
    if (!has_copy(crash.image)) return true;
    const std::string problem = problem_of(crash.image, kept_);
    EXPECT_EQ(problem, "") << crash.operations << " " << crash.what;
    return problem.empty();
  });
  EXPECT_GE(states, 50u);
}

// Every call in turn fails, once or for good: the error is told, the copy is the old one or the new
// one, and the next one succeeds; the store has everything.
TEST_F(BackupTest, AFailingDiskLeavesTheCopyOfBeforeOrTheNewOne) {
  fill(3);
  ASSERT_TRUE(store().back_up(kCopy, kGoOn).ok());
  const Oracle before = kept_;
  put(2);
  ASSERT_TRUE(store().compact().ok());
  store_->close();
  const sys::DiskImage start = disk_.image();
  for (const ErrorId error : {ErrorId::kIoError, ErrorId::kDiskFull}) {
    for (const bool for_good : {false, true}) {
      const sys::DiskFault fault{.from_then_on = for_good, .error = error, .partial = true};
      const std::uint64_t runs =
          sys::for_each_failing_call(start, fault, [&](sys::SimDisk& disk, std::uint64_t nth) {
            SCOPED_TRACE("call " + std::to_string(nth));
            OnDisk failing(disk);
            failing.options().wal_segment_bytes = 4096;
            if (!failing.open()) return;
            const auto report = failing->back_up(kCopy, kGoOn);
            if (!report) {
              const ErrorId id = report.error().id;
              EXPECT_TRUE(id == ErrorId::kIoError || id == ErrorId::kDiskFull ||
                          id == ErrorId::kStorePoisoned)
                  << report.error().text();
            }
            disk.clear_faults();
            // A file that could not be opened is missing until the next start, which says so.
            if (failing->recovery().damages.empty()) {
              EXPECT_EQ(kept_.missing(*failing), "");
            }
            for (const sys::DiskImage& image : {disk.image(), disk.durable_image()}) {
              if (problem_of(image, kept_).empty()) continue;
              EXPECT_EQ(problem_of_old(image, before), "");
            }
            failing.close();
            ASSERT_TRUE(failing.open().ok());
            EXPECT_TRUE(failing->back_up(kCopy, kGoOn).ok());
            EXPECT_EQ(problem_of(disk.durable_image(), kept_), "");
          });
      std::cout << "failing calls: " << runs << "\n";
      EXPECT_GE(runs, 30u);
    }
  }
}

TEST_F(BackupTest, NoSpaceForTheCopyIsToldAndTheStoreGoesOn) {
  fill(4);
  ASSERT_TRUE(store().flush().ok());
  disk_.set_capacity(disk_.image().used_bytes() + 300);
  EXPECT_EQ(store().back_up(kCopy, kGoOn).error().id, ErrorId::kDiskFull);
  EXPECT_FALSE(store().counters().disk_full) << "of the store, which needs no space now";
  EXPECT_FALSE(store().counters().poisoned);
  disk_.set_capacity(std::nullopt);
  put(1);
  EXPECT_TRUE(store().back_up(kCopy, kGoOn).ok());
  EXPECT_EQ(problem_of(disk_.image(), kept_), "");
}

}  // namespace
}  // namespace lineshaft::historian
