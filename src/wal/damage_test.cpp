// Bytes that change or cannot be read after they were written: each record comes back as it was, or
// its loss is reported. Nothing is silent, and the log always opens.
#include <gtest/gtest.h>

#include <iostream>
#include <map>
#include <string>
#include <utility>

#include "wal/crash_fixture.h"

namespace lineshaft::wal {
namespace {

constexpr std::size_t kSmallSegment = 4096;
constexpr std::uint64_t kSectorBytes = 512;
constexpr std::uint64_t kRecords = 90;
constexpr std::uint64_t kTrimmed = 40;

class WalDamage : public testing::Test {
 protected:
  using Records = std::map<std::uint64_t, std::pair<std::uint8_t, std::string>>;

  struct Read {
    Records records;
    std::vector<Damage> damages;
    std::uint64_t last = 0;
  };

  // A log of some segments, all synced, of which the older ones were used before.
  explicit WalDamage(std::size_t segment_bytes = kSmallSegment) {
    options_.directory = "/data/wal";
    options_.segment_bytes = segment_bytes;
    sys::SimDisk disk;
    auto log = open(disk, nullptr);
    sys::SimRandom random(11);
    for (std::uint64_t lsn = 1; lsn <= kRecords; ++lsn) {
      std::string payload(static_cast<std::size_t>(random.below(400)), '\0');
      random.fill({reinterpret_cast<std::uint8_t*>(payload.data()), payload.size()});
      EXPECT_TRUE(log->append(7, as_bytes(payload)).ok());
      EXPECT_TRUE(log->sync().ok());
      if (lsn > kTrimmed) written_[lsn] = {7, payload};
      if (lsn == kTrimmed + 10) {
        EXPECT_TRUE(log->trim(Lsn{kTrimmed}).ok());
      }
    }
    after_ = kTrimmed;
    image_ = disk.image();
    for (const std::string& name : disk.list(options_.directory).value()) {
      if (!name.starts_with("spare-")) segments_.push_back(options_.directory + "/" + name);
    }
  }

  std::unique_ptr<Log> open(sys::SimDisk& disk, Read* read) {
    Result<std::unique_ptr<Log>> log =
        Log::open(disk, random_, options_, Lsn{after_},
                  [&](Lsn lsn, std::uint8_t type, ByteSpan payload) -> Status {
                    if (read == nullptr) return {};
                    EXPECT_FALSE(read->records.contains(lsn.value));
                    read->records[lsn.value] = {type, std::string(as_text(payload))};
                    return {};
                  });
    EXPECT_TRUE(log.ok()) << log.error().text();
    if (!log) return nullptr;
    if (read != nullptr) read->damages = (*log)->recovery().damages;
    if (read != nullptr) read->last = (*log)->last().value;
    return *std::move(log);
  }

  static bool is_reported(const Read& read, std::uint64_t lsn) {
    for (const Damage& damage : read.damages) {
      if (damage.first_missing.value <= lsn && lsn < damage.next_present.value) return true;
      // Lost at the end of the log, nobody knows how many.
      const bool is_open_end = damage.first_missing == damage.next_present;
      if (is_open_end && damage.next_present.value == read.last + 1 && lsn > read.last) return true;
    }
    return false;
  }

  // Opens the damaged disk twice, with more records in between. `excused` may be lost in silence.
  void expect_nothing_silent(sys::SimDisk& disk, const std::string& how,
                             std::uint64_t excused = 0) {
    SCOPED_TRACE(how);
    Read read;
    std::unique_ptr<Log> log = open(disk, &read);
    if (log == nullptr) return;
    for (const auto& [lsn, record] : written_) {
      const auto found = read.records.find(lsn);
      if (found != read.records.end()) {
        EXPECT_TRUE(found->second == record) << "record " << lsn << " is another one";
        EXPECT_FALSE(is_reported(read, lsn)) << "record " << lsn << " is not lost";
      } else {
        EXPECT_TRUE(is_reported(read, lsn) || lsn == excused)
            << "record " << lsn << " is lost in silence";
        ++lost_;
      }
    }
    for (const auto& [lsn, record] : read.records) {
      EXPECT_TRUE(written_.contains(lsn)) << "record " << lsn << " was never written";
    }
    const Result<Lsn> next = log->append(8, as_bytes("next"));
    ASSERT_TRUE(next.ok());
    ASSERT_TRUE(log->sync().ok());
    log.reset();
    Read again;
    log = open(disk, &again);
    read.records[next->value] = {8, "next"};
    EXPECT_TRUE(again.records == read.records) << "opened again it gives back something else";
  }

