#include "docket/deadlines.h"

#include <algorithm>
#include <utility>

namespace lineshaft::docket {
namespace {

using Strings = std::vector<std::string>;

const Event* first_of(const Case& item, const Strings& kinds) {
  for (const std::string& kind : kinds) {
    if (const Event* event = first_event(item, kind)) return event;
  }
  return nullptr;
}

bool has_any(const Case& item, const Strings& kinds) { return first_of(item, kinds) != nullptr; }

bool has_all(const Case& item, const Strings& kinds) {
  return std::ranges::all_of(
      kinds, [&](const std::string& kind) { return first_event(item, kind) != nullptr; });
}

// The deadlines of one rule for one case.
class RuleRun {
 public:
  RuleRun(const RuleBook& book, const RulePack& pack, const Rule& rule, const Case& item, Day until,
          std::vector<Deadline>& out)
      : calendar_(book.calendar_of(rule)),
        pack_(pack),
        rule_(rule),
        item_(item),
        until_(until),
        out_(out) {}

  void run() {
    if (!has_all(item_, rule_.needs) || has_any(item_, rule_.unless)) return;
    const Event* trigger = first_of(item_, rule_.from);
    if (trigger == nullptr) return;
    if (!rule_.is_for_each) return recur(*trigger);
    for (const Event& event : item_.events) {
      if (event.kind == trigger->kind) recur(event);
    }
  }

 private:
  void recur(const Event& trigger) {
    if (!rule_.use.contains(trigger.day)) return;
    if (rule_.every == Offset{}) {
      add(trigger, rule_.after, rule_.is_for_each ? trigger.number : 0);
      return;
    }
    Offset after = rule_.after;
    for (int number = rule_.first; number <= rule_.last; ++number) {
      if (!add(trigger, after, number)) return;
      after.months += rule_.every.months;
      after.days += rule_.every.days;
      if (after.months > kOffsetMax / 2 || after.days > kOffsetMax / 2) return;
    }
  }

  // False when this one and all later ones lie beyond the horizon.
  bool add(const Event& trigger, const Offset& after, int number) {
    const Day legal = legal_day(trigger, after);
    if (legal > until_) return false;
    if (!falls_due(legal)) return true;
    Deadline deadline;
    deadline.pack = &pack_;
    deadline.rule = &rule_;
    deadline.number = number;
    deadline.trigger = trigger.day;
    deadline.legal = legal;
    deadline.due = open_day(legal);
    deadline.is_certain = rule_.kind != RuleKind::kTask || calendar_.knows(deadline.due);
    if (rule_.opens) {
      deadline.opens = Offset{-rule_.opens->months, -rule_.opens->days}.from(legal);
    }
    if (rule_.grace) deadline.grace_end = open_day(grace_day(trigger, after, legal));
    deadline.done = settled(number);
    out_.push_back(deadline);
    return true;
  }

  Day whole_month(Day day) const { return rule_.is_end_of_month ? end_of_month(day) : day; }

  Day open_day(Day day) const {
    return rule_.kind == RuleKind::kTask ? calendar_.first_open_day(day) : day;
  }

  Day legal_day(const Event& trigger, const Offset& after) const {
    const Day day = whole_month(after.from(trigger.day));
    const Event* other = first_of(item_, rule_.or_from);
    return other == nullptr ? day : std::max(day, rule_.or_after.from(other->day));
  }

  Day grace_day(const Event& trigger, const Offset& after, Day legal) const {
    const Offset& grace = *rule_.grace;
    if (!rule_.is_grace_from_trigger) return whole_month(grace.from(legal));
    const Offset whole{after.months + grace.months, after.days + grace.days};
    return whole_month(std::max(legal, whole.from(trigger.day)));
  }

  bool falls_due(Day legal) const {
    const Event* stop = nullptr;
    for (const Event& event : item_.events) {
      if (std::ranges::find(rule_.stopped_by, event.kind) == rule_.stopped_by.end()) continue;
      if (stop == nullptr || event.day < stop->day) stop = &event;
    }
    if (stop != nullptr && legal > stop->day) return false;
    if (rule_.not_before.empty()) return true;
    const Event* begin = first_event(item_, rule_.not_before);
    return begin == nullptr || legal >= begin->day;
  }

  // A rule that recurs is settled number by number.
  std::optional<Day> settled(int number) const {
    const bool is_numbered = rule_.is_for_each || rule_.every != Offset{};
    std::optional<Day> day;
    for (const Event& event : item_.events) {
      if (std::ranges::find(rule_.done_by, event.kind) == rule_.done_by.end()) continue;
      if (is_numbered && event.number != number) continue;
      if (!day || event.day < *day) day = event.day;
    }
    return day;
  }

  const OfficeCalendar& calendar_;
  const RulePack& pack_;
  const Rule& rule_;
  const Case& item_;
  Day until_;
  std::vector<Deadline>& out_;
};

Status check(const Case& item) {
  if (item.events.size() > kEventsMax) {
    return Error{ErrorId::kInvalidArgument,
                 "the case '" + item.id + "' has more than 10,000 events"};
  }
  for (const Case::Count& count : item.counts) {
    if (count.number < 0 || count.number > kCountMax) {
      return Error{ErrorId::kInvalidArgument, "the number of " + count.of + " of the case '" +
                                                  item.id + "' is not from 0 to 1,000,000"};
    }
  }
  return {};
}

}  // namespace

const Event* first_event(const Case& item, std::string_view kind) {
  const Event* found = nullptr;
  for (const Event& event : item.events) {
    if (event.kind == kind && (found == nullptr || event.day < found->day)) found = &event;
  }
  return found;
}

Result<std::vector<Deadline>> deadlines_of(const RuleBook& book, const Case& item, Day until) {
  if (Status checked = check(item); !checked.ok()) return std::move(checked).error();
  std::vector<Deadline> found;
  for (const RulePack& pack : book.packs()) {
    if (pack.office != item.office && pack.office != "*") continue;
    if (std::ranges::find(pack.kinds, item.kind) == pack.kinds.end()) continue;
    for (const Rule& rule : pack.rules) RuleRun(book, pack, rule, item, until, found).run();
  }
  std::ranges::stable_sort(found, {}, &Deadline::due);
  return found;
}

}  // namespace lineshaft::docket
