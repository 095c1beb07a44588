// Group commit on a disk that knows what is durable: an acknowledgement is never early.
#include "wal/group_commit.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <thread>
#include <vector>

#include "sys/sim/disk.h"
#include "sys/sim/loop.h"

namespace lineshaft::wal {
namespace {

class GroupCommitTest : public testing::Test {
 protected:
  GroupCommitTest() {
    options_.directory = "/data/wal";
    options_.segment_bytes = 4096;
  }

  std::unique_ptr<GroupCommit> start() {
    return GroupCommit::start(Log::open(disk_, random_, options_, {},
                                        [](Lsn, std::uint8_t, ByteSpan) -> Status { return {}; })
                                  .value(),
                              {});
  }

  // The records that a power cut at this moment would leave at worst.
  std::map<std::uint64_t, std::string> durable_now() {
    sys::SimDisk after(disk_.durable_image());
    sys::SimRandom random(2);
    std::map<std::uint64_t, std::string> records;
    const auto log = Log::open(after, random, options_, {},
                               [&](Lsn lsn, std::uint8_t, ByteSpan payload) -> Status {
                                 records[lsn.value] = std::string(as_text(payload));
                                 return {};
                               });
    EXPECT_TRUE(log.ok());
    return records;
  }

  // Several threads append; returns when all outcomes are known.
  void append_from_threads(GroupCommit& group, int threads, int records) {
    std::vector<std::thread> running;
    for (int t = 0; t < threads; ++t) {
      running.emplace_back([this, &group, t, records] {
        for (int i = 0; i < records; ++i) {
          const std::string text = std::to_string(t) + ":" + std::to_string(i) +
                                   std::string(static_cast<std::size_t>(i) * 7 % 300, 'x');
          group.append(1, Bytes(text.begin(), text.end()),
                       [this](const Result<Lsn>& lsn, const Bytes& payload) {
                         note(lsn, std::string(as_text(payload)));
                       });
        }
      });
    }
    for (std::thread& thread : running) thread.join();
  }

  // On the commit thread.
  void note(const Result<Lsn>& lsn, const std::string& payload) {
    if (!lsn) {
      ++refused_;
      return;
    }
    EXPECT_EQ(refused_, 0u) << "acknowledged after a failure";
    ++acknowledged_;
    const auto durable = durable_now();
    const auto found = durable.find(lsn->value);
    ASSERT_NE(found, durable.end()) << "record " << lsn->value << " is not on the disk";
    EXPECT_EQ(found->second, payload);
  }

  sys::SimDisk disk_;
  sys::SimRandom random_{1};
  LogOptions options_;
  std::uint64_t acknowledged_ = 0;  // of the commit thread, until it has ended
  std::uint64_t refused_ = 0;
};

TEST_F(GroupCommitTest, WhatIsAcknowledgedIsOnTheDiskAtThatMoment) {
  append_from_threads(*start(), 4, 50);
  EXPECT_EQ(acknowledged_, 200u);
  EXPECT_EQ(refused_, 0u);
}

TEST_F(GroupCommitTest, NothingIsAcknowledgedAfterASyncHasFailed) {
  auto group = start();
  append_from_threads(*group, 1, 1);
  group.reset();  // ends when what is queued is committed
  ASSERT_EQ(acknowledged_, 1u);

  group = start();
  sys::DiskFault fault;
  fault.call = sys::DiskCall::kSync;
  disk_.inject(fault);
  append_from_threads(*group, 3, 20);
  group.reset();
  EXPECT_EQ(acknowledged_, 1u);
  EXPECT_EQ(refused_, 60u);
}

TEST_F(GroupCommitTest, EveryCallThatFailsIsToldToTheCallersItConcerns) {
  const auto run = [&](sys::SimDisk& disk, std::uint64_t nth) {
    SCOPED_TRACE("call " + std::to_string(nth));
    std::uint64_t outcomes = 0;
    Result<std::unique_ptr<Log>> log = Log::open(
        disk, random_, options_, {}, [](Lsn, std::uint8_t, ByteSpan) -> Status { return {}; });
    if (!log) return;
    std::uint64_t durable = 0;
    {
      const auto group = GroupCommit::start(*std::move(log), {});
      for (int i = 0; i < 12; ++i) {
        group->append(1, Bytes(900, 'x'), [&](const Result<Lsn>& lsn, const Bytes& payload) {
          ++outcomes;
          EXPECT_EQ(payload.size(), 900u);
          if (lsn) durable = lsn->value;
        });
      }
    }
    EXPECT_EQ(outcomes, 12u) << "each caller hears once";
    sys::SimDisk after(disk.durable_image());
    const auto again = Log::open(after, random_, options_, {},
                                 [](Lsn, std::uint8_t, ByteSpan) -> Status { return {}; });
    ASSERT_TRUE(again.ok());
    EXPECT_GE((*again)->last().value, durable);
  };
  for (const bool from_then_on : {false, true}) {
    sys::DiskFault fault;
    fault.from_then_on = from_then_on;
    EXPECT_GE(sys::for_each_failing_call({}, fault, run), 20u);
  }
}

}  // namespace
}  // namespace lineshaft::wal
