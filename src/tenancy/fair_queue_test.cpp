#include "tenancy/fair_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace lineshaft::tenancy {
namespace {

// Runs nothing by itself: the test is the worker, so that the order is certain.
class HandPool final : public sys::WorkerPool {
 public:
  explicit HandPool(std::size_t most = 1'000'000) : most_(most) {}
  bool try_run(std::function<void()> task) override {
    if (queue_.size() >= most_) return false;
    queue_.push_back(std::move(task));
    return true;
  }
  void work() {
    while (!queue_.empty()) {
      const auto task = std::move(queue_.front());
      queue_.pop_front();
      task();
    }
  }

 private:
  std::size_t most_;
  std::deque<std::function<void()>> queue_;
};

constexpr TenantId kFlood{1};
constexpr TenantId kQuiet{2};
constexpr TenantId kThird{3};

class Turns : public testing::Test {
 protected:
  bool add(FairQueue& queue, TenantId tenant, std::size_t bytes = 0) {
    return queue.try_run(tenant, bytes, [this, tenant] { ran_.push_back(tenant.value); });
  }
  std::size_t place_of(TenantId tenant) const {
    return static_cast<std::size_t>(std::ranges::find(ran_, tenant.value) - ran_.begin());
  }
  std::vector<std::uint32_t> ran_;
};

TEST_F(Turns, OfAFloodLeaveTheNextOneToOthers) {
  HandPool pool;
  FairQueue queue(pool, {});
  for (int i = 0; i < 200; ++i) EXPECT_TRUE(add(queue, kFlood));
  EXPECT_TRUE(add(queue, kQuiet));
  pool.work();
  EXPECT_LE(place_of(kQuiet), 1U) << "after at most one of the 200 that came before";
  EXPECT_EQ(ran_.size(), 201U);
}

TEST_F(Turns, GoAround) {
  HandPool pool;
  FairQueue queue(pool, {});
  for (int i = 0; i < 3; ++i) add(queue, kFlood);
  for (int i = 0; i < 2; ++i) add(queue, kThird);
  for (int i = 0; i < 3; ++i) add(queue, kQuiet);
  pool.work();
  EXPECT_EQ(ran_, (std::vector<std::uint32_t>{1, 2, 3, 1, 2, 3, 1, 2}));
}

TEST_F(Turns, AreBoundedForEachTenantAlone) {
  HandPool pool;
  FairQueue queue(pool, {.waiting_max = 10, .waiting_bytes_max = 1000});
  int taken = 0;
  for (int i = 0; i < 50; ++i) taken += add(queue, kFlood) ? 1 : 0;
  EXPECT_EQ(taken, 10);
  EXPECT_TRUE(add(queue, kQuiet)) << "the others have their own room";
  pool.work();
  EXPECT_TRUE(add(queue, kFlood)) << "what has run makes room";
}

TEST_F(Turns, AreBoundedInBytesButLetOneOfAnySizeWait) {
  HandPool pool;
  FairQueue queue(pool, {.waiting_max = 10, .waiting_bytes_max = 1000});
  EXPECT_TRUE(add(queue, kFlood, 5000));
  EXPECT_FALSE(add(queue, kFlood, 1));
  EXPECT_TRUE(add(queue, kQuiet, 600));
  EXPECT_TRUE(add(queue, kQuiet, 400));
  EXPECT_FALSE(add(queue, kQuiet, 1));
  pool.work();
  EXPECT_TRUE(add(queue, kFlood, 5000));
}

TEST_F(Turns, AreTakenThoughTheFloodHasFilledThePool) {
  HandPool pool(5);
  FairQueue queue(pool, {});
  bool quiet_taken = false;
  queue.try_run(kFlood, 0, [&] {
    // While this one runs the pool has no room, but the queue has.
    for (int i = 0; i < 20; ++i) add(queue, kFlood);
    quiet_taken = add(queue, kQuiet);
  });
  pool.work();
  EXPECT_TRUE(quiet_taken);
  EXPECT_EQ(place_of(kQuiet), 0U);
  EXPECT_EQ(ran_.size(), 21U) << "nothing that was taken is lost";
}

TEST_F(Turns, LeaveAWorkerForTheOthersWhateverOneRuns) {
  HandPool pool;
  FairQueue queue(pool, {.running_max = 2});
  // Each task is under way while the next begins, as on several threads.
  std::size_t deepest = 0;
  std::size_t depth = 0;
  bool quiet_ran = false;
  std::function<void()> slow = [&] {
    depth += 1;
    deepest = std::max(deepest, depth);
    pool.work();  // another worker takes the next ticket meanwhile
    depth -= 1;
  };
  for (int i = 0; i < 5; ++i) queue.try_run(kFlood, 0, slow);
  queue.try_run(kQuiet, 0, [&] { quiet_ran = depth > 0; });
  pool.work();
  EXPECT_EQ(deepest, 2U);
  EXPECT_TRUE(quiet_ran) << "while two of the flood were under way";
}

TEST_F(Turns, AreRefusedWhenThePoolIsFullOfOtherThings) {
  HandPool pool(1);
  FairQueue queue(pool, {});
  ASSERT_TRUE(pool.try_run([] {}));
  EXPECT_FALSE(add(queue, kQuiet));
  pool.work();
  EXPECT_TRUE(ran_.empty());
  EXPECT_TRUE(add(queue, kQuiet));
}

}  // namespace
}  // namespace lineshaft::tenancy
