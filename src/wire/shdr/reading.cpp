#include <algorithm>
#include <charconv>

#include "wire/shdr/shdr.h"

namespace lineshaft::shdr {

namespace {

using Fields = std::span<const std::string>;

Error bad(std::string what) { return Error{ErrorId::kBadAnswer, std::move(what)}; }

bool same_word(std::string_view a, std::string_view b) {
  const auto upper = [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; };
  return std::ranges::equal(a, b, {}, upper, upper);
}

std::optional<Level> parse_level(std::string_view word) {
  constexpr std::string_view kWords[] = {kUnavailableText, "NORMAL", "WARNING", "FAULT"};
  for (std::size_t i = 0; i < std::size(kWords); ++i) {
    if (same_word(word, kWords[i])) return static_cast<Level>(i);
  }
  return std::nullopt;
}

std::optional<double> number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// An absolute time; nothing for a relative one (a plain number) or none.
Result<std::optional<Timestamp>> parse_time(std::string_view text) {
  text = text.substr(0, text.find('@'));
  if (text.empty() || number(text)) return std::optional<Timestamp>();
  const auto time = parse_timestamp(text);
  if (!time)
    return bad("a line of the adapter has no time that is one: '" +
               std::string(text.substr(0, 64)) + "'");
  return std::optional(*time);
}

void skip_blanks(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
}

// name=value name='a b' name={a b} name
void read_entries(std::string_view text, Reading& reading) {
  for (skip_blanks(text); !text.empty(); skip_blanks(text)) {
    const std::size_t name_end = std::min(text.find_first_of("= \t"), text.size());
    std::string name(text.substr(0, name_end));
    text.remove_prefix(name_end);
    if (!text.starts_with('=')) {
      reading.entries.emplace_back(std::move(name), std::nullopt);
      continue;
    }
    text.remove_prefix(1);
    const char open = text.empty() ? ' ' : text.front();
    const char close = open == '{' ? '}' : open;
    const bool quoted = open == '{' || open == '\'' || open == '"';
    if (quoted) text.remove_prefix(1);
    const std::size_t end =
        std::min(quoted ? text.find(close) : text.find_first_of(" \t"), text.size());
    std::string_view value = text.substr(0, end);
    text.remove_prefix(std::min(end + (quoted ? 1 : 0), text.size()));
    reading.entries.emplace_back(std::move(name), std::string(value));
  }
}

class LineWalk {
 public:
  LineWalk(std::vector<std::string> fields, const KindOf& kind_of)
      : fields_(std::move(fields)), kind_of_(kind_of) {}

  Result<Readings> walk() {
    Readings all;
    auto time = parse_time(fields_[0]);
    if (!time) return time.error();
    all.time = *time;
    at_ = 1;
    while (at_ < fields_.size()) {
      Reading reading;
      reading.kind = look_up(fields_[at_], reading.key);
      ++at_;
      if (reading.kind == Kind::kUnknown) {
        skip();
        continue;
      }
      if (Status read = read_values(reading); !read) return read.error();
      all.readings.push_back(std::move(reading));
    }
    return all;
  }

 private:
  Kind look_up(const std::string& key, std::string& known) const {
    known = key;
    const Kind kind = kind_of_(key);
    const std::size_t colon = key.find(':');
    if (kind != Kind::kUnknown || colon == key.npos) return kind;
    known = key.substr(colon + 1);
    return kind_of_(known);
  }

  // What nobody wants has one value; a condition stands alone in its line and is told by its level.
  void skip() {
    const bool condition = at_ == 2 && fields_.size() >= 6 && parse_level(fields_[at_]);
    at_ = condition ? fields_.size() : std::min(at_ + 1, fields_.size());
  }

  std::string take() { return at_ < fields_.size() ? std::move(fields_[at_++]) : std::string(); }

  Status read_values(Reading& reading) {
    switch (reading.kind) {
      case Kind::kCondition:
        return read_condition(reading);
      case Kind::kMessage:
        reading.native_code = take();
        if (at_ == fields_.size() && reading.native_code == kUnavailableText) {
          reading.native_code.clear();
          reading.text = kUnavailableText;
        } else {
          reading.text = take();
        }
        break;
      case Kind::kTimeSeries:
        return read_series(reading);
      default:
        reading.text = take();
    }
    reading.unavailable = reading.text == kUnavailableText;
    if (reading.kind == Kind::kDataSet && !reading.unavailable) {
      read_entries(reading.text, reading);
    }
    return {};
  }

  Status read_condition(Reading& reading) {
    const std::string word = take();
    const auto level = parse_level(word);
    if (!level) {
      return bad("the condition '" + reading.key.substr(0, 64) + "' has no level that is one: '" +
                 word.substr(0, 64) + "'");
    }
    reading.level = *level;
    reading.unavailable = *level == Level::kUnavailable;
    reading.native_code = take();
    reading.native_severity = take();
    reading.qualifier = take();
    reading.text = take();
    return {};
  }

  Status read_series(Reading& reading) {
    const std::string count = take();
    if (count == kUnavailableText) {
      reading.unavailable = true;
      reading.text = kUnavailableText;
      return {};
    }
    const std::string rate = take();
    const auto hertz = number(rate);
    if (!number(count) || (!rate.empty() && !hertz)) {
      return bad("the time series '" + reading.key.substr(0, 64) + "' has no count or rate");
    }
    reading.sample_rate = hertz && *hertz > 0 && *hertz < 1e9 ? *hertz : 0;
    reading.text = take();
    return {};
  }

  std::vector<std::string> fields_;
  const KindOf& kind_of_;
  std::size_t at_ = 0;
};

}  // namespace

Result<Readings> parse_readings(std::string_view line, const KindOf& kind_of) {
  std::vector<std::string> fields = detail::split_fields(line);
  if (fields.size() < 2) return bad("a line of the adapter has no '|'");
  if (fields.size() > kFieldsMax) return bad("a line of the adapter has too many fields");
  return LineWalk(std::move(fields), kind_of).walk();
}

}  // namespace lineshaft::shdr
