#include "rights/asset_docket.h"

#include <algorithm>

#include "rights/word_list.h"

namespace lineshaft::rights {
namespace {

constexpr Word<DeadlineState> kStates[] = {{DeadlineState::kOpen, "open"},
                                           {DeadlineState::kOverdue, "overdue"},
                                           {DeadlineState::kMissed, "missed"},
                                           {DeadlineState::kDone, "done"},
                                           {DeadlineState::kPassed, "passed"}};

constexpr std::string_view kInternational = "WO";
// Renewals are matched with the years that are due until long after the last of them.
constexpr int kMonthsAhead = 12 * 25;

bool is_end(EventKind kind) {
  return kind == EventKind::kLapsed || kind == EventKind::kExpired ||
         kind == EventKind::kWithdrawn || kind == EventKind::kRefused ||
         kind == EventKind::kInvalidated;
}

// The office acted, or took a fee: what was due before must have been done, or did not matter.
bool shows_life(EventKind kind) {
  return kind == EventKind::kPublished || kind == EventKind::kGranted ||
         kind == EventKind::kRegistered || kind == EventKind::kRenewed ||
         kind == EventKind::kRestored;
}

std::optional<Day> latest(const std::vector<Event>& events, EventKind kind) {
  std::optional<Day> day;
  for (const Event& event : events) {
    if (event.kind == kind && (!day || event.date > *day)) day = event.date;
  }
  return day;
}

std::optional<Day> earliest(const std::vector<Event>& events, EventKind kind) {
  std::optional<Day> day;
  for (const Event& event : events) {
    if (event.kind == kind && (!day || event.date < *day)) day = event.date;
  }
  return day;
}

bool recurs(const docket::Rule& rule) {
  return rule.every != docket::Offset{} && !rule.done_by.empty() &&
         rule.kind == docket::RuleKind::kTask;
}

bool is_for(const docket::RulePack& pack, const Asset& asset) {
  return (pack.office == asset.office || pack.office == "*") &&
         std::ranges::find(pack.kinds, name_of(asset.kind)) != pack.kinds.end();
}

std::string lower(std::string_view office) {
  std::string text(office);
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

// Builds the events of one case.
class CaseMaker {
 public:
  CaseMaker(const docket::RuleBook& book, const AssetHistory& history,
            std::span<const Relative> relatives)
      : book_(book), asset_(history.asset), events_(history.events), relatives_(relatives) {
    item_.id = asset_.id;
    item_.office = asset_.office;
    item_.kind = name_of(asset_.kind);
    item_.reductions = asset_.reductions;
    for (const FeeCount& count : asset_.counts) item_.counts.push_back({count.of, count.number});
    // A mark has one class at least, and its fees are for each class.
    const bool has_classes = std::ranges::count(asset_.counts, "classes", &FeeCount::of) > 0;
    if (asset_.kind == AssetKind::kTradeMark && !has_classes)
      item_.counts.push_back({"classes", 1});
  }

  Result<docket::Case> make() {
    add_own();
    add_what_a_grant_shows();
    add_origin();
    add_children();
    if (Status added = add_renewals(); !added) return std::move(added).error();
    return std::move(item_);
  }

 private:
  void add(std::string_view kind, Day day, std::int64_t number = 0) {
    item_.events.push_back({std::string(kind), day, static_cast<int>(number)});
  }

  void add_own() {
    const std::optional<Day> restored = latest(events_, EventKind::kRestored);
    for (const Event& event : events_) {
      if (event.kind == EventKind::kAct) {
        add(event.act, event.date, event.number);
        continue;
      }
      if (event.kind == EventKind::kRenewed || event.kind == EventKind::kRestored) continue;
      if (is_end(event.kind) && restored && event.date <= *restored) continue;
      add(name_of(event.kind), event.date, event.number);
    }
  }

  // No office grants what nobody asked it to examine, nor what was not registered.
  void add_what_a_grant_shows() {
    const std::optional<Day> granted = earliest(events_, EventKind::kGranted);
    if (!granted) return;
    for (const char* kind : {"examination_requested", "registration_paid"}) {
      if (docket::first_event(item_, kind) == nullptr) add(kind, *granted);
    }
  }

  // A national phase has the filing day of the international application; a division that of the
  // application it was divided from, and its application fee is paid with it.
  void add_origin() {
    const std::optional<Day> filed = earliest(events_, EventKind::kFiled);
    const auto parent = std::ranges::find(relatives_, asset_.parent, &Relative::id);
    if (!filed || asset_.parent.empty() || parent == relatives_.end() || !parent->filed) return;
    const bool is_national = parent->office == kInternational && asset_.office != kInternational;
    const bool is_division = parent->office == asset_.office && parent->kind == asset_.kind &&
                             !earliest(events_, EventKind::kPriority);
    if ((!is_national && !is_division) || *parent->filed > *filed) return;
    add("filed", *parent->filed);
    add(is_national ? "national_entry" : "application_fee_paid", *filed);
  }

  void add_children() {
    for (const Relative& child : relatives_) {
      if (child.parent != asset_.id || !child.filed) continue;
      if (asset_.office == kInternational) {
        add("entered_" + lower(child.office), *child.filed);
      } else if (child.has_priority && child.office != asset_.office) {
        add("foreign_filing", *child.filed);
      }
    }
  }

  Status add_renewals() {
    std::vector<Event> renewals;
    for (const Event& event : events_) {
      if (event.kind == EventKind::kRenewed) renewals.push_back(event);
    }
    if (renewals.empty()) return {};
    std::ranges::stable_sort(renewals, {}, &Event::date);
    const Day until = docket::add_months(renewals.back().date, kMonthsAhead);
    Result<std::vector<docket::Deadline>> due = docket::deadlines_of(book_, item_, until);
    if (!due) return std::move(due).error();
    std::erase_if(*due, [](const docket::Deadline& one) { return !recurs(*one.rule); });
    const auto pay = [&](auto found, const Event& event) {
      if (found == due->end()) return;
      add(found->rule->done_by.front(), event.date, found->number);
      due->erase(found);
    };
    // Those that say their number first, so that the others do not take it.
    for (const Event& event : renewals) {
      if (event.number == 0) continue;
      pay(std::ranges::find(*due, event.number, &docket::Deadline::number), event);
    }
    for (const Event& event : renewals) {
      if (event.number != 0) continue;
      pay(std::ranges::find_if(
              *due, [&](const docket::Deadline& one) { return last_day(one) >= event.date; }),
          event);
    }
    return {};
  }

  const docket::RuleBook& book_;
  const Asset& asset_;
  const std::vector<Event>& events_;
  std::span<const Relative> relatives_;
  docket::Case item_;
};

// What the events say of deadlines that nobody marked.
struct Life {
  std::optional<Day> went_on;   // the last day that shows the right, or the application, alive
  std::optional<Day> restored;  // what was due until then was paid with it
  std::optional<Day> ended;
};

Life life_of(const AssetHistory& history, std::span<const Relative> relatives) {
  Life life;
  life.restored = latest(history.events, EventKind::kRestored);
  const auto goes_on = [&](Day day) {
    if (!life.went_on || day > *life.went_on) life.went_on = day;
  };
  for (const Event& event : history.events) {
    if (is_end(event.kind)) {
      const bool is_undone = life.restored && event.date <= *life.restored;
      if (!is_undone && (!life.ended || event.date < *life.ended)) life.ended = event.date;
    } else if (shows_life(event.kind)) {
      goes_on(event.date);
    }
  }
  for (const Relative& child : relatives) {
    if (child.parent == history.asset.id && child.filed) goes_on(*child.filed);
  }
  return life;
}

DeadlineState state_of(const docket::Deadline& deadline, const Life& life, Day today) {
  const docket::RuleKind kind = deadline.rule->kind;
  if (deadline.done) return DeadlineState::kDone;
  if (life.ended && deadline.trigger < *life.ended) return DeadlineState::kPassed;
  if (deadline.due >= today) return DeadlineState::kOpen;
  // Offices publish and rights end without us.
  if (kind != docket::RuleKind::kTask) return DeadlineState::kPassed;
  if (life.restored && deadline.due <= *life.restored) return DeadlineState::kPassed;
  if (life.went_on && last_day(deadline) < *life.went_on) return DeadlineState::kPassed;
  return last_day(deadline) >= today ? DeadlineState::kOverdue : DeadlineState::kMissed;
}

}  // namespace

std::string_view name_of(DeadlineState state) { return name_in<DeadlineState>(kStates, state); }

Result<DeadlineState> parse_deadline_state(std::string_view word) {
  return parse_in<DeadlineState>(kStates, word, "state of a deadline");
}

bool is_undone(DeadlineState state) {
  return state == DeadlineState::kOpen || state == DeadlineState::kOverdue ||
         state == DeadlineState::kMissed;
}

Result<docket::Case> docket_case(const docket::RuleBook& book, const AssetHistory& history,
                                 std::span<const Relative> relatives) {
  return CaseMaker(book, history, relatives).make();
}

Result<AssetDocket> docket_of(const docket::RuleBook& book, const AssetHistory& history,
                              std::span<const Relative> relatives, Day today, Day until) {
  Result<docket::Case> item = docket_case(book, history, relatives);
  if (!item) return std::move(item).error();
  const Result<std::vector<docket::Deadline>> deadlines = docket::deadlines_of(book, *item, until);
  if (!deadlines) return deadlines.error();
  const Life life = life_of(history, relatives);
  AssetDocket docket{*std::move(item), {}};
  for (const docket::Deadline& deadline : *deadlines) {
    docket.deadlines.push_back({deadline, state_of(deadline, life, today)});
  }
  return docket;
}

bool has_rules(const docket::RuleBook& book, const Asset& asset) {
  return std::ranges::any_of(book.packs(), [&](const docket::RulePack& pack) {
    return pack.office == asset.office && is_for(pack, asset);
  });
}

std::vector<Act> acts_of(const docket::RuleBook& book, const Asset& asset) {
  std::vector<Act> acts;
  for (const docket::RulePack& pack : book.packs()) {
    if (!is_for(pack, asset)) continue;
    for (const docket::RulePack::Named& known : pack.events) {
      // Renewals have their kind, by whatever name the pack knows them.
      const bool is_renewal = std::ranges::any_of(pack.rules, [&](const docket::Rule& rule) {
        return recurs(rule) && std::ranges::count(rule.done_by, known.id) > 0;
      });
      if (is_renewal || parse_event_kind(known.id).ok()) continue;
      if (std::ranges::count(acts, known.id, &Act::word) == 0)
        acts.push_back({known.id, known.title});
    }
  }
  return acts;
}

bool knows_act(const docket::RuleBook& book, std::string_view word) {
  return std::ranges::any_of(book.packs(), [&](const docket::RulePack& pack) {
    return std::ranges::count(pack.events, word, &docket::RulePack::Named::id) > 0;
  });
}

Day last_day(const docket::Deadline& deadline) { return deadline.grace_end.value_or(deadline.due); }

Event mark_event(const docket::Deadline& deadline, std::string_view word, Day on) {
  Event event;
  event.date = on;
  if (recurs(*deadline.rule)) {
    event.kind = EventKind::kRenewed;
    event.number = deadline.number;
    return event;
  }
  const Result<EventKind> kind = parse_event_kind(word);
  event.kind = kind ? *kind : EventKind::kAct;
  if (!kind) event.act = word;
  event.number = deadline.rule->is_for_each ? deadline.number : 0;
  return event;
}

}  // namespace lineshaft::rights
