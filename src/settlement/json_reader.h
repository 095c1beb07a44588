// settlement/json_reader.h: reads the members of a JSON object one after the other and keeps the
// first problem. Include it in .cpp files only.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/ratio.h"
#include "base/time.h"
#include "model/json.h"
#include "model/money.h"

namespace lineshaft::settlement {

// Reads fields one after the other; the first problem stays, and everything after it is default.
class JsonReader {
 public:
  explicit JsonReader(const Json& object) : object_(object) {}

  const Error* problem() const { return problem_ ? &*problem_ : nullptr; }
  void fail(const std::string& why) {
    if (!problem_) problem_ = Error{ErrorId::kInvalidArgument, why};
  }
  void fail_if(const Status& status) {
    if (!status && !problem_) problem_ = status.error();
  }

  template <typename T>
  T take(const char* field, Result<T> read) {
    if (read) return *std::move(read);
    fail(std::string(field) + ": " + read.error().what);
    return {};
  }

  void only(std::initializer_list<std::string_view> known) {
    if (!object_.is_object()) return fail("must be an object");
    fail_if(only_fields(object_, known));
  }

  bool has(const char* field) const {
    return problem_ == std::nullopt && object_.contains(field) && !object_.at(field).is_null();
  }

  std::string text(const char* field) {
    if (problem_) return {};
    Result<std::string> read = required_string(object_, field);
    if (!read) fail_if(Status(read.error()));
    return read ? *std::move(read) : std::string();
  }

  bool flag(const char* field, bool fallback) {
    if (problem_) return fallback;
    const Result<bool> read = optional_bool(object_, field, fallback);
    if (!read) fail_if(Status(read.error()));
    return read ? *read : fallback;
  }

  Timestamp instant(const char* field) {
    const std::string written = text(field);
    return problem_ ? Timestamp{} : take(field, parse_timestamp(written));
  }

  Int128 amount(const char* field, Currency currency) {
    const std::string written = text(field);
    return problem_ ? 0 : take(field, parse_amount(written, currency)).minor_units;
  }
  std::optional<Int128> optional_amount(const char* field, Currency currency) {
    return has(field) ? std::optional(amount(field, currency)) : std::nullopt;
  }

  Ratio rate(const char* field) {
    const std::string written = text(field);
    return problem_ ? Ratio() : take(field, Ratio::parse(written));
  }
  Ratio optional_rate(const char* field) { return has(field) ? rate(field) : Ratio(); }

  std::int64_t number(const char* field, std::int64_t fallback, std::int64_t min,
                      std::int64_t max) {
    if (problem_) return fallback;
    const Result<std::int64_t> read = optional_integer(object_, field, fallback, min, max);
    if (!read) fail_if(Status(read.error()));
    return read ? *read : fallback;
  }

  template <typename Names>
  auto one_of(const char* field, const Names& names) {
    const std::string written = text(field);
    std::string known;
    for (const auto& [name, value] : names) {
      if (written == name) return value;
      known += (known.empty() ? "" : ", ") + std::string(name);
    }
    fail(std::string(field) + ": must be one of " + known);
    return names[0].second;
  }

  // Calls `read_item` for the object; a problem names its place.
  template <typename Item, typename ReadItem>
  Item object(const char* field, const ReadItem& read_item) {
    if (problem_) return {};
    if (!has(field)) {
      fail(std::string(field) + ": is missing");
      return {};
    }
    JsonReader reader(object_.at(field));
    Item item = read_item(reader);
    if (reader.problem_) fail(std::string(field) + ": " + reader.problem_->what);
    return item;
  }

  // Calls `read_item` for each object of the list; problems name its place, from 1.
  template <typename Item, typename ReadItem>
  std::vector<Item> list(const char* field, const ReadItem& read_item) {
    std::vector<Item> items;
    if (!has(field)) return items;
    const Json& list = object_.at(field);
    if (!list.is_array()) fail(std::string(field) + ": must be a list");
    for (std::size_t i = 0; !problem_ && i < list.size(); ++i) {
      JsonReader reader(list[i]);
      items.push_back(read_item(reader));
      if (reader.problem_) {
        fail(std::string(field) + " " + std::to_string(i + 1) + ": " + reader.problem_->what);
      }
    }
    return items;
  }

 private:
  const Json& object_;
  std::optional<Error> problem_;
};

// The name of a value in a table of {name, value}.
template <typename Names, typename Value>
const char* name_of(const Names& names, Value value) {
  for (const auto& [name, named] : names) {
    if (named == value) return name;
  }
  return names[0].first;
}

}  // namespace lineshaft::settlement
