// docket/rule_pack.h: what an office demands, as data: rules that make deadlines of events, and the
// fees that go with them, each with the days between which it holds and its source.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/date.h"
#include "base/ratio.h"
#include "docket/months.h"
#include "model/money.h"

namespace lineshaft::docket {

// Half-open: from <= day < before.
struct DayRange {
  Day from = kDayMin;
  Day before = kDayMax;

  bool contains(Day day) const { return from <= day && day < before; }
  friend bool operator==(const DayRange&, const DayRange&) = default;
};

// What a right may count: claims, classes, sheets...
inline constexpr std::int64_t kCountMax = 1'000'000;

// The amount of one fee from a certain day on. Several versions of one fee share its id.
struct Fee {
  struct Years {  // an amount for years first..last of the right's life
    int first = 0;
    int last = 0;
    Money amount;
  };

  std::string id;
  std::string title;
  std::string source;
  DayRange valid;  // by the day of payment
  Money amount;    // for all that have no years
  std::vector<Years> by_year;
  // Beside the amount: so much for each of `per` beyond those that are included.
  std::string per;
  std::int64_t included = 0;
  Money each;
};

// What the office takes off some fees for some applicants. Several do not add up: the best counts.
struct Reduction {
  std::string id;
  std::string title;
  std::string source;
  DayRange valid;                 // by the day of payment
  Ratio off;                      // of the fee, 0..1
  std::vector<std::string> fees;  // ids
  int years_from_grant = 0;       // so many yearly fees, from the year of the grant on; 0: all
};

// What being late costs inside the period of grace.
struct Surcharge {
  std::string fee;              // a fee of its own, or
  Ratio rate;                   // a part of the full fees, without any reduction
  bool is_per_month = false;    // for each month begun...
  int free_months = 0;          // ...after so many
  std::vector<std::string> of;  // the fees the rate applies to; empty: all of the rule
};

enum class RuleKind : std::uint8_t {
  kTask,    // somebody has to act: moves to the next open day of the office
  kOffice,  // the office acts: publication
  kExpiry,  // the right ends: never moves
};

struct Rule {
  std::string id;
  std::string title;
  std::string title_zh;
  std::string source;
  RuleKind kind = RuleKind::kTask;

  // The first of these that the case has, on its earliest day, is the trigger; the rule holds if
  // that day lies in `use`.
  std::vector<std::string> from;
  bool is_for_each = false;  // every event of that kind is a trigger, and lends its number
  DayRange use;
  Offset after;
  bool is_end_of_month = false;
  // A second limit; the later of both counts. Empty: none.
  std::vector<std::string> or_from;
  Offset or_after;

  std::vector<std::string> needs;       // events without which there is no deadline
  std::vector<std::string> unless;      // events with which there is none
  std::vector<std::string> done_by;     // events that settle it
  std::vector<std::string> stopped_by;  // events after which no deadline of the rule falls due
  std::string not_before;               // nothing falls due before this event

  // Recurring when `every` is not zero: numbers first..last, the first of them `after` the trigger.
  Offset every;
  int first = 0;
  int last = 0;

  std::optional<Offset> opens;  // how long before it is due the act is possible
  std::optional<Offset> grace;
  bool is_grace_from_trigger = false;  // `after` and grace are one limit; else from the legal day
  Surcharge surcharge;
  std::vector<std::string> fees;  // ids
  std::vector<int> remind_days;   // so many days before
  std::string calendar;           // of the office where the act is due
};

// One file of rules. Every id that it uses has been checked.
struct RulePack {
  struct Named {
    std::string id;
    std::string title;
  };

  std::string id;
  std::string title;
  std::string office;  // WIPO ST.3 code; "*": every office
  std::vector<std::string>
      kinds;                  // of rights: "patent", "utility_model", "design", "trade_mark"...
  std::string as_of;          // the day on which the sources were read
  std::vector<Named> events;  // that the rules know, with what they mean
  std::string years_from;     // the event from which the years of the right are counted
  std::vector<Rule> rules;
  std::vector<Fee> fees;
  std::vector<Reduction> reductions;
};

inline constexpr std::size_t kPackBytesMax = 1024 * 1024;
inline constexpr int kRecurrencesMax = 200;

// Reads a pack (docs/how-to/rule-pack.md); `name` is how errors call it. Bounded by kPackBytesMax.
// Errors: kBadRulePack with the line: no TOML, a member that is unknown, missing or of another
// form, an event, fee or year that the pack does not have, two versions of a fee that overlap.
Result<RulePack> read_rule_pack(std::string_view name, std::string_view text);

}  // namespace lineshaft::docket
