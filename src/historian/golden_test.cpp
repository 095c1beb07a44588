// A small store that this version of the format wrote stays readable for ever, to the last bit: the
// files in tests/golden. When a version of the format is released its folder is never written
// again; a new version gets a new folder and a new line in kFolders. To write the newest one:
//
//   LINESHAFT_WRITE_GOLDEN=1 lineshaft_historian_test --gtest_also_run_disabled_tests
//       --gtest_filter='GoldenWriter.*'
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "historian/oracle_fixture.h"
#include "historian/verify.h"

namespace lineshaft::historian {
namespace {

constexpr const char* kFolders[] = {"historian-v1"};
constexpr TenantId kTenant{1};
constexpr TenantId kOther{2};
constexpr ValueType kTypes[] = {ValueType::kBool, ValueType::kInt64, ValueType::kFloat32,
                                ValueType::kFloat64, ValueType::kString};
constexpr std::int64_t kSecond = 1'000'000'000;
constexpr Timestamp kStart{1'700'000'000 * kSecond};
// The last one before the simulated clock: 20,775 days after 1970.
constexpr Timestamp kMidnight{20'775 * 86'400 * kSecond};
constexpr std::int64_t kDay = 86'400 * kSecond;
constexpr TagId kSummed{48};
constexpr TagId kAudited{49};

std::string folder_of(std::string_view name) {
  return std::string(LINESHAFT_SOURCE_DIR) + "/tests/golden/" + std::string(name);
}

// Old samples become summaries of minutes, older ones such of hours.
const RetentionRule kSumUp{"summed/*", 1, 5, RetentionRule::kForEver};
const RetentionRule kAudit{"audited/*", 0, 0, 0, true};

// What is in the store, told in steps; with a store they are done as well.
class Story {
 public:
  explicit Story(OnDisk* store) : store_(store) {}

  void tell();
  // Empty, or the first difference in words.
  std::string difference(const Historian& historian) const;

 private:
  void make_tags();
  void append_history();
  void append_fresh();
  void sum_up();
  void replace();
  void change_after_the_files();

  void put_tag(TenantId tenant, std::uint32_t id, const TagSpec& spec) {
    oracle_.put_tag(tenant, {TagId{id}, spec});
    if (store_ == nullptr) return;
    EXPECT_EQ((*store_)->ensure_tags(tenant, {spec}).value()[0], TagId{id});
  }
  void put(SampleBatch batch) {
    oracle_.append(batch);
    keep(std::move(batch));
  }
  void keep(SampleBatch batch) {
    if (store_ == nullptr) return;
    const Status kept = append(**store_, std::move(batch));
    EXPECT_TRUE(kept.ok()) << (kept ? "" : kept.error().text());
  }
  void flush() {
    if (store_ == nullptr) return;
    EXPECT_TRUE((*store_)->flush().ok());
  }
  void compact() {
    if (store_ == nullptr) return;
    EXPECT_TRUE((*store_)->compact().ok());
  }

  void erase(TagId tag, TimeRange range) {
    oracle_.erase({kTenant, tag}, range);
    if (store_ == nullptr) return;
    EXPECT_TRUE((*store_)->erase(kTenant, std::vector{tag}, range).ok());
  }

  OnDisk* const store_;
  Oracle oracle_;                 // of samples that are still there
  Oracle summed_;                 // of those of which summaries are
  std::vector<Sample> replaced_;  // of kAudited
};

TagSpec furnace_spec() {
  TagSpec spec = spec_of("werk/halle 7/öfen/eaf1/temperatur", ValueType::kFloat64);
  spec.unit = "CEL";
  spec.description = "Stahlbad, 热电偶";
  spec.range_low = -10.5;
  spec.range_high = 1850;
  spec.source = "modbus:3/holding/100";
  return spec;
}
TagSpec state_spec() {
  TagSpec spec = spec_of("werk/halle 7/öfen/eaf1/zustand", ValueType::kInt64);
  spec.interpolation = Interpolation::kStep;
  spec.enum_set = {{0, "off"}, {-1, "broken"}, {7, "melting"}};
  spec.writable = true;
  return spec;
}

// The tags 1 to 5 have the five types; 6 and 7 all there is to say about a tag; 8 to 47 few points;
// for 48 and 49 there are rules.
void Story::make_tags() {
  std::uint32_t id = 0;
  for (const ValueType type : kTypes) {
    put_tag(kTenant, ++id, spec_of("types/" + std::string(type_name(type)), type));
  }
  put_tag(kTenant, ++id, furnace_spec());
  put_tag(kTenant, ++id, state_spec());
  for (int i = 0; i < 40; ++i) {
    put_tag(kTenant, ++id, spec_of("few/" + std::to_string(i), kTypes[i % 5]));
  }
  put_tag(kTenant, ++id, spec_of("summed/level"));
  put_tag(kTenant, ++id, spec_of("audited/dose"));
  put_tag(kOther, 1, spec_of("other/tenant"));
}

Value value_of(ValueType type, std::int64_t i) {
  switch (type) {
    case ValueType::kBool:
      return i % 7 < 3;
    case ValueType::kInt64:
      return i * i % 1000 - 500;
    case ValueType::kFloat32:
      return static_cast<float>(i % 100) / 8;
    case ValueType::kFloat64:
      return static_cast<double>(2000 + i % 313) / 100;
    case ValueType::kString:
      break;
  }
  return "heat " + std::to_string(i / 10);
}

// Long series, sealed: regular and irregular times, all qualities, all strange values.
void Story::append_history() {
  for (std::int64_t part = 0; part < 20; ++part) {
    SampleBatch batch{kTenant, kStart + std::chrono::seconds(part * 100), {}};
    for (std::uint32_t tag = 1; tag <= 5; ++tag) {
      for (std::int64_t i = part * 100; i < part * 100 + 100; ++i) {
        const std::int64_t jitter = tag % 2 == 0 ? 0 : i * 7919 % 5000 * 1000;
        const Quality quality = i % 97 == 0    ? quality::kBadTimeout
                                : i % 89 == 88 ? quality::kUncertainLastUsableValue
                                               : quality::kGood;
        batch.samples.push_back({TagId{tag},
                                 {kStart.ns + i * kSecond + jitter},
                                 quality,
                                 value_of(kTypes[tag - 1], i)});
      }
    }
    put(std::move(batch));
  }
  SampleBatch strange{kTenant, kStart, {}};
  for (std::uint32_t tag = 1; tag <= 5; ++tag) {
    std::int64_t at = -3 * kSecond;  // before 1970 and after
    for (const Value& value : strange_values(kTypes[tag - 1])) {
      const auto* text = std::get_if<std::string>(&value);
      if (text != nullptr && text->size() > 1000) continue;  // small files
      strange.samples.push_back({TagId{tag}, {at += kSecond}, quality::kGood, value});
    }
    strange.samples.push_back(
        {TagId{tag}, kTimestampMin, quality::kBad, value_of(kTypes[tag - 1], 1)});
    strange.samples.push_back(
        {TagId{tag}, {kTimestampMax.ns - 1}, quality::kGood, value_of(kTypes[tag - 1], 2)});
  }
  put(std::move(strange));
  flush();
  compact();
}

// Not sealed: tags that share blocks, a second file with late samples over those of the first.
void Story::append_fresh() {
  SampleBatch few{kTenant, kStart, {}};
  for (std::uint32_t tag = 8; tag < 48; ++tag) {
    for (std::int64_t i = 0; i < 3; ++i) {
      few.samples.push_back({TagId{tag},
                             {kStart.ns + i * kSecond},
                             quality::kGood,
                             value_of(kTypes[(tag - 8) % 5], i + tag)});
    }
  }
  put(std::move(few));
  put({kOther, kStart, {{TagId{1}, kStart, quality::kGood, 0.1}}});
  erase(TagId{3}, {kStart + std::chrono::seconds(700), kStart + std::chrono::seconds(720)});
  flush();
  SampleBatch late{kTenant, kStart, {}};
  for (std::int64_t i = 500; i < 600; i += 3) {
    late.samples.push_back(
        {TagId{2}, {kStart.ns + i * kSecond}, quality::kUncertain, std::int64_t{-i}});
  }
  put(std::move(late));
  flush();
}

// A stretch ten days old, of which summaries of hours are left, one three days old, of which those
// of minutes are, and one new sample. Eighths: their sums are exact in any order.
void Story::sum_up() {
  for (const std::int64_t days : {10, 3}) {
    SampleBatch old{kTenant, kMidnight, {}};
    for (std::int64_t i = 0; i < 360; ++i) {
      const Quality quality = i % 50 == 49 ? quality::kBadTimeout : quality::kGood;
      old.samples.push_back({kSummed,
                             {kMidnight.ns - days * kDay + i * 20 * kSecond},
                             quality,
                             static_cast<double>(i * 37 % 1000) / 8});
    }
    summed_.append(old);
    keep(std::move(old));
  }
  put({kTenant, kMidnight, {{kSummed, kMidnight, quality::kGood, 0.5}}});
  flush();
  if (store_ == nullptr) return;
  // From now on no samples that old are taken.
  ASSERT_TRUE((*store_)->set_retention(kTenant, {kSumUp, kAudit}).ok());
  const auto report = (*store_)->apply_retention();
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->rollups, 2U + 120U);  // two hours; two hours of minutes
}

// The one replaces the other where both are in files.
void Story::replace() {
  const Sample first{kAudited, kStart, quality::kUncertain, -0.0};
  const Sample second{kAudited, kStart, quality::kGood, 1.25};
  replaced_ = {first, second};
  for (const Sample& sample : {first, second, Sample{kAudited, kStart, quality::kGood, 2.5}}) {
    put({kTenant, kStart, {sample}});
    flush();
  }
}

// In the log alone.
void Story::change_after_the_files() {
  put({kTenant,
       kMidnight,
       {{TagId{6}, kStart, quality::kGood, 1612.5},
        {TagId{7}, kStart, quality::kGood, std::int64_t{7}},
        {TagId{5}, kStart, quality::kBadSensorFailure, std::string("überschrieben")}}});
  erase(TagId{4}, {kStart + std::chrono::seconds(30), kStart + std::chrono::seconds(33)});
  TagSpec changed = furnace_spec();
  changed.description = "changed";
  put_tag(kTenant, 6, changed);
  for (std::uint32_t tag : {6U, 7U}) {
    TagSpec moved = tag == 6 ? changed : state_spec();
    moved.path.replace(0, std::string("werk/halle 7").size(), "werk/halle 8");
    oracle_.put_tag(kTenant, {TagId{tag}, moved});
  }
  if (store_ != nullptr) {
    EXPECT_EQ((*store_)->move_tags(kTenant, "werk/halle 7", "werk/halle 8").value(), 2U);
  }
}

void Story::tell() {
  make_tags();
  append_history();
  append_fresh();
  sum_up();
  replace();
  change_after_the_files();
}

std::string Story::difference(const Historian& historian) const {
  if (std::string found = oracle_.difference(historian); !found.empty()) return found;
  const auto replaced = historian.replaced(kTenant, kAudited, {}).value();
  if (!std::ranges::equal(replaced, replaced_, same_sample)) return "other samples were replaced";
  for (const auto& [days, step] : {std::pair(10, 3600), std::pair(3, 60)}) {
    const Timestamp from{kMidnight.ns - days * kDay};
    const TimeRange range{from, from + std::chrono::hours(2)};
    const auto wanted = summed_.aggregate({kTenant, kSummed}, range, std::chrono::seconds(step));
    const auto got =
        historian.aggregate(kTenant, kSummed, range, std::chrono::seconds(step)).value();
    const auto same = [](const AggregateWindow& a, const AggregateWindow& b) {
      return a.from == b.from && a.count == b.count && a.bad_count == b.bad_count &&
             a.min == b.min && a.max == b.max && a.sum == b.sum && a.first == b.first &&
             a.last == b.last;
    };
    if (!std::ranges::equal(got, wanted, same)) {
      return "other summaries of " + std::to_string(step) + " s";
    }
  }
  return {};
}

class Golden : public testing::TestWithParam<const char*> {};

TEST_P(Golden, StoreOfAnEarlierVersionIsReadToTheLastBit) {
  const std::filesystem::path folder = folder_of(GetParam());
  sys::SimDisk disk;
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    const std::string path =
        "/data/history/" + std::filesystem::relative(entry.path(), folder).generic_string();
    ASSERT_TRUE(disk.create_directories(path.substr(0, path.rfind('/'))).ok());
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    auto file = disk.open(path, sys::OpenMode::kCreateNew);
    ASSERT_TRUE(file.ok() && (*file)->write_at(0, as_bytes(bytes)).ok());
    ++files;
  }
  ASSERT_GE(files, 5U);
  for (const FileFinding& found : verify_store(disk, "/data/history").value()) {
    EXPECT_EQ(found.state, FileState::kWhole) << found.name;
  }
  OnDisk store(disk);
  store.options().retention[kTenant] = {kSumUp, kAudit};
  ASSERT_TRUE(store.open().ok());
  EXPECT_EQ(testing::PrintToString(store->recovery().damages), "{}");
  Story story(nullptr);
  story.tell();
  EXPECT_EQ(story.difference(*store), "");
  // Taken over into files of this version it is the same.
  ASSERT_TRUE(store->compact().ok());
  EXPECT_EQ(story.difference(*store), "");
}

INSTANTIATE_TEST_SUITE_P(Versions, Golden, testing::ValuesIn(kFolders), [](const auto& folder) {
  std::string name = folder.param;
  std::erase(name, '-');
  return name;
});

TEST(GoldenWriter, DISABLED_WritesTheNewestVersion) {
  if (std::getenv("LINESHAFT_WRITE_GOLDEN") == nullptr) GTEST_SKIP();
  sys::SimDisk disk;
  OnDisk store(disk);
  store.options().retention[kTenant] = {kAudit};
  ASSERT_TRUE(store.open().ok());
  Story(&store).tell();
  store.close();
  const std::filesystem::path folder = folder_of(*std::rbegin(kFolders));
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder / "wal");
  for (const std::string directory : {"", "wal/"}) {
    for (const std::string& name : disk.list("/data/history/" + directory).value()) {
      auto file = disk.open("/data/history/" + directory + name, sys::OpenMode::kRead);
      if (!file) continue;  // a directory
      Bytes bytes((*file)->size().value());
      ASSERT_EQ((*file)->read_at(0, bytes).value(), bytes.size());
      std::ofstream(folder / (directory + name), std::ios::binary) << as_text(bytes);
    }
  }
}

}  // namespace
}  // namespace lineshaft::historian
