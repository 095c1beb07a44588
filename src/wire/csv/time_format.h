// wire/csv/time_format.h: the ways people and machines write an instant. Time zones are not known
// here: a reading is wall time, with an offset when the text has one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace lineshaft::csv {

struct WallTime {
  std::int64_t seconds = 0;  // since 1970-01-01 00:00:00 of the same wall clock
  std::uint32_t ns = 0;
  std::optional<std::int32_t> offset_s;  // seconds east of UTC, if written; 0 for an epoch
  friend bool operator==(const WallTime&, const WallTime&) = default;
};

// A format fixes what could be read in several ways: the order of the date's parts and what stands
// between them, or the unit of an epoch. The time of day is read as it stands: after a blank or
// "T", HH:MM, optional :SS, optional fraction (1 to 9 digits behind "." or ","), AM/PM, and "Z",
// "UTC" or an offset. 24:00 is the midnight that ends the day. Days, months and hours may have one
// digit.
class TimeFormat {
 public:
  // "yyyy-mm-dd", "dd.mm.yyyy", "mm/dd/yyyy", "dd.mm.yy", "yyyymmdd" and the like, each alone or
  // with what follows the date in the data ("HH:MM:SS", "THH:MM:SSZ"); "iso8601"; "epoch s", "epoch
  // ms", "epoch us", "epoch ns". Errors: kInvalidArgument naming these.
  static Result<TimeFormat> parse(std::string_view name);

  // Every format that reads `text`, the likelier first; none when it is no time. Two when day and
  // month could change places. Pure digits count only with 8 (date), 12 or 14 (date and time) or as
  // an epoch of 1973 to 2286.
  static std::vector<TimeFormat> candidates(std::string_view text);

  // As parse() reads it, with the time of day as it stood in the text of candidates().
  const std::string& name() const { return name_; }

  // False when `text` does not have this format or is no date of the calendar.
  bool read(std::string_view text, WallTime& out) const;

  bool day_first() const { return kind_ == Kind::kCivil && order_ == Order::kDmy; }
  bool month_first() const { return kind_ == Kind::kCivil && order_ == Order::kMdy; }
  bool is_epoch() const { return kind_ == Kind::kEpoch; }
  bool is_digits() const { return kind_ != Kind::kCivil; }

  friend bool operator==(const TimeFormat& a, const TimeFormat& b) {
    return a.kind_ == b.kind_ && a.order_ == b.order_ && a.separator_ == b.separator_ &&
           a.short_year_ == b.short_year_ && a.epoch_digits_ == b.epoch_digits_;
  }

 private:
  enum class Kind : std::uint8_t { kCivil, kCompact, kEpoch };
  enum class Order : std::uint8_t { kYmd, kDmy, kMdy };

  std::string date_pattern() const;
  bool read_date(std::string_view& text, std::int64_t& days) const;
  bool read_epoch(std::string_view text, WallTime& out) const;

  Kind kind_ = Kind::kCivil;
  Order order_ = Order::kYmd;
  char separator_ = '-';       // kCivil: '-', '/' or '.'
  bool short_year_ = false;    // two digits: 69..99 are 19xx, 00..68 are 20xx (as in POSIX)
  unsigned epoch_digits_ = 0;  // kEpoch: 0 s, 3 ms, 6 us, 9 ns
  std::string name_ = "yyyy-mm-dd";
};

// A time of day alone, as a column beside a date: "18:00", "6:00:00 PM", "18.00.00". Sets seconds
// of the day (24:00 gives 86,400), fraction and offset.
bool read_clock(std::string_view text, WallTime& out);

}  // namespace lineshaft::csv
