#include "historian/catalogue.h"

#include <algorithm>

namespace lineshaft::historian {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  return out;
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find(' ', start), text.size());
    if (end > start) words.push_back(lower(text.substr(start, end - start)));
    start = end + 1;
  }
  return words;
}

bool matches(const TagSpec& spec, const std::vector<std::string>& words) {
  if (words.empty()) return true;
  const std::string text = lower(spec.path) + "\n" + lower(spec.description);
  return std::all_of(words.begin(), words.end(),
                     [&](const std::string& word) { return text.find(word) != std::string::npos; });
}

bool under(std::string_view path, std::string_view prefix) {
  return path.starts_with(prefix) && (prefix.empty() || prefix.ends_with('/') ||
                                      path.size() == prefix.size() || path[prefix.size()] == '/');
}

}  // namespace

void Catalogue::put(const TagEntry& entry) {
  TenantTags& tags = tenants_[entry.tenant];
  const std::size_t index = entry.tag.id.value - 1;
  if (tags.by_id.size() <= index) tags.by_id.resize(index + 1);
  Tag& place = tags.by_id[index];
  if (place.id == entry.tag.id) {
    tags.by_path.erase(place.spec.path);
  } else {
    ++size_;
  }
  place = entry.tag;
  tags.by_path[entry.tag.spec.path] = entry.tag.id;
}

const Tag* Catalogue::find(TenantId tenant, TagId id) const {
  const auto tags = tenants_.find(tenant);
  if (tags == tenants_.end() || id.value == 0 || id.value > tags->second.by_id.size()) {
    return nullptr;
  }
  const Tag& tag = tags->second.by_id[id.value - 1];
  return tag.id == id ? &tag : nullptr;
}

const Tag* Catalogue::find(TenantId tenant, std::string_view path) const {
  const auto tags = tenants_.find(tenant);
  if (tags == tenants_.end()) return nullptr;
  const auto found = tags->second.by_path.find(path);
  return found == tags->second.by_path.end() ? nullptr : find(tenant, found->second);
}

TagPage Catalogue::list(TenantId tenant, const TagFilter& filter, std::uint64_t offset,
                        std::uint64_t limit) const {
  TagPage page;
  const auto tags = tenants_.find(tenant);
  if (tags == tenants_.end()) return page;
  const auto& by_path = tags->second.by_path;
  const std::vector<std::string> words = words_of(filter.text);
  for (auto it = by_path.lower_bound(filter.prefix); it != by_path.end(); ++it) {
    if (!it->first.starts_with(filter.prefix)) break;
    if (!under(it->first, filter.prefix)) continue;
    const Tag& tag = tags->second.by_id[it->second.value - 1];
    if (!matches(tag.spec, words)) continue;
    if (page.total >= offset && page.tags.size() < limit) page.tags.push_back(tag);
    ++page.total;
  }
  return page;
}

TagId Catalogue::next_id(TenantId tenant) const {
  const auto tags = tenants_.find(tenant);
  const std::size_t used = tags == tenants_.end() ? 0 : tags->second.by_id.size();
  return {static_cast<std::uint32_t>(used + 1)};
}

std::vector<TagEntry> Catalogue::all() const {
  std::vector<TagEntry> entries;
  entries.reserve(size_);
  for (const auto& [tenant, tags] : tenants_) {
    for (const Tag& tag : tags.by_id) {
      if (tag.id.value != 0) entries.push_back({tenant, tag});
    }
  }
  return entries;
}

}  // namespace lineshaft::historian
