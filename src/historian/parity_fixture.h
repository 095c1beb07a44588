// historian/parity_fixture.h: a store with one sealed file and its parity; for tests.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "base/torture_fixture.h"
#include "historian/file_names.h"
#include "historian/oracle_fixture.h"
#include "historian/repair.h"
#include "historian/verify.h"

namespace lineshaft::historian {

// A file of some 25 pages.
class ParityTest : public testing::Test {
 protected:
  static constexpr TenantId kTenant{1};
  static constexpr char kDirectory[] = "/data/history";
  static constexpr std::int64_t kSamples = 40'000;  // of each of two tags

  ParityTest() : store_(disk_) {
    EXPECT_TRUE(store_.open().ok());
    for (std::uint32_t tag = 1; tag <= 2; ++tag) {
      const TagSpec spec = spec_of("works/" + std::to_string(tag), ValueType::kInt64);
      EXPECT_EQ(store_->ensure_tags(kTenant, {spec}).value()[0], TagId{tag});
      kept_.put_tag(kTenant, {{tag}, spec});
    }
    for (std::int64_t from = 0; from < kSamples; from += 1000) put(from, 1000);
    EXPECT_TRUE(store_->compact().ok());
  }

  // Values that take some bytes each, whatever encodes them.
  void put(std::int64_t from, std::int64_t count) {
    SampleBatch batch{kTenant, {}, {}};
    for (std::uint32_t tag = 1; tag <= 2; ++tag) {
      for (std::int64_t time = from; time < from + count; ++time) {
        const auto value = static_cast<std::int64_t>(random_.next_u64() >> 50U);
        batch.samples.push_back({{tag}, {time}, quality::kGood, value});
      }
    }
    EXPECT_TRUE(append(*store_, batch).ok());
    kept_.append(batch);
  }

  static std::vector<std::string> names(sys::SimDisk& disk, std::string_view suffix) {
    std::vector<std::string> found = disk.list(kDirectory).value();
    std::erase_if(found, [&](const std::string& name) { return !name.ends_with(suffix); });
    return found;
  }
  std::string only(std::string_view suffix) {
    const std::vector<std::string> found = names(disk_, suffix);
    EXPECT_EQ(found.size(), 1u) << suffix;
    return found.empty() ? "" : found[0];
  }
  std::string path(const std::string& name) { return sys::join_path(kDirectory, name); }
  std::uint64_t size_of(const std::string& name) {
    return disk_.open(path(name), sys::OpenMode::kRead).value()->size().value();
  }
  // Writes what differs in every byte.
  void damage(const std::string& name, std::uint64_t offset, std::uint64_t count) {
    const auto file = disk_.open(path(name), sys::OpenMode::kReadWrite).value();
    Bytes bytes(count);
    bytes.resize(file->read_at(offset, bytes).value());
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(byte ^ 0x5aU);
    EXPECT_TRUE(file->write_at(offset, bytes).ok());
  }
  Bytes content(const std::string& name) {
    return sys::read_file(disk_, path(name), SIZE_MAX).value();
  }
  std::uint64_t damaged_files() {
    std::uint64_t count = 0;
    for (const FileFinding& finding : verify_store(disk_, kDirectory).value()) {
      count += finding.state == FileState::kDamaged ? 1U : 0U;
    }
    return count;
  }
  static Result<VerifyReport> verify(OnDisk& store) {
    return store->verify([](std::uint64_t, std::uint64_t) { return true; });
  }
  std::vector<FileRepair> repair() {
    return repair_store(disk_, kDirectory, [](std::uint64_t, std::uint64_t) { return true; })
        .value();
  }

  sys::SimDisk disk_;
  sys::SimRandom random_{Torture::seed(7)};
  OnDisk store_;
  Oracle kept_;
};

}  // namespace lineshaft::historian
