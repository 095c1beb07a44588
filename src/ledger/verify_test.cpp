// The auditor: a good export passes; every bit, end, entry and field that somebody may change is
// found. A hundred named kinds of tampering are in app/tamper_test.cpp.
#include "ledger/verify.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "ledger/export_fixture.h"

namespace lineshaft::ledger {
namespace {

using VerifyTest = ExportTest;

TEST_F(VerifyTest, PassesAGoodExport) {
  EXPECT_EQ(finding(bytes_), "");
  EXPECT_EQ(finding(bytes_, pinned()), "");
  EXPECT_EQ(put_together(parts_), bytes_);
  const Verified found = verify_export(disk_, "/export", pinned()).value();
  EXPECT_EQ(found.entries, 17u);
  EXPECT_EQ(found.root, store_->root());
  ASSERT_EQ(found.accounts.size(), 6u);
  EXPECT_EQ(found.accounts[0].balance, store_->account({1})->balance);
}

// Written by a page of Python and signed by openssl, from the format's description alone: two
// accounts, 5.00 posted, 2.00 reserved, posted, and reversed again. It is the fuzzer's seed too.
TEST(VerifyGolden, PassesAnExportThatAnotherProgramWrote) {
  const std::string seed = std::string(LINESHAFT_SOURCE_DIR) + "/fuzz/corpus/ledger/export";
  const Bytes bytes = sys::read_file(sys::real_file_system(), seed, 1 << 20).value();
  sys::SimDisk disk;
  ASSERT_TRUE(sys::write_file_atomically(disk, "f", ByteSpan(bytes).subspan(1)).ok());
  VerifyOptions options;
  options.key =
      NoteKey::parse("example.org/ledger+0cdbfb8b+AZk0hVHiQqJmoxVUXaOHoV9qtylCFcAM4VwNj1CzA1lp")
          .value();
  const Result<Verified> found = verify_export(disk, "f", options);
  ASSERT_TRUE(found.ok()) << found.error().text();
  EXPECT_EQ(found->entries, 7u);
  EXPECT_EQ(base64_text(found->root), "vMhZjLun4l/TDmhzMUCWB+L293z0eWRKvREMenTJAPc=");
  ASSERT_EQ(found->accounts.size(), 2u);
  EXPECT_EQ(found->accounts[0].balance, (Balance{700, 200, 0, 0}));
  EXPECT_EQ(found->accounts[1].balance, (Balance{200, 700, 0, 0}));
}

TEST_F(VerifyTest, PassesTheDirectoryItself) {
  store_.close();
  const Result<Verified> found = verify_directory(disk_, "/data/ledger", pinned());
  ASSERT_TRUE(found.ok()) << found.error().text();
  EXPECT_EQ(found->entries, 17u);
  EXPECT_EQ(found->key, key_.text());
}

// Kind 1: a bit of any byte. Each of the file's bytes is one.
TEST_F(VerifyTest, FindsEveryBit) {
  for (std::size_t i = 0; i < bytes_.size(); ++i) {
    Bytes changed = bytes_;
    changed[i] ^= static_cast<std::uint8_t>(1 << (i % 8));
    EXPECT_NE(finding(changed, pinned()), "") << "byte " << i;
  }
}

// Kind 2: the file ends anywhere, or goes on.
TEST_F(VerifyTest, FindsEveryEnd) {
  for (std::size_t size = 0; size < bytes_.size(); ++size) {
    EXPECT_NE(finding(ByteSpan(bytes_).first(size), pinned()), "") << size;
  }
  Bytes longer = bytes_;
  longer.push_back(0);
  EXPECT_EQ(finding(longer), "there are bytes behind the end of the export");
}

// Kind 3: whole entries are taken out, doubled, exchanged; also by somebody who counts anew.
TEST_F(VerifyTest, FindsEntriesThatAreGoneDoubledOrExchanged) {
  const auto both = [this](const Parts& parts, const std::string& what) {
    EXPECT_NE(finding(put_together(parts), pinned()), "") << what;
  };
  for (std::size_t i = 0; i < parts_.entries.size(); ++i) {
    const auto at = static_cast<std::ptrdiff_t>(i);
    const std::string name = std::to_string(i + 1);
    Parts gone = parts_;
    gone.entries.erase(gone.entries.begin() + at);
    gone.hashes.erase(gone.hashes.begin() + at);
    both(gone, name + " gone");
    Parts doubled = parts_;
    doubled.entries.insert(doubled.entries.begin() + at, parts_.entries[i]);
    doubled.hashes.insert(doubled.hashes.begin() + at, parts_.hashes[i]);
    both(doubled, name + " doubled");
    for (std::size_t j = i + 1; j < parts_.entries.size(); ++j) {
      Parts exchanged = parts_;
      std::swap(exchanged.entries[i], exchanged.entries[j]);
      std::swap(exchanged.hashes[i], exchanged.hashes[j]);
      both(exchanged, name + " and " + std::to_string(j + 1) + " exchanged");
    }
  }
  Parts cut = parts_;
  cut.entries.pop_back();
  cut.hashes.pop_back();
  EXPECT_EQ(finding(put_together(cut), pinned()), "entry 17 is missing: the checkpoint counts 17");
}

// Kind 4: the books are cooked: somebody changes a figure and knows how hashes are made.
TEST_F(VerifyTest, NamesTheEntryWhoseHashIsNotMended) {
  for (std::size_t entry = 1; entry <= parts_.entries.size(); ++entry) {
    Parts parts = changed(entry, [](Journal& journal) { journal.memo += "!"; });
    parts.hashes[entry - 1] = parts_.hashes[entry - 1];
    EXPECT_EQ(finding(put_together(parts)),
              "entry " + std::to_string(entry) + " is not what the hash beside it says");
  }
}

TEST_F(VerifyTest, FindsAChangeOfAnyFieldAlsoWithItsHashMended) {
  using Change = std::function<void(Journal&)>;
  const std::vector<std::pair<std::size_t, Change>> changes = {
      {6, [](Journal& j) { j.key = "Sale"; }},
      {6, [](Journal& j) { j.effective_day += 1; }},
      {17, [](Journal& j) { j.recorded = j.recorded + std::chrono::seconds(1); }},
      {6,
       [](Journal& j) {
         j.legs = legs_of({{1, 1001}, {3, -1001}});
       }},
      {17,
       [](Journal& j) {
         j.legs = legs_of({{2, -5}, {1, 5}});
       }},
      {17,
       [](Journal& j) {
         j.legs = legs_of({{1, 5}, {3, -4}, {3, -1}});
       }},
      {7, [](Journal& j) { std::swap(j.legs[0], j.legs[1]); }},
      {8, [](Journal& j) { j.expiry = *j.expiry + std::chrono::hours(1); }},
      {8, [](Journal& j) { j.expiry.reset(); }},
      {13, [](Journal& j) { j.exchange->rate = Ratio::make(8, 100).value(); }},
      {13, [](Journal& j) { j.exchange->source = "ECB"; }},
      {13, [](Journal& j) { j.exchange->instant = {6}; }},
      {13, [](Journal& j) { j.exchange.reset(); }},
      {13, [](Journal& j) { j.memo = ""; }},
      {13, [](Journal& j) { j.evidence[0][5] ^= 1; }},
      {13, [](Journal& j) { j.evidence.clear(); }},
      {13, [](Journal& j) { j.evidence.push_back({}); }},
      {1, [](Journal& j) { j.account->name = "Cash"; }},
      {1, [](Journal& j) { j.account->owner = "bolt"; }},
      {3, [](Journal& j) { j.account->kind = AccountKind::kExpense; }},
      {1, [](Journal& j) { j.account->constraint = Constraint::kNone; }},
      {16, [](Journal& j) { j.owner = "bolt"; }},
      {16, [](Journal& j) { j.owner = ""; }},
      {16, [](Journal& j) { j.effective_day = 18'000; }},
  };
  for (const auto& [entry, change] : changes) {
    EXPECT_EQ(finding(put_together(changed(entry, change)), pinned()),
              "at least one of the entries 1 to 17 is another than the one that was signed")
        << "entry " << entry;
  }
}

TEST_F(VerifyTest, NamesTheFirstEntryThatDoesNotFollow) {
  const auto first = [this](std::size_t entry, const std::function<void(Journal&)>& change) {
    const std::string said = finding(put_together(changed(entry, change)));
    return said.substr(0, said.find(": "));
  };
  // The money that entry 7 takes was never put in.
  EXPECT_EQ(first(6, [](Journal& j) { j.legs = legs_of({{1, 399}, {3, -399}}); }), "entry 7");
  EXPECT_EQ(first(6, [](Journal& j) { j.legs[0].amount += 1; }), "entry 6");
  EXPECT_EQ(first(6, [](Journal& j) { j.legs[0].account = {99}; }), "entry 6");
  EXPECT_EQ(first(6, [](Journal& j) { j.legs[0].account = {4}; }), "entry 6");
  EXPECT_EQ(first(7, [](Journal& j) { j.key = "sale"; }), "entry 7");
  EXPECT_EQ(first(9, [](Journal& j) { j.reference = {7}; }), "entry 9");
  EXPECT_EQ(first(11, [](Journal& j) { j.reference = {8}; }), "entry 11");
  EXPECT_EQ(first(12, [](Journal& j) { j.legs[0].amount += 1; }), "entry 12");
  EXPECT_EQ(first(12, [](Journal& j) { j.reference = {6}; }), "entry 12");
  EXPECT_EQ(first(15, [](Journal& j) { j.closed = {1}; }), "entry 15");
  EXPECT_EQ(first(2, [](Journal& j) { j.account->name = "cash"; }), "entry 2");
  EXPECT_EQ(first(8, [](Journal& j) { j.expiry = j.recorded; }), "entry 8");
  EXPECT_EQ(first(16, [](Journal& j) { j.owner = "nobody"; }), "entry 16");
  EXPECT_EQ(first(16, [](Journal& j) { j.effective_day = 20'000; }), "entry 17");
  EXPECT_EQ(first(7, [](Journal& j) { j.recorded = {1}; }), "entry 7");
  EXPECT_EQ(first(5, [](Journal& j) { j.account->currency = currency("EUR"); }), "entry 13");
}

// Kind 5: the checkpoint.
TEST_F(VerifyTest, FindsACheckpointThatIsNotTheLedgers) {
  Parts parts = parts_;
  parts.note = sign_checkpoint({"example.org/ledger", 17, store_->root()},
                               NoteSigner("example.org/ledger", SignatureKind::kNote, {}))
                   .encoded();
  EXPECT_NE(finding(put_together(parts)), "");
  parts = parts_;
  parts.key = "nonsense";
  EXPECT_NE(finding(put_together(parts)), "");
  parts = parts_;
  parts.note = "nonsense";
  EXPECT_NE(finding(put_together(parts)), "");
  // An older one, well signed.
  sys::SimDisk disk(disk_.image());
  parts = parts_;
  EXPECT_TRUE(store_->post(post_of("more", {{1, 5}, {3, -5}})).ok());
  EXPECT_TRUE(store_->export_to("/export2").ok());
  Parts newer = take_apart(sys::read_file(disk_, "/export2", 1 << 20).value());
  newer.note = parts_.note;
  EXPECT_EQ(finding(put_together(newer)), "entry 18 is not covered by the checkpoint");
}

// Kind 6: everything is written anew and signed with another key. Only who knows the key, or kept a
// checkpoint, can see it; both do.
TEST_F(VerifyTest, FindsALedgerWrittenAnew) {
  Parts parts = changed(6, [](Journal& j) { j.legs = legs_of({{1, 2000}, {3, -2000}}); });
  sign_again(parts, "example.org/ledger");
  EXPECT_EQ(finding(put_together(parts)), "");  // as VerifyOptions says
  EXPECT_EQ(finding(put_together(parts), pinned()).substr(0, 24), "the ledger names the key");
  VerifyOptions kept = pinned();
  kept.kept = parse_note(parts_.note).value();
  EXPECT_NE(finding(put_together(parts), kept), "");
  // The owner himself, who has the key, writes his ledger anew: the checkpoint that others kept.
  OnDisk second(disk_, 5);
  second.options().directory = "/data/second";
  second.options().origin = "example.org/ledger";
  store_.close();
  for (const char* name : {"signing.key", "verifier.key"}) {
    const Bytes file = sys::read_file(disk_, std::string("/data/ledger/") + name, 1000).value();
    ASSERT_TRUE(disk_.create_directories("/data/second").ok());
    ASSERT_TRUE(sys::write_file_atomically(disk_, std::string("/data/second/") + name, file).ok());
  }
  ASSERT_TRUE(second.open().ok());
  for (int i = 0; i < 20; ++i) {
    ASSERT_EQ(second.refusal(open_of("other " + std::to_string(i), "acme")), "");
  }
  ASSERT_TRUE(second->export_to("/forged").ok());
  const Bytes forged = sys::read_file(disk_, "/forged", 1 << 20).value();
  EXPECT_EQ(finding(forged, pinned()), "");
  EXPECT_EQ(finding(forged, kept),
            "at least one of the entries 1 to 17 is another than the one that was signed");
}

TEST_F(VerifyTest, AcceptsWhatContinuesAKeptCheckpoint) {
  VerifyOptions kept = pinned();
  kept.kept = parse_note(parts_.note).value();
  EXPECT_EQ(finding(bytes_, kept), "");
  EXPECT_TRUE(store_->post(post_of("more", {{1, 5}, {3, -5}})).ok());
  ASSERT_TRUE(store_->export_to("/newer").ok());
  EXPECT_EQ(finding(sys::read_file(disk_, "/newer", 1 << 20).value(), kept), "");
  // And the other way round, an older export does not hold what the newer checkpoint counts.
  kept.kept = store_->checkpoint().value();
  EXPECT_EQ(finding(bytes_, kept), "entry 18 is missing: a checkpoint counts 18");
}

// --- the directory ---

TEST_F(VerifyTest, FindsALogThatWasCutOffOrExchanged) {
  store_.close();
  const std::string segment = "/data/ledger/log/0000000000000001.wal";
  const sys::DiskImage good = disk_.image();
  const Bytes log = sys::read_file(disk_, segment, 1 << 20).value();
  const auto attempt = [&](const std::function<void(sys::SimDisk&)>& tamper) -> std::string {
    sys::SimDisk disk(good);
    tamper(disk);
    const Result<Verified> found = verify_directory(disk, "/data/ledger", pinned());
    OnDisk opened(disk, 3);
    EXPECT_TRUE(opened.open().ok());
    EXPECT_EQ(opened->read_only().has_value(), !found.ok());
    return found ? "" : found.error().what;
  };
  EXPECT_EQ(attempt([](sys::SimDisk&) {}), "");
  // The last record and the mark behind it become zeros: as if it had never been.
  const auto record =
      std::search(log.begin(), log.end(), parts_.entries[16].begin(), parts_.entries[16].end());
  const auto offset = static_cast<std::uint64_t>(record - log.begin()) - 40;
  EXPECT_EQ(
      attempt([&](sys::SimDisk& disk) {
        const auto file = disk.open(segment, sys::OpenMode::kReadWrite).value();
        ASSERT_TRUE(
            file->write_at(offset, Bytes(static_cast<std::size_t>(log.size() - offset))).ok());
      }),
      "entry 17 is missing: a checkpoint counts 17");
  EXPECT_EQ(attempt([&](sys::SimDisk& disk) { ASSERT_TRUE(disk.remove(segment).ok()); }),
            "entry 1 is missing: a checkpoint counts 17");
}

}  // namespace
}  // namespace lineshaft::ledger
