#include "wire/pdf/flow.h"

#include <algorithm>

#include "base/assert.h"

namespace lineshaft::pdf {
namespace {

constexpr Length kMargin = 4'500;
constexpr Length kInside = kPageWidth - 2 * kMargin;
constexpr Length kBottom = kPageHeight - 5'500;
constexpr Length kFoot = kPageHeight - 3'200;
constexpr Length kFactName = 12'000;  // where the second column begins
constexpr Length kGap = 600;          // between two columns
constexpr Font kTitle{1'800, true};
constexpr Font kHeading{1'100, true};
constexpr Font kFootFont{700, false};

constexpr Length kBelowHead = 250;

using Lines = std::vector<std::vector<std::string>>;

Length line_height(Font font) { return font.size * 135 / 100; }

std::vector<Length> widths_of(const std::vector<TableColumn>& columns) {
  int all = 0;
  for (const TableColumn& column : columns) all += column.parts;
  const Length room = kInside - kGap * (static_cast<Length>(columns.size()) - 1);
  std::vector<Length> widths;
  for (const TableColumn& column : columns) widths.push_back(room * column.parts / all);
  return widths;
}

// What stands in the cells of a row, line by line.
Lines lines_of(const std::vector<TableColumn>& columns, const std::vector<std::string>& cells,
               Font font) {
  LS_ASSERT(cells.size() == columns.size());
  const std::vector<Length> widths = widths_of(columns);
  Lines lines;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    lines.push_back(wrapped(cells[i], font, widths[i]));
  }
  return lines;
}

Length height_of(const Lines& cells, Font font) {
  std::size_t most = 1;
  for (const std::vector<std::string>& lines : cells) most = std::max(most, lines.size());
  return static_cast<Length>(most) * line_height(font);
}

}  // namespace

Flow::Flow(const std::string& title) : document_(title) {
  document_.add_page();
  y_ = kMargin;
}

bool Flow::need(Length height) {
  if (y_ + height <= kBottom) return false;
  document_.add_page();
  y_ = kMargin;
  return true;
}

void Flow::title(std::string_view text) {
  for (const std::string& line : wrapped(text, kTitle, kInside)) {
    need(line_height(kTitle));
    y_ += line_height(kTitle);
    document_.text(kMargin, y_, kTitle, line);
  }
  y_ += 600;
}

void Flow::heading(std::string_view text) {
  need(6'000);  // with the titles of a table and its first rows
  y_ += 1'000;
  for (const std::string& line : wrapped(text, kHeading, kInside)) {
    y_ += line_height(kHeading);
    document_.text(kMargin, y_, kHeading, line);
  }
  y_ += 300;
}

void Flow::paragraph(std::string_view text, Font font) {
  for (const std::string& line : wrapped(text, font, kInside)) {
    need(line_height(font));
    y_ += line_height(font);
    document_.text(kMargin, y_, font, line);
  }
}

void Flow::fact(std::string_view name, std::string_view value, bool is_bold) {
  const Font font{900, is_bold};
  const auto names = wrapped(name, {}, kFactName - kGap);
  const auto values = wrapped(value, font, kInside - kFactName);
  for (std::size_t i = 0; i < std::max(names.size(), values.size()); ++i) {
    need(line_height(font));
    y_ += line_height(font);
    if (i < names.size()) document_.text(kMargin, y_, {}, names[i]);
    if (i < values.size()) document_.text(kMargin + kFactName, y_, font, values[i]);
  }
}

void Flow::row(const std::vector<TableColumn>& columns, const Lines& cells, Font font) {
  const std::vector<Length> widths = widths_of(columns);
  Length x = kMargin;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    Length y = y_;
    for (const std::string& line : cells[i]) {
      y += line_height(font);
      const Length left = columns[i].is_right ? std::max(0, widths[i] - width_of(line, font)) : 0;
      document_.text(x + left, y, font, line);
    }
    x += widths[i] + kGap;
  }
  y_ += height_of(cells, font);
}

void Flow::table(const std::vector<TableColumn>& columns,
                 const std::vector<std::vector<std::string>>& rows, Length size) {
  const Font font{size, false};
  const Font bold{size, true};
  std::vector<std::string> titles;
  for (const TableColumn& column : columns) titles.push_back(column.title);
  const Lines title_lines = lines_of(columns, titles, bold);
  const auto head = [&] {
    row(columns, title_lines, bold);
    y_ += kBelowHead;
    document_.rule(kMargin, y_, kInside);
  };
  need(height_of(title_lines, bold) + kBelowHead + 2 * line_height(font));
  head();
  for (const std::vector<std::string>& cells : rows) {
    const Lines lines = lines_of(columns, cells, font);
    if (need(height_of(lines, font))) head();
    row(columns, lines, font);
  }
}

void Flow::foot_line(std::string_view text) {
  document_.rule(kMargin, kFoot - 1'000, kInside);
  document_.text(kMargin, kFoot, kFootFont, text);
}

}  // namespace lineshaft::pdf
