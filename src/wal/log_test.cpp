#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <future>
#include <map>
#include <string>

#include "sys/file.h"
#include "wal/format.h"
#include "wal/group_commit.h"
#include "wal/log.h"

namespace lineshaft::wal {
namespace {

constexpr std::size_t kSmallSegment = 4096;

std::string text_of(ByteSpan bytes) { return {bytes.begin(), bytes.end()}; }

class LogTest : public testing::Test {
 protected:
  using Records = std::map<std::uint64_t, std::string>;

  void SetUp() override {
    std::string pattern = testing::TempDir() + "lineshaft-wal-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    options_.directory = root_ + "/wal";
    options_.segment_bytes = kSmallSegment;
  }
  void TearDown() override {
    log_.reset();
    std::filesystem::remove_all(root_);
  }

  Result<std::unique_ptr<Log>> try_open(Lsn after = {}) {
    log_.reset();
    replayed_.clear();
    return Log::open(files_, sys::real_random(), options_, after,
                     [this](Lsn lsn, std::uint8_t type, ByteSpan payload) -> Status {
                       replayed_[lsn.value] = std::to_string(type) + ":" + text_of(payload);
                       return {};
                     });
  }
  void open(Lsn after = {}) {
    Result<std::unique_ptr<Log>> log = try_open(after);
    ASSERT_TRUE(log.ok()) << log.error().text();
    log_ = *std::move(log);
  }
  std::uint64_t append(const std::string& text) {
    const Result<Lsn> lsn = log_->append(1, as_bytes(text));
    EXPECT_TRUE(lsn.ok()) << lsn.error().text();
    return lsn ? lsn->value : 0;
  }
  void append_synced(const std::string& text) {
    append(text);
    ASSERT_TRUE(log_->sync().ok());
  }

  std::string segment(int number) const {
    std::string digits = std::to_string(number);
    return options_.directory + "/" + std::string(16 - digits.size(), '0') + digits + ".wal";
  }
  // Turns over one byte of a segment file.
  void damage(const std::string& path, std::uint64_t offset) {
    const auto file = files_.open(path, sys::OpenMode::kReadWrite).value();
    Bytes byte(1);
    ASSERT_EQ(file->read_at(offset, byte).value(), 1u);
    byte[0] ^= 0x40;
    ASSERT_TRUE(file->write_at(offset, byte).ok());
  }

