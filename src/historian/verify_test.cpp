// Checking a store from outside: nothing is said of a whole one, and every damaged byte is found.
#include "historian/verify.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>

#include "historian/oracle_fixture.h"
#include "historian/stats.h"

namespace lineshaft::historian {
namespace {

constexpr TenantId kTenant{1};
constexpr char kDirectory[] = "/data/history";

class VerifyTest : public testing::Test {
 protected:
  // Three tags in two files, the first sealed, and something in the log.
  VerifyTest() {
    OnDisk store(disk_);
    store.options().wal_segment_bytes = 4096;
    EXPECT_TRUE(store.open().ok());
    const ValueType types[] = {ValueType::kInt64, ValueType::kFloat64, ValueType::kString};
    for (int i = 0; i < 3; ++i) {
      EXPECT_TRUE(
          store->ensure_tags(kTenant, {spec_of("works/" + std::to_string(i), types[i])}).ok());
    }
    put(store, 0, 1500);
    EXPECT_TRUE(store->compact().ok());
    put(store, 10'000, 20);
    EXPECT_TRUE(store->flush().ok());
    put(store, 20'000, 5);
  }

  static void put(OnDisk& store, std::int64_t from, std::int64_t count) {
    for (std::int64_t time = from; time < from + count; time += 5) {
      SampleBatch batch{kTenant, {}, {}};
      for (std::int64_t i = time; i < time + 5; ++i) {
        const Quality quality = i % 7 == 0 ? quality::kBadTimeout : quality::kGood;
        batch.samples.push_back({{1}, {i}, quality, i});
        batch.samples.push_back({{2}, {i}, quality, static_cast<double>(i) * 0.1});
        if (i % 50 == 0) batch.samples.push_back({{3}, {i}, quality, "text " + std::to_string(i)});
      }
      EXPECT_TRUE(append(*store, batch).ok());
    }
  }

  std::vector<FileFinding> verify(const sys::DiskImage& image) {
    sys::SimDisk disk(image);
    const std::size_t before = disk.operations();
    auto found = verify_store(disk, kDirectory);
    EXPECT_TRUE(found.ok()) << found.error().text();
    EXPECT_EQ(disk.operations(), before) << "nothing may be changed";
    return found ? *std::move(found) : std::vector<FileFinding>();
  }
  static std::vector<std::string> damaged(const std::vector<FileFinding>& found) {
    std::vector<std::string> names;
    for (const FileFinding& finding : found) {
      if (finding.state == FileState::kDamaged) names.push_back(finding.name);
    }
    return names;
  }
  static sys::DiskImage with_flip(const sys::DiskImage& whole, const std::string& path,
                                  std::uint64_t at) {
    sys::DiskImage image = whole;
    sys::FileImage& file = image.file(*image.find(path));
    std::uint8_t byte = 0;
    file.read(at, {&byte, 1});
    byte = static_cast<std::uint8_t>(byte ^ (1U << (at % 8)));
    file.write(at, {&byte, 1});
    return image;
  }

  sys::SimDisk disk_;
};

TEST_F(VerifyTest, SaysOfAWholeStoreWhatIsInIt) {
  const std::vector<FileFinding> found = verify(disk_.image());
  EXPECT_EQ(damaged(found), std::vector<std::string>());
  std::uint64_t in_files = 0;
  std::uint64_t in_log = 0;
  for (const FileFinding& finding : found) {
    EXPECT_EQ(finding.damages, std::vector<std::string>()) << finding.name;
    (finding.name == "wal" ? in_log : in_files) += finding.samples;
  }
  // 1500 of two tags and 30 of the third; 20 of two and one; 5 of two and one.
  EXPECT_EQ(in_files, 3030u + 41u);
  EXPECT_EQ(in_log, 11u);
}

TEST_F(VerifyTest, FindsAFlippedBitAnywhereInAFile) {
  const sys::DiskImage whole = disk_.image();
  std::uint64_t tried = 0;
  for (const std::string& name : disk_.list(kDirectory).value()) {
    if (name == "wal") continue;
    const std::string path = sys::join_path(kDirectory, name);
    const std::uint64_t size = whole.file(*whole.find(path)).size();
    for (std::uint64_t at = 0; at < size; at += 1 + size / 2000, ++tried) {
      const std::vector<std::string> names = damaged(verify(with_flip(whole, path, at)));
      ASSERT_EQ(names, std::vector<std::string>{name}) << path << " at " << at;
    }
  }
  std::cout << "flipped bits: " << tried << "\n";
  EXPECT_GE(tried, 1500u);
}

TEST_F(VerifyTest, CountsTheDamagedBlocksAndWhatIsWholeBesideThem) {
  for (const bool has_parity : {true, false}) {
    if (!has_parity) {
      ASSERT_TRUE(disk_.remove("/data/history/000003.parity").ok());
    }
    const std::vector<FileFinding> found =
        verify(with_flip(disk_.image(), "/data/history/000003.lsh", 60));
    const auto finding = std::ranges::find(found, "000003.lsh", &FileFinding::name);
    ASSERT_NE(finding, found.end()) << "the file is not mentioned";
    EXPECT_EQ(finding->state, FileState::kDamaged);
    EXPECT_GE(finding->blocks, 2u);
    EXPECT_EQ(finding->damaged_blocks, 1u);
    EXPECT_EQ(finding->samples, has_parity ? 3030u : 1530u) << "1500 are in that block";
  }
}

TEST_F(VerifyTest, NamesAFileThatIsGone) {
  ASSERT_TRUE(disk_.remove("/data/history/000003.lsh").ok());
  EXPECT_EQ(damaged(verify(disk_.image())), std::vector<std::string>{"000003.lsh"});
  ASSERT_TRUE(disk_.remove("/data/history/manifest").ok());
  EXPECT_EQ(damaged(verify(disk_.image())), std::vector<std::string>{"manifest"});
}

// Records before those that count may be damaged too; nobody needs them any more.
TEST_F(VerifyTest, NamesTheLogWhenARecordOfItIsLost) {
  const sys::DiskImage whole = disk_.image();
  std::uint64_t found = 0;
  for (const std::string& name : disk_.list("/data/history/wal").value()) {
    if (name.starts_with("spare")) continue;
    for (std::uint64_t at = 64; at < 4000; at += 16) {
      const auto names = damaged(verify(with_flip(whole, "/data/history/wal/" + name, at)));
      for (const std::string& damaged_name : names) EXPECT_EQ(damaged_name, "wal");
      found += names.size();
    }
  }
  EXPECT_GE(found, 5u) << "the eleven samples in the log take some 100 bytes";
}

TEST_F(VerifyTest, ListsWhatWasSetAsideAndWhatIsNotUsed) {
  ASSERT_TRUE(disk_.rename("/data/history/000003.lsh", "/data/history/000003.lsh.damaged").ok());
  ASSERT_TRUE(sys::write_file_atomically(disk_, "/data/history/000099.lsh", ByteSpan()).ok());
  std::vector<std::string> aside;
  std::vector<std::string> unused;
  for (const FileFinding& finding : verify(disk_.image())) {
    if (finding.state == FileState::kSetAside) aside.push_back(finding.name);
    if (finding.state == FileState::kUnused) unused.push_back(finding.name);
  }
  EXPECT_EQ(aside, (std::vector<std::string>{"000003.lsh.damaged", "000003.parity"}));
  EXPECT_EQ(unused, std::vector<std::string>{"000099.lsh"});
}

TEST_F(VerifyTest, SaysThatThereIsNoStore) {
  sys::SimDisk empty;
  EXPECT_EQ(verify_store(empty, kDirectory).error().id, ErrorId::kFileMissing);
  EXPECT_EQ(read_stats(empty, kDirectory).error().id, ErrorId::kFileMissing);
}

TEST_F(VerifyTest, CountsWhatAStoreHolds) {
  const std::size_t before = disk_.operations();
  const StoreStats stats = read_stats(disk_, kDirectory).value();
  EXPECT_EQ(disk_.operations(), before);
  EXPECT_EQ(stats.files, 2u);
  EXPECT_EQ(stats.sealed.samples, 3030u);
  EXPECT_EQ(stats.fresh.samples, 41u);
  EXPECT_EQ(stats.log_samples, 11u);
  EXPECT_EQ(stats.tags, 3u);
  EXPECT_EQ(stats.first_time.ns, 0);
  EXPECT_EQ(stats.last_time.ns, 10'019);
  EXPECT_LT(stats.sealed.bytes + stats.fresh.bytes, stats.file_bytes);
}

}  // namespace
}  // namespace lineshaft::historian
