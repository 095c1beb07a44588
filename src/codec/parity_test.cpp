#include "codec/parity.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

#include "base/format_page_fixture.h"

namespace lineshaft::codec {
namespace {

constexpr std::uint64_t kFile = 12;

// A file and its parity in memory, that can be damaged.
struct Stored {
  Bytes data;
  Bytes parity;
  std::uint64_t unreadable_from = ~std::uint64_t{0};  // of the data: the disk reports an error
  std::uint64_t unreadable_to = ~std::uint64_t{0};

  ProtectedFile file(std::uint64_t number = kFile) const {
    return {number, data.size(), reader(data, true), reader(parity, false)};
  }
  ReadAt reader(const Bytes& bytes, bool may_fail) const {
    return [this, &bytes, may_fail](std::uint64_t offset, std::span<std::uint8_t> out) -> Status {
      if (offset > bytes.size() || out.size() > bytes.size() - offset) {
        return Error{ErrorId::kCorrupt, "behind the end"};
      }
      if (may_fail && offset < unreadable_to && offset + out.size() > unreadable_from) {
        return Error{ErrorId::kIoError, "a sector is unreadable"};
      }
      std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(offset), out.size(), out.begin());
      return {};
    };
  }
};

Stored stored(std::size_t size, std::uint32_t seed = 1) {
  std::mt19937_64 random(seed);
  Stored file;
  file.data.resize(size);
  for (std::uint8_t& byte : file.data) byte = static_cast<std::uint8_t>(random());
  file.parity = make_parity(kFile, size, file.reader(file.data, false)).value();
  return file;
}

// Every byte is changed.
void damage(Bytes& bytes, std::size_t from, std::size_t count) {
  const std::size_t end = std::min(bytes.size(), from + count);
  for (std::size_t i = from; i < end; ++i) bytes[i] = static_cast<std::uint8_t>(bytes[i] ^ 0xa5);
}

void expect_repaired(const Stored& damaged, const Bytes& original, const std::string& what) {
  const Result<Bytes> repaired = read_repaired(damaged.file(), 0, original.size());
  ASSERT_TRUE(repaired.ok()) << what << ": " << repaired.error().text();
  EXPECT_TRUE(*repaired == original) << what;
}

TEST(Parity, FindsNothingInAFileThatIsWhole) {
  for (std::size_t size : {1U, 4095U, 4096U, 4097U, 69'632U, 300'000U, 5'000'000U}) {
    const Stored file = stored(size);
    const Damage found = find_damage(file.file());
    EXPECT_TRUE(found.pages.empty() && found.parity_pages == 0 && found.unknown_pages == 0) << size;
    EXPECT_EQ(file.parity.size(), parity_bytes(size));
  }
}

// A file that was cut short: its own size does not tell any more.
TEST(Parity, TellsHowLargeItsFileWas) {
  const auto told = [](const Stored& file, std::uint64_t number) {
    return protected_bytes(number, file.parity.size(), file.reader(file.parity, false));
  };
  for (std::size_t size : {1U, 4095U, 4097U, 69'632U, 300'000U, 5'000'000U, 17'000'000U}) {
    Stored file = stored(size);
    EXPECT_EQ(told(file, kFile).value(), size);
    EXPECT_EQ(told(file, kFile + 1).error().id, ErrorId::kCorrupt) << "of another file";
    damage(file.parity, file.parity.size() - 1, 1);  // the last table
    const bool has_another = size > 4'200'000;
    ASSERT_EQ(told(file, kFile).ok(), has_another) << size;
    if (has_another) {
      EXPECT_EQ(told(file, kFile).value(), size);
    }
    file.parity.pop_back();
    EXPECT_FALSE(told(file, kFile).ok()) << size;
  }
}

// The promise: one row of 64 KiB damaged, wherever it begins. All places of a small file, and a
// page's step through one that has more pages than stripes.
TEST(Parity, RepairsSixtyFourKilobytesAnywhere) {
  for (const auto& [size, step] : {std::pair<std::size_t, std::size_t>{9'000, 1'000},
                                   {80'000, 5'000},
                                   {400'000, 13'001},
                                   {5'000'001, 250'007}}) {
    const Stored good = stored(size);
    for (std::size_t at = 0; at < size; at += step) {
      Stored file = good;
      damage(file.data, at, 65'536);
      expect_repaired(file, good.data, std::to_string(size) + " at " + std::to_string(at));
    }
  }
}

TEST(Parity, RepairsEverySinglePage) {
  const Stored good = stored(130 * kPageBytes + 7);
  for (std::size_t page = 0; page < 131; ++page) {
    Stored file = good;
    damage(file.data, page * kPageBytes + page % 7, 1);
    const Damage found = find_damage(file.file());
    ASSERT_EQ(found.pages, std::vector<std::uint64_t>{page});
    const Bytes repaired = repaired_page(file.file(), page).value();
    const ByteSpan expected = ByteSpan(good.data).subspan(
        page * kPageBytes, std::min(kPageBytes, good.data.size() - page * kPageBytes));
    EXPECT_TRUE(std::ranges::equal(repaired, expected)) << page;
  }
}

TEST(Parity, RepairsWhatTheDiskCannotRead) {
  Stored file = stored(500'000);
  const Bytes original = file.data;
  file.unreadable_from = 100'000;
  file.unreadable_to = 160'000;
  expect_repaired(file, original, "unreadable");
  EXPECT_EQ(find_damage(file.file()).pages.size(),
            16U);  // 100'000 / 4096 = 24, 159'999 / 4096 = 39
}

TEST(Parity, RepairsAcrossTheBorderOfFileAndParity) {
  const Stored good = stored(40 * kPageBytes);
  for (std::size_t pages = 0; pages <= 17; ++pages) {
    Stored file = good;
    damage(file.data, file.data.size() - pages * kPageBytes, pages * kPageBytes);
    damage(file.parity, 0, (17 - pages) * kPageBytes);
    expect_repaired(file, good.data, std::to_string(pages));
  }
}

TEST(Parity, NeverGivesBackWhatItCannotProve) {
  const Stored good = stored(1'000'000);  // 245 pages, 17 stripes
  Stored file = good;
  damage(file.data, 3 * kPageBytes + 5, 1);
  damage(file.data, (3 + 17) * kPageBytes + 5, 1);  // the same stripe
  damage(file.data, 4 * kPageBytes, 100);
  EXPECT_EQ(find_damage(file.file()).pages, (std::vector<std::uint64_t>{3, 4, 20}));
  EXPECT_FALSE(repaired_page(file.file(), 3).ok());
  EXPECT_FALSE(repaired_page(file.file(), 20).ok());
  EXPECT_TRUE(repaired_page(file.file(), 4).ok());
  EXPECT_FALSE(read_repaired(file.file(), 0, 5 * kPageBytes).ok());
  EXPECT_TRUE(read_repaired(file.file(), 4 * kPageBytes, 16 * kPageBytes).ok());
}

TEST(Parity, SaysWhenItIsDamagedItself) {
  const Stored good = stored(1'000'000);
  Stored file = good;
  damage(file.parity, 2 * kPageBytes, 3 * kPageBytes);
  EXPECT_EQ(find_damage(file.file()).parity_pages, 3U);
  expect_repaired(file, good.data, "the file itself is whole");

  damage(file.parity, file.parity.size() - 10, 1);  // the only table
  const Damage found = find_damage(file.file());
  EXPECT_EQ(found.unknown_pages, 245U);
  EXPECT_TRUE(found.pages.empty());
  EXPECT_FALSE(repaired_page(file.file(), 0).ok());
}

TEST(Parity, OfAnotherFileOrSizeDoesNotPass) {
  Stored file = stored(100'000);
  EXPECT_EQ(find_damage(file.file(13)).unknown_pages, 25U);
  EXPECT_FALSE(repaired_page(file.file(13), 0).ok());
  file.data.pop_back();
  EXPECT_EQ(find_damage(file.file()).unknown_pages, 25U);
}

TEST(Parity, FindsPagesThatStandInEachOthersPlace) {
  Stored file = stored(10 * kPageBytes);
  const Bytes original = file.data;
  std::swap_ranges(file.data.begin(), file.data.begin() + kPageBytes,
                   file.data.begin() + 5 * kPageBytes);
  EXPECT_EQ(find_damage(file.file()).pages, (std::vector<std::uint64_t>{0, 5}));
  expect_repaired(file, original, "swapped");
}

TEST(Parity, CostsLessThanTwoPercentOfALargeFile) {
  for (std::uint64_t size : {4'500'000ULL, 10'000'000ULL, 1'234'567'890ULL, 1ULL << 40}) {
    EXPECT_LE(parity_bytes(size), size / 50) << size;
  }
  // 17 pages and a table of at most 64 * 17 + 17 checksums.
  EXPECT_LE(parity_bytes(64 * 17 * kPageBytes), 17 * kPageBytes + 28 + 28 + 4 * (64 * 17 + 17));
  EXPECT_EQ(parity_bytes(1), kPageBytes + 28 + 4 * 2);
}

TEST(Parity, PassesOnWhatTheReaderSays) {
  Stored file = stored(100'000);
  file.unreadable_from = 0;
  const Result<Bytes> made = make_parity(kFile, file.data.size(), file.reader(file.data, true));
  EXPECT_EQ(made.error().id, ErrorId::kIoError);
}

TEST(Parity, HasTheBytesOfTheFormatPage) {
  const Bytes table = hex_of_page("parity.md", "Worked example");
  Stored file;
  file.data = Bytes{'h', 'e', 'l', 'l', 'o'};
  file.parity.resize(kPageBytes);
  std::copy(file.data.begin(), file.data.end(), file.parity.begin());
  file.parity.insert(file.parity.end(), table.begin(), table.end());
  EXPECT_TRUE(make_parity(kFile, 5, file.reader(file.data, false)).value() == file.parity);

  damage(file.data, 1, 1);
  EXPECT_EQ(find_damage(file.file()).pages, std::vector<std::uint64_t>{0});
  EXPECT_EQ(as_text(read_repaired(file.file(), 0, 5).value()), "hello");
}

// Any bytes as parity: nothing is given back that is not what it was, for its checksum is asked
// too.
TEST(Parity, SurvivesAnyBytesAsParity) {
  const Stored good = stored(3 * kPageBytes);
  std::mt19937_64 random(7);
  for (int round = 0; round < 500; ++round) {
    Stored file = good;
    damage(file.data, random() % file.data.size(), 1 + random() % 3000);
    const std::size_t at = random() % file.parity.size();
    damage(file.parity, at, 1 + random() % (file.parity.size() - at));
    if (round % 5 == 0) file.parity.resize(random() % file.parity.size());
    const Result<Bytes> repaired = read_repaired(file.file(), 0, good.data.size());
    EXPECT_TRUE(!repaired || *repaired == good.data);
    static_cast<void>(find_damage(file.file()));
  }
}

}  // namespace
}  // namespace lineshaft::codec
