// wire/shdr/shdr.h: lines of an MTConnect adapter (SHDR, "simple hierarchical data representation")
// to readings and back.
//
//   line      = [ time [ "@" seconds ] ] 1*( "|" field )      a reading:  key "|" value
//             / "* " words                                     a command
//   a condition     key | level | native code | native severity | qualifier | text
//   a message       key | native code | text
//   a time series   key | count | Hz | numbers with blanks between
//   a data set      key | name=value name='a b' name={a b} name
//   an asset        "@ASSET@" | id | type | XML, or "--multiline--X" and lines up to
//   "--multiline--X"
// A field in quotation marks may hold "\|". No sockets, no clock; any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"

namespace lineshaft::shdr {

inline constexpr std::uint16_t kPort = 7878;
inline constexpr std::size_t kLineBytesMax = 256 * 1024;
inline constexpr std::size_t kBodyBytesMax = 1024 * 1024;  // of an asset over several lines
inline constexpr std::size_t kFieldsMax = 10'000;          // of a line
inline constexpr std::string_view kPing = "* PING\n";
inline constexpr std::string_view kUnavailableText = "UNAVAILABLE";

struct Line {
  std::string text;                 // without its end
  std::optional<std::string> body;  // of an asset over several lines
  friend bool operator==(const Line&, const Line&) = default;
};

class LineReader {
 public:
  // Takes bytes from the front of `bytes` up to the end of a line, empty ones left out; nothing if
  // no line is complete. Errors: kBadAnswer: a line or asset above the bounds.
  Result<std::optional<Line>> next(ByteSpan& bytes);

 private:
  Result<std::optional<Line>> on_line(std::string line);

  std::string line_;          // that has begun
  std::optional<Line> open_;  // an asset over several lines
  std::string end_mark_;      // of it
};

// "* PONG 10000" -> {"PONG", "10000"}; "* uuid: 12" -> {"uuid", "12"}. Nothing for other lines.
struct Command {
  std::string name;
  std::string value;
};
std::optional<Command> parse_command(std::string_view line);

// What has to be known of a key to tell where its reading ends. kUnknown: nobody wants it.
enum class Kind : std::uint8_t { kUnknown, kValue, kCondition, kMessage, kTimeSeries, kDataSet };
using KindOf = std::function<Kind(std::string_view key)>;

enum class Level : std::uint8_t { kUnavailable, kNormal, kWarning, kFault };

struct Reading {
  std::string key;
  Kind kind = Kind::kValue;
  std::string text;  // of a condition or message: for people
  bool unavailable = false;
  Level level = Level::kUnavailable;  // of a condition
  std::string native_code;
  std::string native_severity;
  std::string qualifier;
  double sample_rate = 0;  // of a time series
  // Of a data set: what has changed; without a value: taken away.
  std::vector<std::pair<std::string, std::optional<std::string>>> entries;
  friend bool operator==(const Reading&, const Reading&) = default;
};

struct Readings {
  std::optional<Timestamp> time;  // absent: the line has none that is absolute
  std::vector<Reading> readings;
};

// The readings of a line that is no command. Keys may have a device before them ("mill:temp"); then
// kind_of is asked for the whole first and then for what follows the colon.
// Errors: kBadAnswer saying what cannot be read.
Result<Readings> parse_readings(std::string_view line, const KindOf& kind_of);

// An asset line ("@ASSET@", "@REMOVE_ASSET@"...); nothing for others.
struct AssetLine {
  std::string command;  // "@ASSET@"
  std::string id;       // of @REMOVE_ALL_ASSETS@ the type
  std::string type;
  std::string xml;
};
std::optional<AssetLine> parse_asset(const Line& line);

// The other side: one line of an adapter, with its end. What cannot stand in a field is escaped or
// becomes a blank.
std::string write_line(Timestamp time, std::span<const std::string> fields);

namespace detail {
std::vector<std::string> split_fields(std::string_view line);
}

}  // namespace lineshaft::shdr
