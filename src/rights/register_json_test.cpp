#include "rights/register_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace lineshaft::rights {
namespace {

using testing::HasSubstr;

const Json kOwnership = {
    {"from", "2026-01-01"},
    {"of", 100},
    {"shares", {{{"party", "a"}, {"weight", 60}}, {{"party", "b"}, {"weight", 40}}}},
    {"basis", "agreement 7"}};

std::string refusal(const Json& json) {
  const Result<Ownership> read = ownership_from_json(json);
  return read ? "" : read.error().what;
}

TEST(RegisterJson, WhatAnAnswerSaysCanBeSentBack) {
  const Party party{"xian-am", PartyKind::kCentre, "西安增材", "CN", "Shaanxi", "additive", 3};
  const Party back = party_from_json(party_json(party)).value();
  EXPECT_EQ(party_json(back), party_json(party));
  const Asset asset{"p-1",    AssetKind::kUtilityModel, "Nozzle", "f-1", "p-0", "CN",
                    "2024-1", AssetStatus::kPending,    2};
  Asset same = asset_from_json(asset_row_json({asset, {{"a", 1}}})).value();
  same.status = asset.status;  // follows from the events
  EXPECT_EQ(asset_json(same), asset_json(asset));
  const Json with_facts = {{"id", "p-2"},
                           {"kind", "patent"},
                           {"title", "T"},
                           {"counts", {{"claims", 12}}},
                           {"reductions", {"one-small-applicant"}}};
  const Json kept = asset_json(asset_from_json(with_facts).value());
  EXPECT_EQ(kept["counts"], with_facts["counts"]);
  EXPECT_EQ(kept["reductions"], with_facts["reductions"]);
  const Json act = {
      {"kind", "act"}, {"act", "office_action"}, {"number", 2}, {"date", "2025-02-28"}};
  const Json same_act = event_json(event_from_json(act).value());
  EXPECT_EQ(same_act["act"], "office_action");
  EXPECT_EQ(same_act["number"], 2);
  const Ownership ownership = ownership_from_json(kOwnership).value();
  EXPECT_EQ(ownership_from_json(ownership_json(ownership))->shares, ownership.shares);
  const Event event = event_from_json({{"kind", "granted"}, {"date", "2025-02-28"}}).value();
  EXPECT_EQ(event_from_json(event_json(event))->date, event.date);
  const Membership membership =
      membership_from_json({{"centre", "c"}, {"member", "m"}, {"from", "2025-01-01"}}).value();
  EXPECT_EQ(membership_json(membership)["to"], nullptr);
  EXPECT_TRUE(membership_from_json(membership_json(membership)).ok());
}

TEST(RegisterJson, SharesOfAWholeMustAddUpToIt) {
  EXPECT_EQ(refusal(kOwnership), "");
  Json json = kOwnership;
  json["shares"][1]["weight"] = 35;
  EXPECT_EQ(refusal(json), "shares: they add up to 95, not to 100");
  json.erase("of");
  EXPECT_EQ(refusal(json), "") << "60 and 35 are parts of 95 then";
}

TEST(RegisterJson, NamesTheMemberThatIsWrong) {
  Json json = kOwnership;
  json["shares"][1]["weight"] = "40 %";
  EXPECT_THAT(refusal(json), HasSubstr("shares[1]: weight"));
  json = kOwnership;
  json["shares"][0]["waight"] = 1;
  EXPECT_THAT(refusal(json), HasSubstr("shares[0]: waight"));
  json = kOwnership;
  json["from"] = "2026-02-30";
  EXPECT_THAT(refusal(json), HasSubstr("from: '2026-02-30' is no day"));
  json.erase("from");
  EXPECT_THAT(refusal(json), HasSubstr("from"));
  json = kOwnership;
  json["shares"] = 7;
  EXPECT_THAT(refusal(json), HasSubstr("shares: must be a list"));
  const Result<Party> party = party_from_json({{"id", "a"}, {"kind", "firm"}, {"name", "A"}});
  EXPECT_EQ(party.error().what,
            "kind: 'firm' is no kind of party; there are centre, organisation, person");
}

}  // namespace
}  // namespace lineshaft::rights
