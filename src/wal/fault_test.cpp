// Every call of the disk fails in turn: the log answers as wal/log.h says and loses nothing that it
// acknowledged.
#include <gtest/gtest.h>

#include <iostream>
#include <string>

#include "wal/crash_fixture.h"

namespace lineshaft::wal {
namespace {

using sys::DiskCall;
using sys::DiskFault;

LogOptions small_segments() {
  LogOptions options;
  options.directory = "/data/wal";
  options.segment_bytes = 4096;
  return options;
}

// A log with several segments, spares and records that are not synced.
struct Start {
  Start() {
    NotedLog log(disk, small_segments(), 5);
    EXPECT_EQ(log.open(), "");
    EXPECT_EQ(log.work(60), "");
    EXPECT_TRUE(log.append(100).ok());
    notebook = log.notebook();
  }
  sys::SimDisk disk;
  Notebook notebook;
};

// One life of a log on a disk with a fault.
class FaultyLife {
 public:
  FaultyLife(sys::SimDisk& disk, const DiskFault& fault, const Start& start)
      : disk_(disk), fault_(fault), log_(disk, small_segments(), 7), start_(start) {}

  void run() {
    open();
    for (int step = 0; step < 40 && !testing::Test::HasFailure(); ++step) {
      if (step % 3 == 2) {
        expect_contract(log_.sync(), true);
      } else if (step % 10 == 9) {
        expect_contract(log_.trim(log_.log()->durable().value), false);
      } else {
        expect_contract(log_.append(step % 4 == 0 ? 2000 : static_cast<std::size_t>(step)), false);
      }
    }
    log_.close();
    expect_all_crashes_harmless();
  }

 private:
  // The start is a disk of its own whose content is durable: a crash after its last operation with
  // everything kept.
  std::string recover() { return log_.recover(start_.notebook, start_.disk.operations()); }

  void open() {
    const std::string problem = recover();
    if (problem.empty()) return;
    EXPECT_EQ(log_.log(), nullptr) << problem;
    EXPECT_EQ(disk_.faults_hit() > 0, true) << problem;
    EXPECT_NE(problem.find(error_number(fault_.error)), std::string::npos) << problem;
    disk_.clear_faults();
    ASSERT_EQ(recover(), "");
  }

  void expect_contract(const Status& done, bool is_sync) {
    const Log& log = *log_.log();
    if (done && !log.poisoned()) return;
    // A sync that succeeded is as good as its word though what came behind it has failed.
    if (!done) {
      EXPECT_EQ(done.error().id, fault_.error == ErrorId::kDiskFull && !log.poisoned()
                                     ? ErrorId::kDiskFull
                                     : ErrorId::kIoError)
          << done.error().text();
    }
    if (!log.poisoned()) {
      full_ += 1;
      EXPECT_FALSE(is_sync) << "a sync that fails poisons";
      if (full_ == 3) disk_.clear_faults();  // somebody made space
      return;
    }
    expect_poisoned_for_ever();
    disk_.clear_faults();
    expect_all_crashes_harmless();
    ASSERT_EQ(log_.open(), "");
  }

  void expect_poisoned_for_ever() {
    disk_.clear_faults();
    for (int i = 0; i < 2; ++i) {
      const Status synced = log_.sync();
      ASSERT_FALSE(synced.ok());
      EXPECT_EQ(synced.error().id, ErrorId::kStorePoisoned);
      const Status appended = log_.append(1);
      ASSERT_FALSE(appended.ok());
      EXPECT_EQ(appended.error().id, ErrorId::kStorePoisoned);
    }
  }

  // Of all power cuts at this moment.
  void expect_all_crashes_harmless() {
    disk_.for_each_crash_state(disk_.operations() - 1, [&](const sys::CrashState& state) {
      const std::string problem =
          problem_of_crashed(state.image, small_segments(), 9, log_.notebook(), state.operations);
      EXPECT_EQ(problem, "") << state.what << "\n" << disk_.journal();
      return problem.empty();
    });
  }

