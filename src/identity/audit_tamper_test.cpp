// Somebody with access to the records edits, deletes, inserts, moves, cuts off, or writes the trail
// anew, and the first bad entry is named each time (issue of the notes' catalogue: row 20).
//
// As long as LINESHAFT_TORTURE_SECONDS says, from the seed LINESHAFT_TORTURE_SEED; else
// kTamperingsShort.
#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <random>

#include "base/torture_fixture.h"
#include "identity/audit_entry.h"
#include "identity/audit_rows.h"
#include "identity/audit_verify.h"
#include "identity/identity_fixture.h"

namespace lineshaft::identity {
namespace {

constexpr std::uint64_t kEntries = 24;
constexpr std::uint64_t kTamperingsShort = 3'000;

class AuditTamper : public IdentityFixture {
 protected:
  // A trail of kEntries, whose hashes and last checkpoint somebody outside has.
  AuditTamper() {
    const Principal admin = claim().session.principal;
    for (std::uint64_t i = 2; i <= kEntries; ++i) {
      clock_.pass(std::chrono::seconds(1));
      const std::string n = std::to_string(i);
      EXPECT_TRUE(identity_->trail().append(
          admin, {.action = "test." + n, .object = "object " + n, .before = "{}", .after = n}));
    }
    identity_.reset();
    database_ =
        records::Database::open(sys::real_file_system(), {.path = directory_.file("records.db")})
            .value();
    keys_ = read_verifier_keys(sys::real_file_system(), directory_.file("audit")).value();
    for (std::uint64_t id = 1; id <= kEntries; ++id) {
      const Seal seal = read_seal(*database_, id).value();
      for (std::size_t level = 0; level < seal.nodes.size(); ++level) {
        kept_nodes_[ledger::node_count(id - 1) + level] = seal.nodes[level];
      }
    }
    const auto root_of = [&](std::uint64_t size) {
      return ledger::root_at(size, seal_nodes(*database_)).value();
    };
    kept_marks_ = {{"one kept", {keys_[0].name, 8, root_of(8)}},
                   {"another", {keys_[0].name, kEntries, root_of(kEntries)}}};
  }

  std::uint64_t below(std::uint64_t bound) { return random64_() % bound; }
  void run(const std::string& sql) {
    const Status done = database_->run(sql);
    ASSERT_TRUE(done.ok()) << sql << ": " << done.error().text();
  }

  // The numbers in "entry 17 ..." or "one of the entries 9 to 24 ..."; 0 if nothing was found.
  std::pair<std::uint64_t, std::uint64_t> first_bad(const AuditKept& kept) {
    AuditVerifier verifier(*database_, keys_, kept);
    Status good;
    while (good) {
      const Result<std::uint64_t> step = verifier.step(kEntries);
      if (!step) good = step.error();
      if (step && *step == 0) break;
    }
    if (good) good = verifier.finish();
    said_ = good ? "" : good.error().what;
    if (good) return {0, 0};
    EXPECT_EQ(good.error().id, ErrorId::kVerificationFailed) << said_;
    std::vector<std::uint64_t> numbers;
    for (const char* at = said_.data(); at != said_.data() + said_.size() && numbers.size() < 2;) {
      std::uint64_t number = 0;
      const auto [end, code] = std::from_chars(at, said_.data() + said_.size(), number);
      if (code == std::errc()) numbers.push_back(number);
      at = code == std::errc() ? end : at + 1;
    }
    if (numbers.empty()) return {0, 0};
    return said_.starts_with("entry ") ? std::pair(numbers[0], numbers[0])
                                       : std::pair(numbers[0], numbers[1]);
  }

