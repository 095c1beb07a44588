#include "connect/mtconnect/delivery.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "base/utf8.h"

namespace lineshaft::connect {

namespace {

using mtconnect::Entry;
using mtconnect::Level;
using mtconnect::Observation;

constexpr std::string_view kBlanks = " \t\r\n";

Error mismatch(std::string_view text, ValueType type) {
  const std::string_view shown = is_utf8(text) ? utf8_prefix(text, 64) : "(not UTF-8)";
  return {ErrorId::kTypeMismatch,
          "'" + std::string(shown) + "' is no " + std::string(type_name(type))};
}

bool same_word(std::string_view a, std::string_view b) {
  const auto upper = [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; };
  return std::ranges::equal(a, b, {}, upper, upper);
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (true) {
    text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
    if (text.empty()) return words;
    const std::size_t end = std::min(text.find_first_of(kBlanks), text.size());
    words.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

std::optional<bool> bool_of(std::string_view text) {
  constexpr std::array<std::string_view, 5> kTrue = {"TRUE", "ON", "ACTIVE", "AVAILABLE", "1"};
  constexpr std::array<std::string_view, 4> kFalse = {"FALSE", "OFF", "INACTIVE", "0"};
  const auto is_text = [&](std::string_view word) { return same_word(word, text); };
  if (std::ranges::any_of(kTrue, is_text)) return true;
  if (std::ranges::any_of(kFalse, is_text)) return false;
  return std::nullopt;
}

// Agents write whole numbers as 12 or as 12.0.
std::optional<std::int64_t> whole_of(std::string_view text) {
  std::int64_t whole = 0;
  const char* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, whole);
  if (!text.empty() && error == std::errc() && end == last) return whole;
  double number = 0;
  const auto [number_end, number_error] = std::from_chars(text.data(), last, number);
  if (text.empty() || number_error != std::errc() || number_end != last) return std::nullopt;
  // 2^53: whole numbers beyond it are not exact.
  if (std::trunc(number) != number || std::abs(number) > 9007199254740992.0) return std::nullopt;
  return static_cast<std::int64_t>(number);
}

std::string set_text(const std::vector<Entry>& entries) {
  std::string text;
  for (const Entry& entry : entries) {
    if (!text.empty()) text += ' ';
    text += entry.key + "=";
    if (entry.cells.empty()) {
      text += entry.value;
      continue;
    }
    text += '{';
    for (const auto& [key, value] : entry.cells) {
      if (text.back() != '{') text += ' ';
      text += key + "=" + value;
    }
    text += '}';
  }
  return text;
}

// Nothing: the set has no such part now.
std::optional<std::string> set_part(const std::vector<Entry>& entries, std::string_view part) {
  if (part.empty()) return set_text(entries);
  for (const Entry& entry : entries) {
    if (entry.key == part && entry.cells.empty()) return entry.value;
    if (!part.starts_with(entry.key + "/")) continue;
    const std::string_view cell = part.substr(entry.key.size() + 1);
    for (const auto& [key, value] : entry.cells) {
      if (key == cell) return value;
    }
  }
  return std::nullopt;
}

std::string condition_text(const Observation& seen) {
  std::string text(mtconnect::level_name(seen.level));
  for (const std::string* part : {&seen.native_code, &seen.qualifier}) {
    if (!part->empty()) text += " " + *part;
  }
  return seen.text.empty() ? text : text + ": " + seen.text;
}

}  // namespace

void Delivery::happened(std::size_t signal, std::optional<Timestamp> source, Value value) {
  State& state = states_[signal];
  const Instant now = host_.now();
  source = believed(source, now);
  state.value = value;
  const auto time = state.times.of_value(source, now);
  if (!time) return host_.on_past(signal, *source, std::move(value), quality::kGood);
  state.bad = false;
  host_.on_value(signal, {*time, now.steady}, std::move(value));
}

void Delivery::holds(std::size_t signal, std::optional<Timestamp> source, Value value) {
  State& state = states_[signal];
  const Instant now = host_.now();
  state.value = value;
  state.bad = false;
  const Timestamp time = state.times.of_state(believed(source, now), now);
  host_.on_value(signal, {time, now.steady}, std::move(value));
}

void Delivery::lacks(std::size_t signal, std::optional<Timestamp> source, Quality quality) {
  const Instant now = host_.now();
  becomes_bad(signal, states_[signal].times.of_state(believed(source, now), now), quality);
}

void Delivery::no_value(std::size_t signal, std::optional<Timestamp> source, Quality quality) {
  State& state = states_[signal];
  const Instant now = host_.now();
  source = believed(source, now);
  const auto time = state.times.of_value(source, now);
  if (time) return becomes_bad(signal, *time, quality);
  // Without a value of before there is no type to tell it in, and nothing that ends.
  if (state.value) host_.on_past(signal, *source, *state.value, quality);
}

void Delivery::becomes_bad(std::size_t signal, Timestamp time, Quality quality) {
  states_[signal].bad = true;
  host_.on_bad(signal, {time, host_.now().steady}, quality);
}

void Delivery::no_value_at_all(Quality quality) {
  for (std::size_t i = 0; i < states_.size(); ++i) no_value(i, std::nullopt, quality);
}

Result<Value> text_value(const SignalConfig& signal, ValueType type, std::string_view text) {
  switch (type) {
    case ValueType::kBool:
      if (const auto value = bool_of(text)) return Value(*value);
      return mismatch(text, type);
    case ValueType::kInt64: {
      const auto named = std::ranges::find(signal.enum_set, text, &EnumEntry::name);
      if (named != signal.enum_set.end()) return Value(named->value);
      if (const auto value = whole_of(text)) return Value(*value);
      return mismatch(text, type);
    }
    case ValueType::kString:
      if (text.size() > kStringValueBytesMax || !is_utf8(text)) return mismatch(text, type);
      return Value(std::string(text));
    default:
      return parse_value(type, text);
  }
}

Value condition_value(ValueType type, const std::vector<Observation>& active) {
  Level worst = Level::kNormal;
  std::string text;
  for (const Observation& one : active) {
    worst = std::max(worst, one.level);
    if (!text.empty()) text += "; ";
    text += condition_text(one);
  }
  const auto level = static_cast<std::int64_t>(worst) - static_cast<std::int64_t>(Level::kNormal);
  if (type == ValueType::kString)
    return Value(std::string(utf8_prefix(text, kStringValueBytesMax)));
  if (type == ValueType::kInt64) return Value(level);
  if (type == ValueType::kBool) return Value(level > 0);
  if (type == ValueType::kFloat64) return Value(static_cast<double>(level));
  return type == ValueType::kFloat32 ? Value(static_cast<float>(level)) : zero_of(type);
}

Result<std::optional<Value>> observed_value(const SignalConfig& signal, ValueType type,
                                            std::string_view part, const Observation& seen,
                                            const std::vector<Observation>& state) {
  const auto as_value = [&](std::string_view text) -> Result<std::optional<Value>> {
    auto value = text_value(signal, type, text);
    if (!value) return value.error();
    return std::optional(*std::move(value));
  };
  if (seen.category == mtconnect::Category::kCondition) {
    return std::optional(condition_value(type, state));
  }
  if (seen.is_set) {
    const auto text = set_part(state.empty() ? seen.entries : state.front().entries, part);
    if (!text) return std::optional<Value>();
    return as_value(*text);
  }
  if (part.empty()) return as_value(seen.text);
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), index);
  const auto words = words_of(seen.text);
  if (error != std::errc() || end != part.data() + part.size() || index >= words.size()) {
    return Error{ErrorId::kTypeMismatch, "'" + std::string(utf8_prefix(seen.text, 64)) +
                                             "' has no part '" + std::string(part) + "'"};
  }
  return as_value(words[index]);
}

std::vector<SeriesValue> series_values(const Observation& seen, double rate) {
  const auto words = words_of(seen.text);
  std::vector<SeriesValue> values;
  for (std::size_t i = 0; i < words.size(); ++i) {
    Timestamp time = seen.time;
    const auto steps_back = static_cast<double>(words.size() - 1 - i);
    if (rate > 0) time = time + Nanoseconds(-std::llround(std::min(steps_back / rate, 1e9) * 1e9));
    values.push_back({time, words[i]});
  }
  return values;
}

}  // namespace lineshaft::connect
