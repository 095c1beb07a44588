// rights/json_members.h: reads the members of a JSON object one after the other and keeps the first
// error. Include it in .cpp files only.
#pragma once

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "model/json.h"
#include "rights/register_json.h"

namespace lineshaft::rights {

class Members {
 public:
  // `object` must outlive this.
  explicit Members(const Json& object) : object_(object) {}

  std::string text(const char* field) { return keep(optional_string(object_, field, "")); }
  std::string required(const char* field) { return keep(required_string(object_, field)); }
  bool flag(const char* field) { return keep(optional_bool(object_, field, false)); }
  std::int64_t number(const char* field, std::int64_t max) {
    return keep(optional_integer(object_, field, 0, 0, max));
  }
  Day day(const char* field) { return keep(required_day(object_, field)); }
  std::optional<Day> optional_day(const char* field) {
    if (!object_.contains(field) || object_[field].is_null()) return std::nullopt;
    return day(field);
  }
  // A list of texts; none if it is left out.
  std::vector<std::string> texts(const char* field) {
    std::vector<std::string> list;
    if (!object_.contains(field)) return list;
    const Json& items = object_[field];
    const bool sound = items.is_array() && std::ranges::all_of(items, &Json::is_string);
    if (!sound) {
      keep(Result<bool>(
          Error{ErrorId::kInvalidArgument, field + (std::string(": must be a list of texts"))}));
      return list;
    }
    for (const Json& item : items) list.push_back(item.get<std::string>());
    return list;
  }
  template <typename Kind>
  Kind word(const char* field, Result<Kind> (*parse)(std::string_view)) {
    const std::string word = required(field);
    if (!status_) return {};
    Result<Kind> kind = parse(word);
    if (kind) return *kind;
    return keep(Result<Kind>(Error{kind.error().id, field + (": " + kind.error().what)}));
  }
  const Status& status() const { return status_; }

 private:
  template <typename T>
  T keep(Result<T> result) {
    if (result) return *std::move(result);
    if (status_) status_ = std::move(result).error();
    return {};
  }

  const Json& object_;
  Status status_;
};

}  // namespace lineshaft::rights
