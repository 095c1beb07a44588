#include "historian/disk_watch.h"

#include <gtest/gtest.h>

#include "historian/oracle_fixture.h"

namespace lineshaft::historian {
namespace {

constexpr TenantId kTenant{1};
constexpr std::uint64_t kMiB = 1024 * 1024;

TEST(DiskMark, IsTheSmallerOfBytesAndPercent) {
  EXPECT_EQ((DiskMark{.bytes = 10, .percent = 0}).of(1000), 10u);
  EXPECT_EQ((DiskMark{.bytes = 0, .percent = 5}).of(1000), 50u);
  EXPECT_EQ((DiskMark{.bytes = 10, .percent = 5}).of(1000), 10u);
  EXPECT_EQ((DiskMark{.bytes = 100, .percent = 5}).of(1000), 50u);
  EXPECT_EQ(DiskMark{}.of(1000), 0u);
}

// A disk of 100 MiB of which a foreign file takes what is asked.
class DiskWatchTest : public testing::Test {
 protected:
  DiskWatchTest() : store_(disk_) {
    disk_.set_capacity(100 * kMiB);
    store_.options().disk_low = {.bytes = 50 * kMiB};
    store_.options().disk_critical = {.bytes = 20 * kMiB, .percent = 50};
    foreign_ = disk_.open("/foreign", sys::OpenMode::kCreate).value();
    EXPECT_TRUE(store_.open().ok());
    tag_ = store_->ensure_tags(kTenant, {spec_of("a/b", ValueType::kInt64)}).value()[0];
  }

  void leave_free(std::uint64_t bytes) {
    EXPECT_TRUE(foreign_->truncate(0).ok());
    const std::uint64_t free = disk_.free_bytes("/").value();
    EXPECT_TRUE(foreign_->allocate(free - bytes).ok());
    store_.pass(std::chrono::seconds(2));
  }
  Status put(std::int64_t time) {
    return append(*store_, {kTenant, {}, {{tag_, {time}, quality::kGood, time}}});
  }

  sys::SimDisk disk_;
  OnDisk store_;
  std::unique_ptr<sys::File> foreign_;
  TagId tag_;
};

TEST_F(DiskWatchTest, WarnsThenRefusesSamplesThenTakesThemAgain) {
  EXPECT_TRUE(put(1).ok());
  EXPECT_EQ(store_->counters().disk_state, DiskState::kEnough);

  leave_free(49 * kMiB);
  EXPECT_EQ(store_->counters().disk_state, DiskState::kLow);
  EXPECT_FALSE(store_->counters().disk_full);
  EXPECT_TRUE(put(2).ok());

  leave_free(19 * kMiB);
  EXPECT_EQ(put(3).error().id, ErrorId::kDiskFull);
  EXPECT_TRUE(store_->counters().disk_full);
  EXPECT_EQ(store_->counters().samples_refused, 1u);
  EXPECT_EQ(scan_all(*store_, {kTenant, tag_}).size(), 2u) << "reading goes on";
  EXPECT_TRUE(store_->ensure_tags(kTenant, {spec_of("a/c", ValueType::kInt64)}).ok())
      << "there is room for everything else";

  leave_free(60 * kMiB);
  EXPECT_TRUE(put(3).ok());
  EXPECT_EQ(store_->counters().disk_state, DiskState::kEnough);
}

TEST_F(DiskWatchTest, ADiskThatDoesNotSayCountsAsHavingEnough) {
  leave_free(19 * kMiB);
  disk_.inject({.call = sys::DiskCall::kFreeBytes, .from_then_on = true});
  EXPECT_TRUE(put(1).ok());
}

}  // namespace
}  // namespace lineshaft::historian
