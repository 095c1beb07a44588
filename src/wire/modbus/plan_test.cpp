#include "wire/modbus/plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

namespace lineshaft::modbus {
namespace {

std::uint32_t end_of(const PlanItem& item) { return std::uint32_t{item.address} + item.count; }

// True if one request may carry exactly these items: same area, within the maximum, and no gap of
// registers that belong to no item of the plan longer than allowed.
bool allowed(const std::vector<PlanItem>& items, const std::vector<std::uint32_t>& members,
             const PlanLimits& limits) {
  if (!limits.join && members.size() > 1) return false;
  std::uint32_t from = UINT32_MAX;
  std::uint32_t to = 0;
  for (std::uint32_t i : members) {
    if (items[i].area != items[members.front()].area) return false;
    from = std::min<std::uint32_t>(from, items[i].address);
    to = std::max(to, end_of(items[i]));
  }
  const Area area = items[members.front()].area;
  if (to - from > (is_bits(area) ? limits.bits_max : limits.registers_max)) return false;
  std::uint32_t gap = 0;
  for (std::uint32_t at = from; at < to; ++at) {
    const bool owned = std::ranges::any_of(items, [&](const PlanItem& item) {
      return item.area == area && item.address <= at && at < end_of(item);
    });
    gap = owned ? 0 : gap + 1;
    if (gap > limits.gap_max) return false;
  }
  return true;
}

// The smallest number of requests over every way to divide the items among requests.
std::size_t fewest(const std::vector<PlanItem>& items, const PlanLimits& limits, std::size_t next,
                   std::vector<std::vector<std::uint32_t>>& groups) {
  if (next == items.size()) {
    const bool legal = std::ranges::all_of(
        groups, [&](const auto& members) { return allowed(items, members, limits); });
    return legal ? groups.size() : SIZE_MAX;
  }
  std::size_t best = SIZE_MAX;
  for (std::size_t g = 0; g <= groups.size(); ++g) {
    if (g == groups.size()) {
      groups.push_back({static_cast<std::uint32_t>(next)});
    } else {
      groups[g].push_back(static_cast<std::uint32_t>(next));
    }
    best = std::min(best, fewest(items, limits, next + 1, groups));
    groups[g].pop_back();
    if (groups[g].empty()) {
      groups.erase(groups.begin() + static_cast<std::ptrdiff_t>(g));
      break;  // that was the new group
    }
  }
  return best;
}

void expect_sound(const std::vector<PlanItem>& items, const PlanLimits& limits,
                  const std::vector<PlanBlock>& blocks) {
  std::multiset<std::uint32_t> planned;
  for (const PlanBlock& block : blocks) {
    ASSERT_FALSE(block.items.empty());
    ASSERT_TRUE(allowed(items, block.items, limits));
    std::uint32_t from = UINT32_MAX;
    std::uint32_t to = 0;
    for (std::uint32_t i : block.items) {
      planned.insert(i);
      from = std::min<std::uint32_t>(from, items[i].address);
      to = std::max(to, end_of(items[i]));
      EXPECT_EQ(items[i].area, block.area);
    }
    EXPECT_EQ(block.address, from);
    EXPECT_EQ(std::uint32_t{block.address} + block.count, to);
  }
  ASSERT_EQ(planned.size(), items.size());
  for (std::uint32_t i = 0; i < items.size(); ++i) EXPECT_EQ(planned.count(i), 1u);
}

// Goal: no plan has one request too many. Method: small random cases against every division.
TEST(Plan, NeedsTheFewestRequestsPossible) {
  std::mt19937 random(20261123);
  const auto below = [&](int bound) {
    return static_cast<int>(random() % static_cast<unsigned>(bound));
  };
  for (int round = 0; round < 3000; ++round) {
    PlanLimits limits;
    limits.registers_max = static_cast<std::uint16_t>(4 + below(9));
    limits.bits_max = static_cast<std::uint16_t>(4 + below(9));
    limits.gap_max = static_cast<std::uint16_t>(below(4));
    limits.join = below(8) != 0;
    std::vector<PlanItem> items;
    for (int i = 1 + below(7); i > 0; --i) {
      items.push_back({below(6) == 0 ? Area::kCoil : Area::kHolding,
                       static_cast<std::uint16_t>(below(30)),
                       static_cast<std::uint16_t>(1 + below(4))});
    }
    const std::vector<PlanBlock> blocks = plan_reads(items, limits);
    expect_sound(items, limits, blocks);
    std::vector<std::vector<std::uint32_t>> groups;
    ASSERT_EQ(blocks.size(), fewest(items, limits, 0, groups)) << "round " << round;
  }
}

TEST(Plan, ReadsAThousandFloatsInSeventeenRequests) {
  std::vector<PlanItem> items;
  for (std::uint16_t i = 0; i < 1000; ++i) {
    items.push_back({Area::kHolding, static_cast<std::uint16_t>(2 * i), 2});
  }
  const std::vector<PlanBlock> blocks = plan_reads(items, {});
  EXPECT_EQ(blocks.size(), 17u);  // 62 floats in 124 registers; 1000 / 62 = 16.1
  expect_sound(items, {}, blocks);
}

TEST(Plan, JoinsOverAGapUpToTheLimit) {
  const std::vector<PlanItem> items{{Area::kHolding, 0, 1}, {Area::kHolding, 9, 1}};
  EXPECT_EQ(plan_reads(items, {.gap_max = 8}).size(), 1u);
  EXPECT_EQ(plan_reads(items, {.gap_max = 7}).size(), 2u);
}

TEST(Plan, TakesTheLastAddressAndTheLongestValue) {
  const std::vector<PlanItem> items{{Area::kInput, 65535, 1}, {Area::kInput, 65411, 125}};
  const std::vector<PlanBlock> blocks = plan_reads(items, {});
  ASSERT_EQ(blocks.size(), 1u);
  EXPECT_EQ(blocks[0].count, 125u);
}

TEST(Plan, EndsQuicklyWithEveryRegisterOfADevice) {
  std::vector<PlanItem> items;
  for (std::uint32_t address = 0; address < kAddresses; ++address) {
    items.push_back({Area::kHolding, static_cast<std::uint16_t>(address), 1});
    if (address + 4 <= kAddresses) {
      items.push_back({Area::kHolding, static_cast<std::uint16_t>(address), 4});
    }
  }
  const std::vector<PlanBlock> blocks = plan_reads(items, {});
  // Windows advance by 125 - 3: the longest value that straddles an end starts the next block.
  EXPECT_LE(blocks.size(), 65536u / 122 + 1);
  EXPECT_EQ(plan_reads(items, {.join = false}).size(), items.size());
}

TEST(Plan, OfNothingIsNothing) { EXPECT_TRUE(plan_reads({}, {}).empty()); }

}  // namespace
}  // namespace lineshaft::modbus
