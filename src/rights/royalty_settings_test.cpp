// What runs are made of, as it comes in: plans, rules, meters, reports, requests, terms.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "rights/royalty_fixture.h"
#include "rights/royalty_json.h"

namespace lineshaft::rights {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class RoyaltySettingsTest : public RoyaltyFixture {
 protected:
  static RoyaltyPlan plan(const std::string& asset) {
    RoyaltyPlan plan;
    plan.asset = asset;
    return plan;
  }
  Result<UsageReport> add(const UsageReport& report) {
    return book_->add_report(kOurs, report, "firm");
  }
  static UsageReport february_report(const std::string& quantity) {
    return {"p-1", "steel", day("2026-02-01"), day("2026-03-01"), quantity, "", "", {}, ""};
  }
};

TEST_F(RoyaltySettingsTest, APlanNamesAssetsAndPayeesOfTheRegister) {
  EXPECT_EQ(book_->put_plan(kOurs, plan("ore")).error().id, ErrorId::kNotFound);
  RoyaltyPlan alloy = plan("alloy");
  alloy.links = {{"ore", Ratio::make(1, 10).value(), settlement::LinkBase::kNetOfTax}};
  EXPECT_EQ(book_->put_plan(kOurs, alloy).error().id, ErrorId::kNotFound);
  alloy.links = {};
  alloy.pools = {{"filing", "nobody", 1}};
  EXPECT_EQ(book_->put_plan(kOurs, alloy).error().id, ErrorId::kNotFound);
  alloy.pools = {};
  alloy.award = settlement::Award{Ratio::make(1, 10).value(), {{"nobody", 1}}};
  EXPECT_EQ(book_->put_plan(kOurs, alloy).error().id, ErrorId::kNotFound);
  EXPECT_THAT(book_->list_plans(kOurs).value(), IsEmpty());
}

TEST_F(RoyaltySettingsTest, AnAwardIsOfSomebodyAndNotMoreThanAll) {
  RoyaltyPlan alloy = plan("alloy");
  alloy.award = settlement::Award{Ratio::make(1, 10).value(), {}};
  EXPECT_THAT(book_->put_plan(kOurs, alloy).error().what, HasSubstr("award: shares"));
  alloy.award = settlement::Award{Ratio::make(11, 10).value(), {{"wang", 1}}};
  EXPECT_THAT(book_->put_plan(kOurs, alloy).error().what, HasSubstr("award: rate"));
  alloy.award->rate = Ratio::make(1, 1).value();
  EXPECT_TRUE(book_->put_plan(kOurs, alloy).ok());
}

TEST_F(RoyaltySettingsTest, ACostPoolIsOfOneAssetOnly) {
  RoyaltyPlan alloy = plan("alloy");
  alloy.pools = {{"filing", "centre", 1}};
  book_->put_plan(kOurs, alloy).value();
  RoyaltyPlan furnace = plan("furnace");
  furnace.pools = {{"filing", "university", 1}};
  EXPECT_THAT(book_->put_plan(kOurs, furnace).error().what, HasSubstr("'filing' is there twice"));
}

// Where every ancestor is paid, only external receipts are a base; the plan has another one.
TEST_F(RoyaltySettingsTest, RulesThatThePlansCannotFollowAreRefused) {
  RoyaltyPlan alloy = plan("alloy");
  alloy.links = {{"furnace", Ratio::make(1, 10).value(), settlement::LinkBase::kNetOfTax}};
  book_->put_plan(kOurs, alloy).value();
  RoyaltyRules rules;
  rules.stacking = settlement::Stacking::kEveryPath;
  EXPECT_EQ(book_->put_rules(kOurs, rules).error().id, ErrorId::kInvalidArgument);
  EXPECT_EQ(book_->rules(kOurs)->stacking, settlement::Stacking::kDirect);
}

TEST_F(RoyaltySettingsTest, AMeterIsATagOfALicence) {
  license("steel", tonnes("steel"));
  const auto put = [&](const std::string& licence, const std::string& tag) {
    return book_->put_meter(kOurs, {licence, tag, MeterKind::kCounter, 0, 0});
  };
  EXPECT_EQ(put("steel", "no/tag").error().id, ErrorId::kNotFound);
  EXPECT_EQ(put("wire", "plant/furnace/steel").error().id, ErrorId::kNotFound);
  EXPECT_EQ(book_->remove_meter(kOurs, "steel").error().id, ErrorId::kNotFound);
  meter("steel");
  EXPECT_TRUE(book_->remove_meter(kOurs, "steel").ok());
  EXPECT_THAT(book_->list_meters(kOurs).value(), IsEmpty());
}

// --- reports ---

TEST_F(RoyaltySettingsTest, AReportFitsTheTermsOfItsLicence) {
  license("steel", tonnes("steel"));
  license("gift", "");
  EXPECT_THAT(add(february_report("1.25")).error().what, HasSubstr("more digits"));
  EXPECT_THAT(add(february_report("-1")).error().what, HasSubstr("is negative"));
  UsageReport other = february_report("1");
  other.licence = "gift";
  EXPECT_THAT(add(other).error().what, HasSubstr("'gift' has no terms of payment"));
  other.licence = "wire";
  EXPECT_EQ(add(other).error().id, ErrorId::kNotFound);
  EXPECT_THAT(book_->list_reports(kOurs, "").value(), IsEmpty());
}

TEST_F(RoyaltySettingsTest, TheSameReportUponAnotherDocumentIsAnotherReport) {
  license("steel", tonnes("steel"));
  UsageReport report = february_report("10");
  report.document = std::string(64, 'a');
  add(report).value();
  EXPECT_TRUE(add(report).ok());
  report.document = std::string(64, 'b');
  EXPECT_EQ(add(report).error().id, ErrorId::kConflict);
  const UsageReport kept = book_->list_reports(kOurs, "steel")->at(0);
  EXPECT_EQ(kept.document, std::string(64, 'a'));
  EXPECT_EQ(kept.recorded_by, "firm");
  EXPECT_EQ(kept.recorded, at("2026-03-01T09:00:00Z")) << "the clock of the test";
}

TEST_F(RoyaltySettingsTest, TheDayAfterASettlementIsOpenForReports) {
  license("steel", tonnes("steel"));
  report("p-0", "2026-01-01", "2026-02-01", "10");
  pass(january("r-0"));
  UsageReport last = february_report("1");
  last.from = day("2026-01-31");
  last.gap = "steel/1";
  EXPECT_THAT(add(last).error().what, HasSubstr("the days before 2026-02-01 are settled"));
  EXPECT_TRUE(add(february_report("1")).ok());
}

TEST_F(RoyaltySettingsTest, ReportsOfDaysThatTouchStandBesideEachOther) {
  license("steel", tonnes("steel"));
  report("p-1", "2026-02-10", "2026-02-20", "1");
  report("p-2", "2026-02-20", "2026-03-01", "1");
  report("p-0", "2026-02-01", "2026-02-10", "1");
  EXPECT_THAT(book_->list_reports(kOurs, "steel").value(), SizeIs(3));
}

// --- as JSON ---

Json text_json(std::string_view text) { return parse_json(text).value(); }

TEST(RoyaltyJson, AReportHasADay) {
  Json json = text_json(R"({"id":"p","licence":"steel","from":"2026-02-01","to":"2026-02-02",
                            "quantity":"1"})");
  EXPECT_TRUE(report_from_json(json).ok());
  json["to"] = "2026-02-01";
  EXPECT_EQ(report_from_json(json).error().what, "to: must be after from");
}

