#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rights/licence.h"

namespace lineshaft::rights {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Day day(std::string_view text) { return parse_day(text).value(); }

// Granted by the owner of p-1 for every field, everywhere, from 2026 on without an end.
Licence grant(const std::string& id, LicenceKind kind) {
  Licence licence;
  licence.id = id;
  licence.kind = kind;
  licence.status = LicenceStatus::kSigned;
  licence.licensors = {"owner"};
  licence.licensees = {"firm-" + id};
  if (kind == LicenceKind::kOpen) licence.licensees.clear();
  if (kind == LicenceKind::kInternal) licence.licensees = {"owner"};
  licence.assets = {"p-1"};
  licence.from = day("2026-01-01");
  return licence;
}

AssetStanding standing(std::vector<Ownership> ownership,
                       AssetStatus status = AssetStatus::kInForce) {
  AssetStanding standing;
  standing.asset.id = "p-1";
  standing.asset.status = status;
  standing.ownership = std::move(ownership);
  return standing;
}

Ownership owned(std::string_view from, std::vector<Share> shares) {
  Ownership entry;
  entry.from = day(from);
  entry.shares = std::move(shares);
  return entry;
}

const std::vector<AssetStanding> kOneOwner{standing({owned("2020-01-01", {{"owner", 1}})})};

std::vector<std::string> kinds(const std::vector<Conflict>& conflicts) {
  std::vector<std::string> names;
  for (const Conflict& conflict : conflicts) names.emplace_back(name_of(conflict.kind));
  return names;
}

// The kinds of conflict when `a` is to be signed beside `b`.
std::vector<std::string> beside(const Licence& a, const Licence& b) {
  EXPECT_TRUE(check_licence(a).ok());
  EXPECT_TRUE(check_licence(b).ok());
  const std::vector others{b};
  return kinds(find_conflicts(a, kOneOwner, others));
}

TEST(Conflicts, WhoKeepsOthersOutCannotStandBesideAnotherGrant) {
  using enum LicenceKind;
  for (const LicenceKind a : {kExclusive, kSole, kOrdinary, kOpen, kCross, kPool}) {
    for (const LicenceKind b : {kExclusive, kSole, kOrdinary, kOpen, kCross, kPool}) {
      const bool keeps_out = a == kExclusive || a == kSole || b == kExclusive || b == kSole;
      const bool is_open = a == kOpen || b == kOpen;
      const std::vector<std::string> found = beside(grant("a", a), grant("b", b));
      if (!keeps_out) {
        EXPECT_THAT(found, IsEmpty()) << name_of(a) << " beside " << name_of(b);
      } else {
        EXPECT_THAT(found, ElementsAre(is_open ? "open_beside" : "granted_twice"))
            << name_of(a) << " beside " << name_of(b);
      }
    }
  }
}

// The difference between the two: a sole licensor may go on working the invention.
TEST(Conflicts, OwnUseStandsBesideASoleLicenceOnly) {
  const Licence own = grant("own", LicenceKind::kInternal);
  EXPECT_THAT(beside(own, grant("b", LicenceKind::kSole)), IsEmpty());
  EXPECT_THAT(beside(grant("b", LicenceKind::kSole), own), IsEmpty());
  EXPECT_THAT(beside(own, grant("b", LicenceKind::kExclusive)), ElementsAre("granted_twice"));
}

TEST(Conflicts, GrantsMeetOnlyWhereAssetFieldTerritoryAndTimeDo) {
  const Licence first = [] {
    Licence licence = grant("first", LicenceKind::kExclusive);
    licence.fields = {"steel/casting", "aluminium"};
    licence.territories = {"CN", "KR"};
    licence.to = day("2028-01-01");
    return licence;
  }();
  struct Case {
    std::vector<std::string> fields;
    std::vector<std::string> territories;
    const char* from;
    const char* to;
    bool meets;
  };
  const Case cases[] = {
      {{}, {}, "2026-01-01", nullptr, true},
      {{"steel"}, {"CN"}, "2027-12-31", nullptr, true},  // one covers the other
      {{"steel/casting/slab"}, {"KR"}, "2025-01-01", "2026-01-02", true},
      {{"steel/cast"}, {}, "2026-01-01", nullptr, false},  // another word, not a part
      {{"steel/rolling", "copper"}, {}, "2026-01-01", nullptr, false},
      {{"steel"}, {"US", "JP"}, "2026-01-01", nullptr, false},
      {{}, {}, "2028-01-01", nullptr, false},  // the end is not included
      {{}, {}, "2025-01-01", "2026-01-01", false},
  };
  for (const Case& one : cases) {
    Licence second = grant("second", LicenceKind::kOrdinary);
    second.fields = one.fields;
    second.territories = one.territories;
    second.from = day(one.from);
    if (one.to != nullptr) second.to = day(one.to);
    EXPECT_EQ(overlap_of(first, second).has_value(), one.meets) << one.from;
    EXPECT_EQ(overlap_of(second, first).has_value(), one.meets) << one.from;
  }
  Licence other_asset = grant("second", LicenceKind::kExclusive);
  other_asset.assets = {"p-2"};
  EXPECT_EQ(overlap_of(first, other_asset), std::nullopt);
}

TEST(Conflicts, NamesThePairAndWhatIsGrantedTwice) {
  Licence first = grant("first", LicenceKind::kExclusive);
  first.fields = {"steel"};
  first.to = day("2028-01-01");
  Licence second = grant("second", LicenceKind::kSole);
  second.fields = {"steel/casting"};
  second.territories = {"CN"};
  const std::vector others{first};
  const std::vector<Conflict> found = find_conflicts(second, kOneOwner, others);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].other, "first");
  EXPECT_EQ(found[0].why,
            "the exclusive licence 'first' grants 'p-1' for steel/casting in CN from 2026-01-01 to "
            "2028-01-01 already; a sole licence cannot stand beside it");
}

