#include "historian/files.h"

#include <gtest/gtest.h>

#include "historian/file_format.h"
#include "historian/oracle_fixture.h"

namespace lineshaft::historian {
namespace {

constexpr SeriesKey kKey{{1}, {1}};

// Files of one series, written block by block.
class FilesTest : public testing::Test {
 protected:
  // Blocks of `step` between times, with the order of the file as value.
  void add_file(std::int64_t from, std::int64_t to, std::int64_t step,
                std::size_t points_per_block) {
    const std::uint64_t number = view_.files.size() + 1;
    const std::string path = "/" + std::to_string(number);
    auto writer = FileWriter::create(disk_, path, {number, number},
                                     {codec::Effort::kFresh, points_per_block, 1})
                      .value();
    Columns points(ValueType::kInt64);
    for (std::int64_t time = from; time < to; time += step) {
      points.add({{time}, {}, static_cast<std::int64_t>(number)});
    }
    ASSERT_TRUE(writer->add(kKey, points).ok());
    ASSERT_TRUE(writer->finish().ok());
    view_.files.push_back(FileReader::open(disk_, path, number).value());
  }
  void add_recent(std::int64_t time) {
    if (!view_.recent) view_.recent.emplace(ValueType::kInt64);
    view_.recent->add({{time}, {}, std::int64_t{99}});
  }

  // "10=1 20=2": times and values.
  std::string visited(TimeRange range = TimeRange{}) {
    std::string text;
    const Status done = visit_points(view_, range, [&](const Columns& points) {
      for (const Point& p : points_of(points)) {
        text += (text.empty() ? "" : " ") + std::to_string(p.time.ns) + "=" + to_text(p.value);
      }
      return true;
    });
    EXPECT_TRUE(done.ok());
    return text;
  }
  std::uint64_t reads() { return disk_.calls(sys::DiskCall::kRead); }

