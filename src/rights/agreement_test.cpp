#include "rights/agreement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "rights/agreement_json.h"

namespace lineshaft::rights {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Agreement agreement() {
  Agreement made;
  made.id = "a-1";
  made.version = 1;
  made.project = "casting";
  made.title = "Joint results";
  made.model = "joint";
  made.sides = {{"firm", "Firm", 25}, {"hub", "Hub 中心", 60}, {"mill", "Mill", 15}};
  made.from = parse_day("2026-01-01").value();
  made.to = parse_day("2030-01-01").value();
  made.terms.owner = ResultsOwner::kJoint;
  made.terms.publication_days = 45;
  made.terms.exit_days = 1;
  made.terms.consent = ConsentRule::kMajority;
  made.terms.more_than = Ratio::make(2, 3).value();
  made.clauses = {{"insurance", "Insurance", "Each party insures its own people."}};
  return made;
}

Agreement written() {
  Agreement made = agreement();
  write_standard_clauses(made);
  return made;
}

std::string sentence(const Agreement& made, std::string_view id) {
  for (const Clause& clause : made.clauses) {
    if (clause.id == id) return clause.text;
  }
  return "no clause";
}

// Members in order of name, no blanks, no escapes that are not needed (RFC 8785).
TEST(AgreementText, IsTheSameInEveryInstallation) {
  EXPECT_EQ(
      agreement_text(written()).value(),
      R"({"clauses":[)"
      R"({"id":"parties","text":"The parties are: Firm (firm), weight 25; Hub 中心 (hub), weight )"
      R"(60; Mill (mill), weight 15.","title":"Parties"},)"
      R"({"id":"term","text":"The agreement runs from 2026-01-01 to 2029-12-31, both included.",)"
      R"("title":"Term"},)"
      R"({"id":"results","text":"Every result belongs to all parties jointly, in the proportion )"
      R"(of the weights in the clause Parties.","title":"Who owns the results"},)"
      R"({"id":"background","text":"Background stays with who brought it. What a party has )"
      R"(declared for the project is, within the restrictions declared with it: for the work of )"
      R"(the project open to the other parties free of charge; where it is needed to use the )"
      R"(results open to the other parties on fair and reasonable terms.","title":"Access to )"
      R"(background"},)"
      R"({"id":"publication","text":"Who wants to publish results shows the text to the other )"
      R"(parties 45 days before. In this time a party may ask that what is to be protected be )"
      R"(filed first, or that its confidential knowledge be left out.","title":"Publication"},)"
      R"({"id":"exit","text":"A party leaves by telling all others 1 day before. The access )"
      R"(rights that it gave and got until then stay.","title":"Leaving the project"},)"
      R"({"id":"consent","text":"The shares in a result are changed with the consent of parties )"
      R"(that together have more than 2/3 of all weights in the clause Parties.","title":)"
      R"("Changing shares"},)"
      R"({"id":"money","text":"Amounts under this agreement are in CNY.","title":"Currency"},)"
      R"({"id":"law","text":"The law of CN (ISO 3166-1) applies.","title":"Law"},)"
      R"({"id":"insurance","text":"Each party insures its own people.","title":"Insurance"}],)"
      R"("format":"lineshaft-agreement-1","from":"2026-01-01","id":"a-1","language":"en",)"
      R"("model":"joint","project":"casting","sides":[{"name":"Firm","party":"firm","weight":25},)"
      R"({"name":"Hub 中心","party":"hub","weight":60},{"name":"Mill","party":"mill",)"
      R"("weight":15}],"terms":{"background":{"project":"royalty_free","use":"fair"},)"
      R"("consent":{"more_than":"2/3","rule":"majority"},"exit":{"days":1,"keeps_access":true},)"
      R"("law":{"country":"CN","forum":""},"money":{"currency":"CNY"},"publication":{"days":45},)"
      R"("results":{"centre":"","fields":[],"licence_back":"none","owner":"joint"}},)"
      R"("title":"Joint results","to":"2030-01-01","version":1})");
}

TEST(AgreementText, IsReadAsItWasWrittenAndNotOtherwise) {
  const std::string text = agreement_text(written()).value();
  const Agreement back = agreement_from_text(text).value();
  EXPECT_EQ(agreement_text(back).value(), text);
  EXPECT_EQ(back.clauses, written().clauses);
  EXPECT_FALSE(agreement_from_text(text + " ").ok());
  std::string fewer = text;
  fewer.replace(fewer.find(R"("forum":"")"), 10, R"("forum":1)");
  EXPECT_FALSE(agreement_from_text(fewer).ok());
}

