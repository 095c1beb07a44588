#include "app/output.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>

namespace lineshaft::app {
namespace {

std::int64_t monotonic_ns() { return std::chrono::steady_clock::now().time_since_epoch().count(); }

std::string cell_text(const Json& row, const std::string& pointer) {
  const Json::json_pointer path(pointer);
  if (!row.contains(path)) return "";
  const Json& value = row[path];
  if (value.is_null()) return "";
  if (value.is_string()) return value.get<std::string>();
  return value.dump();
}

// Characters on a terminal: code points; wide ones (CJK) count two.
std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  for (const char character : text) {
    const auto c = static_cast<unsigned char>(character);
    if ((c & 0xc0) == 0x80) continue;
    width += c >= 0xe3 && c <= 0xed ? 2 : 1;
  }
  return width;
}

// Outside text must not move the cursor or colour the terminal.
std::string printable(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return text;
}

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

bool is_number(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789+-.eE") == std::string::npos;
}

void print_csv(const std::vector<Column>& columns, const Json& rows) {
  for (std::size_t c = 0; c < columns.size(); ++c) {
    std::cout << (c == 0 ? "" : ",") << csv_field(columns[c].title);
  }
  std::cout << "\n";
  for (const Json& row : rows) print_csv_row(columns, row);
}

void print_table(const std::vector<Column>& columns, const Json& rows) {
  std::vector<std::size_t> widths;
  std::vector<std::vector<std::string>> cells;
  for (const Column& column : columns) widths.push_back(display_width(column.title));
  for (const Json& row : rows) {
    std::vector<std::string>& line = cells.emplace_back();
    for (std::size_t c = 0; c < columns.size(); ++c) {
      line.push_back(printable(cell_text(row, columns[c].pointer)));
      widths[c] = std::max(widths[c], display_width(line.back()));
    }
  }
  const auto print_line = [&](const std::vector<std::string>& line, bool header) {
    std::string out;
    for (std::size_t c = 0; c < line.size(); ++c) {
      const std::string pad(widths[c] - display_width(line[c]), ' ');
      const bool right = !header && is_number(line[c]);
      out += (c == 0 ? "" : "  ") + (right ? pad + line[c] : line[c] + pad);
    }
    while (out.ends_with(' ')) out.pop_back();
    std::cout << out << "\n";
  };
  std::vector<std::string> titles;
  for (const Column& column : columns) titles.push_back(column.title);
  print_line(titles, true);
  for (const auto& line : cells) print_line(line, false);
}

}  // namespace

int exit_code(ErrorCode code) {
  switch (code) {
    case ErrorCode::kMissing:
      return 3;
    case ErrorCode::kConflict:
      return 4;
    case ErrorCode::kDenied:
      return 5;
    case ErrorCode::kUnreachable:
    case ErrorCode::kTimeout:
      return 6;
    case ErrorCode::kCorrupt:
      return 7;
    case ErrorCode::kInvalid:
    case ErrorCode::kFull:
    case ErrorCode::kIo:
    case ErrorCode::kInternal:
      return kExitFailed;
  }
  return kExitFailed;
}

void print_rows(Format format, const std::vector<Column>& columns, const Json& rows) {
  switch (format) {
    case Format::kTable:
      print_table(columns, rows);
      break;
    case Format::kCsv:
      print_csv(columns, rows);
      break;
    case Format::kJson:
      std::cout << rows.dump(2) << "\n";
      break;
    case Format::kNdjson:
      for (const Json& row : rows) std::cout << row.dump() << "\n";
      break;
  }
  std::cout.flush();
}

void print_csv_row(const std::vector<Column>& columns, const Json& row) {
  for (std::size_t c = 0; c < columns.size(); ++c) {
    std::cout << (c == 0 ? "" : ",") << csv_field(cell_text(row, columns[c].pointer));
  }
  std::cout << "\n";
}

void print_object(Format format, const std::vector<Column>& columns, const Json& object) {
  if (format == Format::kJson) {
    std::cout << object.dump(2) << std::endl;
    return;
  }
  if (format != Format::kTable) return print_rows(format, columns, Json::array({object}));
  std::size_t width = 0;
  for (const Column& column : columns) width = std::max(width, display_width(column.title));
  for (const Column& column : columns) {
    const std::string pad(width - display_width(column.title), ' ');
    std::cout << column.title << pad << "  " << printable(cell_text(object, column.pointer))
              << "\n";
  }
  std::cout.flush();
}

int print_error(const Error& error) {
  const bool colour = colour_wanted();
  std::cerr << (colour ? "\033[1;31m" : "") << "error" << (colour ? "\033[0m" : "") << " "
            << printable(error.text()) << "\n  " << error_entry(error.id).remedy << std::endl;
  return error.id == ErrorId::kUsage ? kExitUsage : exit_code(error.code());
}

void print_note(const std::string& text) { std::cerr << text << std::endl; }

Progress::Progress(std::string what) : what_(std::move(what)), started_ns_(monotonic_ns()) {}

Progress::~Progress() {
  if (shown_) std::cerr << std::endl;
}

void Progress::update(std::uint64_t done, std::uint64_t total, const std::string& unit) {
  const std::int64_t now = monotonic_ns();
  const bool last = done == total;
  if (!stderr_is_terminal() || (!last && now - drawn_ns_ < 100'000'000)) return;
  drawn_ns_ = now;
  shown_ = true;
  const double seconds = std::max(1e-3, static_cast<double>(now - started_ns_) * 1e-9);
  const double rate = static_cast<double>(done) / seconds;
  const double left = rate > 0 ? static_cast<double>(total - std::min(done, total)) / rate : 0;
  const double percent =
      total > 0 ? 100.0 * static_cast<double>(done) / static_cast<double>(total) : 0;
  char line[160];
  std::snprintf(line, sizeof(line), "\r%s  %5.1f %%  %.0f %s/s  %.0f s left   ", what_.c_str(),
                percent, rate, unit.c_str(), left);
  std::cerr << line << std::flush;
}

bool confirmed(const std::string& what, const std::string& otherwise) {
  if (isatty(STDIN_FILENO) != 1) {
    print_note(otherwise + ": add --yes to do it where nobody can be asked");
    return false;
  }
  std::cerr << what << "; type yes to go on: " << std::flush;
  std::string answer;
  std::getline(std::cin, answer);
  if (answer == "yes") return true;
  print_note(otherwise);
  return false;
}

bool stdout_is_terminal() { return isatty(STDOUT_FILENO) == 1; }
bool stderr_is_terminal() { return isatty(STDERR_FILENO) == 1; }

bool colour_wanted() {
  const char* term = std::getenv("TERM");
  return stderr_is_terminal() && std::getenv("NO_COLOR") == nullptr &&
         (term == nullptr || std::string_view(term) != "dumb");
}

}  // namespace lineshaft::app
