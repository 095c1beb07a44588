#include "ledger/journal.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/format_page_fixture.h"
#include "ledger/journal_fixture.h"
#include "ledger/merkle.h"

namespace lineshaft::ledger {
namespace {

Timestamp at(const char* text) { return parse_timestamp(text).value(); }
std::int32_t day(std::int64_t year, unsigned month, unsigned of_month) {
  return static_cast<std::int32_t>(days_from_civil(year, month, of_month));
}

Bytes encoded(const Journal& journal) {
  Bytes bytes;
  encode_journal(journal, bytes);
  return bytes;
}

Journal decoded(ByteSpan bytes) {
  Journal journal;
  const Status read = decode_journal(bytes, journal);
  EXPECT_TRUE(read.ok()) << (read ? "" : read.error().text());
  return journal;
}

std::string refusal(const Journal& journal) {
  const Status good = check_journal(journal);
  if (good) return "accepted";
  EXPECT_EQ(good.error().id, ErrorId::kJournalInvalid);
  return good.error().what;
}

// --- the format page ---

Journal example(int number) {
  Journal journal;
  if (number == 1) {
    journal = journal_of(JournalKind::kOpenAccount, "open-1");
    journal.recorded = at("2026-11-26T08:00:00Z");
    journal.effective_day = day(2026, 11, 26);
    journal.account = Account{"acme/cash", "acme", currency("CNY"), AccountKind::kAsset,
                              Constraint::kCreditsWithinDebits};
  }
  if (number == 2) {
    journal = post_of("run-7/42", {{1, 12345}, {2, -12345}});
    journal.recorded = at("2026-11-26T08:00:01Z");
    journal.effective_day = day(2026, 10, 31);
    journal.memo = "Royalty";
    journal.evidence = {sys::sha256(as_bytes("abc"))};
  }
  if (number == 3) {
    journal = post_of("fx-1", {{1, 71000}, {2, -71000}, {3, -10000}, {4, 10000}});
    journal.recorded = at("2026-11-26T08:00:02Z");
    journal.effective_day = day(2026, 11, 26);
    journal.exchange = Exchange{currency("USD"), currency("CNY"), Ratio::make(71, 10).value(),
                                at("2026-11-26T07:00:00Z"), "PBOC"};
  }
  return journal;
}

TEST(JournalFormat, IsThatOfThePage) {
  Peaks peaks;
  for (int number = 1; number <= 3; ++number) {
    const Bytes page = hex_of_page("ledger.md", "Entry " + std::to_string(number));
    ASSERT_FALSE(page.empty());
    EXPECT_EQ(decoded(page), example(number));
    EXPECT_EQ(encoded(example(number)), page);
    peaks.append(leaf_hash(page));
  }
  const Bytes root = hex_of_page("ledger.md", "Root");
  EXPECT_TRUE(std::ranges::equal(root, peaks.root()));
}

// --- one form for each journal ---

std::vector<Journal> one_of_each_kind() {
  std::vector<Journal> all = {example(1), example(2), example(3)};
  all.push_back(pending_of("p", {{1, 5}, {2, -5}}));
  all.push_back(
      pending_of("p", {{1, kAmountEnd - 1}, {7'000'000, 1 - kAmountEnd}}, at("2027-01-01")));
  all.push_back(referring(JournalKind::kPostPending, "pp", 4));
  all.push_back(referring(JournalKind::kVoidPending, "vp", 300));
  all.push_back(reverse_of("r", std::uint64_t{1} << 39, {{1, -1}, {2, 1}}));
  all.push_back(close_of("c", 128));
  all.push_back(period_of("m", -1, "acme"));
  all.push_back(period_of("m", kEffectiveDayMax));
  all.back().memo = std::string(kMemoBytesMax, 'm');
  all.back().key = std::string(kKeyBytesMax, 'k');
  all.back().evidence.resize(kEvidenceMax);
  return all;
}

TEST(JournalFormat, GivesBackEveryKind) {
  for (const Journal& journal : one_of_each_kind()) {
    ASSERT_EQ(refusal(journal), "accepted");
    EXPECT_EQ(decoded(encoded(journal)), journal) << kind_text(journal.kind);
  }
}

// Goal: nobody can write an entry in a second form. Method: every byte of every kind takes every
// value; what is still accepted must be another journal with exactly these bytes.
TEST(JournalFormat, HasOneFormForEachJournal) {
  int accepted = 0;
  for (const Journal& journal : one_of_each_kind()) {
    const Bytes bytes = encoded(journal);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      for (int value = 0; value < 256; ++value) {
        Bytes changed = bytes;
        changed[i] = static_cast<std::uint8_t>(value);
        Journal other;
        if (!decode_journal(changed, other)) continue;
        ++accepted;
        EXPECT_EQ(encoded(other), changed);
        if (changed != bytes) {
          EXPECT_FALSE(other == journal) << i;
        }
      }
    }
  }
  EXPECT_GT(accepted, 1000);
}

TEST(JournalFormat, RefusesWhatIsCutOffOrTooLong) {
  for (const Journal& journal : one_of_each_kind()) {
    Bytes bytes = encoded(journal);
    Journal other;
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_FALSE(decode_journal(ByteSpan(bytes).first(size), other)) << size;
    }
    bytes.push_back(0);
    EXPECT_FALSE(decode_journal(bytes, other));
  }
}

