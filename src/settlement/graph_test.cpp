#include "settlement/graph.h"

#include <gtest/gtest.h>

#include "settlement/recoup.h"
#include "settlement/tax.h"

namespace lineshaft::settlement {
namespace {

using Units = std::vector<Int128>;
constexpr auto kNet = LinkBase::kNetOfTax;
constexpr auto kExternal = LinkBase::kExternal;

Ratio rate(const char* text) { return Ratio::parse(text).value(); }

const std::vector<std::string> kAssets = {"a", "b", "c", "d"};

std::string problem(const Graph& graph) {
  const Result<Route> route = route_of(graph, kAssets);
  return route ? "" : route.error().what;
}

// "d -> a 1/10": what an asset pays to whom.
std::vector<std::string> passages(const Graph& graph) {
  std::vector<std::string> texts;
  const Route route = route_of(graph, kAssets).value();
  for (const Passage& p : route.passages) {
    texts.push_back(kAssets[p.from] + " -> " + kAssets[p.to] + " " + p.rate.text());
  }
  return texts;
}

using Texts = std::vector<std::string>;

// d is derived from b and c, and both from a.
Graph diamond(Stacking stacking, LinkBase base) {
  return {stacking,
          {},
          {{"d", "b", rate("10 %"), base},
           {"d", "c", rate("20 %"), base},
           {"b", "a", rate("10 %"), base},
           {"c", "a", rate("5 %"), base}}};
}

Flow flow(const Graph& graph, const std::vector<Receipts>& receipts) {
  return pass_on(route_of(graph, kAssets).value(), receipts).value();
}

Receipts cash(Int128 amount) { return {amount, amount, amount}; }

TEST(PassOn, PaysFromDerivedToParentAndOn) {
  // d has 1,000: 100 to b, 200 to c. b passes on 10, c 10 (5 % of 200).
  const Flow f = flow(diamond(Stacking::kDirect, kNet), {{}, {}, {}, cash(1000)});
  EXPECT_EQ(f.received, (Units{20, 100, 200, 0}));
  EXPECT_EQ(f.retained, (Units{20, 90, 190, 700}));
}

TEST(PassOn, PaysEveryAncestorOnceForEachPath) {
  EXPECT_EQ(passages(diamond(Stacking::kEveryPath, kExternal)),
            (Texts{"b -> a 1/10", "c -> a 1/20", "d -> a 3/20", "d -> b 1/10", "d -> c 1/5"}));
  // Of d's 1,000: 150, 100, 200; what b and c receive is not passed on again.
  const Flow f = flow(diamond(Stacking::kEveryPath, kExternal), {{}, {}, {}, cash(1000)});
  EXPECT_EQ(f.retained, (Units{150, 100, 200, 550}));
}

TEST(PassOn, PaysEveryAncestorOnce) {
  EXPECT_EQ(passages(diamond(Stacking::kOncePerAncestor, kExternal)),
            (Texts{"b -> a 1/10", "c -> a 1/20", "d -> a 1/10", "d -> b 1/10", "d -> c 1/5"}));
}

TEST(PassOn, ScalesTheStackToItsCap) {
  Graph graph = diamond(Stacking::kEveryPath, kExternal);
  graph.cap = rate("15 %");
  // d: 9/20 in all becomes 3/20, a third of each.
  EXPECT_EQ(passages(graph),
            (Texts{"b -> a 1/10", "c -> a 1/20", "d -> a 1/20", "d -> b 1/30", "d -> c 1/15"}));
}

TEST(PassOn, TakesEachLinkOfItsOwnBase) {
  // d: 1,000 before tax, 900 after, 700 after costs; a pays d 100 of its external receipts.
  const Graph graph = {Stacking::kDirect,
                       {},
                       {{"a", "d", rate("1/10"), kExternal},
                        {"d", "a", rate("1/10"), LinkBase::kGross},
                        {"d", "b", rate("1/10"), LinkBase::kNetOfTax},
                        {"d", "c", rate("1/10"), LinkBase::kNetOfUpstream},
                        {"d", "c", rate("1/10"), kExternal}}};
  const Flow f = flow(graph, {cash(1000), {}, {}, {1000, 900, 700}});
  // By from, to and base: a's 100; then 10 % of 1,100, of 1,000, and of 700 + 100 - 70 - 110 - 100.
  const auto paid = [&](std::size_t i) { return f.passed[i].paid; };
  EXPECT_EQ((Units{paid(0), paid(1), paid(2), paid(3), paid(4)}), (Units{100, 110, 100, 52, 70}));
  EXPECT_EQ(f.passed[3].base, 520);
  EXPECT_EQ(f.retained, (Units{1010, 100, 122, 468}));
}

TEST(PassOn, NeverPaysMoreThanThereIs) {
  // 60 % and 40 % of 1,000 before tax and costs, but 500 are left: 300 and 200.
  const Graph graph = {
      Stacking::kDirect,
      {},
      {{"d", "a", rate("60 %"), LinkBase::kGross}, {"d", "b", rate("40 %"), LinkBase::kGross}}};
  const Flow f = flow(graph, {{}, {}, {}, {1000, 900, 500}});
  EXPECT_EQ(f.passed[0].owed, 600);
  EXPECT_EQ(f.passed[0].paid, 300);
  EXPECT_EQ(f.passed[1].paid, 200);
  EXPECT_EQ(f.retained, (Units{300, 200, 0, 0}));
}

TEST(PassOn, RoundsDownForTheBenefitOfThePayer) {
  const Graph graph = {Stacking::kDirect, {}, {{"d", "a", rate("1/3"), kNet}}};
  EXPECT_EQ(flow(graph, {{}, {}, {}, cash(5)}).retained, (Units{1, 0, 0, 4}));
}

TEST(RouteOf, NamesTheCycle) {
  const Graph graph = {Stacking::kDirect,
                       {},
                       {{"a", "b", rate("1/10"), kNet},
                        {"b", "c", rate("1/10"), kNet},
                        {"c", "a", rate("1/10"), kNet},
                        {"c", "d", rate("1/10"), kNet}}};
  EXPECT_EQ(problem(graph), "links: the cycle a -> b -> c -> a can pay only on external receipts");
}

TEST(RouteOf, LetsTwoAssetsBeLicensedToEachOtherOnExternalReceipts) {
  const std::vector<Link> links = {{"a", "b", rate("10 %"), kExternal},
                                   {"b", "a", rate("20 %"), kExternal}};
  const Flow f = flow({Stacking::kDirect, {}, links}, {cash(100), cash(1000), {}, {}});
  EXPECT_EQ(f.retained, (Units{100 - 10 + 200, 1000 - 200 + 10, 0, 0}));
  EXPECT_NE(problem({Stacking::kEveryPath, {}, links}).find("a -> b -> a"), std::string::npos);
}

TEST(RouteOf, RefusesLinksThatMakeNoSense) {
  const auto refused = [](const Link& link) {
    return problem({Stacking::kDirect, {}, {link}}) != "";
  };
  EXPECT_FALSE(refused({"a", "b", rate("1"), kNet}));
  EXPECT_TRUE(refused({"a", "a", rate("1/2"), kExternal}));
  EXPECT_TRUE(refused({"a", "x", rate("1/2"), kNet}));
  EXPECT_TRUE(refused({"", "a", rate("1/2"), kNet}));
  EXPECT_TRUE(refused({"a", "b", rate("0"), kNet}));
  EXPECT_TRUE(refused({"a", "b", rate("-1/2"), kNet}));
  EXPECT_TRUE(refused({"a", "b", rate("101 %"), kNet}));
  const Link half = {"a", "b", rate("51 %"), kNet};
  EXPECT_EQ(problem({Stacking::kDirect, {}, {half, half}}), "links: a -> b is there twice");
  EXPECT_EQ(problem({Stacking::kDirect, {}, {half, {"a", "c", rate("50 %"), kNet}}}),
            "links: a would pass on more than it receives: 101/100");
  EXPECT_EQ(problem({Stacking::kDirect, rate("1/2"), {half, {"a", "c", rate("50 %"), kNet}}}), "");
  EXPECT_NE(problem({Stacking::kDirect, rate("2"), {}}), "");
  EXPECT_NE(problem({Stacking::kEveryPath, {}, {half}}), "");
}

// --- what comes before the graph ---

TEST(Recoup, PaysPriorityAfterPriorityAndInProportionInside) {
  const std::vector<Pool> pools = {{"late", "p", 2}, {"y", "p", 1}, {"x", "q", 1}};
  const auto amounts = [&](Int128 available) {
    return recoup(available, pools, Units{50, 100, 200}).amounts;
  };
  EXPECT_EQ(amounts(0), (Units{0, 0, 0}));
  EXPECT_EQ(amounts(100), (Units{0, 33, 67}));
  EXPECT_EQ(amounts(300), (Units{0, 100, 200}));
  EXPECT_EQ(amounts(320), (Units{20, 100, 200}));
  EXPECT_EQ(recoup(400, pools, Units{50, 100, 200}).left, 50);
}

TEST(Recoup, NeverExceedsWhatIsOutstanding) {
  for (Int128 available = 0; available <= 40; ++available) {
    for (Int128 first = 0; first <= 20; ++first) {
      const Units outstanding = {first, 7, 1};
      const Recouped r = recoup(
          available, std::vector<Pool>{{"a", "p", 1}, {"b", "p", 1}, {"c", "p", 1}}, outstanding);
      Int128 sum = r.left;
      for (std::size_t i = 0; i < 3; ++i) {
        ASSERT_GE(r.amounts[i], 0);
        ASSERT_LE(r.amounts[i], outstanding[i]);
        sum += r.amounts[i];
      }
      ASSERT_EQ(sum, available);
    }
  }
}

TEST(Tax, IsCarvedOutOfThePriceAndWithheldFromThePayment) {
  EXPECT_EQ(contained_vat(11'300, rate("13 %")), 1'300);
  EXPECT_EQ(contained_vat(100, rate("13 %")), 12);  // 11.504
  EXPECT_EQ(contained_vat(100, rate("0")), 0);
  EXPECT_EQ(withheld(999, rate("10 %")), 99);
  EXPECT_TRUE(check_tax_rate("vat", rate("1")).ok());
  EXPECT_FALSE(check_tax_rate("vat", rate("-1 %")).ok());
  EXPECT_FALSE(check_tax_rate("vat", rate("101 %")).ok());
}

}  // namespace
}  // namespace lineshaft::settlement
