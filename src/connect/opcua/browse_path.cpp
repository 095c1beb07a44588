#include "connect/opcua/browse_path.h"

#include "base/utf8.h"

namespace lineshaft::connect::opcua {

namespace {

Error wrong(std::string_view problem) {
  return {ErrorId::kInvalidArgument,
          "browse_path: " + std::string(problem) +
              "; for example: {http://opcfoundation.org/UA/DI/}Identification/"
              "{http://opcfoundation.org/UA/DI/}SerialNumber"};
}

}  // namespace

Result<std::vector<BrowseName>> parse_browse_path(std::string_view text) {
  std::vector<BrowseName> path;
  if (text.size() > kBrowsePathBytesMax) return wrong("at most 4096 bytes");
  if (!is_utf8(text) || has_control(text))
    return wrong("text without control characters is needed");
  while (!text.empty()) {
    BrowseName one;
    if (text.front() == '{') {
      const std::size_t end = text.find('}');
      if (end == std::string_view::npos || end == 1) return wrong("a URI in braces is needed");
      one.namespace_uri = text.substr(1, end - 1);
      text.remove_prefix(end + 1);
    }
    std::size_t at = 0;
    for (; at < text.size() && text[at] != '/'; ++at) {
      if (text[at] == '{') return wrong("a brace within a name is written &{");
      if (text[at] == '&' && ++at == text.size()) return wrong("'&' stands at the end");
      one.name += text[at];
    }
    if (one.name.empty()) return wrong("a name is empty");
    const bool more = at < text.size();
    text.remove_prefix(more ? at + 1 : at);
    if (more && text.empty()) return wrong("a name is empty");
    path.push_back(std::move(one));
    if (path.size() > kBrowsePathNamesMax) return wrong("at most 32 names");
  }
  return path;
}

}  // namespace lineshaft::connect::opcua
