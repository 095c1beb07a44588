#include "rights/register.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "records/test_directory.h"

namespace lineshaft::rights {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr TenantId kOurs{1};
constexpr TenantId kTheirs{2};
const View kAll{kOurs, {}};

Day day(std::string_view text) { return parse_day(text).value(); }
const Day kToday = day("2026-11-26");

std::vector<std::string> ids(const AssetPage& page) {
  std::vector<std::string> ids;
  for (const AssetRow& row : page.rows) ids.push_back(row.asset.id);
  return ids;
}

std::vector<std::string> ids(const std::vector<Party>& parties) {
  std::vector<std::string> ids;
  for (const Party& party : parties) ids.push_back(party.id);
  return ids;
}

class RegisterTest : public testing::Test {
 protected:
  RegisterTest() { reopen(); }
  void reopen() {
    register_.reset();
    register_ = Register::open(records::Database::open(sys::real_file_system(),
                                                       {.path = directory_.file("records.db")})
                                   .value(),
                               sys::real_clock())
                    .value();
  }

  Party party(const std::string& id, PartyKind kind = PartyKind::kOrganisation) {
    return register_->put_party(kOurs, {id, kind, "Name of " + id, "CN", "", "", 0}).value();
  }
  Asset asset(const std::string& id, AssetKind kind = AssetKind::kPatent,
              const std::string& office = "CN") {
    Asset asset;
    asset.id = id;
    asset.kind = kind;
    asset.title = "Title of " + id;
    asset.office = office;
    return register_->put_asset(kOurs, asset).value();
  }
  Result<Ownership> own(const std::string& asset, std::string_view from, std::vector<Share> shares,
                        std::int64_t corrects = 0) {
    Ownership ownership;
    ownership.from = day(from);
    ownership.shares = std::move(shares);
    ownership.basis = "agreement 7";
    ownership.corrects = corrects;
    return register_->add_ownership(kOurs, asset, ownership, "ann@example.com");
  }
  Result<Event> happened(const std::string& asset, EventKind kind, std::string_view on) {
    Event event;
    event.kind = kind;
    event.date = day(on);
    return register_->add_event(kOurs, asset, event, kToday, "ann@example.com");
  }
  AssetStatus status(const std::string& asset) {
    return register_->get_asset(kAll, asset).value().status;
  }
  std::string refusal(const Status& status) { return status.ok() ? "" : status.error().what; }
  template <typename T>
  std::string refusal(const Result<T>& result) {
    return result.ok() ? "" : result.error().what;
  }

