#include "docket/toml_reader.h"

#include <algorithm>
#include <utility>

#include "base/utf8.h"
#include "docket/rule_pack.h"

namespace lineshaft::docket {
namespace {

constexpr std::size_t kTextMax = 2'000;
constexpr std::size_t kWordMax = 64;
constexpr std::size_t kItemsMax = 2'000;

bool is_word(std::string_view text) {
  return !text.empty() && text.size() <= kWordMax && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '*';
  });
}

bool is_text(std::string_view text) {
  return !text.empty() && text.size() <= kTextMax && is_utf8(text) && !has_control(text);
}

// The line of the first table header that does not begin with a key, or 0. toml++ 3.3 stops the
// program at one instead of telling; a header is whatever begins a line with a bracket.
std::size_t line_of_bad_header(std::string_view text) {
  std::size_t number = 0;
  while (!text.empty()) {
    ++number;
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    std::size_t at = 0;
    const auto is_blank = [&] { return line[at] == ' ' || line[at] == '\t'; };
    // Blanks beyond ASCII are blanks to toml++; behind the bracket none are taken.
    while (at < line.size() && (is_blank() || static_cast<unsigned char>(line[at]) >= 0x80)) ++at;
    if (at == line.size() || line[at] != '[') continue;
    at += line.substr(at).starts_with("[[") ? 2U : 1U;
    while (at < line.size() && is_blank()) ++at;
    const char c = at < line.size() ? line[at] : '\n';
    const bool is_key = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                        (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '"' || c == '\'';
    if (!is_key) return number;
  }
  return 0;
}

}  // namespace

TomlReader::TomlReader(std::string_view name, std::string_view text) : name_(name) {
  if (text.size() > kPackBytesMax) {
    problem_ = Error{ErrorId::kBadRulePack,
                     name_ + ": larger than " + std::to_string(kPackBytesMax) + " bytes"};
    return;
  }
  if (const std::size_t line = line_of_bad_header(text); line != 0) {
    problem_ = Error{ErrorId::kBadRulePack, name_ + ":" + std::to_string(line) +
                                                ": a table's name must follow its bracket"};
    return;
  }
  toml::parse_result parsed = toml::parse(text);
  if (parsed) {
    root_ = std::move(parsed).table();
    return;
  }
  const toml::parse_error& error = parsed.error();
  problem_ = Error{ErrorId::kBadRulePack, name_ + ":" + std::to_string(error.source().begin.line) +
                                              ": " + std::string(error.description())};
}

void TomlReader::fail(const toml::node& at, const std::string& what) {
  if (!problem_.ok()) return;
  problem_ = Error{ErrorId::kBadRulePack,
                   name_ + ":" + std::to_string(at.source().begin.line) + ": " + what};
}

const toml::node* TomlReader::get(const toml::table& table, std::string_view key,
                                  bool is_required) {
  const toml::node* node = table.get(key);
  if (node == nullptr && is_required) fail(table, "'" + std::string(key) + "' is missing");
  return ok() ? node : nullptr;
}

template <typename Value>
std::optional<Value> TomlReader::take(const toml::table& table, std::string_view key,
                                      const char* form, bool is_required) {
  const toml::node* node = get(table, key, is_required);
  if (node == nullptr) return std::nullopt;
  const std::optional<Value> value = node->value_exact<Value>();
  if (!value) fail(*node, "'" + std::string(key) + "' must be " + form);
  return value;
}

void TomlReader::only(const toml::table& table, std::initializer_list<std::string_view> known) {
  for (const auto& [key, node] : table) {
    if (std::ranges::find(known, key.str()) == known.end()) {
      fail(node, "'" + std::string(key.str().substr(0, kWordMax)) + "' is not known here");
    }
  }
}

std::string TomlReader::text(const toml::table& table, std::string_view key, bool is_required) {
  const auto value = take<std::string>(table, key, "a text", is_required);
  if (value && !is_text(*value))
    fail(*table.get(key), "'" + std::string(key) + "' is no text of 1 to 2,000 bytes");
  return value.value_or("");
}

std::string TomlReader::word(const toml::table& table, std::string_view key, bool is_required) {
  const auto value = take<std::string>(table, key, "a text", is_required);
  if (value && !is_word(*value)) {
    fail(*table.get(key),
         "'" + std::string(key) + "' must be small letters, digits, '_' and '-', at most 64");
  }
  return value.value_or("");
}

