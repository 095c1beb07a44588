// Power cuts while parity is written and while files are repaired: nothing is lost by either.
#include <iostream>

#include "historian/parity_fixture.h"

namespace lineshaft::historian {
namespace {

// Most states differ in where a long write was torn; looking at all of them would take minutes.
constexpr std::uint64_t kLookedAt = 16;

class ParityCrashTest : public ParityTest {
 protected:
  // After crashes from that operation on: all samples are there, and all that is protected by
  // parity is whole or repairable. Returns how many states there were.
  std::uint64_t check_crashes(const sys::SimDisk& disk, std::size_t from) {
    std::uint64_t states = 0;
    disk.for_each_crash_state(from, [&](const sys::CrashState& state) {
      if (states++ % kLookedAt != 0) return true;
      const std::string problem = problem_of(state.image);
      EXPECT_EQ(problem, "") << state.what;
      return problem.empty();
    });
    return states;
  }

  std::string problem_of(const sys::DiskImage& image) {
    sys::SimDisk disk(image);
    OnDisk store(disk);
    if (Status opened = store.open(); !opened) return opened.error().text();
    if (!store->recovery().damages.empty()) return store->recovery().damages[0];
    if (std::string difference = kept_.difference(*store); !difference.empty()) return difference;
    if (store->counters().damaged_blocks > 0) return "damaged blocks";
    const auto report = verify(store);
    if (!report) return report.error().text();
    if (!report->damages.empty()) return report->damages[0];
    store.close();
    for (const FileFinding& finding : verify_store(disk, kDirectory).value()) {
      if (finding.state != FileState::kWhole) return finding.name + " is not whole";
    }
    for (const std::string& name : names(disk, kParitySuffix)) {
      const std::uint64_t number = number_of(name, kParitySuffix).value();
      if (!disk.exists(path(numbered_name(number, kSamplesSuffix)))) return name + " is left over";
    }
    return {};
  }
};

TEST_F(ParityCrashTest, NothingIsLostWhileParityIsWritten) {
  put(kSamples, 1000);
  ASSERT_TRUE(store_->flush().ok());
  const std::size_t from = disk_.operations();
  ASSERT_TRUE(store_->compact().ok());
  std::cout << "crash states: " << check_crashes(disk_, from) << "\n";
}

TEST_F(ParityCrashTest, NothingIsLostWhileAClosedStoreIsRepaired) {
  store_.close();
  damage(only(kSamplesSuffix), 30'000, 40'000);
  sys::SimDisk disk(disk_.image());
  const std::size_t from = disk.operations();
  const auto repairs =
      repair_store(disk, kDirectory, [](std::uint64_t, std::uint64_t) { return true; }).value();
  EXPECT_EQ(repairs[0].outcome, RepairOutcome::kRepaired);
  EXPECT_GE(check_crashes(disk, from), 10u);
}

TEST_F(ParityCrashTest, NothingIsLostWhileARunningStoreIsRepaired) {
  store_.close();
  damage(only(kSamplesSuffix), 30'000, 40'000);
  sys::SimDisk disk(disk_.image());
  OnDisk store(disk);
  ASSERT_TRUE(store.open().ok());
  const std::size_t from = disk.operations();
  EXPECT_GE(verify(store).value().repaired_blocks, 1u);
  EXPECT_GE(check_crashes(disk, from), 10u);
}

TEST_F(ParityCrashTest, NothingIsLostWhileMissingParityIsMade) {
  ASSERT_TRUE(disk_.remove(path(only(kParitySuffix))).ok());
  store_.close();
  sys::SimDisk disk(disk_.image());
  OnDisk store(disk);
  ASSERT_TRUE(store.open().ok());
  const std::size_t from = disk.operations();
  EXPECT_EQ(verify(store).value().parity_made, 1u);
  EXPECT_GE(check_crashes(disk, from), 5u);
}

// Whatever fails while a file is repaired: the next attempt repairs it, and reading goes on.
TEST_F(ParityCrashTest, ARepairThatFailsIsRepeated) {
  store_.close();
  damage(only(kSamplesSuffix), 30'000, 40'000);
  const auto go_on = [](std::uint64_t, std::uint64_t) { return true; };
  for (const ErrorId error : {ErrorId::kIoError, ErrorId::kDiskFull}) {
    sys::DiskFault fault;
    fault.error = error;
    const std::uint64_t runs = sys::for_each_failing_call(
        disk_.image(), fault, [&](sys::SimDisk& disk, std::uint64_t nth) {
          static_cast<void>(repair_store(disk, kDirectory, go_on));
          disk.clear_faults();
          OnDisk store(disk);
          ASSERT_TRUE(store.open().ok()) << nth;
          ASSERT_EQ(kept_.difference(*store), "") << nth;
          store.close();
          ASSERT_TRUE(repair_store(disk, kDirectory, go_on).ok());
          for (const FileFinding& finding : verify_store(disk, kDirectory).value()) {
            ASSERT_NE(finding.state, FileState::kDamaged) << finding.name << " " << nth;
          }
        });
    EXPECT_GE(runs, 20u);
  }
}

}  // namespace
}  // namespace lineshaft::historian