TEST(Conflicts, DraftsAndEndedLicencesStandInNobodysWay) {
  Licence draft = grant("b", LicenceKind::kExclusive);
  draft.status = LicenceStatus::kDraft;
  EXPECT_THAT(beside(grant("a", LicenceKind::kExclusive), draft), IsEmpty());
  Licence ended = grant("b", LicenceKind::kExclusive);
  ended.ended_on = day("2027-01-01");
  Licence after = grant("a", LicenceKind::kExclusive);
  EXPECT_THAT(beside(after, ended), ElementsAre("granted_twice"));
  after.from = day("2027-01-01");
  EXPECT_THAT(beside(after, ended), IsEmpty());
}

TEST(Conflicts, OnlyAnOwnerOfTheWholeTimeMayGrant) {
  const Licence licence = grant("a", LicenceKind::kOrdinary);
  const auto found = [&](std::vector<Ownership> ownership) {
    const std::vector standings{standing(std::move(ownership))};
    return kinds(find_conflicts(licence, standings, {}));
  };
  EXPECT_THAT(found({owned("2026-01-01", {{"owner", 1}})}), IsEmpty());
  EXPECT_THAT(found({}), ElementsAre("not_owner"));
  EXPECT_THAT(found({owned("2026-01-02", {{"owner", 1}})}), ElementsAre("not_owner"));
  EXPECT_THAT(found({owned("2020-01-01", {{"other", 1}})}), ElementsAre("not_owner"));
  // Sold before, and sold while it runs.
  EXPECT_THAT(found({owned("2020-01-01", {{"other", 1}}), owned("2025-01-01", {{"owner", 1}})}),
              IsEmpty());
  EXPECT_THAT(found({owned("2020-01-01", {{"owner", 1}}), owned("2027-01-01", {{"other", 1}})}),
              ElementsAre("not_owner"));
}

// Chinese Patent Law, article 14: each co-owner may grant ordinary licences; other acts need all.
TEST(Conflicts, ACoOwnerAloneMayGrantOrdinaryLicencesOnly) {
  const std::vector standings{standing({owned("2020-01-01", {{"owner", 9}, {"partner", 1}})})};
  const auto found = [&](LicenceKind kind, const std::string& consent) {
    Licence licence = grant("a", kind);
    licence.consent = consent;
    return kinds(find_conflicts(licence, standings, {}));
  };
  using enum LicenceKind;
  for (const LicenceKind kind : {kOrdinary, kCross, kInternal}) {
    EXPECT_THAT(found(kind, ""), IsEmpty()) << name_of(kind);
  }
  for (const LicenceKind kind : {kExclusive, kSole, kOpen, kPool}) {
    EXPECT_THAT(found(kind, ""), ElementsAre("owners_missing")) << name_of(kind);
    EXPECT_THAT(found(kind, std::string(64, 'a')), IsEmpty()) << name_of(kind);
  }
  Licence together = grant("a", kExclusive);
  together.licensors = {"owner", "partner"};
  EXPECT_THAT(find_conflicts(together, standings, {}), IsEmpty());
}

