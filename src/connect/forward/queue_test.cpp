#include "connect/forward/queue.h"

#include <gtest/gtest.h>

#include "base/format_page_fixture.h"
#include "connect/forward/testing.h"

namespace lineshaft::connect::forward {
namespace {

using Times = std::vector<std::int64_t>;

Times from_to(std::int64_t first, std::int64_t last) {
  Times times;
  for (std::int64_t n = first; n <= last; ++n) times.push_back(n);
  return times;
}

TEST(ForwardQueue, GivesWhatWasTakenInOrder) {
  sys::SimDisk disk;
  TestQueue queue(disk);
  ASSERT_TRUE(queue.open().ok());
  EXPECT_TRUE(queue.read_all().empty());
  for (std::int64_t n = 1; n <= 3; ++n) ASSERT_TRUE(queue.append(n).ok());
  EXPECT_EQ(queue.waiting(), from_to(1, 3));
  EXPECT_GE(queue.news(), 1);
  queue.confirm(2);
  EXPECT_EQ(queue.waiting(), Times{3});
}

TEST(ForwardQueue, GoesOnAfterARestartWhereTheReceiverIs) {
  sys::SimDisk disk;
  TestQueue queue(disk);
  ASSERT_TRUE(queue.open().ok());
  const std::uint64_t id = queue->id();
  for (std::int64_t n = 1; n <= 5; ++n) ASSERT_TRUE(queue.append(n).ok());
  queue.confirm(2);
  ASSERT_TRUE(queue.open().ok());
  EXPECT_EQ(queue->id(), id);
  const auto entries = queue.read_all();
  ASSERT_EQ(entries.size(), 3u);
  EXPECT_EQ(entries[0].number, EntryNumber{3});
  EXPECT_EQ(entries[0].samples[0].value, Value(3.0));
  ASSERT_TRUE(queue.append(6).ok());
  EXPECT_EQ(queue.waiting(), from_to(3, 6));
}

TEST(ForwardQueue, ReadsFromTheDiskWhatIsTooMuchForTheMemory) {
  sys::SimDisk disk;
  TestQueue queue(disk);
  queue.options().memory_bytes_max = 500;  // some eight entries
  ASSERT_TRUE(queue.open().ok());
  for (std::int64_t n = 1; n <= 400; ++n) ASSERT_TRUE(queue.append(n).ok());
  EXPECT_GT(disk.list("/data/queue").value().size(), 5u) << "several segments";
  EXPECT_EQ(queue.waiting(), from_to(1, 400));
  Times in_pieces;
  for (const Entry& entry : queue.read_all(300)) in_pieces.push_back(entry.samples[0].time.ns);
  EXPECT_EQ(in_pieces, from_to(1, 400));
}

TEST(ForwardQueue, NeedsNoDiskForAReceiverThatKeepsUp) {
  sys::SimDisk disk;
  TestQueue queue(disk);
  ASSERT_TRUE(queue.open().ok());
  const std::uint64_t reads = disk.calls(sys::DiskCall::kRead);
  for (std::int64_t n = 1; n <= 50; ++n) {
    ASSERT_TRUE(queue.append(n).ok());
    EXPECT_EQ(queue.waiting(), Times{n});
    queue.confirm(static_cast<std::uint64_t>(n));
  }
  EXPECT_EQ(disk.calls(sys::DiskCall::kRead), reads);
}

TEST(ForwardQueue, GivesBackTheSpaceOfWhatIsConfirmed) {
  sys::SimDisk disk;
  TestQueue queue(disk);
  ASSERT_TRUE(queue.open().ok());
  std::uint64_t most = 0;
  for (std::int64_t n = 1; n <= 2000; ++n) {
    ASSERT_TRUE(queue.append(n).ok());
    queue.confirm(static_cast<std::uint64_t>(n));
    most = std::max(most, disk.image().used_bytes());
  }
  EXPECT_LE(most, 4u * 4096 + 200) << "the segment in use, one before it, spares, the position";
  EXPECT_EQ(queue->status().samples, 0u);
}

TEST(ForwardQueue, DropsTheOldestBeyondItsBytesAndShowsTheGap) {
  sys::SimDisk disk;
  TestQueue queue(disk);
  queue.options().bytes_max = 8'000;
  ASSERT_TRUE(queue.open().ok());
  for (std::int64_t n = 1; n <= 400; ++n) ASSERT_TRUE(queue.append(n).ok());
  const QueueStatus status = queue->status();
  EXPECT_LE(status.bytes, 8'000u);
  EXPECT_GT(status.bytes, 6'800u) << "no more is dropped than must be";
  const Times waiting = queue.waiting();
  const auto first = static_cast<std::int64_t>(400 - waiting.size() + 1);
  EXPECT_EQ(waiting, from_to(first, 400));
  EXPECT_EQ(status.samples, waiting.size());
  EXPECT_EQ(status.samples_dropped, static_cast<std::uint64_t>(first - 1));
  // The receiver has nothing yet, and gets an entry that is not the first one: that is the gap.
  EXPECT_EQ(queue->position().confirmed, EntryNumber{0});
  EXPECT_EQ(queue.read_all()[0].number.value, static_cast<std::uint64_t>(first));
  ASSERT_TRUE(queue.open().ok());
  EXPECT_EQ(queue.waiting(), waiting);
  EXPECT_EQ(queue->status().samples_dropped, status.samples_dropped);
}

TEST(ForwardQueue, DropsWhatIsTooOld) {
  sys::SimDisk disk;
  TestQueue queue(disk);
  queue.options().age_max = std::chrono::hours(1);
  ASSERT_TRUE(queue.open().ok());
  for (std::int64_t n = 1; n <= 100; ++n) ASSERT_TRUE(queue.append(n).ok());
  queue.loop().run_for(std::chrono::minutes(59));
  queue->tick();
  EXPECT_EQ(queue.waiting(), from_to(1, 100));
  ASSERT_TRUE(queue.append(101).ok());
  queue.loop().run_for(std::chrono::minutes(2));
  queue->tick();
  const Times left = queue.waiting();
  EXPECT_LT(left.size(), 30u) << "of the piece of 1 KiB in which 101 lies, all waits for the last";
  EXPECT_EQ(left.back(), 101);
  EXPECT_EQ(queue->status().samples_dropped, 101 - left.size());
}

TEST(ForwardQueue, CutsLargeBatchesAndKeepsTheirOrder) {
  sys::SimDisk disk;
  TestQueue queue(disk);
  ASSERT_TRUE(queue.open().ok());
  std::vector<Sample> samples;
  for (std::int64_t n = 1; n <= 1000; ++n) samples.push_back(number_sample(1, n, 0.5));
  samples.push_back({{2}, {1001}, quality::kBadTimeout, std::string("öl")});
  ASSERT_TRUE(queue.append(samples).ok());
  EXPECT_EQ(queue.waiting(), from_to(1, 1001));
  const Entry last = queue.read_all().back();
  EXPECT_EQ(last.samples.back().quality, quality::kBadTimeout);
  EXPECT_EQ(last.samples.back().value, Value(std::string("öl")));
}

TEST(ForwardQueue, AFullDiskRefusesAndItGoesOnByItself) {
  sys::SimDisk disk;
  TestQueue queue(disk);
  ASSERT_TRUE(queue.open().ok());
  ASSERT_TRUE(queue.append(1).ok());
  disk.set_capacity(disk.image().used_bytes());
  std::int64_t taken = 1;
  Status status;
  while ((status = queue.append(taken + 1))) ++taken;
  EXPECT_EQ(status.error().id, ErrorId::kDiskFull);
  EXPECT_TRUE(queue->status().error.has_value());
  EXPECT_EQ(queue.waiting(), from_to(1, taken)) << "reading goes on";
  disk.set_capacity(std::nullopt);
  ASSERT_TRUE(queue.append(taken + 1).ok());
  EXPECT_FALSE(queue->status().error.has_value());
  EXPECT_EQ(queue.waiting(), from_to(1, taken + 1));
}

TEST(ForwardQueue, AFailedSyncAcknowledgesNothingMore) {
  sys::SimDisk disk;
  TestQueue queue(disk);
  ASSERT_TRUE(queue.open().ok());
  ASSERT_TRUE(queue.append(1).ok());
  disk.inject({.call = sys::DiskCall::kSync});
  EXPECT_EQ(queue.append(2).error().id, ErrorId::kIoError);
  EXPECT_EQ(queue.append(3).error().id, ErrorId::kStorePoisoned);
  EXPECT_EQ(queue.waiting(), Times{1});
  ASSERT_TRUE(queue.open().ok());
  EXPECT_EQ(queue.waiting().front(), 1);
}

// The file of the segment that holds entry 1 and on.
std::string first_segment(sys::SimDisk& disk) {
  for (const std::string& name : disk.list("/data/queue").value()) {
    if (name.ends_with(".wal") && !name.starts_with("spare")) return "/data/queue/" + name;
  }
  return {};
}

void scribble(sys::SimDisk& disk, const std::string& path, std::uint64_t offset,
              std::size_t bytes) {
  const auto file = disk.open(path, sys::OpenMode::kReadWrite).value();
  ASSERT_TRUE(file->write_at(offset, Bytes(bytes, 0xA5)).ok() && file->sync().ok());
}

TEST(ForwardQueue, NamesADamagedStretchAndGivesAllAroundIt) {
  sys::SimDisk disk;
  TestQueue queue(disk);
  ASSERT_TRUE(queue.open().ok());
  for (std::int64_t n = 1; n <= 100; ++n) ASSERT_TRUE(queue.append(n).ok());
  queue.close();
  const std::string path = first_segment(disk);
  scribble(disk, path, 1000, 300);
  ASSERT_TRUE(queue.open().ok());
  ASSERT_EQ(queue->damages().size(), 1u);
  EXPECT_NE(queue->damages()[0].find(path), std::string::npos) << queue->damages()[0];
  const Times waiting = queue.waiting();
  EXPECT_EQ(waiting.front(), 1);
  EXPECT_EQ(waiting.back(), 100);
  EXPECT_TRUE(std::ranges::is_sorted(waiting));
  // Records of 96 bytes or so: 300 bytes are in five of them at most.
  EXPECT_GE(waiting.size(), 95u);
  EXPECT_LT(waiting.size(), 100u);
  // Confirmed, the segment is kept for repair.
  queue.confirm(100);
  ASSERT_TRUE(queue.open().ok());
  EXPECT_TRUE(disk.exists(path + ".damaged") ||
              std::ranges::any_of(disk.list("/data/queue").value(),
                                  [](const auto& name) { return name.ends_with(".damaged"); }));
}

TEST(ForwardQueue, ADamagedHeaderOfASegmentLosesNothing) {
  sys::SimDisk disk;
  TestQueue queue(disk);
  ASSERT_TRUE(queue.open().ok());
  for (std::int64_t n = 1; n <= 100; ++n) ASSERT_TRUE(queue.append(n).ok());
  queue.close();
  scribble(disk, first_segment(disk), 0, 64);
  ASSERT_TRUE(queue.open().ok());
  EXPECT_EQ(queue.waiting(), from_to(1, 100));
}

TEST(ForwardQueue, DamageWhileItIsOpenIsAGapToo) {
  sys::SimDisk disk;
  TestQueue queue(disk);
  queue.options().segment_bytes = 16'384;
  queue.options().memory_bytes_max = 100;
  ASSERT_TRUE(queue.open().ok());
  for (std::int64_t n = 1; n <= 300; ++n) ASSERT_TRUE(queue.append(n).ok());
  disk.fail_reads(first_segment(disk), 5'000, 10);  // and with them the block of 4 KiB
  const Times waiting = queue.waiting();
  EXPECT_EQ(waiting.front(), 1);
  EXPECT_EQ(waiting.back(), 300);
  EXPECT_TRUE(std::ranges::is_sorted(waiting));
  // Records take 88 bytes: 40, 16 and the batch of 4 + 8 + 20, rounded up. 4,096 bytes are in 48.
  EXPECT_GE(waiting.size(), 300u - 48);
  EXPECT_LT(waiting.size(), 300u - 44);
}

TEST(ForwardQueue, ADamagedPositionSendsEverythingAgainUnderAnotherId) {
  sys::SimDisk disk;
  TestQueue queue(disk);
  ASSERT_TRUE(queue.open().ok());
  const std::uint64_t id = queue->id();
  for (std::int64_t n = 1; n <= 5; ++n) ASSERT_TRUE(queue.append(n).ok());
  queue.confirm(3);
  queue.close();
  scribble(disk, "/data/queue/position", 20, 1);
  ASSERT_TRUE(queue.open().ok());
  EXPECT_NE(queue->id(), id);
  ASSERT_EQ(queue->damages().size(), 1u);
  EXPECT_TRUE(disk.exists("/data/queue/position.damaged"));
  EXPECT_EQ(queue.waiting(), from_to(1, 5));
}

// --- docs/formats/queue.md ---

TEST(ForwardFormat, AnEntryIsAsThePageSays) {
  const std::vector<Sample> samples = {number_sample(7, 1'000'000'000, 21.5)};
  const Bytes page = hex_of_page("queue.md", "An entry");
  EXPECT_EQ(hex_of(encode_entry({2'000'000'000}, Age::kPresent, samples)), hex_of(page));
  const auto head = decode_entry_head(page);
  ASSERT_TRUE(head.ok());
  EXPECT_EQ(head->received, Timestamp{2'000'000'000});
  EXPECT_EQ(decode_entry_samples(page).value()[0].value, Value(21.5));
}

TEST(ForwardFormat, APositionIsAsThePageSays) {
  const Position position{0x0123456789abcdef, {1000}, {2'000'000'000}, {1200}, 5000};
  const Bytes page = hex_of_page("queue.md", "A position");
  EXPECT_EQ(hex_of(encode_position(position)), hex_of(page));
  EXPECT_EQ(decode_position(page).value(), position);
}

TEST(ForwardFormat, EveryDamagedByteOfAPositionShows) {
  const Bytes good = encode_position({1, {2}, {3}, {4}, 5});
  for (std::size_t i = 0; i < good.size(); ++i) {
    Bytes bad = good;
    bad[i] ^= 0x10;
    EXPECT_FALSE(decode_position(bad).ok()) << "byte " << i;
    EXPECT_FALSE(decode_position(ByteSpan(good).first(i)).ok()) << "cut at " << i;
  }
}

TEST(ForwardFormat, TheIdOfASampleSaysQueueAndNumber) {
  EXPECT_EQ(sample_id(0x9f86d081884c7d65, {1}, 0).text(), "9f86d081884c7d65-65536");
  EXPECT_EQ(sample_id(0x1, {2}, 3).text(), "0000000000000001-131075");  // 2 * 65,536 + 3
}

}  // namespace
}  // namespace lineshaft::connect::forward
