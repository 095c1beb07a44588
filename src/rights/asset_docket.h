// rights/asset_docket.h: from an asset of the register and what happened to it to its deadlines.
// Pure functions: no clock, no I/O, callable from any thread. docs/reference/deadlines.md has the
// rules.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "docket/deadlines.h"
#include "rights/register.h"

namespace lineshaft::rights {

// Their words are those of the API.
enum class DeadlineState : std::uint8_t {
  kOpen,     // still to come
  kOverdue,  // past, but the period of grace runs
  kMissed,   // past, without anybody saying that it was done
  kDone,     // settled by an event
  kPassed,   // past and without meaning: the right went on after it, or has ended
};

std::string_view name_of(DeadlineState state);
// Errors: kInvalidArgument naming the word and those that are allowed.
Result<DeadlineState> parse_deadline_state(std::string_view word);

// True of kOpen, kOverdue and kMissed: somebody may have to act.
bool is_undone(DeadlineState state);

// The asset as the docket sees it. `relatives` are those of Register::list_relatives: a national
// phase counts from the filing of its parent, and so does a division; an application abroad settles
// the right of priority, a national phase the deadline for its office. A renewal without a number
// pays the earliest year that could still be paid on its day. An end that was followed by a
// restoration is none.
//
// Errors: as docket::deadlines_of.
Result<docket::Case> docket_case(const docket::RuleBook& book, const AssetHistory& history,
                                 std::span<const Relative> relatives);

struct AssetDeadline {
  docket::Deadline deadline;
  DeadlineState state = DeadlineState::kOpen;
};

struct AssetDocket {
  docket::Case item;
  std::vector<AssetDeadline> deadlines;  // by due day
};

// Every deadline of the asset up to `until`, with its state on `today`. Errors: as
// docket::deadlines_of.
Result<AssetDocket> docket_of(const docket::RuleBook& book, const AssetHistory& history,
                              std::span<const Relative> relatives, Day today, Day until);

// Whether any pack of the book has rules for such an asset.
bool has_rules(const docket::RuleBook& book, const Asset& asset);

struct Act {
  std::string word;
  std::string title;
};
// What the packs for such an asset know that the register has no kind of event for; in order of
// the packs, each once.
std::vector<Act> acts_of(const docket::RuleBook& book, const Asset& asset);

// Whether any rule of the book knows the word as something that happens.
bool knows_act(const docket::RuleBook& book, std::string_view word);

// The last day on which the act is possible: the end of the grace, if there is one.
Day last_day(const docket::Deadline& deadline);

// The event that marks a deadline as settled on a day: a renewal with its number where the rule
// recurs, an event of the register where it has that word, else an act. Requires: `word` is one of
// done_by of its rule.
Event mark_event(const docket::Deadline& deadline, std::string_view word, Day on);

}  // namespace lineshaft::rights