TEST(AgreementText, EveryTermHasItsSentenceInBothLanguages) {
  Agreement made = agreement();
  made.terms.owner = ResultsOwner::kCentre;
  made.terms.centre = "hub";
  made.terms.licence_back = LicenceBack::kExclusive;
  made.terms.fields = {"steel/casting", "energy"};
  made.terms.consent = ConsentRule::kAll;
  made.terms.forum = "CIETAC, Beijing";
  made.language = Language::kChinese;
  made.to.reset();
  write_standard_clauses(made);
  EXPECT_EQ(sentence(made, "results"),
            "全部成果归 Hub 中心（hub） 所有。其他各方在下列使用领域享有独占许可："
            "steel/casting、energy。在此之外，所有人可自由使用。");
  EXPECT_EQ(sentence(made, "term"), "本协议自 2026-01-01 起有效，无固定期限。");
  EXPECT_EQ(sentence(made, "consent"), "成果份额的变更须经全体当事人同意。");
  EXPECT_THAT(sentence(made, "law"), HasSubstr("争议提交：CIETAC, Beijing。"));
  made = agreement();
  made.terms = AgreementTerms();
  made.terms.publication_days = 0;
  made.terms.exit_keeps_access = false;
  made.terms.for_use = BackgroundAccess::kNone;
  write_standard_clauses(made);
  EXPECT_THAT(sentence(made, "results"), HasSubstr("to the party whose people made it"));
  EXPECT_EQ(sentence(made, "publication"), "A party may publish its results without asking.");
  EXPECT_THAT(sentence(made, "exit"),
              HasSubstr("0 days before. The access rights that it got end"));
  EXPECT_THAT(sentence(made, "background"), HasSubstr("results not open to the other parties."));
}

TEST(AgreementJson, WhatAnAnswerSaysCanBeSentBackAsTheNextDraft) {
  const Agreement made = written();
  const Agreement back = agreement_from_json(agreement_json(made)).value();
  EXPECT_THAT(back.clauses, ElementsAre(made.clauses.back())) << "standard ones are written anew";
  EXPECT_EQ(back.version, 1);
  Json wrong = agreement_json(made);
  wrong["terms"]["exit"]["day"] = 3;
  EXPECT_THAT(agreement_from_json(wrong).error().what, HasSubstr("terms: exit: "));
  wrong = agreement_json(made);
  wrong["terms"]["consent"]["more_than"] = "most";
  EXPECT_THAT(agreement_from_json(wrong).error().what, HasSubstr("terms: consent: "));
  wrong = agreement_json(made);
  wrong["sides"][1] = "hub";
  EXPECT_EQ(agreement_from_json(wrong).error().what, "sides[1]: must be an object");
}

TEST(Agreement, RefusesTermsThatMeanNothing) {
  const auto refused = [](auto change, std::string_view why) {
    Agreement made = agreement();
    change(made);
    const Status checked = check_agreement(made);
    ASSERT_FALSE(checked.ok()) << why;
    EXPECT_THAT(checked.error().what, HasSubstr(why));
  };
  refused([](Agreement& a) { a.sides.resize(1); }, "two or more");
  refused([](Agreement& a) { a.sides[1].party = "firm"; }, "'firm' is there twice");
  refused([](Agreement& a) { a.sides[1].weight = 0; }, "weight of 'hub'");
  refused([](Agreement& a) { a.to = a.from; }, "to: is not after from");
  refused([](Agreement& a) { a.terms.owner = ResultsOwner::kCentre; }, "results.centre");
  refused([](Agreement& a) { a.terms.centre = "hub"; }, "only a centre that owns");
  refused([](Agreement& a) { a.terms.fields = {"steel"}; }, "results.fields");
  refused([](Agreement& a) { a.terms.more_than = Ratio::make(1, 3).value(); }, "more_than");
  refused([](Agreement& a) { a.terms.more_than = Ratio::make(1, 1).value(); }, "more_than");
  refused([](Agreement& a) { a.terms.consent = ConsentRule::kAll; }, "for a majority only");
  refused([](Agreement& a) { a.terms.currency = "XYZ"; }, "money.currency");
  refused([](Agreement& a) { a.terms.law = "China"; }, "law.country");
  refused([](Agreement& a) { a.terms.exit_days = -1; }, "days are within");
  refused([](Agreement& a) { a.clauses.push_back(a.clauses[0]); }, "'insurance' is there twice");
  refused([](Agreement& a) { a.clauses[0].text = "a\tb"; }, "control character");
  Agreement half = agreement();
  half.terms.more_than = Ratio::make(1, 2).value();
  EXPECT_TRUE(check_agreement(half).ok()) << "more than a half is a majority";
  Agreement lines = agreement();
  lines.clauses[0].text = "One.\nTwo.";
  EXPECT_TRUE(check_agreement(lines).ok());
}

