#include "docket/rule_book.h"

#include <algorithm>
#include <string>
#include <utility>

namespace lineshaft::docket {

Result<RuleBook> RuleBook::read(std::span<const PackFile> files) {
  RuleBook book;
  const auto refuse = [](const PackFile& file, const std::string& what) {
    return Error{ErrorId::kBadRulePack, std::string(file.name) + ": " + what};
  };
  std::size_t rules = 0;
  for (const PackFile& file : files) {
    if (file.name.starts_with("calendar-")) {
      Result<OfficeCalendar> calendar = read_calendar(file.name, file.text);
      if (!calendar) return std::move(calendar).error();
      if (std::ranges::count(book.calendars_, calendar->id(), &OfficeCalendar::id) > 0) {
        return refuse(file, "there is a calendar '" + calendar->id() + "' already");
      }
      book.calendars_.push_back(*std::move(calendar));
      continue;
    }
    Result<RulePack> pack = read_rule_pack(file.name, file.text);
    if (!pack) return std::move(pack).error();
    if (std::ranges::count(book.packs_, pack->id, &RulePack::id) > 0) {
      return refuse(file, "there is a pack '" + pack->id + "' already");
    }
    rules += pack->rules.size();
    if (rules > kRulesMax) return refuse(file, "more than 10,000 rules");
    book.packs_.push_back(*std::move(pack));
  }
  for (const RulePack& pack : book.packs_) {
    for (const Rule& rule : pack.rules) {
      if (std::ranges::count(book.calendars_, rule.calendar, &OfficeCalendar::id) > 0) continue;
      return Error{ErrorId::kBadRulePack, "the rule '" + rule.id + "' of the pack '" + pack.id +
                                              "' names the calendar '" + rule.calendar +
                                              "', which no file has"};
    }
  }
  return book;
}

const OfficeCalendar& RuleBook::calendar_of(const Rule& rule) const {
  const auto found = std::ranges::find(calendars_, rule.calendar, &OfficeCalendar::id);
  LS_ASSERT(found != calendars_.end());
  return *found;
}

std::uint16_t RuleBook::number_of(const RulePack& pack, const Rule& rule) const {
  LS_ASSERT(&rule >= pack.rules.data() && &rule < pack.rules.data() + pack.rules.size());
  std::size_t number = static_cast<std::size_t>(&rule - pack.rules.data());
  for (const RulePack& other : packs_) {
    if (&other == &pack) return static_cast<std::uint16_t>(number);
    number += other.rules.size();
  }
  LS_ASSERT(false);  // The pack is of this book.
  return 0;
}

RuleBook::Found RuleBook::rule_of(std::uint16_t number) const {
  std::size_t left = number;
  for (const RulePack& pack : packs_) {
    if (left < pack.rules.size()) return {&pack, &pack.rules[left]};
    left -= pack.rules.size();
  }
  LS_ASSERT(false);  // The number is of this book.
  return {};
}

}  // namespace lineshaft::docket
