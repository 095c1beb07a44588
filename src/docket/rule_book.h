// docket/rule_book.h: all rule packs and office calendars of an installation, joined.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "docket/office_calendar.h"
#include "docket/rule_pack.h"

namespace lineshaft::docket {

struct PackFile {
  std::string_view name;  // "cn-patent.toml"; a calendar's begins with "calendar-"
  std::string_view text;
};

// The packs and calendars that come with the program (src/docket/packs/).
std::span<const PackFile> shipped_packs();

// Immutable once read; threads: any. Deadlines point into it, so it must outlive them; moving it
// moves nothing they point to.
class RuleBook {
 public:
  // Requires: the files come from who runs the server: toml++ 3.3 stops the program at some texts
  // that are no TOML, such as letters beyond ASCII outside of quotes.
  // Errors: kBadRulePack: a file is wrong, two packs or calendars share an id, a rule names a
  // calendar that no file has, or more than kRulesMax rules.
  static Result<RuleBook> read(std::span<const PackFile> files);

  static constexpr std::size_t kRulesMax = 10'000;

  const std::vector<RulePack>& packs() const { return packs_; }
  const std::vector<OfficeCalendar>& calendars() const { return calendars_; }

  // Requires: `rule` is of this book.
  const OfficeCalendar& calendar_of(const Rule& rule) const;

  // A dense number for each rule, for tables of many deadlines; the same as long as the same files
  // are read in the same order. Requires: `rule` is of `pack`, which is of this book.
  std::uint16_t number_of(const RulePack& pack, const Rule& rule) const;

  struct Found {
    const RulePack* pack = nullptr;
    const Rule* rule = nullptr;
  };
  // Requires: the number came from number_of().
  Found rule_of(std::uint16_t number) const;

 private:
  std::vector<RulePack> packs_;
  std::vector<OfficeCalendar> calendars_;
};

}  // namespace lineshaft::docket
