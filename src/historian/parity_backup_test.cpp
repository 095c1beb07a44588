// Backups of files that parity protects: damage here or there does not reach the other side.
#include <thread>

#include "historian/backup.h"
#include "historian/parity_fixture.h"

namespace lineshaft::historian {
namespace {

constexpr char kCopy[] = "/copy";

class ParityBackupTest : public ParityTest {
 protected:
  BackupReport back_up() {
    return store_->back_up(kCopy, [](std::uint64_t, std::uint64_t) { return true; }).value();
  }
  Bytes copy_of(const std::string& name) {
    return sys::read_file(disk_, sys::join_path(kCopy, name), SIZE_MAX).value();
  }
  void damage_copy(const std::string& name, std::uint64_t offset) {
    const auto file = disk_.open(sys::join_path(kCopy, name), sys::OpenMode::kReadWrite).value();
    EXPECT_TRUE(file->write_at(offset, as_bytes("damage")).ok());
  }
};

TEST_F(ParityBackupTest, ParityIsCopiedAndGoesWithItsFile) {
  const std::string first = only(kParitySuffix);
  back_up();
  EXPECT_EQ(copy_of(first), content(first));
  put(kSamples, 10);
  ASSERT_TRUE(store_->compact().ok());
  back_up();
  EXPECT_FALSE(disk_.exists(sys::join_path(kCopy, first)));
  EXPECT_EQ(copy_of(only(kParitySuffix)), content(only(kParitySuffix)));
}

TEST_F(ParityBackupTest, TheCopyOfADamagedFileIsWhole) {
  const std::string name = only(kSamplesSuffix);
  const Bytes whole = content(name);
  damage(name, 30'000, 5000);
  EXPECT_TRUE(back_up().damages.empty());
  EXPECT_EQ(copy_of(name), whole);
  EXPECT_NE(content(name), whole) << "the scrub repairs it";
}

TEST_F(ParityBackupTest, WhatIsDamagedHereIsNotTakenForAnotherStore) {
  const std::string name = only(kSamplesSuffix);
  const Bytes whole = content(name);
  back_up();
  damage(name, 24, 4);  // the checksum of the first block
  EXPECT_EQ(back_up().files_copied, 0u);
  EXPECT_EQ(copy_of(name), whole);
}

TEST_F(ParityBackupTest, WhatRotsInTheCopyIsRepairedThere) {
  const std::string name = only(kSamplesSuffix);
  const std::string parity = only(kParitySuffix);
  const Bytes whole = content(name);
  const Bytes whole_parity = content(parity);
  back_up();
  damage_copy(name, 40'000);
  EXPECT_EQ(back_up().files_copied, 0u);
  EXPECT_EQ(copy_of(name), whole);
  damage_copy(parity, 40'000);
  back_up();
  EXPECT_EQ(copy_of(parity), whole_parity);
  damage(parity, 40'000, 10);
  back_up();
  EXPECT_EQ(copy_of(parity), whole_parity) << "damaged parity is not copied over whole one";
}

TEST_F(ParityBackupTest, ARestoredStoreHasItsParity) {
  back_up();
  const auto restored =
      restore_store(disk_, kCopy, "/new", [](std::uint64_t, std::uint64_t) { return true; });
  ASSERT_TRUE(restored.ok());
  const std::string parity = only(kParitySuffix);
  EXPECT_EQ(sys::read_file(disk_, sys::join_path("/new", parity), SIZE_MAX).value(),
            content(parity));
}

// The background threads of a real store: what a reader meets is repaired without being asked.
TEST_F(ParityBackupTest, WhatAReaderMeetsIsRepairedInTheBackground) {
  store_.close();
  damage(only(kSamplesSuffix), 30'000, 5000);
  store_.options().background = true;
  ASSERT_TRUE(store_.open().ok());
  EXPECT_EQ(kept_.difference(*store_), "");
  while (store_->counters().repaired_blocks == 0) std::this_thread::yield();
  EXPECT_EQ(kept_.difference(*store_), "");
  store_.close();
  EXPECT_EQ(damaged_files(), 0u);
}

TEST_F(ParityBackupTest, WhatNobodyReadsIsRepairedByTheScrub) {
  store_.close();
  damage(only(kSamplesSuffix), 30'000, 5000);
  store_.options().background = true;
  store_.options().scrub_period = std::chrono::milliseconds(1);
  ASSERT_TRUE(store_.open().ok());
  while (store_->counters().scrub.finished == Timestamp{}) std::this_thread::yield();
  EXPECT_GE(store_->counters().repaired_blocks, 1u);
  store_.close();
  EXPECT_EQ(damaged_files(), 0u);
}

}  // namespace
}  // namespace lineshaft::historian