std::vector<std::string> TomlReader::texts(const toml::table& table, std::string_view key) {
  std::vector<std::string> found;
  const toml::node* node = get(table, key, false);
  if (node == nullptr) return found;
  const toml::array* list = node->as_array();
  if (list == nullptr || list->size() > kItemsMax) {
    fail(*node, "'" + std::string(key) + "' must be a list");
    return found;
  }
  for (const toml::node& item : *list) {
    const auto value = item.value_exact<std::string>();
    if (!value || !is_text(*value)) fail(item, "'" + std::string(key) + "' must hold texts only");
    found.push_back(value.value_or(""));
  }
  return found;
}

std::vector<std::string> TomlReader::words(const toml::table& table, std::string_view key,
                                           bool is_required) {
  std::vector<std::string> found = texts(table, key);
  if (found.empty() && is_required) fail(table, "'" + std::string(key) + "' is missing or empty");
  for (const std::string& item : found) {
    if (!is_word(item)) {
      fail(table, "'" + std::string(key) + "': '" + item.substr(0, kWordMax) + "' is not a name");
    }
  }
  return found;
}

std::int64_t TomlReader::number(const toml::table& table, std::string_view key,
                                std::int64_t fallback, std::int64_t min, std::int64_t max) {
  const auto value = take<std::int64_t>(table, key, "a whole number", false);
  if (!value) return fallback;
  if (*value < min || *value > max) {
    fail(*table.get(key), "'" + std::string(key) + "' must be from " + std::to_string(min) +
                              " to " + std::to_string(max));
  }
  return *value;
}

bool TomlReader::flag(const toml::table& table, std::string_view key) {
  return take<bool>(table, key, "true or false", false).value_or(false);
}

std::optional<Day> TomlReader::day(const toml::table& table, std::string_view key) {
  const auto value = take<toml::date>(table, key, "a date such as 2021-06-01", false);
  if (!value) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(value->year),
                                         std::chrono::month(value->month),
                                         std::chrono::day(value->day));
  if (date.ok() && Day{date} >= kDayMin && Day{date} <= kDayMax) return Day{date};
  fail(*table.get(key), "'" + std::string(key) + "' is no day of the calendar");
  return std::nullopt;
}

std::optional<Offset> TomlReader::offset(const toml::table& table, std::string_view key) {
  const std::string value = text(table, key, false);
  if (value.empty()) return std::nullopt;
  Result<Offset> offset = parse_offset(value);
  if (offset) return *offset;
  fail(*table.get(key), "'" + std::string(key) + "': " + offset.error().what);
  return std::nullopt;
}

std::optional<Money> TomlReader::money(const toml::table& table, std::string_view key,
                                       Currency currency) {
  const std::string value = text(table, key, false);
  if (value.empty()) return std::nullopt;
  Result<Money> money = parse_amount(value, currency);
  // So that a fee times kCountMax and the sum of a million of them stay far from the end.
  constexpr Int128 kFeeMax = 1'000'000'000'000;
  if (money && money->minor_units >= 0 && money->minor_units <= kFeeMax) return *money;
  fail(*table.get(key),
       "'" + std::string(key) + "' is not an amount such as \"900\" or \"326.50\"");
  return std::nullopt;
}

std::optional<Ratio> TomlReader::ratio(const toml::table& table, std::string_view key) {
  const std::string value = text(table, key, false);
  if (value.empty()) return std::nullopt;
  Result<Ratio> ratio = Ratio::parse(value);
  const bool is_share =
      ratio.ok() && ratio->numerator() >= 0 && ratio->numerator() <= ratio->denominator();
  if (is_share) return *ratio;
  fail(*table.get(key), "'" + std::string(key) + "' must be from \"0 %\" to \"100 %\"");
  return std::nullopt;
}

std::vector<const toml::table*> TomlReader::tables(const toml::table& table, std::string_view key) {
  std::vector<const toml::table*> found;
  const toml::node* node = get(table, key, false);
  if (node == nullptr) return found;
  const toml::array* list = node->as_array();
  if (list == nullptr || list->size() > kItemsMax) {
    fail(*node, "'" + std::string(key) + "' must be a list of tables, at most 2,000");
    return found;
  }
  for (const toml::node& item : *list) {
    if (item.is_table())
      found.push_back(item.as_table());
    else
      fail(item, "'" + std::string(key) + "' must hold tables only");
  }
  return found;
}

const toml::table* TomlReader::table(const toml::table& table, std::string_view key) {
  const toml::node* node = get(table, key, false);
  if (node == nullptr) return nullptr;
  if (!node->is_table()) fail(*node, "'" + std::string(key) + "' must be a table");
  return node->as_table();
}

}  // namespace lineshaft::docket
