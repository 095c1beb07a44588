#include "docket/deadline_index.h"

#include <algorithm>

namespace lineshaft::docket {

void DeadlineIndex::erase(std::uint32_t item) {
  for (const Day day : of_item_[item]) {
    std::vector<Slot>& slots = days_.at(day);
    const auto begin = std::ranges::lower_bound(slots, item, {}, &Slot::item);
    const auto end = std::ranges::upper_bound(slots, item, {}, &Slot::item);
    size_ -= static_cast<std::size_t>(end - begin);
    slots.erase(begin, end);
    if (slots.empty()) days_.erase(day);
  }
  of_item_[item].clear();
}

void DeadlineIndex::replace(std::uint32_t item, std::span<const Entry> entries) {
  LS_ASSERT(item < kItemsMax);
  if (item >= of_item_.size()) of_item_.resize(item + std::size_t{1});
  erase(item);
  std::vector<Day>& days = of_item_[item];
  days.reserve(entries.size());
  for (const Entry& entry : entries) {
    LS_ASSERT(entry.item == item);
    const Slot slot{entry.item, entry.rule, entry.number};
    std::vector<Slot>& slots = days_[entry.due];
    slots.insert(std::ranges::upper_bound(slots, slot), slot);
    if (std::ranges::find(days, entry.due) == days.end()) days.push_back(entry.due);
  }
  size_ += entries.size();
}

DeadlineIndex::Page DeadlineIndex::page(const Entry& from, Day before, std::size_t limit,
                                        const std::function<bool(const Entry&)>& keep) const {
  Page page;
  for (auto at = days_.lower_bound(from.due); at != days_.end() && at->first < before; ++at) {
    const std::vector<Slot>& slots = at->second;
    auto slot = slots.begin();
    if (at->first == from.due) {
      slot = std::ranges::lower_bound(slots, Slot{from.item, from.rule, from.number});
    }
    for (; slot != slots.end(); ++slot) {
      const Entry entry{at->first, slot->item, slot->rule, slot->number};
      if (keep && !keep(entry)) continue;
      if (page.entries.size() == limit) {
        page.next = entry;
        return page;
      }
      page.entries.push_back(entry);
    }
  }
  return page;
}

std::vector<std::pair<Day, std::size_t>> DeadlineIndex::counts(const DayRange& range) const {
  std::vector<std::pair<Day, std::size_t>> found;
  for (auto at = days_.lower_bound(range.from); at != days_.end() && at->first < range.before;
       ++at) {
    found.emplace_back(at->first, at->second.size());
  }
  return found;
}

}  // namespace lineshaft::docket