  // Everything from `first` on is sealed anew over what stands there now.
  void reseal(std::uint64_t first, AuditKeys keys) {
    const std::uint64_t last = last_entry_id(*database_).value();
    run("DELETE FROM audit_seals WHERE id >= " + std::to_string(first));
    AuditSeals seals(*database_, std::move(keys));
    for (const AuditEntry& entry : entries_behind(*database_, first - 1, kEntries + 1).value()) {
      ASSERT_EQ(seals.next_id().value(), entry.id);
      ASSERT_TRUE(seals.seal(entry.id, entry_hash(entry)));
    }
    ASSERT_EQ(count_seals(*database_).value(), last);
  }
  AuditKeys stolen_keys() {
    return AuditKeys::open(sys::real_file_system(), directory_.file("audit"), random_).value();
  }
  AuditKeys own_keys() {
    AuditKeys keys;
    keys.signer = std::make_unique<ledger::NoteSigner>(keys_[0].name, ledger::SignatureKind::kNote,
                                                       ledger::NoteSigner::Seed{7});
    return keys;
  }

  void edit_field(std::uint64_t id) {
    static constexpr const char* kTexts[] = {"actor",   "action",     "object", "detail",
                                             "address", "actor_kind", "door",   "request",
                                             "before",  "after",      "result"};
    static constexpr const char* kNumbers[] = {"tenant", "time", "actor_id"};
    const std::uint64_t field = below(std::size(kTexts) + std::size(kNumbers));
    const bool is_text = field < std::size(kTexts);
    const std::string name = is_text ? kTexts[field] : kNumbers[field - std::size(kTexts)];
    const std::string value =
        is_text ? name + " || char(" + std::to_string(1 + below(300)) + ")" : name + " + 1";
    run("UPDATE audit SET " + name + " = " + value + " WHERE id = " + std::to_string(id));
  }
  // Moves the entries from `id` on by `by`, the last first so that numbers stay unique.
  void shift(const std::string& table, std::uint64_t id, const std::string& by) {
    run("UPDATE " + table + " SET id = -id WHERE id >= " + std::to_string(id));
    run("UPDATE " + table + " SET id = -id " + by + " WHERE id < 0");
  }

  void flip_seal(std::uint64_t id) {
    const Seal seal = read_seal(*database_, id).value();
    Bytes nodes;
    for (const auto& node : seal.nodes) nodes.insert(nodes.end(), node.begin(), node.end());
    Bytes signature = seal.signature;
    Bytes& hit = below(2) == 0 ? nodes : signature;
    hit[below(hit.size())] ^= static_cast<std::uint8_t>(1U << below(8));
    ASSERT_TRUE(database_->run("UPDATE audit_seals SET nodes = ?2, signature = ?3 WHERE id = ?1",
                               static_cast<std::int64_t>(id), ByteSpan(nodes),
                               ByteSpan(signature)));
  }

  // What was done, and what must be said of it: exactly this entry, or one of a run that has it.
  struct Tampering {
    std::string name;
    std::uint64_t first_bad;
    bool exact = true;
  };
  Tampering tamper(const AuditKept& kept);