TEST(Conflicts, AnEndedRightCannotBeLicensed) {
  const std::vector standings{standing({owned("2020-01-01", {{"owner", 1}})}, AssetStatus::kEnded)};
  EXPECT_THAT(kinds(find_conflicts(grant("a", LicenceKind::kOrdinary), standings, {})),
              ElementsAre("asset_ended"));
}

class Sublicence : public testing::Test {
 protected:
  Sublicence() {
    parent_.licensees = {"firm"};
    parent_.sublicensable = true;
    parent_.fields = {"steel"};
    parent_.to = day("2030-01-01");
    child_.licensors = {"firm"};
    child_.parent = "parent";
    child_.fields = {"steel/casting"};
    child_.to = day("2029-01-01");
  }
  std::vector<std::string> found() {
    const std::vector others{parent_};
    return kinds(find_conflicts(child_, kOneOwner, others));
  }
  Licence parent_ = grant("parent", LicenceKind::kExclusive);
  Licence child_ = grant("child", LicenceKind::kSole);
};

TEST_F(Sublicence, StandsWithinItsParent) {
  EXPECT_THAT(found(), IsEmpty());
  const std::vector others{child_};
  EXPECT_THAT(find_conflicts(parent_, kOneOwner, others), IsEmpty()) << "and the other way round";
}

TEST_F(Sublicence, NeedsAParentThatIsSignedAndMayBePassedOn) {
  parent_.sublicensable = false;
  EXPECT_THAT(found(), ElementsAre("beyond_parent"));
  parent_.sublicensable = true;
  parent_.status = LicenceStatus::kDraft;
  EXPECT_THAT(found(), ElementsAre("beyond_parent"));
  child_.parent = "elsewhere";
  EXPECT_THAT(found(), ElementsAre("beyond_parent"));
}

TEST_F(Sublicence, GrantsNoMoreThanItsParent) {
  child_.fields = {};
  EXPECT_THAT(found(), ElementsAre("beyond_parent"));
  child_.fields = {"steel"};
  child_.to = {};
  EXPECT_THAT(found(), ElementsAre("beyond_parent"));
  child_.to = day("2030-01-01");
  child_.licensors = {"owner"};
  EXPECT_THAT(found(), ElementsAre("beyond_parent")) << "of somebody who holds no licence";
  child_.licensors = {"firm"};
  EXPECT_THAT(found(), IsEmpty());
  parent_.kind = LicenceKind::kOrdinary;
  EXPECT_THAT(found(), testing::Contains("beyond_parent"));
}

TEST_F(Sublicence, OfTheSameParentMayNotBothKeepOthersOut) {
  Licence sibling = child_;
  sibling.id = "sibling";
  const std::vector others{parent_, sibling};
  EXPECT_THAT(kinds(find_conflicts(child_, kOneOwner, others)), ElementsAre("granted_twice"));
}

TEST(CheckLicence, NamesTheFieldThatIsWrong) {
  const auto refusal = [](auto change) {
    Licence licence = grant("a", LicenceKind::kOrdinary);
    change(licence);
    const Status sound = check_licence(licence);
    return sound.ok() ? "" : sound.error().what;
  };
  EXPECT_EQ(refusal([](Licence&) {}), "");
  EXPECT_THAT(refusal([](Licence& l) { l.licensors.clear(); }), HasSubstr("licensors:"));
  EXPECT_THAT(refusal([](Licence& l) { l.licensees.clear(); }), HasSubstr("licensees:"));
  EXPECT_THAT(refusal([](Licence& l) { l.licensees = {"owner"}; }), HasSubstr("'owner' grants it"));
  EXPECT_THAT(refusal([](Licence& l) { l.kind = LicenceKind::kOpen; }), HasSubstr("open licence"));
  EXPECT_THAT(refusal([](Licence& l) { l.assets.clear(); }), HasSubstr("assets:"));
  EXPECT_THAT(refusal([](Licence& l) { l.assets = {"p", "p"}; }), HasSubstr("twice"));
  EXPECT_THAT(refusal([](Licence& l) { l.fields = {"steel//casting"}; }), HasSubstr("fields:"));
  EXPECT_THAT(refusal([](Licence& l) { l.territories = {"China"}; }), HasSubstr("territories:"));
  EXPECT_THAT(refusal([](Licence& l) { l.to = l.from; }), HasSubstr("to: is not after from"));
  EXPECT_THAT(refusal([](Licence& l) { l.parent = "a"; }), HasSubstr("parent:"));
  EXPECT_THAT(refusal([](Licence& l) { l.consent = "yes"; }), HasSubstr("consent:"));
}

}  // namespace
}  // namespace lineshaft::rights
