// ledger/export_fixture.h: an export with entries of every kind, its parts, and hands that change
// them, for tests.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "ledger/export.h"
#include "ledger/ledger_fixture.h"
#include "ledger/verify.h"

namespace lineshaft::ledger {

// An export, taken apart.
struct Parts {
  std::vector<Bytes> entries;
  std::vector<Sha256> hashes;
  std::string key;
  std::string note;
};

// A ledger with entries of every kind, and its export.
class ExportTest : public testing::Test {
 protected:
  ExportTest() {
    store_.options().origin = "example.org/ledger";
    EXPECT_TRUE(store_.open().ok());
    const auto must = [this](const Journal& journal) { EXPECT_EQ(store_.refusal(journal), ""); };
    must(open_of("cash", "acme", Constraint::kCreditsWithinDebits));   // 1
    must(open_of("owed", "bolt", Constraint::kDebitsWithinCredits));   // 2
    must(open_of("income", "acme"));                                   // 3
    must(open_of("dollars", "acme", Constraint::kNone, "USD"));        // 4
    must(open_of("dollar income", "acme", Constraint::kNone, "USD"));  // 5
    must(post_of("sale", {{1, 1000}, {3, -1000}}));                    // 6
    must(post_of("royalty", {{1, -400}, {2, -600}, {3, 1000}}));       // 7
    must(pending_of("hold", {{2, 600}, {3, -600}},
                    store_.clock().now() + std::chrono::seconds(1000)));  // 8
    must(referring(JournalKind::kPostPending, "pay", 8));                 // 9
    must(pending_of("hold 2", {{1, 10}, {3, -10}}));                      // 10
    must(referring(JournalKind::kVoidPending, "give up", 10));            // 11
    must(reverse_of("undo", 9, {{2, -600}, {3, 600}}));                   // 12
    Journal fx = post_of("fx", {{4, 10000}, {5, -10000}, {1, -500}, {3, 500}});
    fx.exchange =
        Exchange{currency("USD"), currency("CNY"), Ratio::make(7, 100).value(), {5}, "PBOC"};
    fx.memo = "a memo";
    fx.evidence = {sys::sha256(as_bytes("contract"))};
    must(fx);                                  // 13
    must(open_of("spare", "acme"));            // 14
    must(close_of("close", 6));                // 15
    must(period_of("year", 19'000, "acme"));   // 16
    must(post_of("last", {{1, 5}, {3, -5}}));  // 17
    EXPECT_TRUE(store_->export_to("/export").ok());
    key_ = *store_->key();
    bytes_ = sys::read_file(disk_, "/export", 1 << 20).value();
    parts_ = take_apart(bytes_);
  }

  static Parts take_apart(ByteSpan bytes) {
    sys::SimDisk disk;
    EXPECT_TRUE(sys::write_file_atomically(disk, "f", bytes).ok());
    const auto reader = ExportReader::open(disk, "f").value();
    Parts parts;
    const auto end = reader->read_all([&](const ExportReader::Entry& entry) -> Status {
      parts.entries.emplace_back(entry.bytes.begin(), entry.bytes.end());
      parts.hashes.push_back(entry.hash);
      return {};
    });
    parts.key = end->key;
    parts.note = end->note;
    return parts;
  }
  static Bytes put_together(const Parts& parts) {
    Bytes bytes;
    append_export_begin(bytes);
    for (std::size_t i = 0; i < parts.entries.size(); ++i) {
      append_export_entry(parts.entries[i], parts.hashes[i], bytes);
    }
    append_export_end(parts.key, parts.note, bytes);
    return bytes;
  }

  // "" if it passes.
  std::string finding(ByteSpan bytes, VerifyOptions options = {}) const {
    sys::SimDisk disk;
    EXPECT_TRUE(sys::write_file_atomically(disk, "f", bytes).ok());
    const Result<Verified> found = verify_export(disk, "f", options);
    if (found) return "";
    EXPECT_EQ(found.error().id == ErrorId::kVerificationFailed ||
                  found.error().id == ErrorId::kFormatTooNew,
              true)
        << found.error().text();
    return found.error().what;
  }
  VerifyOptions pinned() const {
    VerifyOptions options;
    options.key = key_;
    return options;
  }

  // Changes an entry, mends the hash beside it.
  Parts changed(std::size_t entry, const std::function<void(Journal&)>& change) const {
    Parts parts = parts_;
    Journal journal;
    EXPECT_TRUE(decode_journal(parts.entries[entry - 1], journal).ok());
    change(journal);
    parts.entries[entry - 1].clear();
    encode_journal(journal, parts.entries[entry - 1]);
    parts.hashes[entry - 1] = leaf_hash(parts.entries[entry - 1]);
    return parts;
  }
  // Signs what is there with another key, as somebody would who has everything but the key.
  static void sign_again(Parts& parts, const std::string& name) {
    NoteSigner::Seed seed{};
    seed.fill(9);
    const NoteSigner forger(name, SignatureKind::kNote, seed);
    Peaks peaks;
    for (const Sha256& hash : parts.hashes) peaks.append(hash);
    parts.key = forger.key().text();
    parts.note = sign_checkpoint({name, peaks.size(), peaks.root()}, forger).encoded();
  }

  sys::SimDisk disk_;
  OnDisk store_{disk_};
  NoteKey key_;
  Bytes bytes_;
  Parts parts_;
};

}  // namespace lineshaft::ledger
