#include "rights/agreement_book.h"

#include <nlohmann/json.hpp>

#include "rights/agreement_fixture.h"
#include "rights/agreement_json.h"

namespace lineshaft::rights {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class AgreementBookTest : public AgreementFixture {};

TEST_F(AgreementBookTest, IsInForceWhenEverySideHasSignedTheSameText) {
  start_project();
  const KeptAgreement kept = agreements_->put({kOurs, "hub"}, draft(), "hub").value();
  EXPECT_EQ(kept.agreement.version, 1);
  EXPECT_EQ(kept.agreement.sides[0].name, "The firm") << "as the register has it";
  approve("firm").value();
  approve("hub").value();
  EXPECT_THAT(sign("hub").error().what, HasSubstr("'mill' has not approved version 1"));
  approve("mill").value();
  sign("hub").value();
  sign("firm").value();
  EXPECT_FALSE(agreements_->get(kAll, "a-1", 0)->in_force.has_value());
  EXPECT_TRUE(sign("mill")->in_force.has_value());
  EXPECT_THAT(sign("mill").error().what, HasSubstr("has signed this version"));
  reopen();
  const KeptAgreement read = agreements_->get(kAll, "a-1", 0).value();
  EXPECT_EQ(read.text, kept.text);
  EXPECT_TRUE(read.is_current && read.is_newest);
  ASSERT_EQ(read.signatures.size(), 3U);
  for (const AgreementSignature& one : read.signatures) {
    EXPECT_TRUE(is_signed(one.key, one.signature, signed_message(one.party, read.text)));
  }
}

TEST_F(AgreementBookTest, TakesNoSignatureOfAnotherTextPartyOrKey) {
  start_project();
  const KeptAgreement kept = agreements_->put(kAll, draft(), "ann").value();
  for (const char* party : {"hub", "firm", "mill"}) approve(party).value();
  const PrivateKey& key = keys_.at("firm");
  const auto try_with = [&](const PrivateKey& claimed, const std::string& message) {
    return agreements_->sign(kOurs, "a-1", "firm", claimed.public_key(), key.sign(message), "f");
  };
  const std::string right = signed_message("firm", kept.text);
  EXPECT_EQ(try_with(key, signed_message("hub", kept.text)).error().id, ErrorId::kInvalidArgument);
  EXPECT_EQ(try_with(key, kept.text).error().id, ErrorId::kInvalidArgument);
  EXPECT_EQ(try_with(key, right + " ").error().id, ErrorId::kInvalidArgument);
  EXPECT_EQ(try_with(keys_.at("hub"), right).error().id, ErrorId::kInvalidArgument);
  EXPECT_THAT(agreements_->get(kAll, "a-1", 0)->signatures, IsEmpty());
  EXPECT_EQ(sign("stranger").error().id, ErrorId::kDenied);
  EXPECT_TRUE(try_with(key, right).ok());
}

TEST_F(AgreementBookTest, AVersionStaysInForceUntilTheNextIsSignedByAllOfBoth) {
  start_project();
  agreements_->put(kAll, draft(), "ann").value();
  bring_into_force();
  // The mill is to leave. It signs its leaving, as the sides that stay.
  Agreement next = draft(1);
  next.sides = {{"firm", "", 40}, {"hub", "", 60}};
  EXPECT_THAT(agreements_->put(kAll, draft(), "ann").error().what, HasSubstr("with version 1"));
  const KeptAgreement second = agreements_->put(kAll, next, "ann").value();
  EXPECT_THAT(second.signers, ElementsAre("firm", "hub", "mill"));
  EXPECT_THAT(second.approvals, IsEmpty());
  EXPECT_TRUE(agreements_->get(kAll, "a-1", 1)->is_current);
  const std::string first_digest = agreements_->get(kAll, "a-1", 1)->digest;
  EXPECT_THAT(agreements_->approve(kOurs, "a-1", "hub", first_digest, "h").error().what,
              HasSubstr("version 2 with another text"));
  for (const char* party : {"hub", "firm"}) approve(party).value();
  EXPECT_THAT(sign("hub").error().what, HasSubstr("'mill' has not approved"));
  approve("mill").value();
  for (const char* party : {"hub", "firm"}) sign(party).value();
  EXPECT_TRUE(agreements_->get(kAll, "a-1", 1)->is_current) << "the mill has not signed";
  sign("mill").value();
  EXPECT_TRUE(agreements_->get(kAll, "a-1", 2)->is_current);
  EXPECT_FALSE(agreements_->get(kAll, "a-1", 1)->is_current);
  // A third version is one of the two that are left.
  EXPECT_THAT(agreements_
                  ->put(
                      kAll,
                      [&] {
                        next.version = 2;
                        return next;
                      }(),
                      "ann")
                  ->signers,
              ElementsAre("firm", "hub"));
}

TEST_F(AgreementBookTest, APartySeesTheVersionsThatItSignsAndNobodyElseAny) {
  start_project();
  Agreement two = draft();
  two.sides = {{"firm", "", 1}, {"hub", "", 1}};
  agreements_->put(kAll, two, "ann").value();
  EXPECT_EQ(agreements_->list({kOurs, "firm"}, "")->size(), 1U);
  EXPECT_EQ(agreements_->list({kOurs, "firm"}, "other")->size(), 0U);
  for (const char* party : {"mill", "stranger", ""}) {
    EXPECT_THAT(agreements_->list({kOurs, party}, "").value(), IsEmpty()) << party;
    EXPECT_EQ(agreements_->get({kOurs, party}, "a-1", 0).error().id, ErrorId::kNotFound);
    EXPECT_EQ(agreements_->versions({kOurs, party}, "a-1").error().id, ErrorId::kNotFound);
    EXPECT_EQ(agreements_->share_changes({kOurs, party}, "a-1").error().id, ErrorId::kNotFound);
  }
  agreements_->put(kAll, draft(1), "ann").value();
  EXPECT_EQ(agreements_->versions({kOurs, "mill"}, "a-1")->size(), 1U);
  EXPECT_EQ(agreements_->versions({kOurs, "firm"}, "a-1")->size(), 2U);
}

TEST_F(AgreementBookTest, ThoseWhoHaveAcceptedTheProjectAgreeAndNobodyElse) {
  projects_->put({kOurs, "hub"}, project(), "hub").value();
  EXPECT_EQ(agreements_->put({kOurs, "firm"}, draft(), "f").error().id, ErrorId::kDenied);
  EXPECT_EQ(agreements_->put({kOurs, "stranger"}, draft(), "s").error().id, ErrorId::kNotFound);
  agreements_->put({kOurs, "hub"}, draft(), "h").value();
  EXPECT_THAT(approve("firm").error().what, HasSubstr("has not accepted project 'casting'"));
  projects_->answer(kOurs, "casting", "firm", true, "f").value();
  EXPECT_TRUE(approve("firm").ok());
  projects_->answer(kOurs, "casting", "mill", false, "m").value();
  EXPECT_THAT(agreements_->put(kAll, draft(1), "ann").error().what,
              HasSubstr("'mill' has declined"));
  Agreement wrong = draft();
  wrong.id = "a-2";
  wrong.project = "other";
  EXPECT_EQ(agreements_->put(kAll, wrong, "ann").error().id, ErrorId::kNotFound);
  wrong.project = "casting";
  wrong.sides[2].party = "stranger";
  EXPECT_THAT(agreements_->put(kAll, wrong, "ann").error().what, HasSubstr("is not invited"));
}

// The mill is in the project, and an agreement of hub and firm is none of its business.
TEST_F(AgreementBookTest, NobodyElsePutsAnotherTextInThePlaceOfAnAgreement) {
  start_project();
  Agreement two = draft();
  two.sides = {{"firm", "", 1}, {"hub", "", 1}};
  agreements_->put(kAll, two, "ann").value();
  for (const char* party : {"firm", "hub"}) approve(party).value();
  EXPECT_EQ(agreements_->put({kOurs, "mill"}, draft(1), "m").error().id, ErrorId::kNotFound);
  EXPECT_TRUE(sign("hub").ok()) << "the text that both approved is still the newest";
  EXPECT_TRUE(agreements_->put({kOurs, "firm"}, draft(1), "f").ok());
}

TEST_F(AgreementBookTest, StaysInItsProject) {
  start_project();
  agreements_->put(kAll, draft(), "ann").value();
  Project other = project();
  other.id = "rolling";
  projects_->put({kOurs, "hub"}, other, "h").value();
  Agreement moved = draft(1);
  moved.project = "rolling";
  EXPECT_THAT(agreements_->put(kAll, moved, "ann").error().what, HasSubstr("is one of 'casting'"));
}

TEST_F(AgreementBookTest, ATextThatWasChangedBehindItIsFound) {
  start_project();
  agreements_->put(kAll, draft(), "ann").value();
  ASSERT_TRUE(database()
                  ->run("UPDATE rights_agreement_versions SET text = replace(text, "
                        "'\"weight\":60', '\"weight\":61')")
                  .ok());
  EXPECT_EQ(agreements_->get(kAll, "a-1", 0).error().id, ErrorId::kCorrupt);
}

class ConsentTest : public AgreementFixture {
 protected:
  // p-1 is a result, owned 60 : 25 : 15 as agreed.
  ConsentTest() {
    start_project();
    own("p-1", "2026-02-01", {{"firm", 25}, {"hub", 60}, {"mill", 15}}).value();
    name_result("p-1");
    agreements_->put(kAll, draft(), "ann").value();
    bring_into_force();
  }
  ShareChange propose(std::vector<Share> shares) {
    ShareChange change;
    change.agreement = "a-1";
    change.asset = "p-1";
    change.from = day("2026-06-01");
    change.shares = std::move(shares);
    return agreements_->propose({kOurs, "firm"}, change, "f").value();
  }
};

TEST_F(ConsentTest, OtherSharesAreEnteredWhenThoseWhomTheAgreementNamesHaveConsented) {
  const std::vector<Share> sold{{"firm", 40}, {"hub", 60}};
  EXPECT_THAT(own("p-1", "2026-06-01", sold).error().what,
              HasSubstr("nobody has been asked about these shares from 2026-06-01 on; propose them "
                        "under the agreement. Not consented: 'firm', 'hub', 'mill'"));
  const ShareChange change = propose(sold);
  EXPECT_THAT(change.missing, ElementsAre("firm", "hub", "mill"));
  agreements_->consent(kOurs, "a-1", 1, "firm", change.digest, "f").value();
  const Error still = own("p-1", "2026-06-01", sold).error();
  EXPECT_EQ(still.id, ErrorId::kConflict);
  EXPECT_THAT(still.what, HasSubstr("'hub', 'mill' have not consented to these from 2026-06-01"));
  EXPECT_EQ(agreements_->consent(kOurs, "a-1", 1, "stranger", change.digest, "s").error().id,
            ErrorId::kDenied);
  EXPECT_EQ(agreements_->consent(kOurs, "a-1", 1, "hub", std::string(64, '0'), "h").error().id,
            ErrorId::kConflict);
  EXPECT_EQ(agreements_->consent(kOurs, "a-1", 2, "hub", change.digest, "h").error().id,
            ErrorId::kNotFound);
  // 25 + 60 of 100 are more than two thirds.
  EXPECT_THAT(agreements_->consent(kOurs, "a-1", 1, "hub", change.digest, "h")->missing, IsEmpty());
  EXPECT_FALSE(own("p-1", "2026-06-02", sold).ok()) << "another day is another change";
  EXPECT_FALSE(own("p-1", "2026-06-01", {{"firm", 41}, {"hub", 59}}).ok());
  EXPECT_TRUE(own("p-1", "2026-06-01", sold).ok());
}

TEST_F(ConsentTest, NobodyIsAskedWhereNobodysShareChangesOrTheAgreementSaysSo) {
  EXPECT_TRUE(own("p-1", "2026-03-01", {{"firm", 25}, {"hub", 60}, {"mill", 15}}).ok());
  asset("p-2");
  EXPECT_TRUE(own("p-2", "2026-03-01", {{"stranger", 1}}).ok()) << "no result of the project";
  asset("p-3");
  name_result("p-3");
  EXPECT_FALSE(own("p-3", "2026-03-01", {{"hub", 1}}).ok());
  EXPECT_TRUE(own("p-3", "2026-03-01", {{"firm", 5}, {"hub", 12}, {"mill", 3}}).ok()) << "agreed";
  EXPECT_FALSE(own("p-3", "2026-03-01", {{"hub", 1}}, 1).ok()) << "a correction changes shares too";
}

TEST_F(ConsentTest, AProposalIsOneOfAResultUnderAnAgreementInForce) {
  propose({{"hub", 1}});
  ShareChange change;
  change.agreement = "a-1";
  change.asset = "p-1";
  change.from = day("2026-06-01");
  change.shares = {{"hub", 1}};
  EXPECT_THAT(agreements_->propose(kAll, change, "a").error().what, HasSubstr("proposed before"));
  EXPECT_EQ(agreements_->propose({kOurs, "stranger"}, change, "s").error().id, ErrorId::kNotFound);
  change.asset = "p-9";
  EXPECT_THAT(agreements_->propose(kAll, change, "a").error().what, HasSubstr("is no result"));
  change.asset = "p-1";
  change.shares = {{"nobody", 1}};
  EXPECT_EQ(agreements_->propose(kAll, change, "a").error().id, ErrorId::kNotFound);
  change.shares = {{"hub", 1}, {"hub", 1}};
  EXPECT_EQ(agreements_->propose(kAll, change, "a").error().id, ErrorId::kInvalidArgument);
}

TEST_F(ConsentTest, IsForOneAssetOnly) {
  asset("p-2");
  own("p-2", "2026-02-01", {{"firm", 25}, {"hub", 60}, {"mill", 15}}).value();
  name_result("p-2");
  const ShareChange change = propose({{"hub", 1}});
  for (const char* party : {"firm", "hub", "mill"}) {
    agreements_->consent(kOurs, "a-1", change.sequence, party, change.digest, party).value();
  }
  EXPECT_FALSE(own("p-2", "2026-06-01", {{"hub", 1}}).ok()) << "that was about p-1";
  EXPECT_TRUE(own("p-1", "2026-06-01", {{"hub", 1}}).ok());
}

// Nobody's share changes when the first owners of what each made itself are written down.
TEST_F(ConsentTest, WhereEachOwnsWhatItMadeOnlyTheFirstOwnersNeedNone) {
  Agreement next = draft(1);
  next.terms.owner = ResultsOwner::kContributor;
  agreements_->put(kAll, next, "ann").value();
  bring_into_force();
  asset("p-2");
  name_result("p-2");
  EXPECT_TRUE(own("p-2", "2026-03-01", {{"firm", 1}}).ok());
  EXPECT_EQ(own("p-2", "2026-06-01", {{"hub", 1}}).error().id, ErrorId::kConflict);
}

TEST_F(ConsentTest, BackgroundIsNotDividedByProposals) {
  asset("p-2");
  ProjectEntry background;
  background.kind = EntryKind::kBackground;
  background.party = "hub";
  background.asset = "p-2";
  projects_->add_entry(kAll, "casting", background, "h").value();
  ShareChange change;
  change.agreement = "a-1";
  change.asset = "p-2";
  change.from = day("2026-06-01");
  change.shares = {{"hub", 1}};
  EXPECT_THAT(agreements_->propose(kAll, change, "a").error().what, HasSubstr("is no result"));
}

TEST_F(ConsentTest, AnAgreementThatHasEndedBindsNobody) {
  Agreement ended = draft(1);
  ended.to = day("2026-01-02");  // long ago by the clock of the test
  agreements_->put(kAll, ended, "ann").value();
  EXPECT_FALSE(own("p-1", "2026-06-01", {{"hub", 1}}).ok()) << "not signed yet";
  bring_into_force();
  EXPECT_TRUE(own("p-1", "2026-06-01", {{"hub", 1}}).ok());
}

TEST_F(ConsentTest, ADocumentProvesItselfAndEveryChangeOfItIsFound) {
  const std::string document = signed_document(agreements_->get(kAll, "a-1", 0).value()).value();
  const CheckedDocument checked = check_document_text(document).value();
  EXPECT_THAT(checked.signed_by, testing::UnorderedElementsAre("firm", "hub", "mill"));
  EXPECT_THAT(checked.not_signed_by, IsEmpty());
  const auto change = [&](std::string_view old_part, std::string_view new_part) {
    std::string changed = document;
    const std::size_t at = changed.find(old_part);
    LS_ASSERT(at != std::string::npos);
    return changed.replace(at, old_part.size(), new_part);
  };
  for (const std::string& changed :
       {change("weight 60", "weight 61"), change("lineshaft-signed-agreement-1", "other"),
        change(R"("signers":["firm",)", R"("signers":[)"), document + "\n",
        change(R"("party":"mill")", R"("party":"firm")"), change(R"("key":")", R"("key":"0)")}) {
    EXPECT_FALSE(check_document_text(changed).ok()) << changed;
  }
  Json fewer = parse_json(document).value();
  fewer["signatures"].erase(2);
  const CheckedDocument partly = check_document_text(fewer.dump()).value();
  EXPECT_EQ(partly.not_signed_by.size(), 1U);
}

class KeyBookTest : public AgreementFixture {};

TEST_F(KeyBookTest, AKeyBelongsToOneAccountAndSignsUntilItIsRevoked) {
  const PublicKey key = keys_.at("firm").public_key();
  key_book_->add(kOurs, {key, 7, "bo", "laptop", {}, {}}).value();
  EXPECT_EQ(key_book_->add(kOurs, {key, 8, "eve", "", {}, {}}).error().id, ErrorId::kConflict);
  EXPECT_EQ(key_book_->usable(kOurs, 7, key.id()).value(), key);
  EXPECT_EQ(key_book_->usable(kOurs, 8, key.id()).error().id, ErrorId::kNotFound);
  EXPECT_EQ(key_book_->revoke(kOurs, 8, key.id()).error().id, ErrorId::kNotFound);
  EXPECT_TRUE(key_book_->revoke(kOurs, 7, key.id()).ok());
  EXPECT_THAT(key_book_->usable(kOurs, 7, key.id()).error().what, HasSubstr("is revoked"));
  EXPECT_EQ(key_book_->list(kOurs, 7)->size(), 1U);
  EXPECT_THAT(key_book_->list(kOurs, 8).value(), IsEmpty());
  EXPECT_EQ(key_book_->list(kOurs, std::nullopt)->front().label, "laptop");
}

}  // namespace
}  // namespace lineshaft::rights
