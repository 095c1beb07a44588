#include "historian/file.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "base/crc32c.h"
#include "base/format_page_fixture.h"
#include "historian/file_format.h"
#include "historian/oracle_fixture.h"
#include "sys/sim/disk.h"

namespace lineshaft::historian {
namespace {

const std::string path = "/000012.lsh";

class FileTest : public testing::Test {
 protected:
  using Content = std::vector<std::pair<SeriesKey, std::vector<Point>>>;

  // A block for each entry.
  void write(const Content& content, FileId id = {12, 9}) {
    auto writer = FileWriter::create(disk_, path, id, {}).value();
    for (const auto& [key, points] : content) {
      ASSERT_TRUE(writer->add(key, columns_of(points)).ok());
      ASSERT_TRUE(writer->end_block().ok());
    }
    ASSERT_TRUE(writer->finish().ok());
  }
  Result<FilePtr> open(std::uint64_t number = 12) { return FileReader::open(disk_, path, number); }
  Bytes bytes() { return sys::read_file(disk_, path, 1 << 20).value(); }
  void replace(ByteSpan content) {
    ASSERT_TRUE(sys::write_file_atomically(disk_, path, content).ok());
  }

  sys::SimDisk disk_;
};

std::vector<Point> some_points(std::int64_t from, std::int64_t count) {
  std::vector<Point> points;
  for (std::int64_t i = from; i < from + count; ++i) {
    points.push_back({{i * 1000}, i % 5 == 4 ? quality::kBad : quality::kGood, i * i});
  }
  return points;
}

// The only series of a block.
Result<std::vector<Point>> read(const FilePtr& file, const BlockRef& block) {
  const Result<std::optional<Columns>> points = file->read(block, block.first);
  if (!points) return points.error();
  return points_of(points->value());
}

TEST_F(FileTest, GivesBackItsBlocksBySeries) {
  const Content content = {{{{1}, {2}}, some_points(0, 10)},
                           {{{1}, {2}}, some_points(10, 8192)},
                           {{{1}, {3}}, {{{5}, {}, std::string(100'000, 'x')}}},
                           {{{2}, {1}}, {{{-7}, quality::kBad, 1.5F}}}};
  write(content);
  const FilePtr file = open().value();
  EXPECT_EQ(file->id(), (FileId{12, 9}));
  EXPECT_EQ(file->all_blocks().size(), 4u);
  std::size_t i = 0;
  for (SeriesKey key : {SeriesKey{{1}, {2}}, SeriesKey{{1}, {3}}, SeriesKey{{2}, {1}}}) {
    for (const BlockRef& block : file->blocks(key)) {
      EXPECT_EQ(block.first, content[i].first);
      EXPECT_TRUE(same_points(read(file, block).value(), content[i].second));
      ++i;
    }
  }
  EXPECT_EQ(i, 4u);
  EXPECT_TRUE(file->blocks({{1}, {1}}).empty());
  EXPECT_TRUE(file->blocks({{3}, {1}}).empty());
}

// Tags with a few points each share a block; nothing is said of them in the index.
// However they are numbered: side by side, far apart, of two tenants, one with many blocks.
TEST_F(FileTest, FindsTheBlocksOfEachSeriesAndOfNoOther) {
  Content content;
  const auto add = [&](std::uint32_t tenant, std::uint32_t tag, std::int64_t blocks) {
    for (std::int64_t i = 0; i < blocks; ++i) {
      content.push_back({{{tenant}, {tag}}, some_points(i * 10, 10)});
    }
  };
  for (std::uint32_t tag = 1; tag <= 40; ++tag) add(1, tag, 1);
  for (std::uint32_t tag = 50; tag <= 90; tag += 7) add(1, tag, tag % 3 + 1);
  add(1, 4'000'000'000, 33);
  for (std::uint32_t tag : {2U, 3U, 500U, UINT32_MAX}) add(3, tag, 2);
  write(content);
  const FilePtr file = open().value();
  ASSERT_EQ(file->all_blocks().size(), content.size());
  std::vector<SeriesKey> keys;
  for (std::uint32_t tenant = 0; tenant <= 4; ++tenant) {
    for (std::uint32_t tag = 0; tag <= 600; ++tag) keys.push_back({{tenant}, {tag}});
    for (std::uint32_t tag : {3'999'999'999U, 4'000'000'000U, 4'000'000'001U, UINT32_MAX}) {
      keys.push_back({{tenant}, {tag}});
    }
  }
  keys.push_back({{UINT32_MAX}, {UINT32_MAX}});
  for (SeriesKey key : keys) {
    const auto wanted = std::ranges::count(content, key, &Content::value_type::first);
    const std::span<const BlockRef> found = file->blocks(key);
    ASSERT_EQ(static_cast<std::ptrdiff_t>(found.size()), wanted)
        << key.tenant.value << "/" << key.tag.value;
    for (const BlockRef& block : found) ASSERT_EQ(block.first, key);
  }
}

TEST_F(FileTest, PutsFewPointsOfManyTagsIntoOneBlock) {
  auto writer = FileWriter::create(disk_, path, {12, 9}, {codec::Effort::kFresh, 100, 30}).value();
  std::map<SeriesKey, std::vector<Point>> content;
  for (std::uint32_t tenant : {1U, 2U}) {
    for (std::uint32_t tag = 1; tag <= 40; ++tag) {
      // 3, 10, 17, ... 27, 34, ... points; those of more than 100 are cut.
      const std::uint32_t count = tag == 20 ? 230 : 3 + tag * 7 % 40;
      content[{{tenant}, {tag}}] = some_points(tag, count);
    }
  }
  for (const auto& [key, points] : content) ASSERT_TRUE(writer->add(key, columns_of(points)).ok());
  ASSERT_TRUE(writer->finish().ok());
  const FilePtr file = open().value();
  std::size_t shared = 0;
  std::uint64_t points = 0;
  for (const BlockRef& block : file->all_blocks()) {
    EXPECT_LE(block.summary.count, 100u);
    points += block.summary.count;
    shared += block.is_of_one() ? 0U : 1U;
  }
  EXPECT_GT(shared, 4u);
  std::uint64_t expected = 0;
  for (const auto& [key, of_key] : content) {
    std::vector<Point> found;
    for (const BlockRef& block : file->blocks(key)) {
      const auto part = file->read(block, key).value();
      if (!part) continue;
      for (const Point& p : points_of(*part)) found.push_back(p);
    }
    EXPECT_TRUE(same_points(found, of_key)) << key.tenant.value << "/" << key.tag.value;
    expected += of_key.size();
  }
  EXPECT_EQ(points, expected);
  EXPECT_TRUE(file->blocks({{1}, {41}}).empty());
}

TEST_F(FileTest, TakesABlockOverAsItIs) {
  const SeriesKey key{{1}, {5}};
  write({{{{1}, {4}}, some_points(0, 3)}, {key, some_points(0, 50)}});
  const FilePtr from = open().value();
  auto writer = FileWriter::create(disk_, "/000013.lsh", {13, 13}, {}).value();
  ASSERT_TRUE(writer->add({{1}, {3}}, columns_of(some_points(7, 2))).ok());
  ASSERT_TRUE(writer->copy(*from, from->blocks(key)[0]).ok());
  ASSERT_TRUE(writer->add(key, columns_of(some_points(50, 9))).ok());
  ASSERT_TRUE(writer->finish().ok());
  const FilePtr copied = FileReader::open(disk_, "/000013.lsh", 13).value();
  ASSERT_EQ(copied->all_blocks().size(), 3u);
  EXPECT_TRUE(same_points(read(copied, copied->all_blocks()[0]).value(), some_points(7, 2)));
  EXPECT_TRUE(same_points(read(copied, copied->all_blocks()[1]).value(), some_points(0, 50)));
  EXPECT_TRUE(same_points(read(copied, copied->all_blocks()[2]).value(), some_points(50, 9)));
  EXPECT_EQ(copied->all_blocks()[1].summary.sum, from->blocks(key)[0].summary.sum);
}

TEST_F(FileTest, SummarisesABlockWithoutItsBadSamples) {
  write({{{{1}, {1}},
          {{{10}, quality::kBad, 99.0},
           {{20}, quality::kGood, 2.0},
           {{30}, quality::kUncertain, -1.0},
           {{40}, quality::kBadTimeout, 99.0}}}});
  const Summary s = open().value()->all_blocks()[0].summary;
  EXPECT_EQ(s.count, 4u);
  EXPECT_EQ(s.bad, 2u);
  EXPECT_EQ(s.first_time.ns, 10);
  EXPECT_EQ(s.last_time.ns, 40);
  EXPECT_EQ(s.first_usable.ns, 20);
  EXPECT_EQ(s.last_usable.ns, 30);
  EXPECT_EQ(s.first, 2.0);
  EXPECT_EQ(s.last, -1.0);
  EXPECT_EQ(s.min, -1.0);
  EXPECT_EQ(s.max, 2.0);
  EXPECT_EQ(s.sum, 1.0);
  EXPECT_EQ(s.last_quality, quality::kBadTimeout.code);
}

TEST_F(FileTest, CanBeEmpty) {
  write({});
  EXPECT_TRUE(open().value()->all_blocks().empty());
}

TEST_F(FileTest, IsWholeOrRefusedWhateverItsLength) {
  write({{{{1}, {2}}, some_points(0, 20)}});
  const Bytes whole = bytes();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    replace(ByteSpan(whole).first(size));
    const auto opened = open();
    ASSERT_FALSE(opened.ok()) << size;
    EXPECT_EQ(opened.error().id, ErrorId::kCorrupt) << size;
  }
}

// Every bit of every byte: what is read is what was written, or an error names the damage.
TEST_F(FileTest, AFlippedBitNeverGivesWrongData) {
  const Content content = {{{{1}, {2}}, some_points(0, 6)},
                           {{{1}, {3}}, some_points(0, 200)},
                           {{{2}, {1}}, {{{-7}, quality::kBad, std::string("on")}}}};
  write(content);
  const Bytes whole = bytes();
  std::size_t refused = 0;
  std::size_t lost_blocks = 0;
  for (std::size_t i = 0; i < whole.size() * 8; ++i) {
    Bytes flipped = whole;
    flipped[i / 8] = static_cast<std::uint8_t>(flipped[i / 8] ^ (1 << (i % 8)));
    replace(flipped);
    const auto opened = open();
    if (!opened) {
      EXPECT_EQ(opened.error().id, ErrorId::kCorrupt) << "byte " << i / 8;
      ++refused;
      continue;
    }
    const auto& blocks = (*opened)->all_blocks();
    ASSERT_EQ(blocks.size(), content.size());
    std::size_t lost = 0;
    for (std::size_t k = 0; k < blocks.size(); ++k) {
      EXPECT_EQ(blocks[k].first, content[k].first);
      const auto points = read(*opened, blocks[k]);
      if (points) {
        EXPECT_TRUE(same_points(*points, content[k].second)) << "byte " << i / 8;
        continue;
      }
      EXPECT_EQ(points.error().id, ErrorId::kCorrupt);
      ++lost;
    }
    EXPECT_EQ(lost, i / 8 < kHeaderBytes ? 0u : 1u) << "byte " << i / 8;
    lost_blocks += lost;
  }
  EXPECT_EQ(refused, (kFooterBytes + 3 * kIndexEntryBytes) * 8);
  EXPECT_EQ(lost_blocks, (whole.size() - kHeaderBytes) * 8 - refused);
}

TEST_F(FileTest, DoesNotTakeAnotherFileUnderItsName) {
  write({{{{1}, {2}}, some_points(0, 3)}}, {13, 13});
  EXPECT_EQ(open(12).error().id, ErrorId::kCorrupt);
  EXPECT_TRUE(open(13).ok());
}

// A block that a disk wrote to the wrong place is whole in itself; its address tells.
TEST_F(FileTest, DoesNotTakeABlockFromAnotherPlaceOrFile) {
  const Content content = {{{{1}, {2}}, some_points(0, 6)}, {{{1}, {2}}, some_points(6, 6)}};
  write(content);
  const Bytes mine = bytes();
  write(content, {13, 9});
  const Bytes other = bytes();
  const FilePtr file = open(13).value();
  const BlockRef first = file->all_blocks()[0];
  const auto from = static_cast<std::ptrdiff_t>(first.offset);
  const auto size = static_cast<std::ptrdiff_t>(kBlockHeadBytes + first.stored_bytes);
  Bytes mixed = mine;
  std::copy(other.begin() + from, other.begin() + from + size, mixed.begin() + from);
  replace(mixed);
  EXPECT_EQ(read(open(12).value(), first).error().id, ErrorId::kCorrupt);
  mixed = mine;
  std::copy(mine.begin() + from, mine.begin() + from + size, mixed.begin() + from + size);
  replace(mixed);
  const FilePtr moved = open(12).value();
  EXPECT_FALSE(read(moved, moved->all_blocks()[1]).ok());
}

TEST_F(FileTest, LeavesAFileOfANewerVersionAlone) {
  write({});
  Bytes newer = bytes();
  newer[8] = 2;
  const std::uint32_t crc = crc32c(ByteSpan(newer).first(20));
  for (std::size_t i = 0; i < 4; ++i) newer[20 + i] = static_cast<std::uint8_t>(crc >> (8 * i));
  replace(newer);
  EXPECT_EQ(open().error().id, ErrorId::kFormatTooNew);
}

TEST_F(FileTest, HasTheBytesOfTheFormatPage) {
  const std::vector<Point> points = {{{1'000'000'000}, quality::kGood, std::int64_t{-3}},
                                     {{2'000'000'000}, quality::kBadTimeout, std::int64_t{300}}};
  const Bytes page = hex_of_page("historian.md", "A file");
  write({{{{1}, {2}}, points}});
  EXPECT_EQ(hex_of(bytes()), hex_of(page));
  replace(page);
  const FilePtr file = open().value();
  EXPECT_TRUE(same_points(read(file, file->blocks({{1}, {2}})[0]).value(), points));
}

TEST_F(FileTest, SaysThatTheDiskIsFull) {
  disk_.set_capacity(1000);
  auto writer = FileWriter::create(disk_, path, {1, 1}, {codec::Effort::kFresh, 20, 20}).value();
  Status added;
  for (int i = 0; i < 100 && added; ++i) {
    added = writer->add({{1}, {1}}, columns_of(some_points(i * 20, 20)));
  }
  ASSERT_FALSE(added.ok());
  EXPECT_EQ(added.error().id, ErrorId::kDiskFull);
}

}  // namespace
}  // namespace lineshaft::historian
