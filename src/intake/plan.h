// intake/plan.h: how a table of measurements in a file becomes tags and samples, as plain data.
// What each field means to a person: docs/reference/csv.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/tag.h"
#include "model/value.h"
#include "wire/csv/encoding.h"

namespace lineshaft::intake {

// A table has at most this many signals: columns when wide, lines when transposed, names when long.
inline constexpr std::size_t kSignalsMax = 10'000;

using csv::Encoding;

enum class Layout : std::uint8_t {
  kWide,        // a row is an instant, a column a signal
  kLong,        // a row is one sample: tag, time, value, maybe quality
  kTransposed,  // a line is a signal, a column an instant
};

enum class Use : std::uint8_t {
  kSkip,
  kValue,
  kTime,
  kTimeOfDay,  // the clock time that belongs to the date in the kTime column
  kTag,        // long: names the signal
  kQuality,    // long: of the row; wide: of the kValue column before it
  kType,       // long: the type of the row's tag, as export writes it
};

struct TimePlan {
  std::string column;        // name of the kTime column; empty: there is none, start and step count
  std::string format;        // "yyyy-mm-dd HH:MM:SS", "dd-mm-yyyy HH:MM", "epoch ms"; see wire/csv
  std::string zone = "UTC";  // of times that carry none: IANA name, "UTC" or "+08:00"
  // "00:00" is written with the date of the day that ends there.
  bool midnight_ends_day = false;
  std::optional<Timestamp> start;       // of the first row when there is no time column
  std::optional<std::int64_t> step_ms;  // between rows when there is no time column
  friend bool operator==(const TimePlan&, const TimePlan&) = default;
};

struct ColumnPlan {
  std::uint32_t index = 0;  // from 0: column, or line of a transposed table; long: place in `tags`
  std::string name;         // as in the header, trimmed, made unique; "column_3" without a header
  Use use = Use::kValue;
  std::string path;  // of the tag; for kValue
  ValueType type = ValueType::kFloat64;
  std::string unit;  // UNECE Rec 20 code or empty
  Interpolation interpolation = Interpolation::kLinear;
  friend bool operator==(const ColumnPlan&, const ColumnPlan&) = default;
};

struct Plan {
  Encoding encoding = Encoding::kUtf8;
  bool bom = false;
  char delimiter = ',';          // ' ' stands for runs of blanks
  char decimal = '.';            // or ','
  bool header = true;            // the first line (transposed: the first column) holds names
  std::uint32_t skip_lines = 0;  // before the header or the first row
  Layout layout = Layout::kWide;
  TimePlan time;
  std::vector<ColumnPlan> columns;
  std::vector<ColumnPlan> tags;  // long layout: one per name in the kTag column; use is kValue
  bool skip_refused = false;     // the person has seen the refused rows and wants the rest
  friend bool operator==(const Plan&, const Plan&) = default;
};

// What a person changes: only what is set. Columns and tags are found by index.
struct ColumnChange {
  std::uint32_t index = 0;
  std::optional<Use> use;
  std::optional<std::string> path;
  std::optional<ValueType> type;
  std::optional<std::string> unit;
  std::optional<Interpolation> interpolation;
};

struct PlanChange {
  std::optional<Encoding> encoding;
  std::optional<char> delimiter;
  std::optional<char> decimal;
  std::optional<bool> header;
  std::optional<std::uint32_t> skip_lines;
  std::optional<Layout> layout;
  std::optional<std::string> time_column;  // empty: none
  std::optional<std::string> time_format;
  std::optional<std::string> time_zone;
  std::optional<bool> midnight_ends_day;
  std::optional<std::optional<Timestamp>> time_start;
  std::optional<std::optional<std::int64_t>> step_ms;
  std::vector<ColumnChange> columns;
  std::vector<ColumnChange> tags;
  std::optional<bool> skip_refused;
};

// The words of the API: "utf-8", "utf-16le", "utf-16be", "gb18030", "windows-1252"; "wide", "long",
// "transposed"; "skip", "value", "time", "time_of_day", "tag", "quality", "type".
// Errors of the parsers: kInvalidArgument naming what is allowed.
std::string_view encoding_name(Encoding encoding);
std::string_view layout_name(Layout layout);
std::string_view use_name(Use use);
std::string_view interpolation_name(Interpolation interpolation);
Result<Encoding> parse_encoding(std::string_view name);
Result<Layout> parse_layout(std::string_view name);
Result<Use> parse_use(std::string_view name);
Result<Interpolation> parse_interpolation(std::string_view name);

}  // namespace lineshaft::intake