TEST(JournalFormat, RefusesALongerVarint) {
  Bytes bytes = encoded(referring(JournalKind::kPostPending, "k", 4));
  // Version, kind, 12 bytes of times, the key's length and its byte: the reference stands at 16.
  ASSERT_EQ(bytes[16], 4);
  bytes[16] = 0x84;
  bytes.insert(bytes.begin() + 17, 0x00);
  Journal other;
  EXPECT_FALSE(decode_journal(bytes, other));
}

TEST(JournalFormat, SaysWhenItIsTooNew) {
  Bytes bytes = encoded(example(1));
  bytes[0] = 2;
  Journal other;
  const Status read = decode_journal(bytes, other);
  EXPECT_EQ(read.error().id, ErrorId::kFormatTooNew);
}

// --- what can be judged of a journal alone ---

TEST(JournalCheck, NamesTheFieldThatIsWrong) {
  const Journal good = post_of("k", {{1, 5}, {2, -5}});
  const auto changed = [&](auto change) {
    Journal journal = good;
    change(journal);
    return refusal(journal);
  };
  EXPECT_EQ(changed([](Journal&) {}), "accepted");
  EXPECT_EQ(changed([](Journal& j) { j.key = ""; }), "key is empty");
  EXPECT_EQ(changed([](Journal& j) { j.key = std::string(65, 'k'); }),
            "key has more than 64 bytes");
  EXPECT_EQ(changed([](Journal& j) { j.key = "a\nb"; }), "key is no plain UTF-8 text");
  EXPECT_EQ(changed([](Journal& j) { j.memo = "\xff"; }), "memo is no plain UTF-8 text");
  EXPECT_EQ(changed([](Journal& j) { j.memo = std::string(257, 'm'); }),
            "memo has more than 256 bytes");
  EXPECT_EQ(changed([](Journal& j) { j.legs.clear(); }),
            "legs is missing in a journal of kind post");
  EXPECT_EQ(changed([](Journal& j) { j.legs.pop_back(); }), "legs: there is only one");
  EXPECT_EQ(changed([](Journal& j) { j.legs[1].amount = 0; }), "leg 2: the amount is zero");
  EXPECT_EQ(changed([](Journal& j) { j.legs[0].amount = kAmountEnd; }),
            "leg 1: the amount has more than 30 digits");
  EXPECT_EQ(changed([](Journal& j) { j.legs[0].account = {}; }), "leg 1: the account is missing");
  EXPECT_EQ(changed([](Journal& j) {
              j.legs.resize(kLegsMax + 1, {{1}, 1});
            }),
            "legs: there are more than 10000");
  EXPECT_EQ(changed([](Journal& j) { j.reference = {4}; }),
            "reference does not belong into a journal of kind post");
  EXPECT_EQ(changed([](Journal& j) { j.expiry = Timestamp{1}; }),
            "expiry does not belong into a journal of kind post");
  EXPECT_EQ(changed([](Journal& j) { j.owner = "acme"; }),
            "owner does not belong into a journal of kind post");
  for (const std::int32_t outside : {kEffectiveDayMin - 1, kEffectiveDayMax + 1}) {
    EXPECT_EQ(changed([&](Journal& j) { j.effective_day = outside; }),
              "effective_day is not between the years 1600 and 9999");
  }
  EXPECT_EQ(changed([](Journal& j) { j.evidence.resize(9); }), "evidence has more than 8 hashes");
  EXPECT_EQ(changed([](Journal& j) { j.exchange = Exchange{}; }),
            "exchange: both currencies are the same");
  EXPECT_EQ(changed([](Journal& j) {
              j.exchange = Exchange{currency("USD"), currency("CNY"), Ratio(), {}, "PBOC"};
            }),
            "exchange: the rate is not above zero");
  EXPECT_EQ(refusal(open_of("", "acme")), "account name is empty");
  EXPECT_EQ(refusal(open_of("cash", "")), "account owner is empty");
  EXPECT_EQ(refusal(close_of("c", 0)), "closed is missing in a journal of kind close_account");
  EXPECT_EQ(refusal(referring(JournalKind::kPostPending, "k", 0)),
            "reference is missing in a journal of kind post_pending");
}

TEST(JournalCheck, TakesTheSameRequestForTheSameWheneverItWasRecorded) {
  Journal a = example(2);
  Journal b = a;
  b.recorded = {1};
  EXPECT_TRUE(is_same_request(a, b));
  b.legs[0].amount += 1;
  EXPECT_FALSE(is_same_request(a, b));
}

TEST(JournalJoin, MakesOneJournalOfTheBooksOfSeveral) {
  const Journal frame = journal_of(JournalKind::kPost, "run-7");
  const auto whole =
      joined(frame, {post_of("a", {{1, 5}, {2, -5}}), post_of("b", {{3, 7}, {4, -7}})});
  ASSERT_TRUE(whole.ok());
  EXPECT_EQ(whole->legs, legs_of({{1, 5}, {2, -5}, {3, 7}, {4, -7}}));
  EXPECT_EQ(whole->key, "run-7");

  Journal late = post_of("b", {{3, 7}, {4, -7}});
  late.effective_day += 1;
  EXPECT_EQ(joined(frame, {post_of("a", {{1, 5}, {2, -5}}), late}).error().what,
            "part 2: effective_day is another than that of the whole");
  EXPECT_EQ(joined(frame, {referring(JournalKind::kPostPending, "x", 1)}).error().what,
            "part 1: kind is not post");
}

}  // namespace
}  // namespace lineshaft::ledger
