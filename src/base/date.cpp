#include "base/date.h"

#include <algorithm>
#include <array>

namespace lineshaft {
namespace {

constexpr std::string_view kForm = "0000-00-00";

bool has_form(std::string_view text) {
  return std::ranges::equal(
      text, kForm, [](char c, char form) { return form == '-' ? c == '-' : c >= '0' && c <= '9'; });
}

unsigned number(std::string_view digits) {
  unsigned value = 0;
  for (const char c : digits) value = value * 10 + static_cast<unsigned>(c - '0');
  return value;
}

void put(std::string& text, std::size_t end, unsigned value) {
  for (std::size_t at = end; value > 0; value /= 10)
    text[--at] = static_cast<char>('0' + value % 10);
}

}  // namespace

std::string day_text(Day day) {
  LS_ASSERT(day >= kDayMin && day <= kDayMax);
  const std::chrono::year_month_day date(day);
  std::string text(kForm);
  put(text, 4, static_cast<unsigned>(static_cast<int>(date.year())));
  put(text, 7, static_cast<unsigned>(date.month()));
  put(text, 10, static_cast<unsigned>(date.day()));
  return text;
}

Result<Day> parse_day(std::string_view text) {
  if (has_form(text)) {
    const std::chrono::year_month_day date{
        std::chrono::year{static_cast<int>(number(text.substr(0, 4)))},
        std::chrono::month{number(text.substr(5, 2))}, std::chrono::day{number(text.substr(8, 2))}};
    if (date.ok() && Day(date) >= kDayMin) return Day(date);
  }
  return Error{ErrorId::kInvalidArgument,
               "'" + std::string(text.substr(0, 32)) +
                   "' is no day of the calendar: write it as 2026-11-26, from the year 1600 on"};
}

}  // namespace lineshaft
