#include <utility>

#include "docket/months.h"
#include "docket/office_calendar.h"
#include "docket/toml_reader.h"

namespace lineshaft::docket {
namespace {

// "2026-10-01" or "2026-10-01/2026-10-07"; the longest holiday is far below this.
constexpr int kRangeDaysMax = 40;

bool take_days(std::string_view text, int year, std::vector<Day>& days) {
  const std::size_t slash = text.find('/');
  const Result<Day> first = parse_day(text.substr(0, slash));
  if (!first) return false;
  const Result<Day> last = slash == text.npos ? first : parse_day(text.substr(slash + 1));
  if (!last || *last < *first || *last > add_days(*first, kRangeDaysMax)) return false;
  for (Day day = *first; day <= *last; day = add_days(day, 1)) {
    if (static_cast<int>(std::chrono::year_month_day(day).year()) != year) return false;
    days.push_back(day);
  }
  return true;
}

void read_days(TomlReader& reader, const toml::table& table, std::string_view key, int year,
               std::vector<Day>& days) {
  for (const std::string& item : reader.texts(table, key)) {
    if (take_days(item, year, days)) continue;
    reader.fail(table, "'" + std::string(key) + "': '" + item.substr(0, 40) +
                           "' is neither a day of that year nor two with a '/' between");
  }
}

}  // namespace

Result<OfficeCalendar> read_calendar(std::string_view name, std::string_view text) {
  TomlReader reader(name, text);
  const toml::table& root = reader.root();
  reader.only(root, {"id", "title", "open_on_weekends", "year"});
  OfficeCalendar::Name title{reader.word(root, "id"), reader.text(root, "title")};
  const bool is_open_on_weekends = reader.flag(root, "open_on_weekends");
  std::vector<Day> closed;
  std::vector<Day> open;
  std::vector<OfficeCalendar::Year> years;
  for (const toml::table* table : reader.tables(root, "year")) {
    reader.only(*table, {"year", "source", "closed", "open"});
    const int year = static_cast<int>(reader.number(*table, "year", 0, 1900, 2200));
    for (const OfficeCalendar::Year& other : years) {
      if (other.year == year)
        reader.fail(*table, "the year " + std::to_string(year) + " stands twice");
    }
    years.push_back({year, reader.text(*table, "source")});
    read_days(reader, *table, "closed", year, closed);
    read_days(reader, *table, "open", year, open);
  }
  if (!reader.ok()) return reader.problem().error();
  return OfficeCalendar(std::move(title), is_open_on_weekends, std::move(closed), std::move(open),
                        std::move(years));
}

}  // namespace lineshaft::docket
