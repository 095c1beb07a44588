// docket/deadline_index.h: the deadlines of very many cases in the order of their days.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "docket/rule_pack.h"

namespace lineshaft::docket {

// Not thread-safe: whoever owns it locks it. Memory: 8 bytes a deadline, and some 70 a case.
class DeadlineIndex {
 public:
  // One deadline; the order is that of pages.
  struct Entry {
    Day due;
    std::uint32_t item = 0;    // the case, numbered by the owner from 0 on without large gaps
    std::uint16_t rule = 0;    // RuleBook::number_of()
    std::uint16_t number = 0;  // Deadline::number
    friend auto operator<=>(const Entry&, const Entry&) = default;
  };

  // Takes these as all deadlines of the case, instead of those it had. Requires: entries are of
  // `item`, which is below kItemsMax. Cost: each entry moves those of its day that come after it;
  // cases that are put in ascending order move none.
  void replace(std::uint32_t item, std::span<const Entry> entries);

  static constexpr std::uint32_t kItemsMax = 100'000'000;

  struct Page {
    std::vector<Entry> entries;
    std::optional<Entry> next;  // where the page after this one begins; nothing: it was the last
  };

  // Up to `limit` deadlines from `from` on that fall due before `before` and that `keep` keeps
  // (all, when it is empty). Cost: those looked at; a `keep` that keeps nothing looks at all of the
  // range.
  Page page(const Entry& from, Day before, std::size_t limit,
            const std::function<bool(const Entry&)>& keep = {}) const;

  // How many fall due on each day of the range that has any, by day.
  std::vector<std::pair<Day, std::size_t>> counts(const DayRange& range) const;

  std::size_t size() const { return size_; }

 private:
  struct Slot {  // of one day
    std::uint32_t item;
    std::uint16_t rule;
    std::uint16_t number;
    friend auto operator<=>(const Slot&, const Slot&) = default;
  };

  void erase(std::uint32_t item);

  std::map<Day, std::vector<Slot>> days_;  // no day is empty; slots sorted
  std::vector<std::vector<Day>> of_item_;  // the days on which the case has deadlines, each once
  std::size_t size_ = 0;
};

}  // namespace lineshaft::docket
