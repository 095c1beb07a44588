// docket/deadlines.h: from what happened to a right, what is due and when.
// Pure functions: no clock, no I/O, callable from any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "docket/rule_book.h"

namespace lineshaft::docket {

struct Event {
  std::string kind;  // as the packs name it: "filed", "granted", "annual_fee_paid"
  Day day;
  int number = 0;  // which of a recurring kind: the year that was paid; 0 for others
};

// One application or right in one office, as the docket sees it.
struct Case {
  struct Count {
    std::string of;  // "claims", "classes"
    std::int64_t number = 0;
  };

  std::string id;
  std::string office;  // WIPO ST.3 code
  std::string kind;    // "patent", "utility_model", "design", "trade_mark"
  std::vector<Event> events;
  std::vector<std::string> reductions;  // ids of reductions the applicant has
  std::vector<Count> counts;
};

inline constexpr std::size_t kEventsMax = 10'000;

struct Deadline {
  const RulePack* pack = nullptr;  // both of the rule book
  const Rule* rule = nullptr;
  int number = 0;            // of a recurring rule: the year; else that of the event, or 0
  Day trigger;               // the day from which the limit runs
  Day legal;                 // the day on which it ends by the law
  Day due;                   // the day on which it ends for us: the office's next open day
  bool is_certain = true;    // false: the holidays around `due` are not announced yet
  std::optional<Day> opens;  // the act is possible from this day on
  std::optional<Day> grace_end;
  std::optional<Day> done;  // the day of the event that settled it
};

// Every deadline of the case whose legal day is not after `until`, ordered by due day, then in the
// order of the packs. Events that no rule knows do not matter.
//
// Errors: kInvalidArgument: a count outside 0..kCountMax, more than kEventsMax events.
// Cost: rules times events of the case.
Result<std::vector<Deadline>> deadlines_of(const RuleBook& book, const Case& item, Day until);

// The earliest event of that kind; nothing if there is none.
const Event* first_event(const Case& item, std::string_view kind);

}  // namespace lineshaft::docket