  sys::FileSystem& files_ = sys::real_file_system();
  std::string root_;
  LogOptions options_;
  std::unique_ptr<Log> log_;
  Records replayed_;
};

TEST_F(LogTest, GivesBackWhatWasAppendedInOrder) {
  open();
  EXPECT_EQ(append("a"), 1u);
  EXPECT_EQ(append(""), 2u);
  EXPECT_EQ(append("ccc"), 3u);
  EXPECT_EQ(log_->last(), Lsn{3});
  EXPECT_EQ(log_->durable(), Lsn{0});
  ASSERT_TRUE(log_->sync().ok());
  EXPECT_EQ(log_->durable(), Lsn{3});
  open();
  EXPECT_EQ(replayed_, (Records{{1, "1:a"}, {2, "1:"}, {3, "1:ccc"}}));
  EXPECT_EQ(log_->recovery().records, 3u);
  EXPECT_EQ(log_->recovery().last, Lsn{3});
  EXPECT_TRUE(log_->recovery().damages.empty());
  EXPECT_EQ(append("d"), 4u);
}

TEST_F(LogTest, ReplaysOnlyWhatTheCallerDoesNotHave) {
  open();
  for (const char* text : {"a", "b", "c"}) append_synced(text);
  open(Lsn{2});
  EXPECT_EQ(replayed_, (Records{{3, "1:c"}}));
}

TEST_F(LogTest, GoesOnAfterTheCallersLastRecordThoughTheLogEndsEarlier) {
  open();
  append_synced("a");
  open(Lsn{7});
  EXPECT_TRUE(replayed_.empty());
  EXPECT_EQ(append("h"), 8u);
  ASSERT_TRUE(log_->sync().ok());
  open(Lsn{7});
  EXPECT_EQ(replayed_, (Records{{8, "1:h"}}));
  EXPECT_TRUE(log_->recovery().damages.empty());
}

TEST_F(LogTest, CutsOffATornTailThatNoSyncCovered) {
  open();
  append_synced("kept");
  append("torn");
  // The second record starts where the first ends: 64 + (40 + 4 -> 48) = 112.
  damage(segment(1), 112 + 41);
  open();
  EXPECT_EQ(replayed_, (Records{{1, "1:kept"}}));
  EXPECT_EQ(log_->recovery().torn_tail_bytes, 48u);
  EXPECT_TRUE(log_->recovery().damages.empty());
  EXPECT_EQ(append("next"), 2u);
  ASSERT_TRUE(log_->sync().ok());
  open();
  EXPECT_EQ(replayed_, (Records{{1, "1:kept"}, {2, "1:next"}}));
}

TEST_F(LogTest, NamesDamagedRecordsInTheMiddleAndGivesTheRest) {
  open();
  for (const char* text : {"a", "b", "c", "d"}) append_synced(text);
  log_.reset();
  damage(segment(1), 64 + 48 + 40);  // the payload of record 2
  open();
  EXPECT_EQ(replayed_, (Records{{1, "1:a"}, {3, "1:c"}, {4, "1:d"}}));
  ASSERT_EQ(log_->recovery().damages.size(), 1u);
  const Damage& damage = log_->recovery().damages[0];
  EXPECT_EQ(damage.file, segment(1));
  EXPECT_EQ(damage.offset, 64u + 48u);
  EXPECT_EQ(damage.bytes, 48u);
  EXPECT_EQ(damage.first_missing, Lsn{2});
  EXPECT_EQ(damage.next_present, Lsn{3});
  EXPECT_EQ(append("e"), 5u);
}

TEST_F(LogTest, DoesNotTakeDamageToTheLastSyncedRecordForATornTail) {
  open();
  append_synced("a");
  append_synced("b");
  log_.reset();
  damage(segment(1), 64 + 48 + 40);
  open();
  EXPECT_EQ(replayed_, (Records{{1, "1:a"}}));
  ASSERT_EQ(log_->recovery().damages.size(), 1u);
  EXPECT_EQ(log_->recovery().damages[0].first_missing, Lsn{2});
  EXPECT_EQ(log_->recovery().damages[0].next_present, Lsn{3});
  EXPECT_EQ(append("c"), 3u) << "a lost number is never given out again";
}

TEST_F(LogTest, FindsTheRecordsOfASegmentWhoseHeaderIsDamaged) {
  open();
  append_synced("a");
  append_synced("b");
  log_.reset();
  damage(segment(1), 20);
  open();
  EXPECT_EQ(replayed_, (Records{{1, "1:a"}, {2, "1:b"}}));
  EXPECT_EQ(log_->recovery().damages.size(), 1u);
  EXPECT_EQ(append("c"), 3u);
}

TEST_F(LogTest, NamesTheRecordsOfAMissingSegment) {
  open();
  const std::string big(2900, 'x');  // one record to a segment
  for (int i = 0; i < 3; ++i) append_synced(big);
  log_.reset();
  std::filesystem::remove(segment(2));
  open();
  EXPECT_EQ(replayed_.size(), 2u);
  ASSERT_EQ(log_->recovery().damages.size(), 1u);
  EXPECT_EQ(log_->recovery().damages[0].first_missing, Lsn{2});
  EXPECT_EQ(log_->recovery().damages[0].next_present, Lsn{3});
}

TEST_F(LogTest, SpreadsOverSegmentsAndRecyclesThem) {
  open();
  const std::string big(1900, 'x');  // two records to a segment
  Lsn last;
  std::uint64_t bytes_max = 0;
  for (int i = 0; i < 40; ++i) {
    last = Lsn{append(big)};
    ASSERT_TRUE(log_->sync().ok());
    if (i % 4 == 3) {
      ASSERT_TRUE(log_->trim(last).ok());
    }
    bytes_max = std::max(bytes_max, log_->bytes_on_disk());
  }
  // Two segments in use between trims, one begun, two spares at most.
  EXPECT_LE(bytes_max, 6 * kSmallSegment);
  open(Lsn{38});
  EXPECT_EQ(replayed_.size(), 2u) << "records of an earlier use of a file are not taken for new";
  EXPECT_TRUE(log_->recovery().damages.empty());
}

TEST_F(LogTest, StopsAtAnErrorOfTheCaller) {
  open();
  append_synced("a");
  log_.reset();
  const auto log = Log::open(files_, sys::real_random(), options_, {},
                             [](Lsn, std::uint8_t, ByteSpan) -> Status {
                               return Error{ErrorId::kCorrupt, "no such type"};
                             });
  ASSERT_FALSE(log.ok());
  EXPECT_EQ(log.error().id, ErrorId::kCorrupt);
}

TEST_F(LogTest, LeavesALogOfANewerVersionAlone) {
  open();
  append_synced("a");
  log_.reset();
  SegmentHeader header;
  header.version = 2;
  header.id = 1;
  header.sequence = 1;
  header.first = Lsn{1};
  header.bytes = kSmallSegment;
  const auto file = files_.open(segment(1), sys::OpenMode::kReadWrite).value();
  ASSERT_TRUE(file->write_at(0, encode_segment_header(header)).ok());
  const auto log = try_open();
  ASSERT_FALSE(log.ok());
  EXPECT_EQ(log.error().id, ErrorId::kFormatTooNew);
}

TEST_F(LogTest, CommitsManyAppendsWithOneSyncAndInOrder) {
  open();
  constexpr std::uint64_t kRecords = 500;
  options_.segment_bytes = 1 << 20;
  std::vector<std::uint64_t> order;
  std::promise<void> last;
  {
    std::promise<void> blocked;
    const auto group = GroupCommit::start(std::move(log_), {});
    group->with_log([&](Log&) { blocked.get_future().wait(); });
    for (std::uint64_t i = 0; i < kRecords; ++i) {
      group->append(1, Bytes(3, 'x'), [&, i](const Result<Lsn>& lsn, const Bytes& payload) {
        ASSERT_TRUE(lsn.ok());
        EXPECT_EQ(lsn->value, i + 1);
        EXPECT_EQ(payload.size(), 3u);
        order.push_back(lsn->value);
        if (order.size() == kRecords) last.set_value();
      });
    }
    blocked.set_value();
    last.get_future().wait();
    const GroupCommitCounters counters = group->counters();
    EXPECT_EQ(counters.records, kRecords);
    EXPECT_EQ(counters.bytes, 3 * kRecords);
    EXPECT_EQ(counters.queued_bytes, 0u);
    EXPECT_LE(counters.syncs, 2u);
  }
  open();
  EXPECT_EQ(replayed_.size(), kRecords);
}

TEST_F(LogTest, RefusesAtOnceWhatTheQueueCannotHold) {
  open();
  GroupCommitOptions options;
  options.queue_bytes_max = 10;
  std::promise<void> blocked;
  std::promise<void> entered;
  std::vector<std::string> outcomes;
  {
    const auto group = GroupCommit::start(std::move(log_), options);
    group->with_log([&](Log&) {
      entered.set_value();
      blocked.get_future().wait();
    });
    entered.get_future().wait();
    const auto note = [&](const Result<Lsn>& lsn, const Bytes&) {
      outcomes.push_back(lsn ? "kept" : std::string(lsn.error().text()));
    };
    group->append(1, Bytes(8, 'x'), note);
    group->append(1, Bytes(3, 'y'), [&](const Result<Lsn>& lsn, const Bytes& payload) {
      ASSERT_FALSE(lsn.ok());
      EXPECT_EQ(lsn.error().id, ErrorId::kQueueFull);
      EXPECT_EQ(payload, Bytes(3, 'y'));
    });
    EXPECT_TRUE(outcomes.empty());
    blocked.set_value();
  }
  EXPECT_EQ(outcomes, std::vector<std::string>{"kept"}) << "what is queued is committed at the end";
}

}  // namespace
}  // namespace lineshaft::wal
