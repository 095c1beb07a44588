#include "sys/http_text.h"

#include <algorithm>

#include "base/percent.h"
#include "sys/http.h"

namespace lineshaft::sys {
namespace {

bool has_dot_level(std::string_view path) {
  while (!path.empty()) {
    path.remove_prefix(1);  // the slash
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string_view level = path.substr(0, end);
    if (level == "." || level == "..") return true;
    path.remove_prefix(end);
  }
  return false;
}

}  // namespace

std::optional<Target> parse_target(std::string_view target) {
  if (!target.starts_with('/') || target.find('#') != std::string_view::npos) return std::nullopt;
  const std::size_t mark = target.find('?');
  std::optional<std::string> path = percent_decode(target.substr(0, mark), false);
  if (!path || has_dot_level(*path)) return std::nullopt;
  Target parsed;
  parsed.path = *std::move(path);
  if (mark != std::string_view::npos) parsed.query = target.substr(mark + 1);
  return parsed;
}

std::optional<std::string> query_parameter(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    const std::size_t equals = std::min(pair.find('='), pair.size());
    if (percent_decode(pair.substr(0, equals), true) == name) {
      return percent_decode(pair.substr(std::min(equals + 1, pair.size())), true);
    }
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  return std::nullopt;
}

std::string_view HttpRequest::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return {};
}

}  // namespace lineshaft::sys
