// A historian on disks that fail: at every call once, for good, or for want of space.
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>

#include "historian/oracle_fixture.h"

namespace lineshaft::historian {
namespace {

constexpr TenantId kTenant{1};

// Some work that takes refusals as they come, and remembers what was acknowledged. No two samples
// have one time, so that what was refused cannot overwrite what was kept.
class Tolerant {
 public:
  explicit Tolerant(sys::SimDisk& disk) : store_(disk) {
    store_.options().memtable_bytes_max = 8 * 1024;
    store_.options().wal_segment_bytes = 4096;
  }

  // Goes on where another stopped.
  Tolerant(sys::SimDisk& disk, const Tolerant& before) : Tolerant(disk) {
    kept_ = before.kept_;
    tried_ = before.tried_;
    now_ = before.now_;
  }

  OnDisk& store() { return store_; }
  const Oracle& kept() const { return kept_; }

  void make_tags() {
    for (std::uint32_t i = 1; i <= 2; ++i) {
      const TagSpec spec = spec_of("works/" + std::to_string(i), type_of_tag(i));
      tried_.put_tag(kTenant, {{i}, spec});
      const auto made = store_->ensure_tags(kTenant, {spec});
      note(made ? Status() : Status(made.error()));
      if (made) kept_.put_tag(kTenant, {(*made)[0], spec});
    }
  }
  void append(int batches) {
    for (int i = 0; i < batches; ++i) {
      SampleBatch batch{kTenant, {now_}, {}};
      for (std::uint32_t tag = 1; tag <= 2; ++tag) {
        const std::int64_t time = now_ % 3 == 0 ? now_ - 1'000'000 : now_;
        ++now_;
        batch.samples.push_back({{tag}, {time}, quality::kGood, value_of(tag, time)});
      }
      tried_.append(batch);
      const Status kept = historian::append(*store_, batch);
      note(kept);
      if (kept) kept_.append(batch);
    }
  }
  void flush() { note(store_->flush()); }
  void change_tag() {
    TagSpec spec = spec_of("works/1", type_of_tag(1));
    spec.description = "changed";
    note(store_->update_tag(kTenant, {1}, spec));
  }
  // Only of what was tried, errors allowed.
  void read() {
    for (std::uint32_t tag = 1; tag <= 2; ++tag) {
      const auto wanted = tried_.scan({kTenant, {tag}}, {});
      note(store_->scan(kTenant, {tag}, {}, [&](std::span<const Sample> run) {
        for (const Sample& sample : run) {
          EXPECT_TRUE(std::any_of(wanted.begin(), wanted.end(), [&](const Sample& other) {
            return same_sample(sample, other);
          })) << text_of(sample);
        }
        return true;
      }));
    }
  }
  // Nine files, so that the next flush merges, and something in the log.
  void fill() {
    make_tags();
    for (int i = 0; i < 8; ++i) {
      append(2);
      flush();
    }
    append(2);
  }
  void work() {
    append(1);
    change_tag();
    append(6);
    flush();
    read();
    append(2);
    flush();
    append(1);
  }

  const std::vector<ErrorId>& errors() const { return errors_; }

  // Empty if `disk`, without faults, holds what was kept and nothing that was not tried.
  std::string problem_of(const sys::DiskImage& image) const {
    sys::SimDisk disk(image);
    Tolerant fresh(disk);
    const Status opened = fresh.store().open();
    if (!opened) return "does not open: " + opened.error().text();
    if (!fresh.store()->recovery().damages.empty()) return fresh.store()->recovery().damages[0];
    std::string problem = kept_.missing(*fresh.store());
    if (problem.empty()) problem = tried_.invented(*fresh.store());
    if (!problem.empty()) return problem;
    const auto tag = fresh.store()->ensure_tags(kTenant, {spec_of("after/all")});
    if (!tag) return "takes no tag: " + tag.error().text();
    const Status kept =
        historian::append(*fresh.store(), {kTenant, {}, {{(*tag)[0], {1}, {}, 1.0}}});
    return kept ? "" : "takes no sample: " + kept.error().text();
  }

