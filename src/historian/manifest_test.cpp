#include "historian/manifest.h"

#include <gtest/gtest.h>

#include "base/crc32c.h"
#include "base/format_page_fixture.h"
#include "sys/sim/disk.h"

namespace lineshaft::historian {
namespace {

Manifest some_manifest() { return {wal::Lsn{1000}, 13, 11, {{12, 9}, {10, 10}}}; }

class ManifestTest : public testing::Test {
 protected:
  void replace(const std::string& path, ByteSpan content) {
    ASSERT_TRUE(sys::write_file_atomically(disk_, path, content).ok());
  }
  Bytes bytes(const std::string& path) { return sys::read_file(disk_, path, 1 << 20).value(); }

  sys::SimDisk disk_;
};

TEST_F(ManifestTest, IsGivenBackWhole) {
  EXPECT_EQ(read_manifest(disk_, "/").error().id, ErrorId::kFileMissing);
  ASSERT_TRUE(write_manifest(disk_, "/", {}).ok());
  EXPECT_TRUE(read_manifest(disk_, "/").value().files.empty());
  const Manifest manifest = some_manifest();
  ASSERT_TRUE(write_manifest(disk_, "/", manifest).ok());
  const Manifest read = read_manifest(disk_, "/").value();
  EXPECT_EQ(read.covered, manifest.covered);
  EXPECT_EQ(read.next_number, manifest.next_number);
  EXPECT_EQ(read.catalogue, manifest.catalogue);
  EXPECT_EQ(read.files, manifest.files);
}

// Not even as a newer version: that would stop the start.
TEST_F(ManifestTest, AFlippedBitIsDamage) {
  ASSERT_TRUE(write_manifest(disk_, "/", some_manifest()).ok());
  const Bytes whole = bytes("/manifest");
  for (std::size_t i = 0; i < whole.size() * 8; ++i) {
    Bytes flipped = whole;
    flipped[i / 8] = static_cast<std::uint8_t>(flipped[i / 8] ^ (1 << (i % 8)));
    replace("/manifest", flipped);
    EXPECT_EQ(read_manifest(disk_, "/").error().id, ErrorId::kCorrupt) << "byte " << i / 8;
  }
  for (std::size_t size = 0; size < whole.size(); ++size) {
    replace("/manifest", ByteSpan(whole).first(size));
    EXPECT_FALSE(read_manifest(disk_, "/").ok());
  }
}

TEST_F(ManifestTest, LeavesANewerVersionAlone) {
  ASSERT_TRUE(write_manifest(disk_, "/", some_manifest()).ok());
  Bytes newer = bytes("/manifest");
  newer[12] = 2;
  const std::uint32_t crc = crc32c(ByteSpan(newer).subspan(12));
  for (std::size_t i = 0; i < 4; ++i) newer[8 + i] = static_cast<std::uint8_t>(crc >> (8 * i));
  replace("/manifest", newer);
  EXPECT_EQ(read_manifest(disk_, "/").error().id, ErrorId::kFormatTooNew);
}

TEST_F(ManifestTest, HasTheBytesOfTheFormatPage) {
  ASSERT_TRUE(write_manifest(disk_, "/", some_manifest()).ok());
  const Bytes page = hex_of_page("historian.md", "A manifest");
  EXPECT_EQ(bytes("/manifest"), page);
  replace("/manifest", page);
  EXPECT_EQ(read_manifest(disk_, "/").value().files, some_manifest().files);
}

}  // namespace
}  // namespace lineshaft::historian
