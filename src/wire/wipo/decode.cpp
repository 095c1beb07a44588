#include "wire/wipo/decode.h"

#include <algorithm>
#include <utility>

namespace lineshaft::wipo {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// "20150120", "2015-01-20" and, as XML Schema allows, with a time zone: "2015-01-20+08:00".
std::optional<Day> read_day(std::string text) {
  if (text.size() == 8) text = text.substr(0, 4) + "-" + text.substr(4, 2) + "-" + text.substr(6);
  if (text.size() > 10 && (text[10] == 'Z' || text[10] == '+' || text[10] == '-')) text.resize(10);
  const Result<Day> day = parse_day(text);
  if (day) return *day;
  return std::nullopt;
}

}  // namespace

std::string_view name_of(RightKind kind) {
  switch (kind) {
    case RightKind::kPatent:
      return "patent";
    case RightKind::kUtilityModel:
      return "utility_model";
    case RightKind::kDesign:
      return "design";
    case RightKind::kTradeMark:
      return "trade_mark";
  }
  LS_ASSERT(false);  // Every kind has a name.
  return "";
}

Result<RightKind> parse_right_kind(std::string_view word) {
  for (const RightKind kind :
       {RightKind::kPatent, RightKind::kUtilityModel, RightKind::kDesign, RightKind::kTradeMark}) {
    if (name_of(kind) == word) return kind;
  }
  return Error{ErrorId::kInvalidArgument,
               "'" + std::string(word.substr(0, 64)) +
                   "' is no kind of right; there are patent, utility_model, design, trade_mark"};
}

void RecordReader::fail(const XmlNode& at, const std::string& what) {
  if (problem_.ok()) problem_ = error_at(at, what);
}

Result<FoundRecord> RecordReader::done() {
  const RegisterRecord& record = found_.record;
  if (record.application_number.empty() && record.publication_number.empty() &&
      record.grant_number.empty()) {
    fail(part_, "the record has neither an application nor a publication number");
  }
  if (record.office.empty()) fail(part_, "the record names no office");
  if (!problem_.ok()) return problem_.error();
  return std::move(found_);
}

bool RecordReader::fits(const XmlNode& at, std::string_view value, std::size_t count) {
  if (value.size() > kValueBytesMax) {
    fail(at, "longer than " + std::to_string(kValueBytesMax) + " bytes");
  } else if (count >= kValuesMax) {
    fail(at, "more than " + std::to_string(kValuesMax) + " of them");
  }
  return problem_.ok();
}

void RecordReader::text(const XmlNode* from, std::string& to) {
  if (from == nullptr) return;
  std::string value = from->content();
  if (fits(*from, value, 0)) to = std::move(value);
}

void RecordReader::day(const XmlNode* from, std::optional<Day>& to) {
  if (from == nullptr) return;
  const std::string value = from->content();
  // Some offices write a day they do not know so.
  if (value.empty() || value == "00000000") return;
  to = read_day(value);
  if (!to) fail(*from, "'" + value.substr(0, 40) + "' is not a day such as 2015-01-20");
}

void RecordReader::add_text(const XmlNode& at, std::string value, std::vector<std::string>& to) {
  if (value.empty() || std::ranges::find(to, value) != to.end()) return;
  if (fits(at, value, to.size())) to.push_back(std::move(value));
}

void RecordReader::add(const XmlNode* from, std::vector<std::string>& to) {
  if (from != nullptr) add_text(*from, from->content(), to);
}

void RecordReader::add_title(const XmlNode& from, std::string_view language) {
  Title title{std::string(language.substr(0, 2)), from.content()};
  std::ranges::transform(title.language, title.language.begin(), [](char c) {
    return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  });
  if (!std::ranges::all_of(title.language, [](char c) { return c >= 'a' && c <= 'z'; })) {
    return fail(from, "its language is no code of two letters");
  }
  if (title.text.empty() || !fits(from, title.text, found_.record.titles.size())) return;
  if (std::ranges::find(found_.record.titles, title) != found_.record.titles.end()) return;
  found_.record.titles.push_back(std::move(title));
}

