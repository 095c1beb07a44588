// The worked examples of docs/formats/historian.md that need more than one part of this room.
#include <gtest/gtest.h>

#include "base/format_page_fixture.h"
#include "codec/codec.h"
#include "historian/file_format.h"
#include "historian/oracle_fixture.h"
#include "historian/rollup.h"

namespace lineshaft::historian {
namespace {

constexpr SeriesKey kKey{{1}, {2}};
constexpr std::int64_t kSecond = 1'000'000'000;
const std::string kPath = "/000012.lsh";

// The whole file number 12, order 9, that `fill` makes.
Bytes file_of(sys::SimDisk& disk, const std::function<Status(FileWriter&)>& fill) {
  auto writer = FileWriter::create(disk, kPath, {12, 9}, {}).value();
  EXPECT_TRUE(fill(*writer).ok());
  EXPECT_TRUE(writer->finish().ok());
  return sys::read_file(disk, kPath, 1 << 20).value();
}

TEST(FormatPage, ShowsABlockOfRollups) {
  std::vector<Summary> minutes(2);
  minutes[0].add({1 * kSecond}, quality::kGood, 10);
  minutes[0].add({31 * kSecond}, quality::kGood, 20);
  minutes[1].add({61 * kSecond}, quality::kBadTimeout, 25);
  minutes[1].add({91 * kSecond}, quality::kGood, 30);
  sys::SimDisk disk;
  const Bytes file = file_of(disk, [&](FileWriter& writer) {
    return writer.add_rollups(kKey, RollupStep::kMinute, minutes);
  });
  const Bytes page = hex_of_page("historian.md", "A block of rollups");
  const std::size_t block_bytes = file.size() - kHeaderBytes - kIndexEntryBytes - kFooterBytes;
  EXPECT_EQ(hex_of(ByteSpan(file).subspan(kHeaderBytes, block_bytes)), hex_of(page));

  ASSERT_GT(page.size(), kBlockHeadBytes);
  Bytes content(page.begin() + kBlockHeadBytes, page.end());
  content.resize(content.size() + codec::kSlackBytes);
  const auto read =
      decode_rollups(ByteSpan(content).first(content.size() - codec::kSlackBytes)).value();
  ASSERT_EQ(read.size(), 2U);
  const Summary& first = read[0];
  EXPECT_EQ(first.count, 2U);
  EXPECT_EQ(first.bad, 0U);
  EXPECT_EQ(first.first_time.ns, 1 * kSecond);
  EXPECT_EQ(first.last_time.ns, 31 * kSecond);
  EXPECT_EQ(first.min, 10);
  EXPECT_EQ(first.max, 20);
  EXPECT_EQ(first.max_time.ns, 31 * kSecond);
  EXPECT_EQ(first.sum, 30);
  EXPECT_EQ(first.squares, 50);     // 5 * 5 + 5 * 5
  EXPECT_EQ(first.held, 3e11);      // 10 for 30 s
  EXPECT_EQ(first.sloped, 4.5e11);  // 15 on average for 30 s
  EXPECT_EQ(first.usable_ns, 30U * kSecond);
  const Summary& second = read[1];
  EXPECT_EQ(second.count, 2U);
  EXPECT_EQ(second.bad, 1U);
  EXPECT_EQ(second.first_time.ns, 61 * kSecond);
  EXPECT_EQ(second.first_usable.ns, 91 * kSecond);
  EXPECT_EQ(second.first_quality, quality::kBadTimeout.code);
  EXPECT_EQ(second.sum, 30);
  EXPECT_EQ(second.held, 0);  // the only stretch begins bad
}

// The page does not repeat what is as in the example of a file.
TEST(FormatPage, ShowsAPointThatWasReplaced) {
  const Bytes plain = hex_of_page("historian.md", "A file");
  const Bytes page = hex_of_page("historian.md", "A file with a point that was replaced");
  const std::size_t index = plain.size() - kFooterBytes - kIndexEntryBytes;
  const std::size_t rest = kIndexEntryBytes + kFooterBytes;
  ASSERT_GT(page.size(), rest);
  const auto page_index = page.end() - static_cast<std::ptrdiff_t>(rest);
  Bytes whole(plain.begin(), plain.begin() + static_cast<std::ptrdiff_t>(index));
  whole.insert(whole.end(), page.begin(), page_index);
  whole.insert(whole.end(), plain.begin() + static_cast<std::ptrdiff_t>(index),
               plain.end() - kFooterBytes);
  whole.insert(whole.end(), page_index, page.end());

  const std::vector<Point> kept = {{{1 * kSecond}, quality::kGood, std::int64_t{-3}},
                                   {{2 * kSecond}, quality::kBadTimeout, std::int64_t{300}}};
  const std::vector<Point> replaced = {{{2 * kSecond}, quality::kGood, std::int64_t{299}}};
  sys::SimDisk disk;
  const Bytes file = file_of(disk, [&](FileWriter& writer) {
    const Status added = writer.add(kKey, columns_of(kept));
    return added ? writer.add_replaced(kKey, columns_of(replaced)) : added;
  });
  EXPECT_EQ(hex_of(file), hex_of(whole));

  ASSERT_TRUE(sys::write_file_atomically(disk, kPath, whole).ok());
  const FilePtr opened = FileReader::open(disk, kPath, 12).value();
  ASSERT_EQ(opened->all_blocks().size(), 1U);
  EXPECT_TRUE(
      same_points(points_of(opened->read(opened->all_blocks()[0], kKey).value().value()), kept));
  ASSERT_EQ(opened->replaced(kKey).size(), 1U);
  EXPECT_TRUE(same_points(points_of(opened->read(opened->replaced(kKey)[0], kKey).value().value()),
                          replaced));
}

}  // namespace
}  // namespace lineshaft::historian
