#include "rights/licence_book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "records/test_directory.h"
#include "rights/licence_json.h"

namespace lineshaft::rights {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr TenantId kOurs{1};
const View kAll{kOurs, {}};

Day day(std::string_view text) { return parse_day(text).value(); }

class LicenceBookTest : public testing::Test {
 protected:
  LicenceBookTest() {
    reopen();
    for (const char* id : {"owner", "partner", "firm", "rival"}) {
      register_->put_party(kOurs, {id, PartyKind::kOrganisation, id, "", "", "", 0}).value();
    }
    Asset asset;
    asset.id = "p-1";
    asset.title = "Nozzle";
    register_->put_asset(kOurs, asset).value();
    own("2020-01-01", {{"owner", 1}});
  }
  void reopen() {
    book_.reset();
    register_.reset();
    const auto database = [&] {
      return records::Database::open(sys::real_file_system(),
                                     {.path = directory_.file("records.db")})
          .value();
    };
    register_ = Register::open(database(), sys::real_clock()).value();
    book_ = LicenceBook::open(database(), *register_, sys::real_clock()).value();
  }
  void own(std::string_view from, std::vector<Share> shares, std::int64_t corrects = 0) {
    Ownership entry;
    entry.from = day(from);
    entry.shares = std::move(shares);
    entry.basis = "agreement";
    entry.corrects = corrects;
    register_->add_ownership(kOurs, "p-1", entry, "ann").value();
  }
  static std::string terms_text(const std::string& id, const std::string& to) {
    return R"({"licence":")" + id + R"(","version":"1","asset":"p-1","payer":")" + to +
           R"(","currency":"CNY","usage":"amount","gaps":"hold","fees":)" +
           R"([{"id":"fixed","due":"2026-06-30T00:00:00Z","amount":"100.00"}]})";
  }
  static Licence licence(const std::string& id, LicenceKind kind, const std::string& to) {
    Licence licence;
    licence.id = id;
    licence.kind = kind;
    licence.licensors = {"owner"};
    licence.licensees = {to};
    licence.assets = {"p-1"};
    licence.from = day("2026-01-01");
    licence.terms = terms_text(id, to);
    return licence;
  }
  Result<KeptLicence> approve(const std::string& id, std::string_view party) {
    const KeptLicence kept = book_->get(kAll, id).value();
    return book_->approve(kOurs, id, party, kept.digest, "ann@example.com");
  }
  void sign(const std::string& id) {
    for (const std::string& side : sides_of(book_->get(kAll, id)->licence)) {
      approve(id, side).value();
    }
  }

  records::TestDirectory directory_;
  std::unique_ptr<Register> register_;
  std::unique_ptr<LicenceBook> book_;
};

TEST_F(LicenceBookTest, IsSignedWhenEverySideHasApprovedTheSameText) {
  const KeptLicence draft =
      book_->put(kOurs, licence("l-1", LicenceKind::kExclusive, "firm")).value();
  EXPECT_EQ(draft.digest.size(), 64U);
  EXPECT_EQ(approve("l-1", "firm")->licence.status, LicenceStatus::kDraft);
  EXPECT_EQ(approve("l-1", "firm")->approvals.size(), 1U) << "twice is once";
  EXPECT_EQ(approve("l-1", "owner")->licence.status, LicenceStatus::kSigned);
  reopen();
  const KeptLicence kept = book_->get(kAll, "l-1").value();
  EXPECT_EQ(kept.licence.status, LicenceStatus::kSigned);
  EXPECT_EQ(kept.digest, draft.digest);
  EXPECT_EQ(kept.approvals.size(), 2U);
  EXPECT_EQ(nlohmann::json::parse(kept.licence.terms),
            nlohmann::json::parse(terms_text("l-1", "firm")));
  EXPECT_EQ(approve("l-1", "owner").error().id, ErrorId::kConflict);
  EXPECT_EQ(book_->put(kOurs, kept.licence).error().id, ErrorId::kConflict);
}

