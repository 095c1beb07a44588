#include "rights/royalty_statement.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <set>

#include "rights/royalty_fixture.h"

namespace lineshaft::rights {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Two licences that have nothing to do with each other: the firm pays for the alloy of centre and
// partner, Li for the university's furnace. The first is reported, with a gap; the second metered.
class RoyaltyStatementTest : public RoyaltyFixture {
 protected:
  RoyaltyStatementTest() {
    license("steel", tonnes("steel", "declared"));
    report("p-1", "2026-02-03", "2026-03-01", "52");
    report("p-2", "2026-02-01", "2026-02-03", "4", "steel/1769904000000");  // 2026-02-01
    Licence heat;
    heat.id = "heat";
    heat.licensors = {"university"};
    heat.licensees = {"li"};
    heat.assets = {"furnace"};
    Json terms = parse_json(tonnes("heat")).value();
    terms["asset"] = "furnace";
    terms["payer"] = "li";
    license(heat, terms.dump());
    meter("heat");
    say("2026-01-31T23:00:00Z", 0.0);
    say("2026-02-28T23:59:00Z", 30.0);
  }

  Json statement(const std::string& party) {
    const WholeRun whole = book_->get_run(kOurs, "r-1").value();
    const Json json = whole_run_json(whole).value();
    return party_statement(json, party).value();
  }
  // The different values of `member` in a list of the statement.
  static std::set<std::string> in(const Json& statement, const char* list, const char* member) {
    std::set<std::string> values;
    for (const Json& item : statement[list]) values.insert(item[member].get<std::string>());
    return values;
  }
};

TEST_F(RoyaltyStatementTest, WhoIsPaidSeesWhatLeadsThereAndNothingElse) {
  make(february("r-1")).value();
  const Json centre = statement("centre");
  EXPECT_THAT(in(centre, "lines", "licence"), ElementsAre("steel"));
  EXPECT_THAT(in(centre, "licences", "licence"), ElementsAre("steel"));
  EXPECT_THAT(in(centre, "assets", "asset"), ElementsAre("alloy"));
  EXPECT_THAT(in(centre, "gaps", "licence"), ElementsAre("steel"));
  EXPECT_THAT(centre["meters"], IsEmpty());
  EXPECT_THAT(centre["charges"], IsEmpty());
  const Json university = statement("university");
  EXPECT_THAT(in(university, "lines", "licence"), ElementsAre("heat"));
  EXPECT_THAT(in(university, "meters", "licence"), ElementsAre("heat"));
  EXPECT_THAT(in(university, "assets", "asset"), ElementsAre("furnace"));
  EXPECT_THAT(university["gaps"], IsEmpty());
}

TEST_F(RoyaltyStatementTest, WhoPaysSeesTheOwnChargesAndTheirUse) {
  make(february("r-1")).value();
  const Json li = statement("li");
  EXPECT_THAT(in(li, "charges", "licence"), ElementsAre("heat"));
  EXPECT_THAT(in(li, "lines", "licence"), ElementsAre("heat"));
  EXPECT_THAT(in(li, "meters", "licence"), ElementsAre("heat"));
  EXPECT_THAT(li["licences"], IsEmpty()) << "it gets nothing";
  EXPECT_THAT(li["assets"], IsEmpty());
}

// The alloy passes on a tenth to the furnace; its filing was paid by Wang.
TEST_F(RoyaltyStatementTest, PartsLeadBackToTheAssetsThatBringThem) {
  RoyaltyPlan plan;
  plan.asset = "alloy";
  plan.links = {{"furnace", Ratio::make(1, 10).value(), settlement::LinkBase::kNetOfTax}};
  plan.pools = {{"filing", "wang", 1}};
  book_->put_plan(kOurs, plan).value();
  RunRequest request = february("r-1");
  request.costs = {{"filing", 900, ""}};
  make(request).value();
  const Json university = statement("university");
  EXPECT_THAT(in(university, "assets", "asset"), ElementsAre("alloy", "furnace"));
  EXPECT_THAT(in(university, "licences", "licence"), ElementsAre("heat", "steel"));
  const Json wang = statement("wang");
  EXPECT_EQ(wang["amount"], "9.00");
  EXPECT_THAT(in(wang, "assets", "asset"), ElementsAre("alloy"));
  EXPECT_THAT(in(wang, "lines", "licence"), ElementsAre("steel"));
}

}  // namespace
}  // namespace lineshaft::rights
