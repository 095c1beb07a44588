// Files of samples that parity protects: what is damaged is served as it was, and repaired.
#include "historian/parity_file.h"

#include <gtest/gtest.h>

#include "historian/parity_fixture.h"

namespace lineshaft::historian {
namespace {

TEST_F(ParityTest, StandsBesideASealedFileAndGoesWithIt) {
  const std::string first = only(kSamplesSuffix);
  EXPECT_GT(size_of(first), 100'000u);
  EXPECT_EQ(parity_path(path(first)), path(only(kParitySuffix)));
  EXPECT_EQ(size_of(only(kParitySuffix)), codec::parity_bytes(size_of(first)));
  put(kSamples, 10);
  ASSERT_TRUE(store_->flush().ok());
  EXPECT_EQ(names(disk_, kSamplesSuffix).size(), 2u);
  EXPECT_EQ(names(disk_, kParitySuffix).size(), 1u) << "a fresh file has none";
  ASSERT_TRUE(store_->compact().ok());
  EXPECT_NE(only(kSamplesSuffix), first);
  EXPECT_EQ(parity_path(path(only(kSamplesSuffix))), path(only(kParitySuffix)));
}

TEST_F(ParityTest, WhatNoManifestNamesIsRemovedAtTheStart) {
  store_.close();
  const auto make = [&](const std::string& name) {
    ASSERT_TRUE(disk_.open(path(name), sys::OpenMode::kCreate).ok());
  };
  make("000777.parity");
  make("000778.parity");
  make("000778.lsh.damaged");
  ASSERT_TRUE(store_.open().ok());
  EXPECT_FALSE(disk_.exists(path("000777.parity")));
  EXPECT_TRUE(disk_.exists(path("000778.parity"))) << "it belongs to what was set aside";
  only(kSamplesSuffix);
}

TEST_F(ParityTest, ADamagedBlockIsServedAsItWasAndThenRepaired) {
  const std::string before = only(kSamplesSuffix);
  damage(before, 30'000, 10'000);
  EXPECT_EQ(kept_.difference(*store_), "");
  EXPECT_EQ(store_->counters().damaged_blocks, 0u);
  const VerifyReport report = verify(store_).value();
  EXPECT_EQ(report.damaged_blocks, 0u);
  EXPECT_GE(report.repaired_blocks, 1u);
  EXPECT_EQ(store_->counters().repaired_blocks, report.repaired_blocks);
  EXPECT_NE(only(kSamplesSuffix), before) << "replaced as a merge does it";
  EXPECT_EQ(damaged_files(), 0u);
  EXPECT_EQ(kept_.difference(*store_), "");
  EXPECT_EQ(verify(store_).value().repaired_blocks, 0u);
}

TEST_F(ParityTest, ASectorThatTheDiskCannotReadIsRepairedToo) {
  disk_.fail_reads(path(only(kSamplesSuffix)), 40'000, 4096);
  EXPECT_EQ(kept_.difference(*store_), "");
  EXPECT_GE(verify(store_).value().repaired_blocks, 1u);
  EXPECT_EQ(kept_.difference(*store_), "");
}

TEST_F(ParityTest, DamagedIndexFooterAndHeaderAreRepaired) {
  const std::uint64_t bytes = size_of(only(kSamplesSuffix));
  for (const std::uint64_t at : {bytes - 20, bytes - 300, std::uint64_t{3}}) {
    damage(only(kSamplesSuffix), at, 1);
    ASSERT_TRUE(store_.open().ok());
    EXPECT_TRUE(store_->recovery().damages.empty());
    EXPECT_EQ(kept_.difference(*store_), "");
    EXPECT_EQ(damaged_files(), 1u);
    ASSERT_TRUE(verify(store_).ok());
    EXPECT_EQ(damaged_files(), 0u) << at;
  }
}

TEST_F(ParityTest, AFileThatWasCutShortIsRepaired) {
  const std::string name = only(kSamplesSuffix);
  const Bytes whole = content(name);
  store_.close();
  const auto file = disk_.open(path(name), sys::OpenMode::kReadWrite).value();
  ASSERT_TRUE(file->truncate(whole.size() - 60'000).ok());
  ASSERT_TRUE(store_.open().ok());
  EXPECT_EQ(kept_.difference(*store_), "");
  store_.close();
  EXPECT_EQ(repair()[0].outcome, RepairOutcome::kRepaired);
  EXPECT_EQ(content(name), whole);
  EXPECT_EQ(damaged_files(), 0u);
}

TEST_F(ParityTest, MissingOrDamagedParityIsMadeAnew) {
  const Bytes whole = content(only(kParitySuffix));
  ASSERT_TRUE(disk_.remove(path(only(kParitySuffix))).ok());
  EXPECT_EQ(verify(store_).value().parity_made, 1u);
  EXPECT_EQ(content(only(kParitySuffix)), whole);
  damage(only(kParitySuffix), 5000, 1);
  EXPECT_EQ(damaged_files(), 1u);
  EXPECT_EQ(verify(store_).value().parity_made, 1u);
  EXPECT_EQ(content(only(kParitySuffix)), whole);

  store_.close();
  damage(only(kParitySuffix), whole.size() - 5, 1);
  EXPECT_EQ(repair()[0].outcome, RepairOutcome::kParityMade);
  EXPECT_EQ(content(only(kParitySuffix)), whole);
  EXPECT_EQ(repair()[0].outcome, RepairOutcome::kWhole);
}

// Else the damage would pass for what was written, and what parity is left would be lost.
TEST_F(ParityTest, NoParityIsMadeOfADamagedFile) {
  ASSERT_TRUE(disk_.remove(path(only(kParitySuffix))).ok());
  damage(only(kSamplesSuffix), 30'000, 1);
  const VerifyReport report = verify(store_).value();
  EXPECT_EQ(report.damaged_blocks, 1u);
  EXPECT_EQ(report.parity_made, 0u);
  EXPECT_EQ(store_->counters().damaged_blocks, 1u);
  const std::string name = only(kSamplesSuffix);
  const FilePtr damaged = FileReader::open(disk_, path(name), std::stoull(name)).value();
  EXPECT_FALSE(write_parity(disk_, *damaged)) << "whoever asks for it";
  store_.close();
  EXPECT_EQ(repair()[0].outcome, RepairOutcome::kDamaged);
  EXPECT_TRUE(names(disk_, kParitySuffix).empty());
}

TEST_F(ParityTest, WhatIsTooMuchIsNamedAndTheRestIsRepaired) {
  const std::string name = only(kSamplesSuffix);
  damage(name, 8192, 1);
  damage(name, 8192 + 17 * 4096, 1);  // of the same stripe
  damage(name, 4096 * 10, 1);
  const VerifyReport report = verify(store_).value();
  EXPECT_GE(report.damaged_blocks, 1u);
  EXPECT_EQ(kept_.invented(*store_), "");
  EXPECT_NE(kept_.missing(*store_), "");
  store_.close();
  const std::vector<FileRepair> repairs = repair();
  EXPECT_EQ(repairs[0].outcome, RepairOutcome::kDamaged);
  EXPECT_EQ(repairs[0].pages_repaired, 1u);
  EXPECT_EQ(repairs[0].blocks_lost, report.damaged_blocks);
  ASSERT_TRUE(store_.open().ok());
  EXPECT_EQ(kept_.invented(*store_), "");
}

TEST_F(ParityTest, AFileThatWasSetAsideIsRepairedAndStaysAside) {
  const std::string name = only(kSamplesSuffix);
  const Bytes whole = content(name);
  store_.close();
  damage(name, 30'000, 4096);
  ASSERT_TRUE(disk_.rename(path(name), path(name + ".damaged")).ok());
  const std::vector<FileRepair> repairs = repair();
  ASSERT_EQ(repairs.size(), 2u) << "the manifest names the file still";
  EXPECT_EQ(repairs[0].outcome, RepairOutcome::kDamaged);
  EXPECT_EQ(repairs[1].outcome, RepairOutcome::kRepaired);
  EXPECT_EQ(content(name + ".damaged"), whole);
}

TEST_F(ParityTest, WhereTheScrubIsSurvivesARestart) {
  EXPECT_EQ(store_->counters().scrub.finished, Timestamp{});
  ASSERT_TRUE(verify(store_).ok());
  const ScrubState before = store_->counters().scrub;
  EXPECT_GT(before.finished, Timestamp{});
  EXPECT_EQ(before.bytes_done, before.bytes_total);
  ASSERT_TRUE(store_.open().ok());
  EXPECT_EQ(store_->counters().scrub.finished, before.finished);
}

}  // namespace
}  // namespace lineshaft::historian
