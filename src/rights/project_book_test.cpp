#include "rights/project_book.h"

#include <nlohmann/json.hpp>

#include "rights/agreement_fixture.h"
#include "rights/project_json.h"

namespace lineshaft::rights {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class ProjectBookTest : public AgreementFixture {
 protected:
  static ProjectEntry background(const std::string& party) {
    ProjectEntry entry;
    entry.kind = EntryKind::kBackground;
    entry.party = party;
    entry.text = "Mould powder recipes";
    entry.restrictions = "not for billets";
    return entry;
  }
};

TEST_F(ProjectBookTest, WhoMakesItHasAcceptedAndTheOthersAnswer) {
  const KeptProject made = projects_->put({kOurs, "hub"}, project(), "h").value();
  ASSERT_EQ(made.parties.size(), 3U);
  EXPECT_EQ(made.parties[0].answer, ProjectAnswer::kInvited) << "firm";
  EXPECT_EQ(made.parties[1].answer, ProjectAnswer::kAccepted) << "hub";
  EXPECT_EQ(projects_->answer(kOurs, "casting", "stranger", true, "s").error().id,
            ErrorId::kNotFound);
  EXPECT_EQ(projects_->answer(kOurs, "casting", "firm", true, "f")->parties[0].answered_by, "f");
  EXPECT_EQ(projects_->answer(kOurs, "casting", "firm", false, "f").error().id, ErrorId::kConflict);
  projects_->answer(kOurs, "casting", "mill", false, "m").value();
  EXPECT_EQ(projects_->get({kOurs, "mill"}, "casting").error().id, ErrorId::kNotFound);
  // Named again, it is invited again.
  Project again = project();
  again.version = 1;
  projects_->put({kOurs, "hub"}, again, "h").value();
  reopen();
  const KeptProject read = projects_->get({kOurs, "mill"}, "casting").value();
  EXPECT_EQ(read.parties[2].answer, ProjectAnswer::kInvited);
  EXPECT_EQ(read.parties[0].answer, ProjectAnswer::kAccepted);
}

TEST_F(ProjectBookTest, IsChangedByItsLeadAndLeavesNobodyOutWhoHasAccepted) {
  start_project();
  Project next = project();
  next.version = 1;
  next.title = "Other";
  EXPECT_EQ(projects_->put({kOurs, "firm"}, next, "f").error().id, ErrorId::kDenied);
  EXPECT_EQ(projects_->put({kOurs, "stranger"}, next, "s").error().id, ErrorId::kDenied);
  EXPECT_EQ(projects_->put({kOurs, "hub"}, project(), "h").error().id, ErrorId::kConflict);
  next.parties = {"hub", "firm"};
  EXPECT_THAT(projects_->put({kOurs, "hub"}, next, "h").error().what,
              HasSubstr("'mill' has accepted and stays"));
  next.parties = {"hub", "firm", "mill", "stranger"};
  EXPECT_EQ(projects_->put({kOurs, "hub"}, next, "h")->project.title, "Other");
  next.parties = {"hub", "nobody"};
  EXPECT_THAT(projects_->put(kAll, next, "h").error().what, HasSubstr("no party 'nobody'"));
}

TEST_F(ProjectBookTest, APartySeesItsProjectsAndTheirEntriesOnceItHasAccepted) {
  projects_->put({kOurs, "hub"}, project(), "h").value();
  projects_->add_entry({kOurs, "hub"}, "casting", background("hub"), "h").value();
  EXPECT_EQ(projects_->get({kOurs, "hub"}, "casting")->entries.size(), 1U);
  EXPECT_THAT(projects_->get({kOurs, "firm"}, "casting")->entries, IsEmpty()) << "invited only";
  EXPECT_EQ(projects_->list({kOurs, "firm"})->size(), 1U);
  EXPECT_EQ(register_->get_party({kOurs, "firm"}, "mill")->name, "The mill") << "invited together";
  for (const char* party : {"stranger", ""}) {
    EXPECT_THAT(projects_->list({kOurs, party}).value(), IsEmpty());
    EXPECT_EQ(projects_->get({kOurs, party}, "casting").error().id, ErrorId::kNotFound);
  }
  EXPECT_EQ(register_->get_party({kOurs, "stranger"}, "mill").error().id, ErrorId::kNotFound);
}

TEST_F(ProjectBookTest, EachEntersForItselfAndWithdrawsWhatItEntered) {
  start_project();
  EXPECT_EQ(projects_->add_entry({kOurs, "firm"}, "casting", background("hub"), "f").error().id,
            ErrorId::kDenied);
  EXPECT_EQ(projects_->add_entry(kAll, "casting", background("stranger"), "a").error().id,
            ErrorId::kDenied);
  const ProjectEntry kept =
      projects_->add_entry({kOurs, "firm"}, "casting", background("firm"), "f").value();
  EXPECT_EQ(projects_->withdraw({kOurs, "hub"}, "casting", kept.sequence, "h").error().id,
            ErrorId::kDenied);
  EXPECT_TRUE(projects_->withdraw({kOurs, "firm"}, "casting", kept.sequence, "f").ok());
  EXPECT_EQ(projects_->withdraw({kOurs, "firm"}, "casting", kept.sequence, "f").error().id,
            ErrorId::kConflict);
  EXPECT_EQ(projects_->withdraw({kOurs, "firm"}, "casting", 9, "f").error().id, ErrorId::kNotFound);
  const ProjectEntry read = projects_->get(kAll, "casting")->entries.front();
  EXPECT_EQ(read.restrictions, "not for billets");
  EXPECT_EQ(read.withdrawn_by, "f");
}

TEST_F(ProjectBookTest, AResultBelongsToPartiesOfTheProjectAndStaysUnderItsAgreement) {
  start_project();
  ProjectEntry result;
  result.kind = EntryKind::kResult;
  result.party = "firm";
  result.asset = "p-1";
  const View firm{kOurs, "firm"};
  EXPECT_EQ(projects_->add_entry(firm, "casting", result, "f").error().id, ErrorId::kNotFound)
      << "it sees no asset that it owns nothing of";
  own("p-1", "2026-01-01", {{"firm", 1}, {"stranger", 1}}).value();
  EXPECT_THAT(projects_->add_entry(firm, "casting", result, "f").error().what,
              HasSubstr("'stranger' owns a share of 'p-1'"));
  own("p-1", "2026-01-01", {{"firm", 1}, {"hub", 1}}, 1).value();
  projects_->add_entry(firm, "casting", result, "f").value();
  Agreement agreement = draft();
  agreements_->put(kAll, agreement, "a").value();
  bring_into_force();
  EXPECT_THAT(projects_->withdraw(firm, "casting", 1, "f").error().what,
              HasSubstr("its results stay under it"));
}

// The mill is invited, and whether it will be bound is for the mill to say.
TEST_F(ProjectBookTest, AnOwnerWhoIsOnlyInvitedIsNotBoundByAResult) {
  projects_->put({kOurs, "hub"}, project(), "h").value();
  own("p-1", "2026-01-01", {{"hub", 1}, {"mill", 1}}).value();
  ProjectEntry result;
  result.kind = EntryKind::kResult;
  result.party = "hub";
  result.asset = "p-1";
  EXPECT_THAT(projects_->add_entry({kOurs, "hub"}, "casting", result, "h").error().what,
              HasSubstr("'mill' owns a share of 'p-1'"));
}

TEST_F(ProjectBookTest, WhatIsNoResultIsWithdrawnUnderAnAgreementToo) {
  start_project();
  projects_->add_entry({kOurs, "firm"}, "casting", background("firm"), "f").value();
  agreements_->put(kAll, draft(), "a").value();
  bring_into_force();
  EXPECT_TRUE(projects_->withdraw({kOurs, "firm"}, "casting", 1, "f").ok());
}

TEST_F(ProjectBookTest, AProjectIsOfTwoAndHasItsLeadAmongThem) {
  const auto refused = [&](auto change) {
    Project made = project();
    change(made);
    return check_project(made).error().what;
  };
  EXPECT_THAT(refused([](Project& p) { p.parties = {"hub"}; }), HasSubstr("two or more"));
  EXPECT_THAT(refused([](Project& p) { p.lead = "stranger"; }), HasSubstr("lead: "));
  EXPECT_THAT(refused([](Project& p) { p.to = p.from; }), HasSubstr("to: is not after from"));
  EXPECT_THAT(refused([](Project& p) { p.parties.push_back("firm"); }), HasSubstr("twice"));
}

TEST_F(ProjectBookTest, AnEntrySaysWhatItIs) {
  const auto refused = [](const Json& json) {
    const Result<ProjectEntry> entry = entry_from_json(json);
    return entry ? check_entry(*entry).error().what : entry.error().what;
  };
  EXPECT_THAT(refused({{"kind", "gift"}, {"party", "a"}}), HasSubstr("is no kind of entry"));
  EXPECT_THAT(refused({{"kind", "background"}, {"party", "a"}}), HasSubstr("asset, text"));
  EXPECT_THAT(refused({{"kind", "result"}, {"party", "a"}}), HasSubstr("asset: "));
  Json money = {{"kind", "contribution"},
                {"party", "a"},
                {"contribution", "money"},
                {"text", "first instalment"},
                {"amount", "10 apples"}};
  EXPECT_THAT(refused(money), HasSubstr("amount: "));
  money["amount"] = "10000.00 CNY";
  money["asset"] = "p-1";
  EXPECT_THAT(refused(money), HasSubstr("a contribution has none"));
  money.erase("asset");
  EXPECT_TRUE(check_entry(entry_from_json(money).value()).ok());
  Json data = {{"kind", "contribution"}, {"party", "a"}, {"contribution", "data"}};
  EXPECT_THAT(refused(data), HasSubstr("which data"));
  data["data"] = {{"tag", "x"}, {"from", "2026-01-02T00:00:00Z"}, {"to", "2026-01-01T00:00:00Z"}};
  EXPECT_THAT(refused(data), HasSubstr("to: is not after from"));
  data["data"]["to"] = "2026-01-03T00:00:00Z";
  const ProjectEntry entry = entry_from_json(data).value();
  EXPECT_EQ(stored_entry_from_json(stored_entry_json(entry))->data, entry.data);
  money["data"] = data["data"];
  EXPECT_THAT(refused(money), HasSubstr("tag: only a contribution of data has one"));
}

}  // namespace
}  // namespace lineshaft::rights