  template <typename Try>
  void for_each_piece(std::uint64_t bytes, const Try& attempt) {
    for (const std::string& segment : segments_) {
      for (std::uint64_t offset = 0; offset < options_.segment_bytes; offset += bytes) {
        sys::SimDisk disk(image_);
        attempt(disk, segment, offset);
      }
    }
  }

  LogOptions options_;
  sys::SimRandom random_{3};
  std::uint64_t after_ = 0;
  Records written_;
  sys::DiskImage image_;
  std::vector<std::string> segments_;
  std::uint64_t lost_ = 0;
};

TEST_F(WalDamage, EveryFlippedBitIsHarmlessOrReported) {
  std::uint64_t flips = 0;
  for (const std::string& segment : segments_) {
    for (std::uint64_t offset = 0; offset < kSmallSegment && !HasFailure(); ++offset) {
      sys::SimDisk disk(image_);
      const auto bit = static_cast<std::uint8_t>(1u << (offset % 8));
      {
        const auto file = disk.open(segment, sys::OpenMode::kReadWrite).value();
        Bytes byte(1);
        ASSERT_EQ(file->read_at(offset, byte).value(), 1u);
        byte[0] ^= bit;
        ASSERT_TRUE(file->write_at(offset, byte).ok());
      }
      ++flips;
      expect_nothing_silent(disk, segment + " byte " + std::to_string(offset));
    }
  }
  RecordProperty("bits_flipped", std::to_string(flips));
  std::cout << "bits flipped: " << flips << ", records reported lost: " << lost_ << "\n";
  EXPECT_GE(segments_.size(), 4u);
  EXPECT_GT(lost_, 0u);
}

// What the log cannot read it leaves out in blocks of 4096 bytes.
class WalDamageOfBlocks : public WalDamage {
 protected:
  WalDamageOfBlocks() : WalDamage(16384) {}
};

TEST_F(WalDamageOfBlocks, EverySectorThatCannotBeReadIsHarmlessOrReported) {
  for_each_piece(
      kSectorBytes, [this](sys::SimDisk& disk, const std::string& segment, std::uint64_t offset) {
        disk.fail_reads(segment, offset, kSectorBytes);
        expect_nothing_silent(disk, segment + " unreadable at " + std::to_string(offset));
      });
  EXPECT_GE(segments_.size(), 2u);
  EXPECT_GT(lost_, 0u);
}

// Zeros over the last record and over the marker behind it are what a power cut before the sync
// leaves: the one loss that no log can see. A marker in another sector gives it away.
TEST_F(WalDamage, EverySectorOfZerosButThatOfTheLastRecordIsHarmlessOrReported) {
  for_each_piece(
      kSectorBytes, [this](sys::SimDisk& disk, const std::string& segment, std::uint64_t offset) {
        const auto file = disk.open(segment, sys::OpenMode::kReadWrite).value();
        ASSERT_TRUE(file->write_at(offset, Bytes(kSectorBytes)).ok());
        const std::uint64_t excused = segment == segments_.back() ? kRecords : 0;
        expect_nothing_silent(disk, segment + " zeros at " + std::to_string(offset), excused);
      });
  EXPECT_GT(lost_, 0u);
}

TEST_F(WalDamage, ASegmentThatCannotBeReadAtAllStopsTheStart) {
  for (const std::string& segment : segments_) {
    sys::SimDisk disk(image_);
    disk.fail_reads(segment, 0, kSmallSegment);
    sys::SimRandom random(3);
    Records records;
    const Result<std::unique_ptr<Log>> log =
        Log::open(disk, random, options_, Lsn{after_},
                  [&](Lsn lsn, std::uint8_t type, ByteSpan payload) -> Status {
                    records[lsn.value] = {type, std::string(as_text(payload))};
                    return {};
                  });
    ASSERT_FALSE(log.ok()) << "a disk that answers nothing is no damaged file";
    EXPECT_EQ(log.error().id, ErrorId::kIoError);
  }
}

}  // namespace
}  // namespace lineshaft::wal