 private:
  static ValueType type_of_tag(std::uint32_t tag) {
    return tag == 1 ? ValueType::kInt64 : ValueType::kString;
  }
  static Value value_of(std::uint32_t tag, std::int64_t time) {
    if (tag == 1) return time * 7;
    return std::string(200, static_cast<char>('a' + time % 26));
  }
  void note(const Status& status) {
    if (!status) errors_.push_back(status.error().id);
  }

  OnDisk store_;
  Oracle kept_;
  Oracle tried_;
  std::vector<ErrorId> errors_;
  std::int64_t now_ = 2'000'000;
};

class FaultTest : public testing::Test {
 protected:
  FaultTest() : base_(disk_) {
    EXPECT_TRUE(base_.store().open().ok());
    base_.fill();
    EXPECT_TRUE(base_.errors().empty());
    base_.store().close();
  }

  // Opens and works while every call in turn fails as `fault` says. Returns how many runs it took.
  std::uint64_t fail_each(sys::DiskFault fault) {
    return sys::for_each_failing_call(disk_.image(), fault,
                                      [&](sys::SimDisk& disk, std::uint64_t nth) {
                                        SCOPED_TRACE("call " + std::to_string(nth));
                                        if (!HasFailure()) try_once(disk, fault);
                                      });
  }

  void try_once(sys::SimDisk& disk, const sys::DiskFault& fault) {
    Tolerant worker(disk, base_);
    const Status opened = worker.store().open();
    if (opened) worker.work();
    std::vector<ErrorId> errors = worker.errors();
    if (!opened) errors.push_back(opened.error().id);
    for (ErrorId id : errors) {
      const bool is_clear =
          fault.error == ErrorId::kDiskFull
              ? id == ErrorId::kDiskFull || id == ErrorId::kIoError || id == ErrorId::kStorePoisoned
              : id == ErrorId::kIoError || id == ErrorId::kStorePoisoned;
      EXPECT_TRUE(is_clear) << error_number(id);
    }
    worker.store().close();
    EXPECT_EQ(worker.problem_of(disk.image()), "") << "when the process had died";
    EXPECT_EQ(worker.problem_of(disk.durable_image()), "") << "when the power had failed";
  }

  std::string first_file() {
    for (const std::string& name : disk_.list("/data/history").value()) {
      if (name.ends_with(".lsh")) return name;
    }
    return "";
  }

