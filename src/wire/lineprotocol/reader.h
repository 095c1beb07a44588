// wire/lineprotocol/reader.h: lines of InfluxDB's line protocol, one after the other, without a
// copy of anything. How their names become tags is for the caller.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

namespace lineshaft::lineprotocol {

// A text is between its quotes and still has its escapes: unescape_text().
using FieldValue = std::variant<bool, std::int64_t, double, std::string_view>;

struct Field {
  std::string_view key;  // with its escapes: unescape_name()
  FieldValue value;
};

struct Line {
  std::size_t number = 0;            // of the text, from 1
  std::string_view series;           // measurement and tag set, with their escapes: parse_series()
  std::vector<Field> fields;         // at least one
  std::optional<std::int64_t> time;  // in the unit that the sender chose
};

// Takes untrusted bytes. Views point into the text, which must outlive them. Blank lines and lines
// that begin with # are passed over.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  // False at the end of the text and at a line that is wrong: problem() tells. Nothing is read
  // after that. `line` is used again, so that a text of many lines makes few vectors.
  bool next(Line& line);
  // Errors: kInvalidArgument naming the number of the line.
  const Status& problem() const { return problem_; }

 private:
  bool read_series(Line& line);
  bool read_fields(Line& line);
  bool read_value(FieldValue& value);
  bool read_text(FieldValue& value);
  bool read_time(Line& line);
  bool fail(const char* what);
  bool at_line_end() const;

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_number_ = 0;
  Status problem_;
};

struct SeriesTag {
  std::string key, value;
  friend auto operator<=>(const SeriesTag&, const SeriesTag&) = default;
};
struct Series {
  std::string measurement;
  std::vector<SeriesTag> tags;  // by key
};
// The names in `series` of a line, without their escapes.
// Errors: kInvalidArgument: an empty name, a tag without a value, a key that stands twice.
Result<Series> parse_series(std::string_view series);

std::string unescape_name(std::string_view name);  // \, \= and \ before a blank
std::string unescape_text(std::string_view text);  // \" and a doubled backslash

}  // namespace lineshaft::lineprotocol
