#include "docket/deadline_index.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "docket/case_fixture.h"

namespace lineshaft::docket {
namespace {

using Entry = DeadlineIndex::Entry;
using Model = std::set<Entry>;

// Everything, read page by page.
std::vector<Entry> all(const DeadlineIndex& index, std::size_t limit, Day from = kDayMin,
                       Day before = kDayMax) {
  std::vector<Entry> found;
  for (std::optional<Entry> next = Entry{from, 0, 0, 0}; next;) {
    const DeadlineIndex::Page page = index.page(*next, before, limit);
    EXPECT_LE(page.entries.size(), limit);
    EXPECT_TRUE(!page.next || page.entries.size() == limit);
    found.insert(found.end(), page.entries.begin(), page.entries.end());
    next = page.next;
  }
  return found;
}

// The oracle is an ordered set of all entries.
TEST(DeadlineIndex, IsTheOrderedSetOfItsEntries) {
  std::mt19937 random(7);
  const auto below = [&](unsigned end) { return static_cast<unsigned>(random() % end); };
  DeadlineIndex index;
  Model model;
  const Day first = day("2026-01-01");
  for (int step = 0; step < 1'500; ++step) {
    const std::uint32_t item = below(60);
    std::set<Entry> entries;
    for (unsigned i = below(8); i > 0; --i) {
      entries.insert({add_days(first, static_cast<int>(below(90))), item,
                      static_cast<std::uint16_t>(below(3)), static_cast<std::uint16_t>(below(3))});
    }
    std::erase_if(model, [&](const Entry& entry) { return entry.item == item; });
    model.insert(entries.begin(), entries.end());
    index.replace(item, std::vector<Entry>(entries.begin(), entries.end()));
    ASSERT_EQ(index.size(), model.size());
    if (step % 50 != 0) continue;
    ASSERT_EQ(all(index, 1 + below(9)), std::vector<Entry>(model.begin(), model.end()));
    const Day from = add_days(first, static_cast<int>(below(90)));
    const Day before = add_days(from, static_cast<int>(below(30)));
    ASSERT_EQ(all(index, 7, from, before),
              std::vector<Entry>(model.lower_bound({from, 0, 0, 0}),
                                 model.lower_bound({before, 0, 0, 0})));
  }
}

TEST(DeadlineIndex, KeepsWhatTheCallerWants) {
  DeadlineIndex index;
  for (std::uint32_t item = 0; item < 10; ++item) {
    index.replace(item, std::vector<Entry>{{day("2026-05-01"), item, 1, 0}});
  }
  const auto odd = [](const Entry& entry) { return entry.item % 2 == 1; };
  const DeadlineIndex::Page page = index.page({}, kDayMax, 3, odd);
  ASSERT_EQ(page.entries.size(), 3U);
  EXPECT_EQ(page.entries[2].item, 5U);
  ASSERT_TRUE(page.next);
  EXPECT_EQ(page.next->item, 7U);
}

TEST(DeadlineIndex, CountsByDay) {
  DeadlineIndex index;
  index.replace(3, std::vector<Entry>{{day("2026-05-01"), 3, 1, 0}, {day("2026-05-04"), 3, 2, 0}});
  index.replace(9, std::vector<Entry>{{day("2026-05-04"), 9, 1, 0}, {day("2026-06-01"), 9, 1, 1}});
  using Counts = std::vector<std::pair<Day, std::size_t>>;
  EXPECT_EQ(index.counts({day("2026-05-01"), day("2026-06-01")}),
            (Counts{{day("2026-05-01"), 1}, {day("2026-05-04"), 2}}));
  index.replace(3, {});
  EXPECT_EQ(index.counts({}), (Counts{{day("2026-05-04"), 1}, {day("2026-06-01"), 1}}));
}

}  // namespace
}  // namespace lineshaft::docket