TEST(Agreement, EveryModelIsSoundForTwoSides) {
  EXPECT_EQ(agreement_models().size(), 3U);
  for (const AgreementModel& model : agreement_models()) {
    Agreement made = agreement();
    made.terms = model.terms;
    if (made.terms.owner == ResultsOwner::kCentre) made.terms.centre = "hub";
    EXPECT_TRUE(check_agreement(made).ok()) << model.id;
  }
}

TEST(AgreementDifference, NamesWhatCameWentAndChanged) {
  const auto clause = [](const char* id, const char* text) { return Clause{id, "T", text}; };
  const std::vector<Clause> before{clause("a", "1"), clause("b", "1"), clause("c", "1"),
                                   clause("d", "1")};
  const std::vector<Clause> after{clause("a", "1"), clause("c", "2"), clause("e", "1"),
                                  clause("d", "1")};
  std::string seen;
  for (const ClauseDifference& one : difference_of(before, after)) {
    seen += (one.after.id.empty() ? one.before.id : one.after.id) + " " +
            std::string(name_of(one.change)) + ";";
  }
  EXPECT_EQ(seen, "a same;b removed;c changed;e added;d same;");
  EXPECT_EQ(difference_of({}, before).size(), 4U);
  EXPECT_EQ(difference_of({{"a", "Old title", "1"}}, {{"a", "New title", "1"}}).at(0).change,
            ClauseChange::kChanged);
  EXPECT_EQ(difference_of(before, {}).back().change, ClauseChange::kRemoved);
}

TEST(AgreedShares, AreThoseOfTheWeightsInAnyProportion) {
  Agreement made = agreement();  // firm 25, hub 60, mill 15
  EXPECT_TRUE(are_agreed_shares(made, {{"firm", 5}, {"hub", 12}, {"mill", 3}}));
  EXPECT_FALSE(are_agreed_shares(made, {{"firm", 5}, {"hub", 12}, {"mill", 4}}));
  EXPECT_FALSE(are_agreed_shares(made, {{"firm", 5}, {"hub", 12}}));
  EXPECT_FALSE(are_agreed_shares(made, {{"firm", 5}, {"hub", 12}, {"stranger", 3}}));
  EXPECT_FALSE(are_agreed_shares(made, {{"firm", 5}, {"hub", 12}, {"mill", 3}, {"stranger", 1}}));
  made.terms.owner = ResultsOwner::kCentre;
  made.terms.centre = "hub";
  EXPECT_TRUE(are_agreed_shares(made, {{"hub", 7}}));
  EXPECT_FALSE(are_agreed_shares(made, {{"firm", 7}}));
  EXPECT_FALSE(are_agreed_shares(made, {{"hub", 7}, {"mill", 1}}));
  made.terms.owner = ResultsOwner::kContributor;
  EXPECT_FALSE(are_agreed_shares(made, {{"hub", 7}}));
}

TEST(Consent, IsEnoughByTheRuleOfTheAgreement) {
  Agreement made = agreement();  // more than 2/3 of 100 are needed: 67 and more
  EXPECT_THAT(missing_consents(made, {}), ElementsAre("firm", "hub", "mill"));
  EXPECT_THAT(missing_consents(made, {"hub"}), ElementsAre("firm", "mill"));
  EXPECT_THAT(missing_consents(made, {"hub", "mill"}), IsEmpty()) << "75";
  made.sides[1].weight = 50;  // 25, 50, 15: of 90 more than 60
  EXPECT_THAT(missing_consents(made, {"hub", "stranger"}), ElementsAre("firm", "mill"));
  EXPECT_THAT(missing_consents(made, {"hub", "mill"}), IsEmpty()) << "65";
  made.sides = {{"a", "A", 2}, {"b", "B", 1}};
  EXPECT_THAT(missing_consents(made, {"a"}), ElementsAre("b")) << "2/3 is not more than 2/3";
  made.terms.consent = ConsentRule::kAll;
  EXPECT_THAT(missing_consents(made, {"b"}), ElementsAre("a"));
  EXPECT_THAT(missing_consents(made, {"b", "a"}), IsEmpty());
  made.terms.more_than = {};
  EXPECT_THAT(missing_consents(made, {"b"}), ElementsAre("a")) << "all are not a majority";
}

}  // namespace
}  // namespace lineshaft::rights
