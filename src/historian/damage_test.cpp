// A historian whose files were damaged: it opens, says what is lost, and gives nothing wrong.
#include <gtest/gtest.h>

#include <iostream>
#include <memory>

#include "historian/oracle_fixture.h"

namespace lineshaft::historian {
namespace {

constexpr TenantId kTenant{1};
constexpr char kDirectory[] = "/data/history";

class DamageTest : public testing::Test {
 protected:
  // Two tags; files, two catalogues, and a log with samples and a tag that are in no file.
  DamageTest() {
    OnDisk store = on(disk_);
    EXPECT_TRUE(store.open().ok());
    make(store, 1, ValueType::kInt64);
    put(store, 1, 1, 10);
    EXPECT_TRUE(store->flush().ok());
    make(store, 2, ValueType::kString);
    for (int i = 0; i < 3; ++i) {
      put(store, 100 * i, 2, 5);
      EXPECT_TRUE(store->flush().ok());
    }
    put(store, 1000, 2, 2);
    make(store, 3, ValueType::kFloat64);
    put(store, 1010, 3, 1);
    put(store, 1020, 2, 1);
  }

  OnDisk on(sys::SimDisk& disk) {
    OnDisk store(disk);
    store.options().wal_segment_bytes = 4096;
    return store;
  }
  void make(OnDisk& store, std::uint32_t id, ValueType type) {
    const TagSpec spec = spec_of("works/" + std::to_string(id), type);
    EXPECT_EQ(store->ensure_tags(kTenant, {spec}).value()[0], TagId{id});
    kept_.put_tag(kTenant, {{id}, spec});
  }
  // Of each tag up to `tags`, at `count` times.
  void put(OnDisk& store, std::int64_t from, std::uint32_t tags, std::int64_t count) {
    SampleBatch batch{kTenant, {}, {}};
    for (std::uint32_t tag = 1; tag <= tags; ++tag) {
      for (std::int64_t time = from; time < from + count; ++time) {
        const Value values[] = {time, "text " + std::to_string(time), 0.5};
        batch.samples.push_back({{tag}, {time}, quality::kGood, values[tag - 1]});
      }
    }
    EXPECT_TRUE(append(*store, batch).ok());
    kept_.append(batch);
  }

  // What is wrong with a damaged disk, or nothing. Counts what is lost.
  std::string problem_of(const sys::DiskImage& image) {
    sys::SimDisk disk(image);
    OnDisk store = on(disk);
    const Status opened = store.open();
    if (!opened) return "does not open: " + opened.error().text();
    std::string problem = kept_.invented(*store);
    if (!problem.empty()) return problem;
    const std::string missing = kept_.missing(*store);
    lost_ += missing.empty() ? 0U : 1U;
    const bool told = !store->recovery().damages.empty() || store->counters().damaged_blocks > 0;
    if (!missing.empty() && !told) return missing + ", and nobody says so";
    const auto tag = store->ensure_tags(kTenant, {spec_of("new/tag")});
    if (!tag) return "takes no tag: " + tag.error().text();
    if (!scan_all(*store, {kTenant, (*tag)[0]}).empty()) return "a new tag has old samples";
    const Status kept = append(*store, {kTenant, {}, {{(*tag)[0], {1}, {}, 1.0}}});
    if (!kept) return "takes no sample: " + kept.error().text();
    if (Status flushed = store->flush(); !flushed) return flushed.error().text();
    return {};
  }

  std::vector<std::string> paths() {
    std::vector<std::string> found;
    for (const std::string directory : {kDirectory, "/data/history/wal"}) {
      for (const std::string& name : disk_.list(directory).value()) {
        if (name != "wal") found.push_back(sys::join_path(directory, name));
      }
    }
    return found;
  }
  std::vector<std::string> paths(const std::string& suffix) {
    std::vector<std::string> found = paths();
    std::erase_if(found, [&](const std::string& path) { return !path.ends_with(suffix); });
    return found;
  }

