#include "wire/mqtt/topic.h"

#include <string>

#include "base/utf8.h"
#include "wire/mqtt/protocol.h"

namespace lineshaft::mqtt {

namespace {

constexpr std::string_view kShare = "$share/";

// The first level of `rest`, which is moved behind it and its slash.
std::string_view take_level(std::string_view& rest) {
  const std::size_t slash = rest.find('/');
  const std::string_view level = rest.substr(0, slash);
  rest = slash == std::string_view::npos ? std::string_view() : rest.substr(slash + 1);
  return level;
}

Status check_text(std::string_view text, const char* what) {
  if (text.empty() || text.size() > kTextBytesMax) {
    return broken(std::string(what) + " has " + std::to_string(text.size()) +
                  " bytes; allowed are 1 to 65535");
  }
  if (!is_utf8(text) || text.find('\0') != std::string_view::npos) {
    return broken(std::string(what) + " is not UTF-8 without NUL");
  }
  return {};
}

// The filter inside a shared subscription; other filters as they are.
std::string_view without_share(std::string_view filter) {
  if (!filter.starts_with(kShare)) return filter;
  filter.remove_prefix(kShare.size());
  const std::size_t slash = filter.find('/');
  return slash == std::string_view::npos ? std::string_view() : filter.substr(slash + 1);
}

}  // namespace

Status check_topic_name(std::string_view name) {
  if (Status text = check_text(name, "the topic"); !text) return text;
  if (name.find_first_of("+#") != std::string_view::npos) {
    return broken("the topic holds a wildcard (+ or #): " + std::string(name));
  }
  return {};
}

Status check_topic_filter(std::string_view filter) {
  if (Status text = check_text(filter, "the topic filter"); !text) return text;
  if (filter.starts_with(kShare)) {
    const std::string_view group = filter.substr(kShare.size());
    const std::size_t end = group.find_first_of("/+#");
    if (end == 0 || end == std::string_view::npos || group[end] != '/' || end + 1 == group.size()) {
      return broken("a shared topic filter needs a group and a filter behind it: " +
                    std::string(filter));
    }
  }
  bool more = true;
  for (std::string_view rest = without_share(filter); more;) {
    more = rest.find('/') != std::string_view::npos;
    const std::string_view level = take_level(rest);
    if (level.size() > 1 && level.find_first_of("+#") != std::string_view::npos) {
      return broken("a wildcard stands for a whole level of a topic filter: " +
                    std::string(filter));
    }
    if (level == "#" && more) return broken("# is not at the end of " + std::string(filter));
  }
  return {};
}

bool topic_matches(std::string_view filter, std::string_view name) {
  filter = without_share(filter);
  if (name.starts_with('$') && (filter.starts_with('+') || filter.starts_with('#'))) return false;
  for (;;) {
    const bool filter_more = filter.find('/') != std::string_view::npos;
    const bool name_more = name.find('/') != std::string_view::npos;
    const std::string_view wanted = take_level(filter);
    if (wanted == "#") return true;
    const std::string_view level = take_level(name);
    if (wanted != "+" && wanted != level) return false;
    if (!name_more) return !filter_more || filter == "#";  // "a/#" matches "a" too
    if (!filter_more) return false;
  }
}

}  // namespace lineshaft::mqtt
