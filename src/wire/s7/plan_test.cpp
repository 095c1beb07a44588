#include "wire/s7/plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <tuple>

namespace lineshaft::s7 {
namespace {

std::size_t padded(std::size_t bytes) { return bytes + bytes % 2; }

bool same_memory(const PlanItem& a, const PlanItem& b) { return a.area == b.area && a.db == b.db; }

// Byte of the memory where a range begins, and how many it has.
std::pair<std::uint32_t, std::uint32_t> extent(const Item& item) {
  if (is_counted(item.area)) return {item.address * 2, item.count * 2u};
  EXPECT_EQ(item.address % 8, 0u);
  return {item.address / 8, item.count};
}

// Goal: whatever is planned, both PDUs fit, and every byte of every item is read once, in the order
// of the requests, values of a PDU or less in one piece.
void expect_sound(const std::vector<PlanItem>& items, const PlanLimits& limits,
                  const std::vector<PlanRequest>& requests) {
  std::map<std::uint32_t, std::uint32_t> seen;  // item: bytes so far
  for (const PlanRequest& request : requests) {
    ASSERT_FALSE(request.parts.empty());
    ASSERT_LE(request.read.items.size(), kItemsMax);
    ASSERT_LE(request_bytes(request.read), limits.pdu_bytes);
    ASSERT_LE(answer_bytes(request.read), limits.pdu_bytes);
    if (!limits.join) {
      ASSERT_EQ(request.parts.size(), 1u);
    }
    for (const PlanPart& part : request.parts) {
      const PlanItem& item = items[part.item];
      const Item& range = request.read.items.at(part.range);
      const auto [start, bytes] = extent(range);
      ASSERT_EQ(range.area, item.area);
      ASSERT_EQ(range.db, item.db);
      ASSERT_EQ(start + part.range_offset, item.start + part.item_offset);
      ASSERT_LE(part.range_offset + part.bytes, bytes);
      ASSERT_EQ(part.item_offset, seen[part.item]);
      seen[part.item] += part.bytes;
      if (item.bytes <= limits.pdu_bytes - 18) {
        ASSERT_EQ(part.bytes, item.bytes);
      }
    }
    for (std::uint16_t r = 0; r < request.read.items.size(); ++r) {
      const auto [start, bytes] = extent(request.read.items[r]);
      std::vector<bool> owned(bytes);
      for (const PlanPart& part : request.parts) {
        if (part.range != r) continue;
        std::fill_n(owned.begin() + part.range_offset, part.bytes, true);
      }
      ASSERT_TRUE(owned.front() && owned.back()) << "a range begins or ends with a gap";
      std::uint32_t gap = 0;
      for (const bool used : owned) {
        gap = used ? 0 : gap + 1;
        ASSERT_LE(gap, limits.gap_max);
      }
    }
  }
  for (std::uint32_t i = 0; i < items.size(); ++i) ASSERT_EQ(seen[i], items[i].bytes);
}

// Whether items [first, last), in order of address, fit into one request under any way of bridging
// the gaps between them.
bool fits(const std::vector<PlanItem>& sorted, std::size_t first, std::size_t last,
          const PlanLimits& limits) {
  if (!limits.join) return last - first == 1;
  const std::size_t joints = last - first - 1;
  for (std::uint32_t bridged = 0; bridged < 1u << joints; ++bridged) {
    std::size_t ranges = 0;
    std::size_t bytes = 0;
    std::uint32_t start = 0;
    std::uint32_t end = 0;
    bool allowed = true;
    for (std::size_t i = first; i < last; ++i) {
      const PlanItem& item = sorted[i];
      const bool joins = i > first && (bridged >> (i - first - 1) & 1) != 0;
      if (joins) {
        allowed = allowed && same_memory(sorted[i - 1], item) && item.start <= end + limits.gap_max;
      } else {
        if (i > first) bytes += 4 + padded(end - start);
        ranges += 1;
        start = item.start;
        end = start;
      }
      end = std::max(end, item.start + item.bytes);
    }
    bytes += 4 + padded(end - start);
    if (allowed && ranges <= kItemsMax && 12 + 12 * ranges <= limits.pdu_bytes &&
        14 + bytes <= limits.pdu_bytes) {
      return true;
    }
  }
  return false;
}

// The fewest requests that take the items in the order of their addresses.
std::size_t fewest(std::vector<PlanItem> items, const PlanLimits& limits) {
  std::ranges::stable_sort(items, {}, [](const PlanItem& item) {
    return std::tuple(item.area, item.db, item.start, item.bytes);
  });
  std::vector<std::size_t> best(items.size() + 1, SIZE_MAX);
  best[0] = 0;
  for (std::size_t last = 1; last <= items.size(); ++last) {
    for (std::size_t first = 0; first < last; ++first) {
      if (fits(items, first, last, limits)) best[last] = std::min(best[last], best[first] + 1);
    }
  }
  return best.back();
}

// Goal: no plan has one request too many. Method: small random cases against every way to divide
// them and to bridge their gaps.
TEST(S7Plan, NeedsTheFewestRequestsPossible) {
  std::mt19937 random(20261126);
  const auto below = [&](std::uint32_t bound) {
    return static_cast<std::uint32_t>(random() % bound);
  };
  for (int round = 0; round < 1500; ++round) {
    PlanLimits limits;
    limits.pdu_bytes = kPduBytesMin + 2 * below(10);  // eight to nine items, 94 to 112 bytes
    limits.gap_max = 2 * below(40);
    limits.join = below(10) != 0;
    std::vector<PlanItem> items;
    const std::uint32_t spread = 60 + below(400);
    for (std::uint32_t i = 1 + below(11); i > 0; --i) {
      const bool other = below(8) == 0;
      items.push_back({other ? Area::kMarker : Area::kDataBlock,
                       static_cast<std::uint16_t>(other ? 0 : 1), 2 * below(spread),
                       2 * (1 + below(below(3) == 0 ? 20 : 4))});
    }
    const auto requests = plan_reads(items, limits);
    expect_sound(items, limits, requests);
    ASSERT_EQ(requests.size(), fewest(items, limits)) << "round " << round;
  }
}

TEST(S7Plan, IsSoundForEverySizeOfPduAndOddAddresses) {
  std::mt19937 random(7);
  const auto below = [&](std::uint32_t bound) {
    return static_cast<std::uint32_t>(random() % bound);
  };
  for (int round = 0; round < 300; ++round) {
    PlanLimits limits;
    limits.pdu_bytes = kPduBytesMin + below(kPduBytesMax - kPduBytesMin + 1);
    limits.gap_max = below(100);
    std::vector<PlanItem> items;
    for (std::uint32_t i = below(200); i > 0; --i) {
      const bool counted = below(10) == 0;
      PlanItem item{Area::kDataBlock, static_cast<std::uint16_t>(1 + below(3)), below(2000),
                    1 + below(below(20) == 0 ? 2004 : 12)};
      if (counted) item = {Area::kTimer, 0, 2 * below(100), 2};
      items.push_back(item);
    }
    expect_sound(items, limits, plan_reads(items, limits));
  }
}

TEST(S7Plan, ReadsAThousandRealsOfAnS7_300InNineteenRequests) {
  std::vector<PlanItem> items;
  for (std::uint32_t i = 0; i < 1000; ++i) items.push_back({Area::kDataBlock, 1, 4 * i, 4});
  const auto requests = plan_reads(items, {});
  EXPECT_EQ(requests.size(), 19u);  // 222 bytes hold 55 REALs; 1000 / 55 = 18.2
  expect_sound(items, {}, requests);
  PlanLimits large;
  large.pdu_bytes = 960;
  EXPECT_EQ(plan_reads(items, large).size(), 5u);  // 942 bytes hold 235; 1000 / 235 = 4.3
}

// Nineteen items of 12 bytes fit into a request of 240 (12 + 19 * 12 = 240), twenty do not.
TEST(S7Plan, CountsTheBytesOfTheRequestToo) {
  std::vector<PlanItem> items;
  for (std::uint16_t db = 1; db <= 20; ++db) items.push_back({Area::kDataBlock, db, 0, 2});
  EXPECT_EQ(plan_reads(items, {}).size(), 2u);
  PlanLimits larger;
  larger.pdu_bytes = 252;
  EXPECT_EQ(plan_reads(items, larger).size(), 1u);
  items.push_back({Area::kDataBlock, 21, 0, 2});
  larger.pdu_bytes = 960;
  EXPECT_EQ(plan_reads(items, larger).size(), 2u);  // never more than 20
}

// Thirty words 30 bytes apart: in a PDU of 960 not more than 20 ranges fit, so ten gaps of 28 bytes
// are bridged (30 * 2 + 10 * 28 + 20 * 4 = 420 bytes); without that it takes two requests.
TEST(S7Plan, BridgesGapsOnlyWhereThatSavesARequest) {
  std::vector<PlanItem> items;
  for (std::uint32_t i = 0; i < 30; ++i) items.push_back({Area::kMarker, 0, 30 * i, 2});
  PlanLimits limits;
  limits.pdu_bytes = 960;
  const auto requests = plan_reads(items, limits);
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_EQ(requests[0].read.items.size(), 20u);
  EXPECT_EQ(answer_bytes(requests[0].read), 14u + 420);
  limits.gap_max = 27;
  EXPECT_EQ(plan_reads(items, limits).size(), 2u);
}

TEST(S7Plan, DividesOnlyAValueThatIsLongerThanAPdu) {
  const std::vector<PlanItem> items = {{Area::kDataBlock, 1, 0, 256},
                                       {Area::kDataBlock, 1, 256, 4}};
  const auto requests = plan_reads(items, {});
  expect_sound(items, {}, requests);
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_EQ(requests[0].parts.size(), 1u);
  EXPECT_EQ(requests[0].parts[0].bytes, 222u);
  EXPECT_EQ(requests[1].parts.size(), 2u);  // the other 34 and the next value
}

TEST(S7Plan, OfNothingIsNothing) { EXPECT_TRUE(plan_reads({}, {}).empty()); }

TEST(S7Plan, EndsQuicklyWithEveryByteOfADataBlock) {
  std::vector<PlanItem> items;
  for (std::uint32_t byte = 0; byte < kAreaBytes; ++byte)
    items.push_back({Area::kDataBlock, 1, byte, 1});
  EXPECT_EQ(plan_reads(items, {}).size(), 296u);  // 65536 / 222 = 295.2
}

TEST(S7Plan, KnowsWhatOneWriteCarries) {
  EXPECT_EQ(write_bytes_max(240), 212u);
  const Bytes data(212);
  const WriteVar write{{{{Area::kDataBlock, 1, Element::kByte, 0, 212}, data}}};
  EXPECT_EQ(request_bytes(write), 240u);
}

}  // namespace
}  // namespace lineshaft::s7