TEST(RoyaltyJson, ARequestIsReadWithAllThatHappened) {
  Json json = text_json(R"({"id":"r","currency":"CNY","from":"2026-02-01","to":"2026-03-01",
    "reached":[{"licence":"steel","milestone":"heat","on":"2026-02-09"}],
    "costs":[{"pool":"filing","amount":"9.00"}],
    "holds":[{"id":"a","licence":"steel","fraction":"1/2"},
             {"id":"b","payee":"wang","fraction":"1"}],
    "releases":[{"hold":"c","beneficiary":"li"},{"hold":"d"}]})");
  const RunRequest request = run_request_from_json(json).value();
  EXPECT_EQ(request.reached.at(0).at, parse_timestamp("2026-02-09T00:00:00Z").value());
  EXPECT_EQ(request.costs.at(0).amount, 900);
  EXPECT_EQ(request.holds.at(0).licence, "steel");
  EXPECT_EQ(request.holds.at(0).payee, "");
  EXPECT_EQ(request.holds.at(1).payee, "wang");
  EXPECT_EQ(request.releases.at(0).beneficiary, "li");
  EXPECT_EQ(request.releases.at(1).beneficiary, "");
  json["to"] = "2026-02-01";
  EXPECT_EQ(run_request_from_json(json).error().what, "to: must be after from");
}

TEST(RoyaltyJson, QuantitiesAreTakenAsTheyAreOrNotAtAll) {
  settlement::Terms terms;
  terms.usage = settlement::Usage::kQuantity;
  terms.quantity_digits = 1;
  EXPECT_EQ(quantity_from_text("1.5", terms).value(), 15);
  EXPECT_FALSE(quantity_from_text("1.55", terms).ok());
  EXPECT_FALSE(quantity_from_text("-1", terms).ok());
  terms.usage = settlement::Usage::kAmount;
  terms.quantity_digits = 0;
  EXPECT_EQ(quantity_from_text("1.55", terms).value(), 155);
  EXPECT_FALSE(quantity_from_text("-1.55", terms).ok());
}

TEST(RoyaltyJson, TermsAreThoseOfTheLicenceTheyStandIn) {
  Licence licence;
  licence.id = "steel";
  licence.licensees = {"firm"};
  licence.assets = {"alloy"};
  const auto problem = [&](const char* field, const std::string& value) {
    Json terms = text_json(R"({"licence":"steel","version":"1","asset":"alloy","payer":"firm",
      "currency":"CNY","usage":"amount","tiers":[{"from":"0","rate":"1 %"}],"gaps":"hold"})");
    terms[field] = value;
    licence.terms = terms.dump();
    const auto read = terms_of(licence);
    return read ? "" : read.error().what;
  };
  EXPECT_EQ(problem("payer", "firm"), "");
  EXPECT_THAT(problem("payer", "stranger"), HasSubstr("'stranger' is no licensee"));
  EXPECT_THAT(problem("asset", "furnace"), HasSubstr("'furnace' is none of the assets"));
  licence.id = std::string(49, 'x');
  EXPECT_THAT(problem("licence", licence.id), HasSubstr("more than 48 characters"));
}

}  // namespace
}  // namespace lineshaft::rights
