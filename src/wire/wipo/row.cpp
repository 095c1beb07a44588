#include "wire/wipo/row.h"

#include <algorithm>
#include <utility>

#include "base/utf8.h"
#include "wire/wipo/document.h"

namespace lineshaft::wipo {
namespace {

using Strings = std::vector<std::string>;

std::string joined(const Strings& values) {
  std::string out;
  for (const std::string& value : values) {
    if (!out.empty()) out += "; ";
    for (const char c : value) {
      if (c == ';' || c == '\\') out += '\\';
      out += c;
    }
  }
  return out;
}

std::string trimmed(std::string text) {
  text.erase(0, std::min(text.find_first_not_of(' '), text.size()));
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

Strings split(std::string_view cell) {
  Strings values;
  std::string value;
  const auto end_value = [&] {
    if (std::string found = trimmed(std::move(value)); !found.empty())
      values.push_back(std::move(found));
    value.clear();
  };
  for (std::size_t i = 0; i < cell.size(); ++i) {
    if (cell[i] == ';')
      end_value();
    else
      value += cell[i] == '\\' && i + 1 < cell.size() ? cell[++i] : cell[i];
  }
  end_value();
  return values;
}

// How long the language before a title is, with its colon: "zh: 连铸机" has one.
std::size_t language_length(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size() && text[at] >= 'a' && text[at] <= 'z') ++at;
  return (at == 2 || at == 3) && at < text.size() && text[at] == ':' ? at + 1 : 0;
}

std::string title_text(const Title& title) {
  if (!title.language.empty()) return title.language + ": " + title.text;
  // A text that looks as if it had a language is told from one that has.
  return language_length(title.text) == 0 ? title.text : "und: " + title.text;
}

Title read_title(const std::string& text) {
  const std::size_t length = language_length(text);
  if (length == 0) return {"", text};
  const std::string language = text.substr(0, length - 1);
  return {language == "und" ? "" : language, trimmed(text.substr(length))};
}

std::string priority_text(const PriorityClaim& claim) {
  return (claim.office.empty() ? "-" : claim.office) + " " + claim.number +
         (claim.day ? " " + day_text(*claim.day) : "");
}

// "CN 202310000001.X 2023-05-31", the day may be missing; "-" for an office that is not known.
std::optional<PriorityClaim> read_priority(const std::string& text) {
  const std::size_t first = text.find(' ');
  if (first == text.npos) return std::nullopt;
  PriorityClaim claim;
  claim.office = text.substr(0, first);
  if (claim.office == "-") claim.office.clear();
  claim.number = trimmed(text.substr(first));
  const std::size_t last = claim.number.rfind(' ');
  if (last != claim.number.npos) {
    const Result<Day> day = parse_day(claim.number.substr(last + 1));
    if (day) {
      claim.day = *day;
      claim.number = trimmed(claim.number.substr(0, last));
    }
  }
  if (claim.number.empty()) return std::nullopt;
  return claim;
}

std::string day_cell(const std::optional<Day>& day) { return day ? day_text(*day) : ""; }

// Takes one cell; what is wrong with it, or "".
std::string take_day(std::string_view cell, std::optional<Day>& to) {
  if (cell.empty()) return "";
  const Result<Day> day = parse_day(cell);
  if (!day) return day.error().what;
  to = *day;
  return "";
}

std::string take_priorities(std::string_view cell, std::vector<PriorityClaim>& to) {
  for (const std::string& value : split(cell)) {
    std::optional<PriorityClaim> claim = read_priority(value);
    if (!claim)
      return "'" + value.substr(0, 64) + "' is not a priority such as CN 202310000001.X 2023-05-31";
    to.push_back(*std::move(claim));
  }
  return "";
}

std::string take(std::size_t column, std::string_view cell, RegisterRecord& record) {
  switch (column) {
    case 0: {
      const Result<RightKind> kind = parse_right_kind(cell);
      if (!kind) return kind.error().what;
      record.kind = *kind;
      return "";
    }
    case 1:
      record.office = cell;
      return record.office.empty() ? "it is empty" : "";
    case 2:
      record.application_number = cell;
      return "";
    case 3:
      return take_day(cell, record.filed);
    case 4:
      record.publication_number = cell;
      return "";
    case 5:
      record.publication_kind = cell;
      return "";
    case 6:
      return take_day(cell, record.published);
    case 7:
      record.grant_number = cell;
      return "";
    case 8:
      return take_day(cell, record.granted);
    case 9:
      return take_priorities(cell, record.priorities);
    case 10:
      for (const std::string& value : split(cell)) {
        if (Title title = read_title(value); !title.text.empty())
          record.titles.push_back(std::move(title));
      }
      return "";
    case 11:
      record.applicants = split(cell);
      return "";
    case 12:
      record.inventors = split(cell);
      return "";
    case 13:
      record.classes = split(cell);
      return "";
    default:
      record.status = cell;
      return "";
  }
}

std::string check_cell(std::string_view cell) {
  // Room for as many values as a document may have.
  constexpr std::size_t kCellBytesMax = 256 * 1024;
  if (cell.size() > kCellBytesMax) return "longer than " + std::to_string(kCellBytesMax) + " bytes";
  if (!is_utf8(cell)) return "it is not UTF-8";
  if (has_control(cell)) return "it holds a control character";
  return "";
}

Error error_at(std::size_t line, std::string_view column, const std::string& what) {
  return {ErrorId::kBadRegisterDocument,
          "line " + std::to_string(line) + ": " + std::string(column) + ": " + what};
}

}  // namespace

std::vector<std::string> cells_of(const RegisterRecord& record) {
  Strings priorities;
  for (const PriorityClaim& claim : record.priorities) priorities.push_back(priority_text(claim));
  Strings titles;
  for (const Title& title : record.titles) titles.push_back(title_text(title));
  return {std::string(name_of(record.kind)),
          record.office,
          record.application_number,
          day_cell(record.filed),
          record.publication_number,
          record.publication_kind,
          day_cell(record.published),
          record.grant_number,
          day_cell(record.granted),
          joined(priorities),
          joined(titles),
          joined(record.applicants),
          joined(record.inventors),
          joined(record.classes),
          record.status};
}

Result<RowReader> RowReader::make(std::span<const std::string_view> header) {
  RowReader reader;
  for (const std::string_view name : header) {
    const auto found = std::ranges::find(kColumns, name);
    if (found == kColumns.end()) {
      return error_at(1, utf8_prefix(name, 64), "there is no such column");
    }
    const auto column = static_cast<std::size_t>(found - kColumns.begin());
    if (std::ranges::count(reader.columns_, column) > 0)
      return error_at(1, name, "it stands twice");
    reader.columns_.push_back(column);
  }
  for (const std::size_t needed : {std::size_t{0}, std::size_t{1}}) {
    if (std::ranges::count(reader.columns_, needed) == 0) {
      return error_at(1, kColumns[needed], "the column is missing");
    }
  }
  return reader;
}

Result<RegisterRecord> RowReader::read(std::span<const std::string_view> cells,
                                       std::size_t line) const {
  if (cells.size() > columns_.size())
    return error_at(line, "row", "it has more cells than columns");
  RegisterRecord record;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const std::string_view cell = i < cells.size() ? cells[i] : std::string_view();
    std::string what = check_cell(cell);
    if (what.empty()) what = take(columns_[i], cell, record);
    if (!what.empty()) return error_at(line, kColumns[columns_[i]], what);
  }
  if (record.application_number.empty() && record.publication_number.empty() &&
      record.grant_number.empty()) {
    return error_at(line, "application_number", "the right has no number at all");
  }
  return record;
}

}  // namespace lineshaft::wipo
