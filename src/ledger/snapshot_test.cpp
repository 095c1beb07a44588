#include "ledger/snapshot.h"

#include <gtest/gtest.h>

#include "ledger/ledger_fixture.h"
#include "ledger/state_fixture.h"

namespace lineshaft::ledger {
namespace {

class SnapshotTest : public testing::Test {
 protected:
  SnapshotTest() {
    EXPECT_TRUE(store_.open().ok());
    store_.open_accounts();
  }
  void post(int from, int to) {
    std::vector<Journal> journals;
    for (int i = from; i < to; ++i)
      journals.push_back(post_of("k" + std::to_string(i), {{1, 1}, {2, -1}}));
    for (const auto& answer : store_->post_each(std::move(journals))) ASSERT_TRUE(answer.ok());
  }
  // Opens again; what it is must be what it was.
  void reopen() {
    const Sha256 root = store_->root();
    const std::vector<AccountView> before = store_->accounts("");
    ASSERT_TRUE(store_.open().ok());
    ASSERT_FALSE(store_->read_only()) << store_->read_only()->text();
    EXPECT_EQ(store_->root(), root);
    const std::vector<AccountView> after = store_->accounts("");
    ASSERT_EQ(after.size(), before.size());
    for (std::size_t i = 0; i < after.size(); ++i) {
      EXPECT_TRUE(after[i].balance == before[i].balance && after[i].account == before[i].account &&
                  after[i].closed == before[i].closed);
    }
  }
  std::uint64_t reads_of_an_open() {
    const std::uint64_t before = disk_.calls(sys::DiskCall::kOpen);
    EXPECT_TRUE(store_.open().ok());
    return disk_.calls(sys::DiskCall::kOpen) - before;
  }

  sys::SimDisk disk_;
  OnDisk store_{disk_};
};

TEST_F(SnapshotTest, GoesOnWithEverythingThatCounts) {
  post(0, 50);
  const Timestamp expiry = store_.clock().now() + std::chrono::seconds(60);
  EXPECT_EQ(store_.refusal(pending_of("p1", {{1, 5}, {2, -5}}, expiry)), "");  // 53
  EXPECT_EQ(store_.refusal(pending_of("p2", {{1, 7}, {2, -7}})), "");          // 54
  EXPECT_EQ(store_.refusal(pending_of("p3", {{1, 9}, {2, -9}})), "");          // 55
  EXPECT_EQ(store_.refusal(referring(JournalKind::kVoidPending, "v", 55)), "");
  EXPECT_EQ(store_.refusal(reverse_of("r", 10, {{1, -1}, {2, 1}})), "");
  EXPECT_EQ(store_.refusal(open_of("carl", "carl", Constraint::kDebitsWithinCredits, "USD")), "");
  EXPECT_EQ(store_.refusal(close_of("c", 3)), "");
  EXPECT_EQ(store_.refusal(period_of("m", 19'000, "acme")), "");
  EXPECT_EQ(store_.refusal(period_of("n", 18'000)), "");
  ASSERT_TRUE(store_->save_snapshot().ok());
  reopen();
  post(50, 60);
  reopen();
  // Each rule still knows what was before the snapshot.
  EXPECT_TRUE(store_->post(post_of("k3", {{1, 1}, {2, -1}}))->is_repeat);
  EXPECT_EQ(store_.refusal(post_of("k3", {{1, 2}, {2, -2}})).substr(0, 7), "LS-1809");
  EXPECT_EQ(store_.refusal(reverse_of("r2", 10, {{1, -1}, {2, 1}})).substr(0, 7), "LS-1808");
  EXPECT_EQ(store_.refusal(referring(JournalKind::kPostPending, "q3", 55)).substr(0, 7), "LS-1807");
  EXPECT_EQ(store_.refusal(referring(JournalKind::kPostPending, "q2", 54)), "");
  EXPECT_EQ(store_.refusal(close_of("c2", 3)).substr(0, 7), "LS-1804");
  EXPECT_EQ(store_.refusal(open_of("carl", "dora")).substr(0, 7), "LS-1809");
  Journal old = post_of("old", {{1, 1}, {2, -1}});
  old.effective_day = 19'000;
  EXPECT_EQ(store_.refusal(old).substr(0, 7), "LS-1806");
  EXPECT_EQ(store_->account({1})->balance.pending_debits, 5);
  store_.loop().run_for(std::chrono::seconds(61));
  EXPECT_EQ(store_->account({1})->balance.pending_debits, 0);
  for (std::uint64_t sequence = 1; sequence <= store_->last().value; ++sequence) {
    EXPECT_TRUE(store_->prove_inclusion({sequence}, store_->last().value).ok());
  }
}

TEST_F(SnapshotTest, SparesTheStartTheJournalsBeforeIt) {
  post(0, 500);
  const std::uint64_t whole = reads_of_an_open();
  ASSERT_TRUE(store_->save_snapshot().ok());
  const std::uint64_t spared = reads_of_an_open();
  EXPECT_LT(spared, whole);
}

// Whatever is wrong with it, the log has everything. Method: one bit of every byte.
TEST_F(SnapshotTest, DoesNoHarmWhenItIsDamaged) {
  post(0, 20);
  ASSERT_TRUE(store_->save_snapshot().ok());
  const std::string path = "/data/ledger/snapshot";
  const std::uint64_t size = disk_.open(path, sys::OpenMode::kRead).value()->size().value();
  for (std::uint64_t at = 0; at < size; at += 3) {
    const auto file = disk_.open(path, sys::OpenMode::kReadWrite).value();
    Bytes byte(1);
    ASSERT_TRUE(file->read_at(at, byte).ok());
    byte[0] ^= 0x10;
    ASSERT_TRUE(file->write_at(at, byte).ok());
    reopen();
    byte[0] ^= 0x10;
    ASSERT_TRUE(file->write_at(at, byte).ok());
  }
  ASSERT_TRUE(disk_.open(path, sys::OpenMode::kReadWrite).value()->truncate(size / 2).ok());
  reopen();
  ASSERT_TRUE(disk_.remove(path).ok());
  reopen();
}

TEST_F(SnapshotTest, IsNotTakenForJournalsThatTheLogHasLost) {
  post(0, 20);
  ASSERT_TRUE(store_->save_snapshot().ok());
  store_.close();
  for (const std::string& name : disk_.list("/data/ledger/log").value()) {
    ASSERT_TRUE(disk_.remove("/data/ledger/log/" + name).ok());
  }
  ASSERT_TRUE(store_.open().ok());
  ASSERT_TRUE(store_->read_only());
  EXPECT_EQ(store_->read_only()->what,
            "journals from 1 to 22 are lost: the log ends before the snapshot");
}

TEST_F(SnapshotTest, IsWrittenAlikeAfterItIsRead) {
  Book book;
  EXPECT_EQ(book.refusal(open_of("a", "acme")), "");
  EXPECT_EQ(book.refusal(open_of("b", "bolt")), "");
  Peaks peaks;
  for (int i = 0; i < 2; ++i) peaks.append(leaf_hash({}));
  const Bytes bytes = encode_snapshot(book.state, peaks);
  const auto found = decode_snapshot(bytes);
  ASSERT_TRUE(found);
  EXPECT_EQ(encode_snapshot(found->state, found->peaks), bytes);
}

}  // namespace
}  // namespace lineshaft::ledger