TEST_F(LicenceBookTest, AnotherTextNeedsApprovingAnew) {
  Licence draft = book_->put(kOurs, licence("l-1", LicenceKind::kOrdinary, "firm"))->licence;
  const std::string old_digest = book_->get(kAll, "l-1")->digest;
  approve("l-1", "owner").value();
  draft.to = day("2030-01-01");
  EXPECT_THAT(book_->put(kOurs, draft)->approvals, IsEmpty());
  EXPECT_THAT(book_->approve(kOurs, "l-1", "firm", old_digest, "ann").error().what,
              HasSubstr("another one by now"));
  EXPECT_EQ(approve("l-1", "firm")->licence.status, LicenceStatus::kDraft);
}

TEST_F(LicenceBookTest, NoOldWordComesBackWithTheOldText) {
  Licence draft = book_->put(kOurs, licence("l-1", LicenceKind::kOrdinary, "firm"))->licence;
  approve("l-1", "owner").value();
  const Licence old = draft;
  draft.to = day("2030-01-01");
  draft = book_->put(kOurs, draft)->licence;
  draft.to = old.to;
  const KeptLicence again = book_->put(kOurs, draft).value();
  EXPECT_EQ(licence_text(again.licence).value(), licence_text(old).value());
  EXPECT_THAT(again.approvals, IsEmpty());
}

TEST_F(LicenceBookTest, TheLastWordIsRefusedWhileSomethingStandsAgainstIt) {
  book_->put(kOurs, licence("l-1", LicenceKind::kExclusive, "firm")).value();
  book_->put(kOurs, licence("l-2", LicenceKind::kOrdinary, "rival")).value();
  sign("l-1");
  const std::vector<Conflict> conflicts = book_->conflicts(kAll, "l-2").value();
  ASSERT_EQ(conflicts.size(), 1U);
  EXPECT_EQ(conflicts[0].other, "l-1");
  approve("l-2", "rival").value();
  EXPECT_THAT(approve("l-2", "owner").error().what, HasSubstr("the exclusive licence 'l-1'"));
  EXPECT_EQ(book_->get(kAll, "l-2")->approvals.size(), 1U) << "the refused word is not kept";
  // Once the first has ended, the second can begin after it.
  book_->end(kOurs, "l-1", day("2026-06-01")).value();
  Licence later = book_->get(kAll, "l-2")->licence;
  later.from = day("2026-06-01");
  book_->put(kOurs, later).value();
  sign("l-2");
  EXPECT_EQ(book_->get(kAll, "l-2")->licence.status, LicenceStatus::kSigned);
}

TEST_F(LicenceBookTest, LooksAtTheOwnersThatCountAfterACorrection) {
  book_->put(kOurs, licence("l-1", LicenceKind::kExclusive, "firm")).value();
  EXPECT_THAT(book_->conflicts(kAll, "l-1").value(), IsEmpty());
  own("2020-01-01", {{"owner", 1}, {"partner", 1}}, 1);
  const auto conflicts = book_->conflicts(kAll, "l-1").value();
  ASSERT_EQ(conflicts.size(), 1U);
  EXPECT_EQ(conflicts[0].kind, ConflictKind::kOwnersMissing);
}

TEST_F(LicenceBookTest, ASublicenceIsCheckedAgainstItsParent) {
  Licence parent = licence("l-1", LicenceKind::kExclusive, "firm");
  parent.sublicensable = true;
  book_->put(kOurs, parent).value();
  Licence below = licence("l-2", LicenceKind::kOrdinary, "rival");
  below.licensors = {"firm"};
  below.parent = "l-1";
  book_->put(kOurs, below).value();
  EXPECT_EQ(book_->conflicts(kAll, "l-2")->front().kind, ConflictKind::kBeyondParent);
  sign("l-1");
  EXPECT_THAT(book_->conflicts(kAll, "l-2").value(), IsEmpty());
  below.id = "l-3";
  below.terms = "";
  below.parent = "l-9";
  EXPECT_THAT(book_->put(kOurs, below).error().what, HasSubstr("no licence 'l-9'"));
}

