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

void Catalogue::put(std::span<const TagEntry> entries) {
  for (const TagEntry& entry : entries) {
    TenantTags& tags = tenants_[entry.tenant];
    auto [found, is_new] = tags.by_id.try_emplace(entry.tag.id);
    Tag& place = found->second;
    if (is_new) {
      ++size_;
      tags.highest = std::max(tags.highest, entry.tag.id);
    } else if (const auto old = tags.by_path.find(place.spec.path);
               old != tags.by_path.end() && old->second == place.id) {
      tags.by_path.erase(old);
    }
    place = entry.tag;
    tags.by_path[entry.tag.spec.path] = entry.tag.id;
  }
}

void Catalogue::reserve(TenantId tenant, TagId id) {
  TagId& highest = tenants_[tenant].highest;
  highest = std::max(highest, id);
}

const Tag* Catalogue::at(TenantId tenant, TagId id) const {
  const auto tags = tenants_.find(tenant);
  if (tags == tenants_.end()) return nullptr;
  const auto tag = tags->second.by_id.find(id);
  return tag == tags->second.by_id.end() ? nullptr : &tag->second;
}

std::optional<ValueType> Catalogue::type_of(TenantId tenant, TagId id) const {
  const Tag* tag = at(tenant, id);
  return tag == nullptr ? std::nullopt : std::optional(tag->spec.type);
}

TagId Catalogue::id_of(TenantId tenant, std::string_view path) const {
  const auto tags = tenants_.find(tenant);
  if (tags == tenants_.end()) return {};
  const auto found = tags->second.by_path.find(path);
  return found == tags->second.by_path.end() ? TagId{} : found->second;
}

std::optional<Tag> Catalogue::find(TenantId tenant, TagId id) const {
  const Tag* tag = at(tenant, id);
  return tag == nullptr ? std::nullopt : std::optional(*tag);
}

std::optional<Tag> Catalogue::find(TenantId tenant, std::string_view path) const {
  return find(tenant, id_of(tenant, path));
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
    const Tag& tag = tags->second.by_id.at(it->second);
    if (!matches(tag.spec, words)) continue;
    if (page.total >= offset && page.tags.size() < limit) page.tags.push_back(tag);
    ++page.total;
  }
  return page;
}

TagId Catalogue::next_id(TenantId tenant) const {
  const auto tags = tenants_.find(tenant);
  return {tags == tenants_.end() ? 1 : tags->second.highest.value + 1};
}

std::vector<TagEntry> Catalogue::after(SeriesKey last, std::size_t limit) const {
  std::vector<TagEntry> entries;
  for (auto tags = tenants_.lower_bound(last.tenant); tags != tenants_.end(); ++tags) {
    const TagId from = tags->first == last.tenant ? last.tag : TagId{};
    const auto& by_id = tags->second.by_id;
    for (auto tag = by_id.upper_bound(from); tag != by_id.end(); ++tag) {
      if (entries.size() == limit) return entries;
      entries.push_back({tags->first, tag->second});
    }
  }
  return entries;
}

}  // namespace lineshaft::historian
