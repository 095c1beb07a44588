// docket/calendar_feed.h: deadlines as a calendar that other programs subscribe to (iCalendar, RFC
// 5545). Pure functions: no clock, no I/O, callable from any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "docket/fees.h"

namespace lineshaft::docket {

enum class Language : std::uint8_t { kEnglish, kChinese };

// One whole day of the calendar. Texts may hold anything; control characters become blanks.
struct FeedEntry {
  std::string uid;  // the same for the same deadline at every reading, unlike any other anywhere
  Day day;
  std::string summary;
  std::string description;
  std::vector<int> alarm_days;  // so many days before
};

// The entry of a deadline: "CASE: Pay the annual fee (7)", what it costs, how long the grace lasts,
// the source. `authority` names the installation (its host name) and makes the uid unlike any
// other.
FeedEntry feed_entry(const Case& item, const Deadline& deadline, Language language,
                     std::string_view authority);

// A whole calendar with CRLF line ends, folded at 75 octets. `stamp` is the instant of its making.
std::string calendar_feed(std::string_view name, Timestamp stamp,
                          std::span<const FeedEntry> entries);

}  // namespace lineshaft::docket
