#include "wire/lineprotocol/reader.h"

#include <algorithm>
#include <charconv>

namespace lineshaft::lineprotocol {
namespace {

// Ends of a value that is not a text.
bool ends_value(char c) { return c == ',' || c == ' ' || c == '\n' || c == '\r'; }

// In names a backslash means something only before these.
bool is_escape(std::string_view text, std::size_t at) {
  if (text[at] != '\\' || at + 1 >= text.size()) return false;
  const char following = text[at + 1];
  return following == ',' || following == '=' || following == ' ';
}

bool is_text_escape(std::string_view text, std::size_t at) {
  if (text[at] != '\\' || at + 1 >= text.size()) return false;
  return text[at + 1] == '"' || text[at + 1] == '\\';
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// What the whole of `text` says, if it is a number.
template <typename T>
bool parse_whole(std::string_view text, T& out) {
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), out);
  return code == std::errc() && end == text.data() + text.size();
}

// In decimal digits: from_chars also knows words and would take "inf".
bool parse_float(std::string_view text, double& out) {
  if (text.starts_with('+')) text.remove_prefix(1);
  const std::size_t sign = text.starts_with('-') ? 1 : 0;
  if (text.size() <= sign || !(is_digit(text[sign]) || text[sign] == '.')) return false;
  return parse_whole(text, out);
}

bool parse_bool(std::string_view word, FieldValue& value) {
  const auto is_one_of = [&](auto... words) { return ((word == words) || ...); };
  if (is_one_of("t", "T", "true", "True", "TRUE")) {
    value = true;
    return true;
  }
  if (is_one_of("f", "F", "false", "False", "FALSE")) {
    value = false;
    return true;
  }
  return false;
}

}  // namespace

bool Reader::fail(const char* what) {
  problem_ = Error{ErrorId::kInvalidArgument, "line " + std::to_string(line_number_) + ": " + what};
  return false;
}

bool Reader::at_line_end() const {
  if (at_ == text_.size() || text_[at_] == '\n') return true;
  return text_[at_] == '\r' && (at_ + 1 == text_.size() || text_[at_ + 1] == '\n');
}

bool Reader::next(Line& line) {
  if (!problem_) return false;
  for (;;) {
    ++line_number_;
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
    const bool is_comment = at_ < text_.size() && text_[at_] == '#';
    if (!is_comment && !at_line_end()) break;
    at_ = std::min(text_.find('\n', at_), text_.size());
    if (at_ == text_.size()) return false;
    ++at_;
  }
  line.number = line_number_;
  if (!read_series(line) || !read_fields(line) || !read_time(line)) return false;
  const std::size_t end = text_.find('\n', at_);
  at_ = end == std::string_view::npos ? text_.size() : end + 1;
  return true;
}

// Up to the first blank that is not escaped.
bool Reader::read_series(Line& line) {
  const std::size_t from = at_;
  for (; at_ < text_.size(); ++at_) {
    const char c = text_[at_];
    if (c == ' ') break;
    if (c == '\n') return fail("has no fields");
    if (is_escape(text_, at_)) ++at_;
  }
  if (at_ >= text_.size()) return fail("has no fields");
  if (text_[from] == ',') return fail("has no measurement");
  line.series = text_.substr(from, at_ - from);
  while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  return true;
}

bool Reader::read_fields(Line& line) {
  line.fields.clear();
  for (;;) {
    const std::size_t from = at_;
    for (; at_ < text_.size() && text_[at_] != '='; ++at_) {
      const char c = text_[at_];
      if (c == ',' || c == ' ' || c == '\n') return fail("has a field without a value");
      if (is_escape(text_, at_)) ++at_;
    }
    if (at_ >= text_.size()) return fail("has a field without a value");
    Field& field = line.fields.emplace_back();
    field.key = text_.substr(from, at_ - from);
    if (field.key.empty()) return fail("has a field without a key");
    ++at_;
    if (!read_value(field.value)) return false;
    if (at_ == text_.size() || text_[at_] != ',') return true;
    ++at_;
  }
}

