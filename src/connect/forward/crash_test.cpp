// Every disk that a power cut may leave of a forwarding queue: what was acknowledged and not
// confirmed is given, in order and under its number; no gap shows where none is.
// How the disks are made: sys/sim/crash.h.
#include <gtest/gtest.h>

#include <iostream>

#include "base/torture_fixture.h"
#include "connect/forward/testing.h"

namespace lineshaft::connect::forward {
namespace {

// What a queue was told, counted in operations of its disk. Entry n holds one sample of time n.
struct Notes {
  struct Mark {
    std::size_t operations = 0;
    std::uint64_t entry = 0;
  };
  std::vector<Mark> begun, acknowledged, confirmed;

  static std::uint64_t newest(const std::vector<Mark>& marks, std::size_t operations) {
    std::uint64_t entry = 0;
    for (const Mark& mark : marks) {
      if (mark.operations <= operations) entry = std::max(entry, mark.entry);
    }
    return entry;
  }
};

class QueueCrash : public testing::Test {
 protected:
  // Some appends, of which the receiver confirms some; with `bytes_max` the oldest are dropped.
  void work(sys::SimDisk& disk, std::uint64_t seed, int steps, std::uint64_t bytes_max) {
    sys::SimRandom random(seed);
    TestQueue queue(disk, seed);
    queue.options().bytes_max = bytes_max;
    ASSERT_TRUE(queue.open().ok());
    std::uint64_t last = 0;
    std::uint64_t confirmed = 0;
    for (int step = 0; step < steps; ++step) {
      const std::uint64_t choice = random.below(100);
      if (choice < 75) {
        notes_.begun.push_back({disk.operations() + 1, ++last});
        const std::size_t texts = choice < 20 ? random.below(1500) : 1;
        ASSERT_TRUE(queue
                        .append({{{1},
                                  {static_cast<std::int64_t>(last)},
                                  quality::kGood,
                                  std::string(texts, 'x')}})
                        .ok());
        notes_.acknowledged.push_back({disk.operations(), last});
      } else if (choice < 95 && confirmed < last) {
        confirmed += 1 + random.below(last - confirmed);
        confirmed = std::max(confirmed, queue->position().dropped.value);
        notes_.confirmed.push_back({disk.operations() + 1, confirmed});
        queue.confirm(confirmed);
      } else {
        ASSERT_TRUE(queue.open().ok());
      }
    }
    queue.close();
  }

  std::string problem_of(const sys::CrashState& state, std::uint64_t bytes_max) {
    sys::SimDisk disk(state.image);
    TestQueue queue(disk, 1'000'000 + states_);
    queue.options().bytes_max = bytes_max;
    if (Status opened = queue.open(); !opened) return opened.error().text();
    if (!queue->damages().empty()) return queue->damages()[0];
    const std::uint64_t acknowledged = Notes::newest(notes_.acknowledged, state.operations);
    const std::uint64_t begun = Notes::newest(notes_.begun, state.operations);
    const std::uint64_t confirmed = Notes::newest(notes_.confirmed, state.operations);
    const Position position = queue->position();
    if (position.confirmed.value > confirmed) return "it was never confirmed so far";
    std::uint64_t next = position.dropped.value + 1;
    for (const Entry& entry : queue.read_all(500)) {
      const std::string name = "entry " + std::to_string(entry.number.value);
      if (entry.number.value != next)
        return name + " comes where " + std::to_string(next) + " was due";
      if (entry.samples.size() != 1 ||
          entry.samples[0].time.ns != static_cast<std::int64_t>(next)) {
        return name + " is another than the one of that number";
      }
      ++next;
    }
    if (next <= acknowledged)
      return "entry " + std::to_string(next) + " was acknowledged and is lost";
    if (next > begun + 1) return "an entry is invented";
    // It goes on, with a number that no receiver has seen.
    if (Status done = queue.append(static_cast<std::int64_t>(next)); !done)
      return done.error().text();
    const auto after = queue.read({next - 1}).value();
    if (after.size() != 1 || after[0].number.value != next) return "it does not go on";
    return {};
  }

  void crash(std::uint64_t bytes_max, std::uint64_t seeds) {
    const Torture torture;
    for (std::uint64_t i = 1; !HasFailure(); ++i) {
      if (torture.wanted() ? torture.is_over() : i > seeds) break;
      notes_ = {};
      sys::SimDisk disk;
      work(disk, Torture::seed(i), 60, bytes_max);
      disk.for_each_crash_state(0, [&](const sys::CrashState& state) {
        ++states_;
        EXPECT_EQ(problem_of(state, bytes_max), "")
            << "seed " << Torture::seed(i) << ", crash after operation " << state.operations
            << " with " << state.what << " on the disk\n"
            << disk.journal();
        return !HasFailure();
      });
    }
    std::cout << "crash states opened and checked: " << states_ << "\n";
    torture.report({{"crash_states_of_queues", states_}});
  }

  Notes notes_;
  std::uint64_t states_ = 0;
};

TEST_F(QueueCrash, LosesNothingAcknowledgedAndKeepsTheOrder) {
  crash(std::uint64_t{1} << 30, 6);
  if (!Torture().wanted()) {
    EXPECT_GE(states_, 5'000u);
  }
}

TEST_F(QueueCrash, TellsTheSameGapAfterTheOldestWereDropped) {
  crash(6'000, 6);
  if (!Torture().wanted()) {
    EXPECT_GE(states_, 5'000u);
  }
}

}  // namespace
}  // namespace lineshaft::connect::forward
