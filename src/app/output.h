// app/output.h: how commands print: data on stdout in four formats, everything else on stderr.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace lineshaft::app {

using Json = nlohmann::ordered_json;

enum class Format : std::uint8_t { kTable, kJson, kNdjson, kCsv };

inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;
int exit_code(
    ErrorCode code);  // 1 failed, 3 not found, 4 conflict, 5 denied, 6 unreachable, 7 damaged

// A column of the table and CSV forms: its title and the JSON pointer of its value in a row.
struct Column {
  std::string title;
  std::string pointer;  // "/status/state"
};

// Prints rows (JSON objects). Table: aligned, numbers to the right. JSON: one array of the objects
// as the API gave them; NDJSON: one object a line; CSV: RFC 4180 with a header.
void print_rows(Format format, const std::vector<Column>& columns, const Json& rows);
// A line of CSV without the header, for rows that come one by one.
void print_csv_row(const std::vector<Column>& columns, const Json& row);
// Prints one object: as a table "title  value", else like a single row.
void print_object(Format format, const std::vector<Column>& columns, const Json& object);

// Error on stderr: number, meaning, this case, remedy. Returns its exit code.
int print_error(const Error& error);
void print_note(const std::string& text);  // stderr

// Says what is about to happen and asks on the terminal. Without one nobody can be asked: says that
// `otherwise` holds and what to add.
bool confirmed(const std::string& what, const std::string& otherwise);

// A line that rewrites itself on a terminal ("import 42 %  1.2 M rows/s  8 s left"); silent else.
class Progress {
 public:
  explicit Progress(std::string what);
  ~Progress();  // ends the line
  // At most ten updates a second are drawn.
  void update(std::uint64_t done, std::uint64_t total, const std::string& unit);

 private:
  std::string what_;
  bool shown_ = false;
  std::int64_t started_ns_ = 0;
  std::int64_t drawn_ns_ = 0;
};

bool stdout_is_terminal();
bool stderr_is_terminal();
bool colour_wanted();  // a terminal, and neither NO_COLOR nor TERM=dumb

}  // namespace lineshaft::app
