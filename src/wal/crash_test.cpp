// Every disk that a power cut may leave of a log: nothing acknowledged is lost, nothing is
// invented. How the disks are made: sys/sim/crash.h, docs/explanation/testing.md.
#include <gtest/gtest.h>

#include <cstdint>
#include <iostream>
#include <ostream>
#include <string>

#include "base/torture_fixture.h"
#include "wal/crash_fixture.h"

namespace lineshaft::wal {
namespace {

struct Trial {
  const char* name;
  std::size_t segment_bytes;
  std::size_t spare_segments_max;
  std::uint64_t seeds;  // workloads, seeded 1 and on
  int steps;            // of each
  int crashes_max = 1;  // one after the other, the later ones while the log recovers and goes on
  // Only every so manyth disk crashes again.
  std::uint64_t again_every = 1;
  std::uint64_t states_min = 0;  // fewer crash states than this means that a trial has shrunk
};

void PrintTo(const Trial& trial, std::ostream* out) { *out << trial.name; }

class WalCrash : public testing::TestWithParam<Trial> {
 protected:
  WalCrash() {
    options_.directory = "/data/wal";
    options_.segment_bytes = GetParam().segment_bytes;
    options_.spare_segments_max = GetParam().spare_segments_max;
  }

  // Crashes a disk in every way while a log works on it. False after the first failure.
  bool crash(const sys::SimDisk& disk, const Notebook& notebook, int crashes_left,
             const std::string& how) {
    disk.for_each_crash_state(0, [&](const sys::CrashState& state) {
      ++states_;
      const std::string problem =
          problem_of_crashed(state.image, options_, new_seed(), notebook, state.operations);
      const std::string crashed = how + ", crash after operation " +
                                  std::to_string(state.operations) + " with " + state.what +
                                  " on the disk";
      EXPECT_EQ(problem, "") << "seed " << seed_ << crashed << "\n" << disk.journal();
      if (problem.empty() && crashes_left > 1 && states_ % GetParam().again_every == 0) {
        crash_again(state, notebook, crashes_left - 1, crashed);
      }
      return !HasFailure();
    });
    return !HasFailure();
  }

  void crash_again(const sys::CrashState& state, const Notebook& notebook, int crashes_left,
                   const std::string& how) {
    constexpr int kSteps = 4;
    sys::SimDisk disk(state.image);
    NotedLog log(disk, options_, new_seed() + 1);
    EXPECT_EQ(log.recover(notebook, state.operations), "");
    EXPECT_EQ(log.work(kSteps), "");
    log.close();
    crash(disk, log.notebook(), crashes_left, how);
  }

  // Each life of a log draws other random numbers: the id of a segment is never used twice.
  std::uint64_t new_seed() const { return 1'000'000 * (seed_ + 1) + 2 * states_ + 1; }

  LogOptions options_;
  std::uint64_t seed_ = 0;  // of the workload
  std::uint64_t states_ = 0;
};

TEST_P(WalCrash, LosesNothingAcknowledgedAndInventsNothing) {
  const Torture torture;
  for (std::uint64_t i = 1; !HasFailure(); ++i) {
    if (torture.wanted() ? torture.is_over() : i > GetParam().seeds) break;
    seed_ = Torture::seed(i);
    sys::SimDisk disk;
    NotedLog log(disk, options_, seed_);
    ASSERT_EQ(log.open(), "");
    ASSERT_EQ(log.work(GetParam().steps), "");
    log.close();
    crash(disk, log.notebook(), GetParam().crashes_max, "");
  }
  RecordProperty("crash_states", std::to_string(states_));
  std::cout << "crash states opened and checked: " << states_ << "\n";
  torture.report({{"crash_states_of_the_log", states_}});
  if (!torture.wanted()) {
    EXPECT_GE(states_, GetParam().states_min);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Trials, WalCrash,
    testing::Values(Trial{"SmallSegments", 4096, 2, 14, 100, 1, 1, 20'000},
                    Trial{"OneSpare", 4096, 1, 12, 100, 1, 1, 18'000},
                    Trial{"NoSpares", 4096, 0, 12, 100, 1, 1, 18'000},
                    Trial{"LargerSegments", 16384, 2, 10, 140, 1, 1, 25'000},
                    Trial{"CrashDuringRecovery", 4096, 2, 4, 60, 2, 20, 22'000},
                    Trial{"ThreeCrashesInARow", 4096, 1, 3, 30, 3, 40, 10'000}),
    [](const auto& trial) { return std::string(trial.param.name); });

}  // namespace
}  // namespace lineshaft::wal
