#include "historian/catalogue_file.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "base/crc32c.h"
#include "base/format_page_fixture.h"
#include "historian/oracle_fixture.h"
#include "sys/sim/disk.h"

namespace lineshaft::historian {
namespace {

class CatalogueFileTest : public testing::Test {
 protected:
  void write(const std::vector<TagEntry>& tags, std::size_t part = kCataloguePartTags) {
    std::size_t given = 0;
    const Status written = write_catalogue(disk_, "/000011.tags", 11, [&] {
      const std::size_t count = std::min(part, tags.size() - given);
      const auto first = tags.begin() + static_cast<std::ptrdiff_t>(given);
      given += count;
      return std::vector<TagEntry>(first, first + static_cast<std::ptrdiff_t>(count));
    });
    ASSERT_TRUE(written.ok());
  }
  Result<std::vector<TagEntry>> read(std::uint64_t number = 11) {
    std::vector<TagEntry> tags;
    const Status done = read_catalogue(
        disk_, "/000011.tags", number,
        [&](std::span<const TagEntry> part) { tags.insert(tags.end(), part.begin(), part.end()); });
    if (!done) return done.error();
    return tags;
  }
  Bytes bytes() { return sys::read_file(disk_, "/000011.tags", SIZE_MAX).value(); }
  void replace(ByteSpan content) {
    ASSERT_TRUE(sys::write_file_atomically(disk_, "/000011.tags", content).ok());
  }

  sys::SimDisk disk_;
};

// The one of the format page.
std::vector<TagEntry> one_tag() {
  TagSpec spec = spec_of("a/b", ValueType::kInt64);
  spec.interpolation = Interpolation::kLinear;
  spec.unit = "CEL";
  spec.enum_set = {{1, "x"}};
  spec.range_high = 2.0;
  return {{{1}, {{2}, spec}}};
}

std::vector<TagEntry> many_tags(std::size_t count) {
  std::vector<TagEntry> tags;
  for (std::uint32_t i = 1; i <= count; ++i) {
    TagSpec spec = spec_of("works/line/" + std::to_string(i));
    spec.description = "Temperature " + std::to_string(i * 7);
    tags.push_back({{1 + i % 3}, {{i}, spec}});
  }
  return tags;
}

TEST_F(CatalogueFileTest, GivesBackWhatWasWritten) {
  for (std::size_t count : {0U, 1U, 2U, 3U, 500U}) {
    const std::vector<TagEntry> tags = many_tags(count);
    write(tags, 100);
    const auto again = read().value();
    ASSERT_EQ(again.size(), count);
    for (std::size_t i = 0; i < count; ++i) {
      EXPECT_EQ(again[i].tenant, tags[i].tenant);
      EXPECT_EQ(again[i].tag.id, tags[i].tag.id);
      EXPECT_EQ(again[i].tag.spec, tags[i].tag.spec);
    }
  }
}

TEST_F(CatalogueFileTest, TextsThatRepeatTakeLittle) {
  const std::vector<TagEntry> tags = many_tags(1000);
  write(tags);
  EXPECT_LT(bytes().size(), encode_tags(tags).size() / 3);
}

TEST_F(CatalogueFileTest, AFlippedBitOrAMissingEndIsDamage) {
  write(many_tags(4), 2);
  const Bytes whole = bytes();
  for (std::size_t i = 0; i < whole.size() * 8; ++i) {
    Bytes flipped = whole;
    flipped[i / 8] = static_cast<std::uint8_t>(flipped[i / 8] ^ (1 << (i % 8)));
    replace(flipped);
    EXPECT_EQ(read().error().id, ErrorId::kCorrupt) << "byte " << i / 8;
  }
  for (std::size_t size = 0; size < whole.size(); ++size) {
    replace(ByteSpan(whole).first(size));
    EXPECT_EQ(read().error().id, ErrorId::kCorrupt) << size << " bytes";
  }
  Bytes longer = whole;
  longer.push_back(0);
  replace(longer);
  EXPECT_EQ(read().error().id, ErrorId::kCorrupt);
}

// A part knows its file and its place: swapped ones are found.
TEST_F(CatalogueFileTest, APartOfAnotherPlaceIsDamage) {
  write(many_tags(1));
  EXPECT_EQ(read(12).error().id, ErrorId::kCorrupt);
  Bytes moved = bytes();
  const ByteSpan end = ByteSpan(moved).last(12);
  const Bytes twice(end.begin(), end.end());
  moved.resize(16);  // the header, then the end of another place
  moved.insert(moved.end(), twice.begin(), twice.end());
  replace(moved);
  EXPECT_EQ(read().error().id, ErrorId::kCorrupt);
}

TEST_F(CatalogueFileTest, LeavesANewerVersionAlone) {
  write(one_tag());
  Bytes newer = bytes();
  newer[8] = 3;
  const std::uint32_t crc = crc32c(ByteSpan(newer).first(12));
  for (std::size_t i = 0; i < 4; ++i) newer[12 + i] = static_cast<std::uint8_t>(crc >> (8 * i));
  replace(newer);
  EXPECT_EQ(read().error().id, ErrorId::kFormatTooNew);
}

TEST_F(CatalogueFileTest, HasTheBytesOfTheFormatPage) {
  write(one_tag());
  const Bytes page = hex_of_page("historian.md", "A catalogue");
  EXPECT_EQ(bytes(), page);
  replace(page);
  EXPECT_EQ(read().value()[0].tag.spec, one_tag()[0].tag.spec);
}

TEST_F(CatalogueFileTest, ReadsTheFirstVersion) {
  replace(hex_of_page("historian.md", "A catalogue of version 1"));
  const auto tags = read().value();
  ASSERT_EQ(tags.size(), 1u);
  EXPECT_EQ(tags[0].tenant, TenantId{1});
  EXPECT_EQ(tags[0].tag.id, TagId{2});
  EXPECT_EQ(tags[0].tag.spec, one_tag()[0].tag.spec);
}

}  // namespace
}  // namespace lineshaft::historian