  std::unique_ptr<records::Database> database_;
  std::vector<ledger::NoteKey> keys_;
  std::map<std::uint64_t, ledger::Sha256> kept_nodes_;
  std::vector<AuditKept::Mark> kept_marks_;
  std::mt19937_64 random64_;
  std::string said_;
};

AuditTamper::Tampering AuditTamper::tamper(const AuditKept& kept) {
  const std::uint64_t id = 1 + below(kEntries);
  const std::string at = std::to_string(id);
  switch (below(9)) {
    case 0:
      edit_field(id);
      return {"edit", id};
    case 1:
      run("DELETE FROM audit WHERE id = " + at);
      if (below(2) == 0) run("DELETE FROM audit_seals WHERE id = " + at);
      return {"delete", id};
    case 2: {  // the gap is closed
      run("DELETE FROM audit WHERE id = " + at);
      shift("audit", id, "- 1");
      if (below(2) == 0) {
        run("DELETE FROM audit_seals WHERE id = " + at);
        shift("audit_seals", id, "- 1");
      }
      // The last one deleted, with its seal, is a trail that was cut off.
      return {"delete and close up", id};
    }
    case 3: {  // a copy of another entry, put in between
      const std::string of = std::to_string(1 + below(kEntries));
      run("CREATE TEMP TABLE copy AS SELECT * FROM audit WHERE id = " + of);
      shift("audit", id, "+ 1");
      run("UPDATE copy SET id = " + at + ", detail = 'forged'");
      run("INSERT INTO audit SELECT * FROM copy");
      run("DROP TABLE copy");
      return {"insert", id};
    }
    case 4: {  // two change places
      const std::uint64_t other = 1 + id % kEntries;
      run("UPDATE audit SET id = -1 WHERE id = " + at);
      run("UPDATE audit SET id = " + at + " WHERE id = " + std::to_string(other));
      run("UPDATE audit SET id = " + std::to_string(other) + " WHERE id = -1");
      return {"reorder", std::min(id, other)};
    }
    case 5:
      run("DELETE FROM audit WHERE id >= " + at);
      run("DELETE FROM audit_seals WHERE id >= " + at);
      return {"truncate", id};
    case 6:
      flip_seal(id);
      return {"seal", id};
    case 7:
      edit_field(id);
      reseal(id, own_keys());
      return {"rewrite with a key of one's own", id};
    default:
      edit_field(id);
      reseal(id, stolen_keys());
      return {"rewrite with the stolen key", id, !kept.nodes.empty()};
  }
}

TEST_F(AuditTamper, IsFoundAtTheFirstBadEntry) {
  const AuditKept with_hashes{kept_marks_, kept_nodes_};
  const AuditKept with_checkpoints{kept_marks_, {}};
  ASSERT_EQ(first_bad(with_hashes).first, 0U) << said_;
  const Torture torture;
  std::map<std::string, std::uint64_t> counts;
  std::uint64_t count = 0;
  while (torture.wanted() ? !torture.is_over() : count < kTamperingsShort) {
    random64_.seed(Torture::seed(count));
    const AuditKept& kept = below(2) == 0 ? with_hashes : with_checkpoints;
    const records::Transaction undone = database_->begin().value();
    const Tampering done = tamper(kept);
    const auto [first, last] = first_bad(kept);
    const std::string context = done.name + " at " + std::to_string(done.first_bad) + ", seed " +
                                std::to_string(Torture::seed(count)) + ", said: " + said_;
    if (done.exact) {
      ASSERT_EQ(first, done.first_bad) << context;
      ASSERT_EQ(last, done.first_bad) << context;
    } else {
      // Two checkpoints were kept: it lies behind the last one that still holds.
      ASSERT_EQ(first, done.first_bad <= 8 ? 1U : 9U) << context;
      ASSERT_EQ(last, done.first_bad <= 8 ? 8U : kEntries) << context;
    }
    ++counts[done.name];
    ++count;
  }
  EXPECT_EQ(counts.size(), 9U);
  torture.report({{"audit_tamperings", count}});
}

// What the checkpoints are for: without them these two look like a trail that is merely shorter, or
// another one.
TEST_F(AuditTamper, OfTheEndOrWithTheKeyIsFoundOnlyByWhatWasKeptElsewhere) {
  {
    const records::Transaction undone = database_->begin().value();
    run("DELETE FROM audit WHERE id >= 20");
    run("DELETE FROM audit_seals WHERE id >= 20");
    EXPECT_EQ(first_bad({}).first, 0U);
    EXPECT_EQ(first_bad({kept_marks_, {}}).first, 20U);
  }
  const records::Transaction undone = database_->begin().value();
  run("UPDATE audit SET actor = 'eve' WHERE id = 3");
  reseal(3, stolen_keys());
  EXPECT_EQ(first_bad({}).first, 0U);
  EXPECT_EQ(first_bad({kept_marks_, {}}), (std::pair<std::uint64_t, std::uint64_t>(1, 8)));
  EXPECT_EQ(first_bad({{}, kept_nodes_}).first, 3U);
}

}  // namespace
}  // namespace lineshaft::identity
