#include "wal/record_reader.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "sys/sim/disk.h"
#include "sys/sim/loop.h"

namespace lineshaft::wal {
namespace {

class RecordReaderTest : public testing::Test {
 protected:
  RecordReaderTest() {
    options_.directory = "/data/wal";
    options_.segment_bytes = 64 * 1024;
  }

  void open() {
    log_.reset();
    log_ = Log::open(disk_, random_, options_, {}, [](Lsn, std::uint8_t, ByteSpan) -> Status {
             return {};
           }).value();
  }
  // The record with this number says its number.
  void append(int count) {
    for (int i = 0; i < count; ++i) {
      const std::string text = text_of(log_->last().value + 1);
      ASSERT_TRUE(log_->append(7, as_bytes(text)).ok());
    }
    ASSERT_TRUE(log_->sync().ok());
  }
  static std::string text_of(std::uint64_t number) {
    return std::to_string(number) + std::string(number % 90, '.');
  }

  // Reads them and checks that each is what was appended. How many came.
  Result<std::uint64_t> read(std::uint64_t from, std::uint64_t through) {
    std::uint64_t next = from;
    const Status done = reader_.read({from}, {through},
                                     [&](Lsn lsn, std::uint8_t type, ByteSpan payload) -> Status {
                                       EXPECT_EQ(lsn.value, next++);
                                       EXPECT_EQ(type, 7);
                                       EXPECT_EQ(as_text(payload), text_of(lsn.value));
                                       return {};
                                     });
    if (!done) return done.error();
    return next - from;
  }

  sys::SimDisk disk_;
  sys::SimRandom random_{1};
  LogOptions options_;
  std::unique_ptr<Log> log_;
  RecordReader reader_{disk_, "/data/wal"};
};

TEST_F(RecordReaderTest, FindsEachRecordWhereverItStands) {
  open();
  append(3000);  // Of 40 + 45 bytes on average: five segments.
  ASSERT_GE(disk_.list("/data/wal").value().size(), 4u);
  for (const std::uint64_t number : {1u, 2999u, 256u, 257u, 258u, 1500u, 3000u, 1u}) {
    EXPECT_EQ(read(number, number).value(), 1u) << number;
  }
  EXPECT_EQ(read(1, 3000).value(), 3000u);
  EXPECT_EQ(read(700, 2200).value(), 1501u);
}

TEST_F(RecordReaderTest, SeesWhatIsAppendedLaterAndAfterAnotherStart) {
  open();
  append(10);
  EXPECT_EQ(read(1, 10).value(), 10u);
  append(2000);
  EXPECT_EQ(read(5, 2010).value(), 2006u);
  open();
  append(5);
  EXPECT_EQ(read(2010, 2015).value(), 6u);
}

TEST_F(RecordReaderTest, NamesTheFirstRecordThatCannotBeRead) {
  open();
  append(100);
  EXPECT_EQ(read(101, 101).error().id, ErrorId::kCorrupt);
  const auto file = disk_.open("/data/wal/0000000000000001.wal", sys::OpenMode::kReadWrite).value();
  // Record 1 begins at 64 and takes 40 + 2 bytes, which makes 48; record 2 then begins at 112.
  ASSERT_TRUE(file->write_at(112 + 41, as_bytes("x")).ok());
  const Result<std::uint64_t> read_all = read(1, 100);
  ASSERT_FALSE(read_all.ok());
  EXPECT_EQ(read_all.error().id, ErrorId::kCorrupt);
  EXPECT_NE(read_all.error().what.find("record 2 "), std::string::npos);
}

TEST_F(RecordReaderTest, ReadsWhatWasAppendedInOneGo) {
  open();
  std::vector<std::string> texts;
  std::vector<ByteSpan> payloads;
  for (std::uint64_t number = 1; number <= 5000; ++number) texts.push_back(text_of(number));
  for (const std::string& text : texts) payloads.push_back(as_bytes(text));
  ASSERT_TRUE(log_->append_all(7, payloads).ok());
  ASSERT_TRUE(log_->sync().ok());
  EXPECT_EQ(log_->last().value, 5000u);
  EXPECT_EQ(read(1, 5000).value(), 5000u);
  open();
  EXPECT_EQ(log_->last().value, 5000u);
  EXPECT_TRUE(log_->recovery().damages.empty());
}

TEST_F(RecordReaderTest, KeepsWhatWasAppendedBeforeTheDiskWasFull) {
  open();
  append(1);
  // The segment is there with its full size; there is no space for a second one.
  disk_.set_capacity(disk_.image().used_bytes());
  const std::string text = std::string(1000, 'x');
  const std::vector<ByteSpan> payloads(100, as_bytes(text));
  const Status full = log_->append_all(7, payloads);
  ASSERT_FALSE(full.ok());
  EXPECT_EQ(full.error().id, ErrorId::kDiskFull);
  // After the header and the first record 65,424 bytes are left, for records of 1040 bytes each.
  EXPECT_EQ(log_->last().value, 1u + 62u);
  ASSERT_TRUE(log_->sync().ok());
  disk_.set_capacity({});
  ASSERT_TRUE(log_->append_all(7, payloads).ok());
  EXPECT_EQ(log_->last().value, 1u + 62u + 100u);
}

}  // namespace
}  // namespace lineshaft::wal
