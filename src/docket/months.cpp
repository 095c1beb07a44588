#include "docket/months.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace lineshaft::docket {
namespace {

constexpr int kMonthsMax = 200 * 12;
constexpr int kDaysMax = 200 * 366;

std::string_view take_word(std::string_view& text) {
  const std::size_t begin = std::min(text.find_first_not_of(' '), text.size());
  const std::size_t end = std::min(text.find(' ', begin), text.size());
  const std::string_view word = text.substr(begin, end - begin);
  text.remove_prefix(end);
  return word;
}

// Adds one part to the offset; false if it is none.
bool take_part(std::string_view number, std::string_view unit, Offset& offset) {
  int count = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), count);
  if (error != std::errc() || end != number.data() + number.size()) return false;
  if (count < -kDaysMax || count > kDaysMax) return false;
  if (unit == "year" || unit == "years")
    offset.months += count * 12;
  else if (unit == "month" || unit == "months")
    offset.months += count;
  else if (unit == "day" || unit == "days")
    offset.days += count;
  else
    return false;
  return std::abs(offset.months) <= kMonthsMax && std::abs(offset.days) <= kDaysMax;
}

}  // namespace

Day add_months(Day day, int months) {
  LS_ASSERT(months >= -kOffsetMax && months <= kOffsetMax);
  const std::chrono::year_month_day parts(day);
  // In whole months since the year 0, because the years of std::chrono end before kOffsetMax does.
  const int month =
      static_cast<int>(parts.year()) * 12 + static_cast<int>(unsigned{parts.month()}) - 1 + months;
  if (month < static_cast<int>(std::chrono::year_month_day(kDayMin).year()) * 12) return kDayMin;
  if (month >= (static_cast<int>(std::chrono::year_month_day(kDayMax).year()) + 1) * 12)
    return kDayMax;
  const auto moved =
      std::chrono::year(month / 12) / std::chrono::month(static_cast<unsigned>(month % 12 + 1));
  const Day last{moved / std::chrono::last};
  return std::min(Day{moved / 1} + (Day{day} - Day{parts.year() / parts.month() / 1}), last);
}

Day add_days(Day day, int days) {
  LS_ASSERT(days >= -kOffsetMax && days <= kOffsetMax);
  return std::clamp(day + std::chrono::days(days), kDayMin, kDayMax);
}

Day end_of_month(Day day) {
  const std::chrono::year_month_day parts(day);
  return Day{parts.year() / parts.month() / std::chrono::last};
}

Result<Offset> parse_offset(std::string_view text) {
  Offset offset;
  std::string_view rest = text.substr(0, 64);
  bool is_good = rest.size() == text.size();
  std::string_view number = take_word(rest);
  do {
    is_good = is_good && take_part(number, take_word(rest), offset);
    number = take_word(rest);
  } while (!number.empty());
  if (is_good) return offset;
  return Error{
      ErrorId::kInvalidArgument,
      "'" + std::string(text.substr(0, 64)) +
          "' is not a time limit such as \"18 months\", \"15 days\" or \"10 years -1 day\""};
}

std::string offset_text(const Offset& offset) {
  std::string text;
  if (offset.months != 0) text = std::to_string(offset.months) + " months";
  if (offset.days != 0 || text.empty()) {
    if (!text.empty()) text += ' ';
    text += std::to_string(offset.days) + " days";
  }
  return text;
}

}  // namespace lineshaft::docket