  sys::SimDisk disk_;
  Tolerant base_;
};

void report(const char* what, std::uint64_t runs) {
  std::cout << what << ": " << runs << " runs\n";
  EXPECT_GE(runs, 100u) << "the fault meets too little";
}

// A memtable that found no space waits beside a newer one, whose samples are in the log alone when
// the first is written and the log is trimmed. Wherever a segment of the log ends between the two.
TEST_F(FaultTest, TheLogKeepsWhatIsInNoFileYet) {
  for (int before = 1; before <= 18 && !HasFailure(); ++before) {
    SCOPED_TRACE(std::to_string(before) + " batches in the first memtable");
    sys::SimDisk disk(disk_.image());
    Tolerant worker(disk, base_);
    ASSERT_TRUE(worker.store().open().ok());
    worker.append(before);
    disk.inject({.call = sys::DiskCall::kOpen, .from_then_on = true, .error = ErrorId::kDiskFull});
    worker.flush();
    ASSERT_EQ(worker.errors(), std::vector{ErrorId::kDiskFull});
    disk.clear_faults();
    worker.append(2);
    const std::size_t from = disk.operations();
    worker.flush();
    disk.for_each_crash_state(from, [&](const sys::CrashState& state) {
      EXPECT_EQ(worker.problem_of(state.image), "") << state.what;
      return !HasFailure();
    });
  }
}

TEST_F(FaultTest, LosesNothingWhenACallFails) { report("EIO at each call", fail_each({})); }

TEST_F(FaultTest, LosesNothingWhenTheDiskFailsForGood) {
  report("EIO from each call on", fail_each({.from_then_on = true}));
}

TEST_F(FaultTest, LosesNothingWhenACallIsHalfDone) {
  report("EIO after half of each call", fail_each({.partial = true}));
}

TEST_F(FaultTest, LosesNothingWhenThereIsNoSpaceOnce) {
  report("ENOSPC at each call", fail_each({.error = ErrorId::kDiskFull, .partial = true}));
}

TEST_F(FaultTest, LosesNothingWhenThereIsNoSpaceForGood) {
  report("ENOSPC from each call on",
         fail_each({.from_then_on = true, .error = ErrorId::kDiskFull, .partial = true}));
}

// After a failed sync nobody knows what is on the disk.
TEST_F(FaultTest, AFailedSyncStopsTheWritingUntilARestart) {
  Tolerant worker(disk_, base_);
  ASSERT_TRUE(worker.store().open().ok());
  disk_.inject({.call = sys::DiskCall::kSync});
  worker.append(3);
  worker.change_tag();
  worker.flush();
  EXPECT_EQ(worker.errors(), (std::vector<ErrorId>{ErrorId::kIoError, ErrorId::kStorePoisoned,
                                                   ErrorId::kStorePoisoned, ErrorId::kStorePoisoned,
                                                   ErrorId::kStorePoisoned}));
  EXPECT_TRUE(worker.store()->counters().poisoned);
  EXPECT_EQ(base_.kept().missing(*worker.store()), "") << "reading goes on";
  ASSERT_TRUE(worker.store().open().ok());
  EXPECT_FALSE(worker.store()->counters().poisoned);
  worker.append(1);
  EXPECT_EQ(worker.errors().size(), 5u);
  EXPECT_EQ(worker.problem_of(disk_.durable_image()), "");
}

TEST_F(FaultTest, AFullDiskRefusesGoesOnReadingAndRecovers) {
  Tolerant worker(disk_, base_);
  worker.store().options().memtable_bytes_max = 1024;
  ASSERT_TRUE(worker.store().open().ok());
  disk_.set_capacity(disk_.image().used_bytes());
  while (worker.errors().empty()) {
    worker.append(1);
    if (worker.errors().empty() && worker.store()->counters().memtable_bytes > 8 * 1024) {
      worker.flush();
    }
  }
  for (int i = 0; i < 10; ++i) worker.append(1);
  worker.flush();
  EXPECT_TRUE(std::all_of(worker.errors().begin(), worker.errors().end(),
                          [](ErrorId id) { return id == ErrorId::kDiskFull; }));
  const HistorianCounters counters = worker.store()->counters();
  EXPECT_TRUE(counters.disk_full);
  EXPECT_FALSE(counters.poisoned);
  EXPECT_EQ(worker.kept().missing(*worker.store()), "");
  const std::size_t refused = worker.errors().size();
  disk_.set_capacity(std::nullopt);
  worker.flush();
  worker.append(20);
  worker.flush();
  EXPECT_EQ(worker.errors().size(), refused) << "without a restart";
  EXPECT_FALSE(worker.store()->counters().disk_full);
  EXPECT_EQ(worker.kept().missing(*worker.store()), "");
  EXPECT_EQ(worker.problem_of(disk_.durable_image()), "");
}

// One memtable waits for its file, the next is full too. The flush that finds space must write
// both: with one of them left, all that comes would be refused for ever.
TEST_F(FaultTest, TakesSamplesAgainAfterTheMemtablesWereFull) {
  Tolerant worker(disk_, base_);
  worker.store().options().memtable_bytes_max = 256;
  worker.store().options().wal_segment_bytes = 64 * 1024;
  ASSERT_TRUE(worker.store().open().ok());
  worker.append(1);
  disk_.set_capacity(disk_.image().used_bytes());
  worker.flush();
  EXPECT_EQ(worker.errors(), std::vector<ErrorId>{ErrorId::kDiskFull});
  while (worker.errors().size() == 1) worker.append(1);
  EXPECT_EQ(worker.errors().back(), ErrorId::kDiskFull) << "not as if the disk were slow";
  disk_.set_capacity(std::nullopt);
  worker.flush();
  worker.append(1);
  EXPECT_EQ(worker.errors().size(), 2u);
}

TEST_F(FaultTest, StartsOnAFullDiskThoughTheLogIsLong) {
  Tolerant worker(disk_, base_);
  worker.store().options().wal_segment_bytes = 64 * 1024;
  ASSERT_TRUE(worker.store().open().ok());
  worker.append(40);
  worker.store().options().memtable_bytes_max = 256;
  disk_.set_capacity(disk_.image().used_bytes());
  const Status opened = worker.store().open();
  ASSERT_TRUE(opened.ok()) << opened.error().text();
  EXPECT_EQ(worker.kept().missing(*worker.store()), "");
  EXPECT_TRUE(worker.store()->counters().disk_full);
  worker.append(1);
  EXPECT_EQ(worker.errors(), std::vector<ErrorId>{ErrorId::kDiskFull});
  disk_.set_capacity(std::nullopt);
  worker.flush();
  worker.append(1);
  EXPECT_EQ(worker.errors().size(), 1u);
  EXPECT_EQ(worker.problem_of(disk_.durable_image()), "");
}

// A full disk is tried again and again; what is half written must not take the rest of it.
TEST_F(FaultTest, LeavesNothingBehindOfAFileThatFoundNoSpace) {
  Tolerant worker(disk_, base_);
  ASSERT_TRUE(worker.store().open().ok());
  worker.append(6);
  const std::uint64_t used = disk_.image().used_bytes();
  disk_.set_capacity(used + 400);
  for (int i = 0; i < 3; ++i) worker.flush();
  EXPECT_EQ(worker.errors().size(), 3u);
  EXPECT_LE(disk_.image().used_bytes(), used + 400);
  disk_.set_capacity(used + 20'000);
  worker.flush();
  EXPECT_EQ(worker.errors().size(), 3u);
}

// A bad sector in an old file is no reason to stop.
TEST_F(FaultTest, ABadSectorStopsNeitherWritingNorMerging) {
  Tolerant worker(disk_, base_);
  ASSERT_TRUE(worker.store().open().ok());
  disk_.fail_reads("/data/history/" + first_file(), 24, 100);
  for (int i = 0; i < 12; ++i) {
    worker.append(1);
    worker.flush();
    EXPECT_LE(worker.store()->counters().files, 14u);
  }
  EXPECT_TRUE(worker.errors().empty());
  EXPECT_FALSE(worker.store()->counters().poisoned);
  disk_.clear_faults();
  EXPECT_EQ(worker.kept().missing(*worker.store()), "") << "the file was kept";
}

TEST_F(FaultTest, StartsWithoutAFileThatCannotBeReadAndWithItLater) {
  const std::string file = "/data/history/" + first_file();
  disk_.fail_reads(file, 0, 1 << 20);
  Tolerant worker(disk_, base_);
  ASSERT_TRUE(worker.store().open().ok());
  ASSERT_EQ(worker.store()->recovery().damages.size(), 1u);
  EXPECT_NE(worker.store()->recovery().damages[0].find(file), std::string::npos);
  for (int i = 0; i < 12; ++i) {
    worker.append(1);
    worker.flush();
  }
  EXPECT_TRUE(worker.errors().empty());
  EXPECT_NE(worker.kept().missing(*worker.store()), "");
  disk_.clear_faults();
  EXPECT_EQ(worker.problem_of(disk_.image()), "");
}

}  // namespace
}  // namespace lineshaft::historian