TEST_F(LicenceBookTest, ASideSeesItAndNobodyElse) {
  book_->put(kOurs, licence("l-1", LicenceKind::kOrdinary, "firm")).value();
  EXPECT_TRUE(book_->get({kOurs, "firm"}, "l-1").ok());
  EXPECT_EQ(book_->list({kOurs, "owner"}, {})->size(), 1U);
  EXPECT_EQ(book_->get({kOurs, "rival"}, "l-1").error().id, ErrorId::kNotFound);
  EXPECT_EQ(book_->conflicts({kOurs, "rival"}, "l-1").error().id, ErrorId::kNotFound);
  EXPECT_THAT(book_->list({kOurs, "rival"}, {}).value(), IsEmpty());
  EXPECT_THAT(book_->list({kOurs, ""}, {}).value(), IsEmpty());
  const KeptLicence kept = book_->get(kAll, "l-1").value();
  EXPECT_EQ(book_->approve(kOurs, "l-1", "rival", kept.digest, "r").error().id, ErrorId::kDenied);
}

TEST_F(LicenceBookTest, RefusesWhatIsNotThere) {
  Licence wrong = licence("l-1", LicenceKind::kOrdinary, "nobody");
  EXPECT_THAT(book_->put(kOurs, wrong).error().what, HasSubstr("no party 'nobody'"));
  wrong = licence("l-1", LicenceKind::kOrdinary, "firm");
  wrong.assets = {"p-9"};
  EXPECT_THAT(book_->put(kOurs, wrong).error().what, HasSubstr("assets: there is no asset 'p-9'"));
  wrong = licence("l-1", LicenceKind::kOrdinary, "firm");
  wrong.version = 3;
  EXPECT_EQ(book_->put(kOurs, wrong).error().id, ErrorId::kNotFound);
  book_->put(kOurs, licence("l-1", LicenceKind::kOrdinary, "firm")).value();
  EXPECT_EQ(book_->put(kOurs, licence("l-1", LicenceKind::kSole, "firm")).error().id,
            ErrorId::kConflict);
  EXPECT_EQ(book_->end(kOurs, "l-1", day("2026-06-01")).error().id, ErrorId::kConflict);
  sign("l-1");
  EXPECT_EQ(book_->end(kOurs, "l-1", day("2025-06-01")).error().id, ErrorId::kConflict);
  book_->end(kOurs, "l-1", day("2026-06-01")).value();
  EXPECT_EQ(book_->end(kOurs, "l-1", day("2026-06-01")).error().id, ErrorId::kConflict);
}

// The members of RFC 8785 stand in order of name, without blanks.
TEST(LicenceText, IsTheSameInEveryInstallation) {
  Licence licence;
  licence.id = "l-1";
  licence.licensors = {"甲"};
  licence.licensees = {"b"};
  licence.assets = {"p-1"};
  licence.from = day("2026-01-01");
  licence.version = 7;
  licence.status = LicenceStatus::kSigned;
  EXPECT_EQ(licence_text(licence).value(),
            R"({"assets":["p-1"],"audit_right":false,"consent":"","fields":[],"from":"2026-01-01",)"
            R"("id":"l-1","kind":"ordinary","licensees":["b"],"licensors":["甲"],)"
            R"("most_favoured":false,"parent":"","sublicensable":false,"terms":null,)"
            R"("territories":[],"to":null})");
}

TEST(LicenceJson, WhatAnAnswerSaysCanBeSentBack) {
  Licence licence;
  licence.id = "l-1";
  licence.kind = LicenceKind::kSole;
  licence.licensors = {"a"};
  licence.licensees = {"b", "c"};
  licence.assets = {"p-1", "p-2"};
  licence.fields = {"steel/casting"};
  licence.territories = {"CN"};
  licence.from = day("2026-01-01");
  licence.to = day("2030-01-01");
  licence.sublicensable = licence.audit_right = licence.most_favoured = true;
  licence.consent = std::string(64, 'a');
  licence.terms = R"({"rate":"3 %"})";
  licence.version = 2;
  const KeptLicence kept{licence, std::string(64, 'b'), {{"a", "", {}, "ann"}}};
  const Licence back = licence_from_json(kept_licence_json(kept)).value();
  EXPECT_EQ(licence_json(back), licence_json(licence));
  EXPECT_EQ(back.version, 2);
  Json wrong = licence_json(licence);
  wrong["fields"] = "steel";
  EXPECT_EQ(licence_from_json(wrong).error().what, "fields: must be a list of texts");
  wrong = licence_json(licence);
  wrong["terms"] = {{"rate", 0.03}};
  EXPECT_THAT(licence_from_json(wrong).error().what, HasSubstr("terms: "));
}

}  // namespace
}  // namespace lineshaft::rights
