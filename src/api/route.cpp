#include "api/route.h"

#include <charconv>
#include <nlohmann/json.hpp>

namespace lineshaft::api {
namespace {

Error bad_parameter(std::string_view name, const std::string& problem) {
  return {ErrorId::kInvalidArgument, std::string(name) + ": " + problem};
}

template <typename T>
bool parse_whole(std::string_view text, T& out) {
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), out);
  return code == std::errc{} && end == text.data() + text.size();
}

}  // namespace

Result<std::uint32_t> Request::id(std::string_view name) const {
  for (const auto& [key, text] : path_parameters) {
    if (key != name) continue;
    std::uint32_t id = 0;
    if (parse_whole(text, id) && id > 0) return id;
    return Error{ErrorId::kNotFound, "'" + text.substr(0, 64) + "' is not the number of anything"};
  }
  assert_failed("the route has a path parameter of this name", __FILE__, __LINE__);
}

std::string Request::name(std::string_view parameter) const {
  for (const auto& [key, text] : path_parameters) {
    if (key == parameter) return text;
  }
  assert_failed("the route has a path parameter of this name", __FILE__, __LINE__);
}

std::optional<std::string> Request::query(std::string_view name) const {
  return sys::query_parameter(http.query, name);
}

Result<std::uint64_t> Request::query_number(std::string_view name, std::uint64_t fallback,
                                            std::uint64_t max) const {
  const std::optional<std::string> text = query(name);
  if (!text) return fallback;
  std::uint64_t number = 0;
  if (!parse_whole(*text, number) || number > max) {
    return bad_parameter(name, "must be a whole number from 0 to " + std::to_string(max));
  }
  return number;
}

Result<TimeRange> Request::query_range() const {
  TimeRange range;
  for (const auto& [name, bound] : {std::pair{"from", &range.from}, std::pair{"to", &range.to}}) {
    const std::optional<std::string> text = query(name);
    if (!text) return bad_parameter(name, "is missing");
    const Result<Timestamp> time = parse_timestamp(*text);
    if (!time) return bad_parameter(name, time.error().what);
    *bound = *time;
  }
  if (range.empty()) return bad_parameter("to", "must be after from");
  return range;
}

Result<Json> Request::body() const {
  Result<Json> json = parse_json(http.body);
  if (json && !json->is_object()) {
    return Error{ErrorId::kBadJson, "the body must be a JSON object"};
  }
  return json;
}

Reply Reply::json(const Json& json, int status) {
  Reply reply;
  reply.status = status;
  reply.body = dump(json);
  return reply;
}

Reply Reply::nothing() {
  Reply reply;
  reply.status = 204;
  reply.content_type.clear();
  return reply;
}

}  // namespace lineshaft::api
