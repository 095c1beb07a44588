#include "app/commands/find_tag.h"

#include <algorithm>

namespace lineshaft::app {
namespace {

constexpr std::uint64_t kPage = 1000;

}  // namespace

Result<Json> all_tags(ApiClient& api, const std::string& text, const std::string& pattern,
                      std::uint64_t limit) {
  Json rows = Json::array();
  while (rows.size() < limit) {
    const std::uint64_t page = std::min(kPage, limit - rows.size());
    const Result<Json> answer =
        api.get("/tags?text=" + url_encode(text) + "&pattern=" + url_encode(pattern) +
                "&offset=" + std::to_string(rows.size()) + "&limit=" + std::to_string(page));
    if (!answer) return answer.error();
    for (const Json& item : (*answer)["items"]) rows.push_back(item);
    if ((*answer)["items"].size() < page) break;
  }
  return rows;
}

Result<Json> find_tag(ApiClient& api, const std::string& name) {
  if (name.find_first_not_of("0123456789") == std::string::npos) return api.get("/tags/" + name);
  // The tag itself comes before those below it.
  const Result<Json> tags = api.get("/tags?prefix=" + url_encode(name) + "&limit=1");
  if (!tags) return tags.error();
  for (const Json& tag : (*tags)["items"]) {
    if (tag["path"] == name) return tag;
  }
  return Error{ErrorId::kNotFound, "the tag " + name};
}

}  // namespace lineshaft::app