  sys::SimDisk disk_;
  Oracle kept_;
  std::uint64_t lost_ = 0;
};

TEST_F(DamageTest, AFlippedBitAnywhereIsNeverSilentlyWrong) {
  std::uint64_t tried = 0;
  const sys::DiskImage whole = disk_.image();
  for (const std::string& path : paths()) {
    const sys::NodeId file = *whole.find(path);
    for (std::uint64_t at = 0; at < whole.file(file).size(); ++at) {
      std::uint8_t byte = 0;
      whole.file(file).read(at, {&byte, 1});
      byte = static_cast<std::uint8_t>(byte ^ (1U << (at % 8)));
      sys::DiskImage damaged = whole;
      damaged.file(file).write(at, {&byte, 1});
      const std::string problem = problem_of(damaged);
      ASSERT_EQ(problem, "") << path << " at " << at;
      ++tried;
    }
  }
  std::cout << "flipped bits: " << tried << ", in " << lost_ << " cases something was lost\n";
  EXPECT_GE(tried, 5000u);
  EXPECT_GE(lost_, 1000u);
}

TEST_F(DamageTest, AFileThatIsGoneOrCutShortIsNeverSilentlyWrong) {
  for (const std::string& path : paths()) {
    SCOPED_TRACE(path);
    // A log without its newest segment is like one that ended earlier; nothing can tell.
    if (path != paths(".wal")[0]) {
      sys::SimDisk gone(disk_.image());
      ASSERT_TRUE(gone.remove(path).ok());
      EXPECT_EQ(problem_of(gone.image()), "");
    }
    for (std::uint64_t part = 0; part < 8; ++part) {
      sys::DiskImage cut = disk_.image();
      sys::FileImage& file = cut.file(*cut.find(path));
      file.resize(file.size() * part / 8);
      EXPECT_EQ(problem_of(cut), "") << part;
    }
  }
}

TEST_F(DamageTest, WithoutTheManifestEverythingIsThere) {
  ASSERT_TRUE(disk_.remove("/data/history/manifest").ok());
  for (int i = 0; i < 2; ++i) {
    OnDisk store = on(disk_);
    ASSERT_TRUE(store.open().ok());
    EXPECT_EQ(kept_.difference(*store), "");
    EXPECT_EQ(store->recovery().damages.size(), i == 0 ? 1u : 0u);
    ASSERT_TRUE(store->flush().ok());
  }
}

// Damages the first block of every file; the second time, makes it whole again.
void turn_blocks_over(sys::SimDisk& disk) {
  for (const std::string& name : disk.list(kDirectory).value()) {
    if (!name.ends_with(".lsh")) continue;
    const auto file =
        disk.open(std::string(kDirectory) + "/" + name, sys::OpenMode::kReadWrite).value();
    Bytes bytes(50);
    ASSERT_EQ(file->read_at(24, bytes).value(), bytes.size());
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(~byte);
    ASSERT_TRUE(file->write_at(24, bytes).ok());
  }
}

// Few points share a block with those of the other tag, many have one of their own.
TEST(DamageOfInputs, IsNotMergedAway) {
  for (const std::int64_t points : {10, 500}) {
    sys::SimDisk disk;
    OnDisk store(disk);
    ASSERT_TRUE(store.open().ok());
    const std::vector<TagId> tags =
        store->ensure_tags(kTenant, {spec_of("a/1"), spec_of("a/2")}).value();
    Oracle kept;
    for (std::int64_t file = 0; file < 3; ++file) {
      for (const TagId tag : tags) {
        SampleBatch batch{kTenant, {}, {}};
        for (std::int64_t i = 0; i < points; ++i) {
          batch.samples.push_back({tag, {file * points + i}, quality::kGood, 0.5});
        }
        kept.append(batch);
        ASSERT_TRUE(append(*store, std::move(batch)).ok());
      }
      ASSERT_TRUE(store->flush().ok());
    }
    turn_blocks_over(disk);
    EXPECT_TRUE(store->compact().ok()) << points;  // it leaves these files as they are
    turn_blocks_over(disk);
    for (const TagId tag : tags) {
      const SeriesKey key{kTenant, tag};
      EXPECT_EQ(scan_all(*store, key).size(), kept.scan(key, {}).size()) << points;
    }
  }
}

// A merged file has a greater number than files that are newer.
TEST_F(DamageTest, WithoutTheManifestTheNewestValueStillWins) {
  {
    OnDisk store = on(disk_);
    ASSERT_TRUE(store.open().ok());
    for (std::int64_t i = 0; i < 20; ++i) {
      const SampleBatch batch{kTenant, {}, {{{1}, {7}, {}, i}}};
      ASSERT_TRUE(append(*store, batch).ok());
      kept_.append(batch);
      ASSERT_TRUE(store->flush().ok());
    }
    EXPECT_LT(store->counters().files, 10u) << "merged";
  }
  ASSERT_TRUE(disk_.remove("/data/history/manifest").ok());
  OnDisk store = on(disk_);
  ASSERT_TRUE(store.open().ok());
  EXPECT_EQ(kept_.difference(*store), "");
}

TEST_F(DamageTest, AnOlderCatalogueIsUsedAndLostIdsAreNotGivenOutAgain) {
  {
    OnDisk store = on(disk_);
    ASSERT_TRUE(store.open().ok());
    ASSERT_TRUE(store->flush().ok());  // all tags are in the newest catalogue only
  }
  ASSERT_EQ(paths(".tags").size(), 2u);
  ASSERT_TRUE(disk_.remove(paths(".tags")[1]).ok());
  OnDisk store = on(disk_);
  ASSERT_TRUE(store.open().ok());
  EXPECT_TRUE(store->find_tag(kTenant, "works/2").has_value());
  EXPECT_FALSE(store->find_tag(kTenant, "works/3").has_value());
  ASSERT_EQ(store->recovery().damages.size(), 2u);
  EXPECT_NE(store->recovery().damages[0].find("newest catalogue"), std::string::npos);
  EXPECT_NE(store->recovery().damages[1].find("1 series"), std::string::npos);
  EXPECT_EQ(store->ensure_tags(kTenant, {spec_of("works/3", ValueType::kBool)}).value()[0],
            TagId{4});
  ASSERT_TRUE(append(*store, {kTenant, {}, {{{4}, {1}, {}, true}}}).ok());
  ASSERT_TRUE(store->flush().ok());
  EXPECT_EQ(scan_all(*store, {kTenant, {4}}).size(), 1u);
}

TEST_F(DamageTest, ADamagedFileIsSetAsideWithItsBytes) {
  const std::string path = paths(".lsh")[1];
  sys::DiskImage damaged = disk_.image();
  sys::FileImage& file = damaged.file(*damaged.find(path));
  const std::uint64_t size = file.size();
  file.write(size - 1, Bytes{0});
  sys::SimDisk disk(damaged);
  OnDisk store = on(disk);
  ASSERT_TRUE(store.open().ok());
  EXPECT_FALSE(disk.exists(path));
  EXPECT_EQ(sys::read_file(disk, path + ".damaged", 1 << 20).value().size(), size);
  ASSERT_EQ(store->recovery().damages.size(), 1u);
  EXPECT_NE(store->recovery().damages[0].find(path), std::string::npos);
}

TEST_F(DamageTest, ADamagedBlockIsCountedOnceHoweverOftenItIsRead) {
  const std::string path = paths(".lsh")[0];
  sys::DiskImage damaged = disk_.image();
  damaged.file(*damaged.find(path)).write(60, Bytes{0xee});
  sys::SimDisk disk(damaged);
  OnDisk store = on(disk);
  ASSERT_TRUE(store.open().ok());
  EXPECT_EQ(store->counters().damaged_blocks, 0u);
  for (int i = 0; i < 3; ++i) scan_all(*store, {kTenant, {1}});
  EXPECT_EQ(store->counters().damaged_blocks, 1u);
}

}  // namespace
}  // namespace lineshaft::historian