  sys::SimDisk& disk_;
  const DiskFault fault_;
  NotedLog log_;
  const Start& start_;
  int full_ = 0;
};

std::string about(const DiskFault& fault, std::uint64_t nth) {
  return "call " + std::to_string(nth) + (fault.from_then_on ? " and all later ones" : "") +
         (fault.partial ? ", done in part" : "") + " fails with " + error_number(fault.error);
}

std::uint64_t fail_every_call(DiskFault fault) {
  const Start start;
  return sys::for_each_failing_call(start.disk.image(), fault,
                                    [&](sys::SimDisk& disk, std::uint64_t nth) {
                                      if (testing::Test::HasFailure()) return;
                                      SCOPED_TRACE(about(fault, nth));
                                      FaultyLife(disk, fault, start).run();
                                    });
}

TEST(WalFault, NothingAcknowledgedIsLostWhicheverCallFails) {
  std::uint64_t runs = 0;
  for (const ErrorId error : {ErrorId::kIoError, ErrorId::kDiskFull}) {
    for (const bool from_then_on : {false, true}) {
      for (const bool partial : {false, true}) {
        DiskFault fault;
        fault.error = error;
        fault.from_then_on = from_then_on;
        fault.partial = partial;
        runs += fail_every_call(fault);
      }
    }
  }
  RecordProperty("failed_calls", std::to_string(runs));
  std::cout << "calls that failed in turn: " << runs << "\n";
  EXPECT_GE(runs, 1300u) << "fewer calls than there used to be: has the workload shrunk?";
}

// fsyncgate: the second sync of the same file succeeds although the data is gone.
TEST(WalFault, AFailedSyncIsNeverTriedAgain) {
  const Start start;
  sys::SimDisk disk(start.disk.image());
  NotedLog log(disk, small_segments(), 3);
  ASSERT_EQ(log.recover(start.notebook, start.disk.operations()), "");
  ASSERT_TRUE(log.append(10).ok());
  DiskFault fault;
  fault.call = DiskCall::kSync;
  disk.inject(fault);
  EXPECT_EQ(log.sync().error().id, ErrorId::kIoError);
  const std::uint64_t syncs = disk.calls(DiskCall::kSync);
  EXPECT_EQ(log.sync().error().id, ErrorId::kStorePoisoned);
  EXPECT_EQ(disk.calls(DiskCall::kSync), syncs);
  // What the failed sync dropped is still read: opening makes it durable by writing it again.
  ASSERT_EQ(log.open(), "");
  log.close();
  EXPECT_EQ(problem_of_crashed(disk.durable_image(), small_segments(), 1, log.notebook(),
                               disk.operations()),
            "");
}

TEST(WalFault, AFullDiskRefusesRecordsUntilThereIsSpaceAgain) {
  sys::SimDisk disk;
  NotedLog log(disk, small_segments(), 3);
  ASSERT_EQ(log.open(), "");
  disk.set_capacity(2 * 4096 + 100);
  Status appended;
  std::uint64_t kept = 0;
  while (true) {
    appended = log.append(1000);
    if (!appended) break;
    ASSERT_TRUE(log.sync().ok());
    ++kept;
  }
  EXPECT_EQ(appended.error().id, ErrorId::kDiskFull);
  // 64 + 3 * 1040 fit into a segment of 4096, and two segments onto the disk.
  EXPECT_EQ(kept, 6u);
  EXPECT_FALSE(log.log()->poisoned());
  EXPECT_TRUE(log.sync().ok());
  EXPECT_TRUE(log.append(0).ok()) << "a small record still fits";
  ASSERT_EQ(log.open(), "") << "a full disk is no reason not to start";
  EXPECT_EQ(log.append(1000).error().id, ErrorId::kDiskFull);
  disk.set_capacity(3 * 4096);
  EXPECT_TRUE(log.append(1000).ok());
  EXPECT_TRUE(log.sync().ok());
  EXPECT_EQ(log.append(3900).error().id, ErrorId::kDiskFull);
  ASSERT_TRUE(log.trim(log.log()->durable().value).ok()) << "the owner needs them no more";
  EXPECT_TRUE(log.append(3000).ok()) << "trimmed segments are used again";
  EXPECT_TRUE(log.sync().ok());
  ASSERT_EQ(log.open(), "");
}

TEST(WalFault, AFullDiskWithoutASegmentToGoOnInIsNoReasonNotToStart) {
  sys::SimDisk disk;
  disk.set_capacity(100);
  NotedLog log(disk, small_segments(), 3);
  ASSERT_EQ(log.open(), "");
  EXPECT_TRUE(log.sync().ok()) << "nothing is asked for";
  EXPECT_TRUE(log.log()->trim(Lsn{0}).ok());
  EXPECT_EQ(log.append(10).error().id, ErrorId::kDiskFull);
  EXPECT_FALSE(log.log()->poisoned());
  disk.set_capacity(std::nullopt);
  EXPECT_TRUE(log.append(10).ok());
  EXPECT_TRUE(log.sync().ok());
  ASSERT_EQ(log.open(), "") << "what was acknowledged is there";
}

}  // namespace
}  // namespace lineshaft::wal
