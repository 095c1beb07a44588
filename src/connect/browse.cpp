#include "connect/browse.h"

#include <algorithm>
#include <array>

#include "base/utf8.h"

namespace lineshaft::connect {

namespace {

constexpr std::size_t kLevelsOfPlace = 2;  // that a path has in front at least

}  // namespace

std::string_view browsing_name(Browsing browsing) {
  constexpr std::array<std::string_view, 3> kNames = {"none", "by-node", "at-once"};
  return kNames[static_cast<std::size_t>(browsing)];
}

std::string path_level(std::string_view name) {
  std::string level(is_utf8(name) ? utf8_prefix(name, kTagLevelBytesMax) : std::string_view());
  std::ranges::replace_if(
      level, [](char c) { return c == '/' || has_control(std::string_view(&c, 1)); }, '-');
  const std::size_t first = level.find_first_not_of(' ');
  if (first == std::string::npos) return "unnamed";
  return level.substr(first, level.find_last_not_of(' ') - first + 1);
}

std::string proposed_path(const std::vector<std::string>& levels) {
  const std::size_t most = kTagPathLevelsMax - kLevelsOfPlace;
  std::string path;
  for (std::size_t i = levels.size() > most ? levels.size() - most : 0; i < levels.size(); ++i) {
    if (!path.empty()) path += '/';
    path += path_level(levels[i]);
  }
  return path;
}

}  // namespace lineshaft::connect
