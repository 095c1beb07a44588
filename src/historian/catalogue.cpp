#include "historian/catalogue.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "historian/tag_search.h"

namespace lineshaft::historian {
namespace {

// Where the part of a source that repeats ends.
std::size_t source_end(std::string_view source) { return source.find_last_of('/') + 1; }

// Type, unit, range and the like, in the form of the log: they repeat as a whole.
std::string pack_rest(const TagSpec& spec) {
  TagEntry entry{{}, {{1}, {}}};
  TagSpec& rest = entry.tag.spec;
  rest.type = spec.type;
  rest.interpolation = spec.interpolation;
  rest.unit = spec.unit;
  rest.enum_set = spec.enum_set;
  rest.range_low = spec.range_low;
  rest.range_high = spec.range_high;
  rest.writable = spec.writable;
  return std::string(as_text(encode_tags({entry})));
}

TagSpec unpack_rest(std::string_view packed) {
  Result<std::vector<TagEntry>> tags = decode_tags(as_bytes(packed));
  LS_ASSERT(tags.ok() && tags->size() == 1);
  return std::move(tags->front().tag.spec);
}

}  // namespace

// --- of one tenant ---

std::uint8_t Catalogue::TenantTags::type(TagId id) const {
  const std::size_t part = id.value / kPartTags;
  return part < parts.size() && parts[part] ? parts[part]->types[id.value % kPartTags] : 0;
}

// Requires: there is such a tag.
const Catalogue::Entry& Catalogue::TenantTags::entry(TagId id) const {
  return parts[id.value / kPartTags]->entries[id.value % kPartTags];
}

// Requires: there is such a tag.
TagSpec Catalogue::TenantTags::spec(TagId id) const {
  const Entry& packed = entry(id);
  if (packed.node == 0) return shadowed.at(id);
  TagSpec spec = unpack_rest(rests.text(packed.rest));
  spec.path = tree.path(packed.node);
  spec.description = tree.descriptions().text(tree.node(packed.node).description);
  spec.source = sources.text(packed.source_before);
  spec.source += sources.text(packed.source_end);
  return spec;
}

bool Catalogue::TenantTags::put(const Tag& tag) {
  const bool is_new = type(tag.id) == 0;
  if (!is_new) forget(tag.id);
  const TagSpec& spec = tag.spec;
  const NodeId node = tree.make(spec.path);
  if (tree.node(node).tag != TagId{}) shadow(node);
  tree.take(node, tag.id, spec.description);
  const std::size_t part = tag.id.value / kPartTags;
  if (part >= parts.size()) parts.resize(part + 1);
  if (!parts[part]) parts[part] = std::make_unique<Part>();
  parts[part]->types[tag.id.value % kPartTags] = static_cast<std::uint8_t>(spec.type);
  const std::size_t end = source_end(spec.source);
  parts[part]->entries[tag.id.value % kPartTags] = {
      node, rests.take(pack_rest(spec)), sources.take(std::string_view(spec.source).substr(0, end)),
      sources.take(std::string_view(spec.source).substr(end))};
  highest = std::max(highest, tag.id);
  return is_new;
}

void Catalogue::TenantTags::forget(TagId id) {
  Entry& entry = parts[id.value / kPartTags]->entries[id.value % kPartTags];
  if (entry.node == 0) {
    shadowed.erase(id);
    return;
  }
  tree.leave(entry.node);
  rests.drop(entry.rest);
  sources.drop(entry.source_before);
  sources.drop(entry.source_end);
  entry = {};
}

// Takes the path from the tag that has it.
void Catalogue::TenantTags::shadow(NodeId node) {
  const TagId owner = tree.node(node).tag;
  TagSpec spec = this->spec(owner);
  forget(owner);
  shadowed[owner] = std::move(spec);
}

// --- of all ---

const Catalogue::TenantTags* Catalogue::tags_of(TenantId tenant) const {
  const auto tags = tenants_.find(tenant);
  return tags == tenants_.end() ? nullptr : &tags->second;
}

void Catalogue::put(std::span<const TagEntry> entries) {
  std::vector<TagTree*> changed;
  for (const TagEntry& entry : entries) {
    TenantTags& tags = tenants_[entry.tenant];
    if (tags.put(entry.tag)) ++size_;
    if (changed.empty() || changed.back() != &tags.tree) changed.push_back(&tags.tree);
  }
  for (TagTree* tree : changed) tree->settle();
}

void Catalogue::reserve(TenantId tenant, TagId id) {
  TagId& highest = tenants_[tenant].highest;
  highest = std::max(highest, id);
}

std::optional<ValueType> Catalogue::type_of(TenantId tenant, TagId id) const {
  const TenantTags* tags = tags_of(tenant);
  const std::uint8_t type = tags == nullptr ? std::uint8_t{0} : tags->type(id);
  return type == 0 ? std::nullopt : std::optional(static_cast<ValueType>(type));
}

TagId Catalogue::id_of(TenantId tenant, std::string_view path) const {
  const TenantTags* tags = tags_of(tenant);
  return tags == nullptr ? TagId{} : tags->tree.node(tags->tree.find(path)).tag;
}

std::optional<Tag> Catalogue::find(TenantId tenant, TagId id) const {
  if (!type_of(tenant, id)) return std::nullopt;
  return Tag{id, tags_of(tenant)->spec(id)};
}

std::optional<Tag> Catalogue::find(TenantId tenant, std::string_view path) const {
  return find(tenant, id_of(tenant, path));
}

TagPage Catalogue::list(TenantId tenant, const TagFilter& filter, std::uint64_t offset,
                        std::uint64_t limit) const {
  TagPage page;
  const TenantTags* tags = tags_of(tenant);
  if (tags == nullptr) return page;
  page.total = search_tags(tags->tree, filter, {offset, limit}, [&](NodeId node) {
    const TagId id = tags->tree.node(node).tag;
    page.tags.push_back({id, tags->spec(id)});
  });
  return page;
}

TagId Catalogue::next_id(TenantId tenant) const {
  const TenantTags* tags = tags_of(tenant);
  return {tags == nullptr ? 1 : tags->highest.value + 1};
}

std::vector<TagEntry> Catalogue::after(SeriesKey last, std::size_t limit) const {
  std::vector<TagEntry> entries;
  for (auto of = tenants_.lower_bound(last.tenant); of != tenants_.end(); ++of) {
    const auto& [tenant, tags] = *of;
    const std::uint64_t first = tenant == last.tenant ? std::uint64_t{last.tag.value} + 1 : 1;
    for (std::uint64_t next = first; next < tags.parts.size() * kPartTags;) {
      if (entries.size() == limit) return entries;
      const TagId id{static_cast<std::uint32_t>(next)};
      if (tags.type(id) != 0) entries.push_back({tenant, {id, tags.spec(id)}});
      const bool is_empty_part = !tags.parts[id.value / kPartTags];
      next += is_empty_part ? kPartTags - id.value % kPartTags : 1;
    }
  }
  return entries;
}

}  // namespace lineshaft::historian