  records::TestDirectory directory_;
  std::unique_ptr<Register> register_;
};

TEST_F(RegisterTest, KeepsPartiesAssetsEventsAndSharesOverARestart) {
  party("xian-am", PartyKind::kCentre);
  party("firm-1");
  asset("p-1");
  happened("p-1", EventKind::kFiled, "2024-03-01").value();
  own("p-1", "2024-03-01", {{"xian-am", 2}, {"firm-1", 1}}).value();
  reopen();
  EXPECT_THAT(ids(register_->list_parties(kAll).value()), ElementsAre("firm-1", "xian-am"));
  EXPECT_EQ(register_->get_party(kAll, "xian-am")->kind, PartyKind::kCentre);
  EXPECT_EQ(status("p-1"), AssetStatus::kPending);
  EXPECT_THAT(register_->shares_on(kOurs, "p-1", kToday).value(),
              ElementsAre(Share{"firm-1", 1}, Share{"xian-am", 2}));
  const Event event = register_->list_events(kAll, "p-1")->front();
  EXPECT_EQ(event.recorded_by, "ann@example.com");
  EXPECT_EQ(day_text(event.date), "2024-03-01");
}

TEST_F(RegisterTest, KeepsActsNumbersAndWhatFeesDependOn) {
  Asset known = asset("p-1");
  known.counts = {{"pages", 0}, {"claims", 12}, {"classes", 3}};
  known.reductions = {"b", "a", "b"};
  register_->put_asset(kOurs, known).value();
  Event act;
  act.kind = EventKind::kAct;
  act.date = day("2025-03-01");
  act.act = "office_action";
  act.number = 2;
  ASSERT_TRUE(register_->add_event(kOurs, "p-1", act, kToday, "ann"));
  EXPECT_EQ(register_->add_event(kOurs, "p-1", act, kToday, "ann").error().what,
            "'office_action' of 2025-03-01 is there already");
  act.number = 3;
  EXPECT_TRUE(register_->add_event(kOurs, "p-1", act, kToday, "ann"));
  act.act = "Office action";
  EXPECT_THAT(refusal(register_->add_event(kOurs, "p-1", act, kToday, "ann")), HasSubstr("act: "));
  act.act = "x";
  act.number = 201;
  EXPECT_THAT(refusal(register_->add_event(kOurs, "p-1", act, kToday, "ann")),
              HasSubstr("number: "));
  reopen();
  const AssetHistory history = register_->get_history(kAll, "p-1").value();
  EXPECT_THAT(history.asset.counts, ElementsAre(FeeCount{"claims", 12}, FeeCount{"classes", 3}));
  EXPECT_THAT(history.asset.reductions, ElementsAre("a", "b"));
  ASSERT_EQ(history.events.size(), 2U);
  EXPECT_EQ(history.events[1].act, "office_action");
  EXPECT_EQ(history.events[1].number, 3);
  EXPECT_EQ(history.asset.status, AssetStatus::kDraft);
  known = history.asset;
  known.counts = {{"claims", -1}};
  EXPECT_THAT(refusal(register_->put_asset(kOurs, known)), HasSubstr("counts: "));
}

// What a file adds is all there, or nothing of it.
TEST_F(RegisterTest, TakesAdditionsWholeOrNotAtAll) {
  std::vector<Addition> additions(2);
  for (int i = 0; i < 2; ++i) {
    Addition& one = additions[static_cast<std::size_t>(i)];
    one.asset.id = "p-" + std::to_string(i);
    one.asset.title = "T";
    one.is_put = true;
    one.events.resize(1);
    one.events[0].date = day("2025-03-01");
  }
  additions[1].ownership = Ownership{};
  additions[1].ownership->from = day("2025-03-01");
  additions[1].ownership->shares = {{"nobody", 1}};
  additions[1].ownership->basis = "b";
  std::vector<std::string> changed;
  register_->watch([&](TenantId, const std::string& id) { changed.push_back(id); });
  EXPECT_THAT(refusal(register_->take(kOurs, additions, "ann")), HasSubstr("'nobody'"));
  EXPECT_EQ(register_->list_assets(kAll, {}, 0, 9)->total, 0U);
  EXPECT_THAT(changed, IsEmpty());
  party("nobody");
  ASSERT_TRUE(register_->take(kOurs, additions, "ann"));
  EXPECT_THAT(changed, ElementsAre("p-0", "p-1"));
  EXPECT_EQ(status("p-1"), AssetStatus::kPending);
}

TEST_F(RegisterTest, TakesAChangeOnlyOfTheVersionThatIsThere) {
  Party firm = party("firm-1");
  firm.name = "New name";
  EXPECT_EQ(register_->put_party(kOurs, firm)->version, 2);
  EXPECT_EQ(register_->put_party(kOurs, firm).error().id, ErrorId::kConflict);
  firm.version = 0;
  EXPECT_EQ(register_->put_party(kOurs, firm).error().id, ErrorId::kConflict);
  firm.id = "firm-2";
  firm.version = 1;
  EXPECT_EQ(register_->put_party(kOurs, firm).error().id, ErrorId::kNotFound);
  Asset known = asset("p-1");
  known.title = "New title";
  EXPECT_EQ(register_->put_asset(kOurs, known)->version, 2);
  EXPECT_EQ(register_->put_asset(kOurs, known).error().id, ErrorId::kConflict);
}

TEST_F(RegisterTest, ChangingAnAssetKeepsItsStatus) {
  Asset known = asset("p-1");
  happened("p-1", EventKind::kGranted, "2025-01-01").value();
  known.title = "New title";
  register_->put_asset(kOurs, known).value();
  EXPECT_EQ(status("p-1"), AssetStatus::kInForce);
}

TEST_F(RegisterTest, ReadsTheStatusOffTheLastEventThatChangesIt) {
  asset("p-1");
  EXPECT_EQ(status("p-1"), AssetStatus::kDraft);
  happened("p-1", EventKind::kGranted, "2025-01-01").value();
  happened("p-1", EventKind::kFiled, "2022-01-01").value();  // told later, happened before
  EXPECT_EQ(status("p-1"), AssetStatus::kInForce);
  happened("p-1", EventKind::kLapsed, "2026-01-01").value();
  happened("p-1", EventKind::kRenewed, "2026-02-01").value();
  EXPECT_EQ(status("p-1"), AssetStatus::kEnded);
  happened("p-1", EventKind::kRestored, "2026-03-01").value();
  EXPECT_EQ(status("p-1"), AssetStatus::kInForce);
  EXPECT_EQ(happened("p-1", EventKind::kRestored, "2026-03-01").error().id, ErrorId::kConflict);
  EXPECT_THAT(refusal(happened("p-1", EventKind::kExpired, "2026-11-27")),
              HasSubstr("has not come yet"));
}

TEST_F(RegisterTest, AnswersWhoOwnedWhatOnAnyDay) {
  party("a");
  party("b");
  party("c");
  asset("p-1");
  own("p-1", "2024-01-01", {{"b", 1}, {"a", 1}}).value();
  own("p-1", "2025-07-01", {{"a", 50}, {"b", 30}, {"c", 20}}).value();
  const auto on = [&](std::string_view text) {
    return register_->shares_on(kOurs, "p-1", day(text)).value();
  };
  EXPECT_THAT(on("2023-12-31"), IsEmpty());
  EXPECT_THAT(on("2024-01-01"), ElementsAre(Share{"a", 1}, Share{"b", 1}));
  EXPECT_THAT(on("2025-06-30"), ElementsAre(Share{"a", 1}, Share{"b", 1}));
  EXPECT_THAT(on("2025-07-01"), ElementsAre(Share{"a", 50}, Share{"b", 30}, Share{"c", 20}));
}

TEST_F(RegisterTest, ACorrectionNamesWhatItReplacesAndBothStay) {
  party("a");
  party("b");
  asset("p-1");
  own("p-1", "2024-01-01", {{"a", 1}}).value();
  EXPECT_THAT(refusal(own("p-1", "2024-01-01", {{"b", 1}})),
              HasSubstr("entry 1 counts from 2024-01-01 already"));
  EXPECT_THAT(refusal(own("p-1", "2024-01-02", {{"b", 1}}, 1)), HasSubstr("no entry 1"));
  own("p-1", "2024-01-01", {{"b", 1}}, 1).value();
  EXPECT_FALSE(own("p-1", "2024-01-01", {{"a", 1}}, 1).ok()) << "1 counts no longer";
  EXPECT_THAT(register_->shares_on(kOurs, "p-1", kToday).value(), ElementsAre(Share{"b", 1}));
  const std::vector<Ownership> all = register_->list_ownership(kAll, "p-1").value();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_THAT(all[0].shares, ElementsAre(Share{"a", 1}));
  EXPECT_EQ(all[1].corrects, 1);
}

// The example of docs/reference/rights.md.
TEST_F(RegisterTest, AnOwnerOfHalfAfterTheCorrection) {
  party("centre");
  party("firm");
  asset("p-1");
  own("p-1", "2024-01-01", {{"centre", 1}}).value();
  own("p-1", "2025-07-01", {{"centre", 50}, {"firm", 40}}).value();
  own("p-1", "2025-07-01", {{"centre", 50}, {"firm", 50}}, 2).value();
  EXPECT_THAT(register_->shares_on(kOurs, "p-1", day("2025-06-30")).value(),
              ElementsAre(Share{"centre", 1}));
  EXPECT_THAT(register_->shares_on(kOurs, "p-1", day("2025-07-01")).value(),
              ElementsAre(Share{"centre", 50}, Share{"firm", 50}));
}

TEST_F(RegisterTest, RefusesSharesThatCannotBe) {
  party("a");
  asset("p-1");
  EXPECT_THAT(refusal(own("p-1", "2024-01-01", {})), HasSubstr("needs an owner"));
  EXPECT_THAT(refusal(own("p-1", "2024-01-01", {{"a", 0}})), HasSubstr("weight 0 of 'a'"));
  EXPECT_THAT(refusal(own("p-1", "2024-01-01", {{"a", -1}})), HasSubstr("weight -1"));
  EXPECT_THAT(refusal(own("p-1", "2024-01-01", {{"a", kWeightMax + 1}})),
              HasSubstr("is not within"));
  EXPECT_THAT(refusal(own("p-1", "2024-01-01", {{"a", 1}, {"a", 2}})), HasSubstr("twice"));
  EXPECT_THAT(refusal(own("p-1", "2024-01-01", {{"x", 1}})), HasSubstr("no party 'x'"));
  EXPECT_EQ(own("p-2", "2024-01-01", {{"a", 1}}).error().id, ErrorId::kNotFound);
  EXPECT_THAT(register_->list_ownership(kAll, "p-1").value(), IsEmpty());
}

TEST_F(RegisterTest, RefusesFieldsThatAreNotAllowedAndNamesThem) {
  const auto refused = [&](const Party& party) {
    return refusal(register_->put_party(kOurs, party));
  };
  EXPECT_THAT(refused({"a b", PartyKind::kPerson, "A", "", "", "", 0}), HasSubstr("id: 'a b'"));
  EXPECT_THAT(refused({std::string(65, 'a'), PartyKind::kPerson, "A", "", "", "", 0}),
              HasSubstr("id:"));
  EXPECT_THAT(refused({"a", PartyKind::kPerson, "", "", "", "", 0}), HasSubstr("name: is missing"));
  EXPECT_THAT(refused({"a", PartyKind::kPerson, "\xff", "", "", "", 0}), HasSubstr("UTF-8"));
  EXPECT_THAT(refused({"a", PartyKind::kPerson, "A", "China", "", "", 0}), HasSubstr("country:"));
  Asset bad;
  bad.id = "p-1";
  bad.title = "T";
  bad.office = "cn";
  EXPECT_THAT(refusal(register_->put_asset(kOurs, bad)), HasSubstr("office:"));
  bad.office = "CN";
  bad.parent = "p-0";
  EXPECT_THAT(refusal(register_->put_asset(kOurs, bad)),
              HasSubstr("parent: there is no asset 'p-0'"));
  asset("p-1");
  Event event;
  event.date = kToday;
  event.document = "ABC";
  EXPECT_THAT(refusal(register_->add_event(kOurs, "p-1", event, kToday, "a")),
              HasSubstr("no SHA-256"));
}

TEST_F(RegisterTest, AnAssetCannotStemFromItself) {
  asset("p-1");
  Asset second = asset("p-2");
  second.parent = "p-1";
  register_->put_asset(kOurs, second).value();
  Asset first = register_->get_asset(kAll, "p-1").value();
  first.parent = "p-2";
  EXPECT_THAT(refusal(register_->put_asset(kOurs, first)), HasSubstr("stems from 'p-1' itself"));
}

TEST_F(RegisterTest, FindsAssetsByWhatIsKnownOfThem) {
  party("a");
  party("b");
  asset("p-1");
  asset("p-2", AssetKind::kPatent, "US");
  asset("s_1", AssetKind::kSoftware, "");
  happened("p-1", EventKind::kGranted, "2025-01-01").value();
  own("p-1", "2024-01-01", {{"a", 1}}).value();
  own("p-2", "2024-01-01", {{"a", 1}}).value();
  own("p-2", "2025-01-01", {{"b", 1}}).value();
  const auto found = [&](AssetFilter filter) {
    filter.on = kToday;
    return ids(register_->list_assets(kAll, filter, 0, 100).value());
  };
  EXPECT_THAT(found({}), ElementsAre("p-1", "p-2", "s_1"));
  EXPECT_THAT(found({.search = "TITLE OF p"}), ElementsAre("p-1", "p-2"));
  EXPECT_THAT(found({.search = "_"}), ElementsAre("s_1")) << "what is typed is no pattern";
  EXPECT_THAT(found({.kind = AssetKind::kSoftware}), ElementsAre("s_1"));
  EXPECT_THAT(found({.status = AssetStatus::kInForce}), ElementsAre("p-1"));
  EXPECT_THAT(found({.office = "US"}), ElementsAre("p-2"));
  EXPECT_THAT(found({.owner = "a"}), ElementsAre("p-1")) << "p-2 went to b";
  const AssetPage page = register_->list_assets(kAll, {.on = kToday}, 1, 1).value();
  EXPECT_THAT(ids(page), ElementsAre("p-2"));
  EXPECT_EQ(page.total, 3U);
  EXPECT_THAT(page.rows[0].owners, ElementsAre(Share{"b", 1}));
}

TEST_F(RegisterTest, APartySeesWhatItIsPartyToAndNothingElse) {
  for (const char* id : {"a", "b", "c"}) party(id);
  party("centre", PartyKind::kCentre);
  asset("p-ab");
  asset("p-c");
  own("p-ab", "2024-01-01", {{"a", 1}, {"b", 1}}).value();
  own("p-c", "2024-01-01", {{"c", 1}}).value();
  ASSERT_TRUE(
      register_->add_membership(kOurs, {"centre", "c", "gold", day("2024-01-01"), {}}).ok());
  const View of_a{kOurs, "a"};
  EXPECT_THAT(ids(register_->list_assets(of_a, {.on = kToday}, 0, 100).value()),
              ElementsAre("p-ab"));
  EXPECT_EQ(register_->get_asset(of_a, "p-c").error().id, ErrorId::kNotFound);
  EXPECT_EQ(register_->list_events(of_a, "p-c").error().id, ErrorId::kNotFound);
  EXPECT_EQ(register_->list_ownership(of_a, "p-c").error().id, ErrorId::kNotFound);
  EXPECT_THAT(ids(register_->list_parties(of_a).value()), ElementsAre("a", "b"));
  EXPECT_EQ(register_->get_party(of_a, "c").error().id, ErrorId::kNotFound);
  EXPECT_THAT(register_->list_memberships(of_a).value(), IsEmpty());
  EXPECT_THAT(ids(register_->list_parties({kOurs, "c"}).value()), ElementsAre("c", "centre"));
  EXPECT_EQ(register_->get_asset({kTheirs, {}}, "p-c").error().id, ErrorId::kNotFound);
  for (const char* nobody : {"", "*", "%"}) {
    const View view{kOurs, nobody};
    EXPECT_THAT(ids(register_->list_parties(view).value()), IsEmpty());
    EXPECT_EQ(register_->get_asset(view, "p-c").error().id, ErrorId::kNotFound);
    EXPECT_THAT(ids(register_->list_assets(view, {.on = kToday}, 0, 100).value()), IsEmpty());
  }
}

TEST_F(RegisterTest, AnOwnerWhoWasOneByMistakeSeesNothingAfterTheCorrection) {
  party("a");
  party("b");
  asset("p-1");
  own("p-1", "2024-01-01", {{"a", 1}}).value();
  EXPECT_TRUE(register_->get_asset({kOurs, "a"}, "p-1").ok());
  own("p-1", "2024-01-01", {{"b", 1}}, 1).value();
  EXPECT_EQ(register_->get_asset({kOurs, "a"}, "p-1").error().id, ErrorId::kNotFound);
  EXPECT_THAT(ids(register_->list_parties({kOurs, "a"}).value()), ElementsAre("a"));
  EXPECT_THAT(ids(register_->list_assets({kOurs, "a"}, {.on = kToday}, 0, 100).value()), IsEmpty());
}

TEST_F(RegisterTest, AMemberBelongsToACentreOnceAtATime) {
  party("centre", PartyKind::kCentre);
  party("a");
  const auto add = [&](std::string_view from, std::optional<Day> to) {
    return register_->add_membership(kOurs, {"centre", "a", "gold", day(from), to});
  };
  EXPECT_TRUE(add("2024-01-01", day("2025-01-01")).ok());
  EXPECT_EQ(add("2024-06-01", {}).error().id, ErrorId::kConflict);
  EXPECT_EQ(add("2023-01-01", day("2024-01-02")).error().id, ErrorId::kConflict);
  EXPECT_TRUE(add("2025-01-01", {}).ok());
  EXPECT_THAT(refusal(add("2023-01-01", day("2023-01-01"))), HasSubstr("to: is not after from"));
  EXPECT_THAT(refusal(register_->add_membership(kOurs, {"a", "centre", "", kToday, {}})),
              HasSubstr("'a' is no centre"));
  EXPECT_TRUE(register_->end_membership(kOurs, "centre", "a", day("2026-01-01")).ok());
  EXPECT_EQ(register_->end_membership(kOurs, "centre", "a", day("2026-02-01")).error().id,
            ErrorId::kNotFound);
  EXPECT_EQ(day_text(*register_->list_memberships(kAll)->back().to), "2026-01-01");
}

TEST_F(RegisterTest, AnAccountSpeaksForOneParty) {
  party("a");
  party("b");
  EXPECT_EQ(register_->party_of(kOurs, 7).value(), std::nullopt);
  EXPECT_TRUE(register_->set_speaker(kOurs, 7, "a").ok());
  EXPECT_TRUE(register_->set_speaker(kOurs, 7, "b").ok());
  EXPECT_EQ(register_->party_of(kOurs, 7).value(), "b");
  EXPECT_EQ(register_->party_of(kTheirs, 7).value(), std::nullopt);
  EXPECT_EQ(register_->set_speaker(kOurs, 7, "x").error().id, ErrorId::kNotFound);
  EXPECT_TRUE(register_->remove_speaker(kOurs, 7).ok());
  EXPECT_EQ(register_->party_of(kOurs, 7).value(), std::nullopt);
}

}  // namespace
}  // namespace lineshaft::rights