bool Reader::read_value(FieldValue& value) {
  if (at_ < text_.size() && text_[at_] == '"') return read_text(value);
  const std::size_t from = at_;
  while (at_ < text_.size() && !ends_value(text_[at_])) ++at_;
  std::string_view word = text_.substr(from, at_ - from);
  if (word.empty()) return fail("has a field without a value");
  const char last = word.back();
  if (last == 'i' || last == 'u') {
    word.remove_suffix(1);
    std::int64_t number = 0;
    const bool has_sign = word.starts_with('-');
    if (!parse_whole(word, number) || (last == 'u' && has_sign)) {
      return fail("has a whole number that is none, or beyond 63 bits");
    }
    value = number;
    return true;
  }
  double number = 0;
  if (parse_float(word, number)) {
    value = number;
    return true;
  }
  if (parse_bool(word, value)) return true;
  return fail("has a value that is no number, no text in quotes and neither true nor false");
}

bool Reader::read_text(FieldValue& value) {
  const std::size_t from = ++at_;
  for (; at_ < text_.size() && text_[at_] != '"'; ++at_) {
    if (text_[at_] == '\n') ++line_number_;
    if (is_text_escape(text_, at_)) ++at_;
  }
  if (at_ >= text_.size()) return fail("has a text without its closing quote");
  value = text_.substr(from, at_ - from);
  ++at_;
  if (at_ < text_.size() && !ends_value(text_[at_])) {
    return fail("has something behind the closing quote of a text");
  }
  return true;
}

bool Reader::read_time(Line& line) {
  line.time.reset();
  while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  if (at_line_end()) return true;
  const std::size_t from = at_;
  while (at_ < text_.size() && !ends_value(text_[at_])) ++at_;
  std::int64_t time = 0;
  if (!parse_whole(text_.substr(from, at_ - from), time)) {
    return fail("has a time that is no whole number of 64 bits");
  }
  line.time = time;
  while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  return at_line_end() || fail("has something behind its time");
}

namespace {

Error bad_series(const char* what) { return {ErrorId::kInvalidArgument, what}; }

// The next part of `rest` up to one of `ends` that is not escaped; takes both away.
std::string_view take_part(std::string_view& rest, std::string_view ends) {
  std::size_t at = 0;
  for (; at < rest.size() && ends.find(rest[at]) == std::string_view::npos; ++at) {
    if (is_escape(rest, at)) ++at;
  }
  const std::string_view part = rest.substr(0, at);
  rest.remove_prefix(at);
  return part;
}

}  // namespace

Result<Series> parse_series(std::string_view series) {
  Series parsed;
  parsed.measurement = unescape_name(take_part(series, ","));
  if (parsed.measurement.empty()) return bad_series("has no measurement");
  while (!series.empty()) {
    series.remove_prefix(1);  // the comma
    const std::string_view key = take_part(series, ",=");
    if (!series.starts_with('=')) return bad_series("has a tag without a value");
    series.remove_prefix(1);
    const std::string_view value = take_part(series, ",=");
    if (series.starts_with('=')) return bad_series("has a tag with two values");
    if (key.empty()) return bad_series("has a tag without a key");
    if (value.empty()) return bad_series("has a tag without a value");
    parsed.tags.push_back({unescape_name(key), unescape_name(value)});
  }
  std::sort(parsed.tags.begin(), parsed.tags.end());
  const auto twice =
      std::adjacent_find(parsed.tags.begin(), parsed.tags.end(),
                         [](const SeriesTag& a, const SeriesTag& b) { return a.key == b.key; });
  if (twice != parsed.tags.end()) return bad_series("has a tag twice");
  return parsed;
}

std::string unescape_name(std::string_view name) {
  std::string out;
  out.reserve(name.size());
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (is_escape(name, i)) ++i;
    out += name[i];
  }
  return out;
}

std::string unescape_text(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_text_escape(text, i)) ++i;
    out += text[i];
  }
  return out;
}

}  // namespace lineshaft::lineprotocol
