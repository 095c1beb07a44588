#include "historian/catalogue.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/assert.h"
#include "historian/tag_search.h"

namespace lineshaft::historian {
namespace {

// Where the part of a source that repeats ends.
std::size_t source_end(std::string_view source) { return source.find_last_of('/') + 1; }

// Type, unit, range and the like: they repeat as a whole.
void pack_rest(const TagSpec& spec, Bytes& out) {
  ByteWriter writer(out);
  writer.u8(static_cast<std::uint8_t>(spec.type));
  writer.u8(static_cast<std::uint8_t>(spec.interpolation));
  writer.u8(spec.writable ? 1 : 0);
  for (const std::optional<double>& bound : {spec.range_low, spec.range_high}) {
    writer.u8(bound ? 1 : 0);
    if (bound) writer.write_le(std::bit_cast<std::uint64_t>(*bound));
  }
  writer.varint(spec.unit.size());
  writer.bytes(as_bytes(spec.unit));
  for (const EnumEntry& entry : spec.enum_set) {
    writer.varint(zigzag(entry.value));
    writer.varint(entry.name.size());
    writer.bytes(as_bytes(entry.name));
  }
}

std::string_view take_text(ByteReader& reader) {
  return as_text(reader.bytes(static_cast<std::size_t>(reader.varint())));
}

TagSpec unpack_rest(std::string_view packed) {
  ByteReader reader(as_bytes(packed));
  TagSpec spec;
  spec.type = static_cast<ValueType>(reader.u8());
  spec.interpolation = static_cast<Interpolation>(reader.u8());
  spec.writable = reader.u8() != 0;
  for (std::optional<double>* bound : {&spec.range_low, &spec.range_high}) {
    if (reader.u8() != 0) *bound = std::bit_cast<double>(reader.read_le<std::uint64_t>());
  }
  spec.unit = take_text(reader);
  while (!reader.at_end()) {
    const std::int64_t value = unzigzag(reader.varint());
    spec.enum_set.push_back({value, std::string(take_text(reader))});
    LS_ASSERT(reader.ok());
  }
  return spec;
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
  scratch.clear();
  pack_rest(spec, scratch);
  const std::string_view source = spec.source;
  const std::size_t end = source_end(source);
  parts[part]->entries[tag.id.value % kPartTags] = {node, rests.take(as_text(scratch)),
                                                    sources.take(source.substr(0, end)),
                                                    sources.take(source.substr(end))};
  highest = std::max(highest, tag.id);
  return is_new;
}

// All leave their places before the first one takes another's.
void Catalogue::TenantTags::rename(const PathList& paths) {
  std::vector<TextId> descriptions;
  paths.for_each([&](TagId id, const std::string&) {
    descriptions.push_back(0);
    if (type(id) == 0) return;
    NodeId& node = parts[id.value / kPartTags]->entries[id.value % kPartTags].node;
    if (node != 0) descriptions.back() = tree.lift(std::exchange(node, 0));
  });
  auto description = descriptions.begin();
  paths.for_each([&](TagId id, const std::string& path) {
    const TextId lifted = *description++;
    if (type(id) == 0) return;
    if (const auto found = shadowed.find(id); found != shadowed.end()) {
      Tag tag{id, found->second};
      tag.spec.path = path;
      put(tag);
      return;
    }
    NodeId& node = parts[id.value / kPartTags]->entries[id.value % kPartTags].node;
    if (node != 0) return;  // named twice
    const NodeId target = tree.make(path);
    if (tree.node(target).tag != TagId{}) shadow(target);
    tree.take(target, id, lifted);
    node = target;
  });
  tree.settle();
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

void Catalogue::rename(const PathList& paths) {
  const auto tags = tenants_.find(paths.tenant());
  if (tags != tenants_.end()) tags->second.rename(paths);
}

void Catalogue::visit_below(TenantId tenant, std::string_view path,
                            const std::function<void(TagId, std::string)>& visit) const {
  const TenantTags* tags = tags_of(tenant);
  if (tags == nullptr) return;
  search_tags(tags->tree, {"", std::string(path)}, {0, UINT64_MAX},
              [&](NodeId node) { visit(tags->tree.node(node).tag, tags->tree.path(node)); });
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

std::vector<TagId> Catalogue::list_ids(TenantId tenant, const TagFilter& filter) const {
  std::vector<TagId> ids;
  const TenantTags* tags = tags_of(tenant);
  if (tags == nullptr) return ids;
  search_tags(tags->tree, filter, {0, UINT64_MAX},
              [&](NodeId node) { ids.push_back(tags->tree.node(node).tag); });
  return ids;
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
