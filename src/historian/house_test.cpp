// A store for each organisation behind the one interface.
#include "historian/house.h"

#include <gtest/gtest.h>

#include <array>

#include "historian/oracle_fixture.h"

namespace lineshaft::historian {
namespace {

constexpr TenantId kFirst{1};
constexpr TenantId kSecond{2};
constexpr std::array kBoth{kFirst, kSecond};

class HouseTest : public testing::Test {
 protected:
  void SetUp() override { open(); }
  void open() {
    house_.reset();
    HouseOptions options;
    options.store.directory = "/data/history";
    options.store.background = false;
    options.store.memtable_bytes_max = 1 << 20;
    options.store.wal_segment_bytes = 16 * 1024;
    options.directory_of = [](TenantId tenant) {
      return "/data/tenants/" + std::to_string(tenant.value) + "/history";
    };
    options.room = [this](TenantId, std::uint64_t tags) -> Status {
      if (tags <= most_) return {};
      return Error{ErrorId::kConflict, "no room"};
    };
    house_ = House::open(disk_, clock_, random_, std::move(options), kBoth).value();
  }
  TagId make(TenantId tenant, const std::string& path) {
    return house_->ensure_tags(tenant, {spec_of(path)}).value()[0];
  }
  Status put(TenantId tenant, TagId tag, std::int64_t time, double value) {
    return append(*house_, {tenant, {500}, {{tag, {time}, quality::kGood, value}}});
  }
  // Folders may stay, empty.
  std::size_t files_below(const std::string& folder) {
    const auto names = disk_.list(folder);
    if (!names) return 1;  // it is a file
    std::size_t files = 0;
    for (const std::string& name : *names) files += files_below(folder + "/" + name);
    return files;
  }
  std::size_t count(TenantId tenant, TagId tag) { return scan_all(*house_, {tenant, tag}).size(); }

  sys::SimDisk disk_;
  sys::SimRandom random_{1};
  sys::SimLoop loop_;
  sys::SimClock clock_{loop_};
  std::uint64_t most_ = 1'000;
  std::unique_ptr<House> house_;
};

TEST_F(HouseTest, KeepsTheFirstWhereItsHistoryAlwaysStoodAndOthersApart) {
  const TagId tag = make(kFirst, "works/level");
  EXPECT_FALSE(disk_.exists("/data/tenants/2/history")) << "nothing before there is something";
  EXPECT_EQ(make(kSecond, "works/level"), tag) << "each counts by itself";
  EXPECT_TRUE(disk_.exists("/data/tenants/2/history"));
  ASSERT_TRUE(put(kFirst, tag, 10, 1).ok());
  ASSERT_TRUE(put(kFirst, tag, 20, 2).ok());
  ASSERT_TRUE(put(kSecond, tag, 10, 3).ok());
  EXPECT_EQ(count(kFirst, tag), 2U);
  EXPECT_EQ(count(kSecond, tag), 1U);
  EXPECT_EQ(house_->counters().tags, 2U);
  EXPECT_EQ(house_->counters().samples_appended, 3U);
  open();
  EXPECT_EQ(count(kFirst, tag), 2U);
  EXPECT_EQ(count(kSecond, tag), 1U);
}

TEST_F(HouseTest, AnswersForWhoHasNothingAsForWhatDoesNotExist) {
  EXPECT_FALSE(house_->find_tag(kSecond, TagId{1}));
  EXPECT_FALSE(house_->find_tag(kSecond, "works/level"));
  EXPECT_EQ(house_->list_tags(kSecond, {}, 0, 10).total, 0U);
  EXPECT_EQ(put(kSecond, TagId{1}, 10, 1).error().id, ErrorId::kNotFound);
  EXPECT_EQ(house_->erase(kSecond, std::vector{TagId{1}}, TimeRange{}).error().id,
            ErrorId::kNotFound);
  const auto last = house_->last_values(kSecond, std::vector{TagId{7}});
  ASSERT_EQ(last.size(), 1U);
  EXPECT_FALSE(last[0].exists);
  EXPECT_EQ(last[0].sample.tag, TagId{7});
}

TEST_F(HouseTest, TellsNewsOfATenantByItsOwnTicks) {
  const TagId tag = make(kFirst, "works/level");
  make(kSecond, "works/level");
  for (int i = 1; i <= 50; ++i) ASSERT_TRUE(put(kFirst, tag, i, i).ok());
  const std::uint64_t seen = house_->tick(kSecond);
  ASSERT_TRUE(put(kSecond, tag, 1, 1).ok());
  EXPECT_GT(house_->last_values(kSecond, std::vector{tag})[0].tick, seen)
      << "whatever happened at the neighbour's";
}

TEST_F(HouseTest, RefusesTagsBeyondTheRoomAndCountsThoseThatThereAre) {
  most_ = 2;
  ASSERT_TRUE(house_->ensure_tags(kSecond, {spec_of("a/1"), spec_of("a/2")}).ok());
  EXPECT_EQ(house_->ensure_tags(kSecond, {spec_of("a/3")}).error().what, "no room");
  EXPECT_TRUE(house_->ensure_tags(kSecond, {spec_of("a/1"), spec_of("a/2")}).ok())
      << "they are there already";
  EXPECT_TRUE(house_->ensure_tags(kFirst, {spec_of("a/1")}).ok()) << "each has its own room";
}

TEST_F(HouseTest, RemovesATenantWithItsFilesAndNobodyElse) {
  const TagId tag = make(kFirst, "works/level");
  make(kSecond, "works/level");
  ASSERT_TRUE(put(kFirst, tag, 10, 1).ok());
  ASSERT_TRUE(put(kSecond, tag, 10, 3).ok());
  ASSERT_TRUE(house_->flush().ok());
  EXPECT_GT(house_->bytes_of(kSecond), 0U);
  const std::uint64_t changes = house_->path_changes() + house_->counters().tags;
  ASSERT_TRUE(house_->remove(kSecond).ok());
  EXPECT_EQ(files_below("/data/tenants/2"), 0U);
  EXPECT_FALSE(house_->find_tag(kSecond, tag));
  EXPECT_EQ(house_->bytes_of(kSecond), 0U);
  EXPECT_GE(house_->path_changes() + house_->counters().tags, changes)
      << "who watches the sum for changes sees one";
  EXPECT_EQ(count(kFirst, tag), 1U);
  ASSERT_TRUE(house_->remove(kSecond).ok()) << "again is of no harm";
  open();
  EXPECT_FALSE(house_->find_tag(kSecond, "works/level"));
}

TEST_F(HouseTest, CopiesEveryStoreIntoABackup) {
  const TagId tag = make(kFirst, "works/level");
  make(kSecond, "works/level");
  ASSERT_TRUE(put(kFirst, tag, 10, 1).ok());
  ASSERT_TRUE(put(kSecond, tag, 10, 3).ok());
  ASSERT_TRUE(disk_.create_directories("/copy").ok());
  std::uint64_t done = 0;
  const auto report = house_->back_up("/copy/history", [&](std::uint64_t now, std::uint64_t) {
    EXPECT_GE(now, done) << "it never goes back";
    done = now;
    return true;
  });
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_EQ(report->files, 2U);
  EXPECT_TRUE(disk_.exists("/copy/history"));
  EXPECT_TRUE(disk_.exists("/copy/tenants/2/history"));
}

}  // namespace
}  // namespace lineshaft::historian