void RecordReader::add_priority(const XmlNode& at, PriorityClaim claim) {
  if (claim.number.empty()) return fail(at, "the priority has no number");
  if (fits(at, claim.number, found_.record.priorities.size())) {
    found_.record.priorities.push_back(std::move(claim));
  }
}

std::string ipc_symbol(const std::string& text) {
  const auto is_letter = [](char c) { return c >= 'A' && c <= 'Z'; };
  if (text.size() < 4 || !is_letter(text[0]) || !is_digit(text[1]) || !is_digit(text[2]) ||
      !is_letter(text[3])) {
    return text;
  }
  std::size_t at = 4;
  while (at < text.size() && text[at] == ' ') ++at;
  const std::size_t group = at;
  while (at < text.size() && is_digit(text[at])) ++at;
  const std::size_t slash = at;
  if (slash == group || slash == text.size() || text[slash] != '/') {
    // A subclass alone, with or without what follows it in the fixed columns of ST.8.
    return text.size() == 4 || text[4] == ' ' ? text.substr(0, 4) : text;
  }
  ++at;
  while (at < text.size() && text[at] == ' ') ++at;
  const std::size_t subgroup = at;
  while (at < text.size() && is_digit(text[at])) ++at;
  if (at == subgroup) return text;
  return text.substr(0, 4) + " " + text.substr(group, slash - group) + "/" +
         text.substr(subgroup, at - subgroup);
}

std::string person_name(const std::string& last, const std::string& first,
                        const std::string& middle) {
  std::string given = first;
  if (!middle.empty()) given += (given.empty() ? "" : " ") + middle;
  if (last.empty() || given.empty()) return last + given;
  return last + ", " + given;
}

RightKind right_of(std::string_view publication_kind) {
  const char letter = publication_kind.empty() ? 'A' : publication_kind.front();
  if (letter == 'U' || letter == 'Y' || letter == 'Z') return RightKind::kUtilityModel;
  return letter == 'S' ? RightKind::kDesign : RightKind::kPatent;
}

bool is_grant(std::string_view office, std::string_view publication_kind) {
  const char letter = publication_kind.empty() ? 'A' : publication_kind.front();
  if (letter == 'B' || letter == 'C') return true;
  // China publishes utility models and designs when they are granted.
  return office == "CN" && (letter == 'U' || letter == 'Y' || letter == 'S');
}

void settle_patent(RegisterRecord& record) {
  record.kind = right_of(record.publication_kind);
  if (record.granted || !is_grant(record.office, record.publication_kind)) return;
  record.granted = record.published;
  if (record.grant_number.empty()) record.grant_number = record.publication_number;
}

Result<std::vector<FoundRecord>> read_document(std::string_view bytes) {
  std::vector<FoundRecord> found;
  const auto is_part = [](std::string_view name) {
    return is_st36_part(name) || is_st96_part(name);
  };
  const auto take = [&](const XmlNode& part) -> Status {
    if (is_st36_part(part.name)) {
      Result<FoundRecord> record = read_st36(part);
      if (!record) return std::move(record).error();
      found.push_back(*std::move(record));
    } else if (Status read = read_st96(part, found); !read.ok()) {
      return read;
    }
    if (found.size() <= kRecordsMax) return {};
    return error_at(part, "more than " + std::to_string(kRecordsMax) + " records");
  };
  XmlLimits limits;
  limits.bytes_max = kDocumentBytesMax;
  if (Status read = read_xml(bytes, is_part, take, limits); !read.ok()) return read.error();
  if (!found.empty()) return found;
  return Error{ErrorId::kBadRegisterDocument,
               "the document holds no record: neither bibliographic-data (ST.36) nor "
               "BibliographicData, Trademark or DesignApplication (ST.96)"};
}

}  // namespace lineshaft::wipo
