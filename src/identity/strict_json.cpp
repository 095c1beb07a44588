#include "identity/strict_json.h"

#include <nlohmann/json.hpp>
#include <set>

namespace lineshaft::identity {

Result<nlohmann::json> parse_strict_json(std::string_view text) {
  std::vector<std::set<std::string>> open;  // the members of each object that is not closed yet
  bool bad = false;
  const auto look = [&](int depth, nlohmann::json::parse_event_t event, nlohmann::json& value) {
    using Event = nlohmann::json::parse_event_t;
    if (bad || static_cast<std::size_t>(depth) > kStrictJsonDepthMax) {
      bad = true;
      return false;
    }
    if (event == Event::object_start) open.emplace_back();
    if (event == Event::object_end) open.pop_back();
    if (event == Event::key && !open.back().insert(value.get<std::string>()).second) bad = true;
    return !bad;
  };
  nlohmann::json json = nlohmann::json::parse(text, look, /*allow_exceptions=*/false);
  if (bad || json.is_discarded() || !json.is_object()) {
    return Error{ErrorId::kBadJson,
                 "it is no JSON object, is nested too deep, or has a member "
                 "twice"};
  }
  return json;
}

std::string text_member(const nlohmann::json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::vector<std::string> texts_of(const nlohmann::json& value, std::size_t count_max,
                                  std::size_t bytes_max) {
  std::vector<std::string> texts;
  const auto take = [&](const nlohmann::json& one) {
    if (!one.is_string() || texts.size() >= count_max) return;
    const auto& text = one.get_ref<const std::string&>();
    if (text.size() <= bytes_max) texts.push_back(text);
  };
  if (value.is_array()) {
    for (const nlohmann::json& one : value) take(one);
  } else {
    take(value);
  }
  return texts;
}

}  // namespace lineshaft::identity