  sys::SimDisk disk_;
  SeriesView view_{kKey, {}, std::nullopt, {}};
};

TEST_F(FilesTest, TheNewestFileWinsAtEqualTimes) {
  add_file(0, 50, 10, 2);   // 0 10 20 30 40
  add_file(20, 60, 20, 2);  // 20 40
  add_file(5, 40, 15, 10);  // 5 20 35
  EXPECT_EQ(visited(), "0=1 5=3 10=1 20=3 30=1 35=3 40=2");
  EXPECT_EQ(visited({{10}, {35}}), "10=1 20=3 30=1");
}

TEST_F(FilesTest, RecentPointsWinOverFilesAndFillTheirGaps) {
  add_file(0, 40, 10, 2);
  for (std::int64_t time : {-5, 10, 15, 30, 77}) add_recent(time);
  EXPECT_EQ(visited(), "-5=99 0=1 10=99 15=99 20=1 30=99 77=99");
  EXPECT_EQ(visited({{0}, {30}}), "0=1 10=99 15=99 20=1");
}

TEST_F(FilesTest, ABlockInsideTheGapOfAnotherKeepsTheOrder) {
  add_file(0, 200, 100, 10);  // one block: 0, 100
  add_file(40, 60, 10, 10);   // one block: 40, 50
  add_file(100, 101, 1, 1);
  EXPECT_EQ(visited(), "0=1 40=2 50=2 100=3");
}

// A merge takes a full block over as it is; what comes before and behind it shares blocks with the
// neighbours.
TEST_F(FilesTest, FindsBlocksOfOneTagBetweenTwoThatItShares) {
  add_file(100, 130, 10, 2);  // 100 110, 120
  const FilePtr full = view_.files[0];
  view_.files.clear();
  auto writer = FileWriter::create(disk_, "/9", {9, 9}, {codec::Effort::kFresh, 100, 50}).value();
  const auto few = [](std::int64_t time) {
    return columns_of({{{time}, {}, std::int64_t{5}}, {{time + 1}, {}, std::int64_t{5}}});
  };
  ASSERT_TRUE(writer->add({{1}, {0}}, few(500)).ok());
  ASSERT_TRUE(writer->add(kKey, few(7)).ok());
  for (const BlockRef& block : full->all_blocks()) ASSERT_TRUE(writer->copy(*full, block).ok());
  ASSERT_TRUE(writer->add(kKey, few(200)).ok());
  ASSERT_TRUE(writer->add({{1}, {2}}, few(3)).ok());
  ASSERT_TRUE(writer->finish().ok());
  view_.files.push_back(FileReader::open(disk_, "/9", 9).value());
  ASSERT_EQ(view_.files[0]->blocks(kKey).size(), 4u);
  EXPECT_EQ(visited(), "7=5 8=5 100=1 110=1 120=1 200=5 201=5");
  EXPECT_EQ(visited({{8}, {101}}), "8=5 100=1");
  EXPECT_EQ(visited({{101}, {120}}), "110=1");
  EXPECT_EQ(visited({{120}, {201}}), "120=1 200=5");
  EXPECT_EQ(visited({{150}, {160}}), "");
  EXPECT_EQ(visited({{201}, {900}}), "201=5");
}

TEST_F(FilesTest, StopsWhenTheVisitorHasEnough) {
  add_file(0, 100, 1, 10);
  int runs = 0;
  ASSERT_TRUE(visit_points(view_, {}, [&](const Columns&) { return ++runs < 3; }).ok());
  EXPECT_EQ(runs, 3);
}

// Two imports of one year overlap in all of it: blocks are read when the time has come to them, not
// the whole year at once.
TEST_F(FilesTest, HoldsOneBlockOfEachFileHoweverLongTheyOverlap) {
  add_file(0, 2000, 2, 10);
  add_file(1, 2001, 2, 10);
  const std::uint64_t before = reads();
  std::uint64_t runs = 0;
  ASSERT_TRUE(visit_points(view_, {}, [&](const Columns& points) {
                EXPECT_LE(points.size(), 20u);
                ++runs;
                EXPECT_LE(reads() - before, runs + 2) << "blocks are read ahead";
                return true;
              }).ok());
  EXPECT_EQ(reads() - before, 200u) << "each block once";
}

TEST_F(FilesTest, AnswersFromTheIndexWhatNothingOverlaps) {
  add_file(0, 1000, 1, 100);  // ten blocks of a hundred
  const std::uint64_t before = reads();
  const auto all = fold(view_, Windows::equal_parts({{0}, {1000}}, 10)).value();
  EXPECT_EQ(reads(), before);
  for (const Summary& s : all) EXPECT_EQ(s.count, 100u);
  add_recent(250);
  const auto mixed = fold(view_, Windows::equal_parts({{0}, {1000}}, 10)).value();
  EXPECT_EQ(reads(), before + 1) << "only the block that the recent point falls into";
  EXPECT_EQ(mixed[2].count, 100u);
  EXPECT_EQ(mixed[2].max, 99);
}

TEST_F(FilesTest, FindsThePointBeforeATimeInWhicheverFileItIs) {
  add_file(0, 100, 10, 3);
  add_file(45, 46, 1, 1);
  add_file(20, 31, 10, 1);
  const auto before = [&](std::int64_t at) {
    const auto point = point_before(view_, {at}).value();
    return point ? std::to_string(point->time.ns) + "=" + to_text(point->value) : "none";
  };
  EXPECT_EQ(before(-1), "none");
  EXPECT_EQ(before(0), "0=1");
  EXPECT_EQ(before(29), "20=3");
  EXPECT_EQ(before(44), "40=1");
  EXPECT_EQ(before(49), "45=2");
  EXPECT_EQ(before(INT64_MAX), "90=1");
}

TEST_F(FilesTest, LeavesOutADamagedBlockAndTells) {
  add_file(0, 30, 1, 10);
  add_file(5, 6, 1, 1);
  const std::uint64_t offset = view_.files[0]->all_blocks()[1].offset + kBlockHeadBytes + 1;
  const auto file = disk_.open("/1", sys::OpenMode::kReadWrite).value();
  Bytes byte(1);
  ASSERT_TRUE(file->read_at(offset, byte).ok());
  byte[0] ^= 1;
  ASSERT_TRUE(file->write_at(offset, byte).ok());
  std::vector<Error> told;
  view_.damaged = [&](const Error& error) { told.push_back(error); };
  EXPECT_EQ(visited(),
            "0=1 1=1 2=1 3=1 4=1 5=2 6=1 7=1 8=1 9=1 "
            "20=1 21=1 22=1 23=1 24=1 25=1 26=1 27=1 28=1 29=1");
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].id, ErrorId::kCorrupt);
  EXPECT_EQ(point_before(view_, {15}).value()->time.ns, 9);
}

}  // namespace
}  // namespace lineshaft::historian
