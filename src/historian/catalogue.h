// historian/catalogue.h: every tag of every tenant, by id and by path. In memory; the store keeps
// it.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "historian/historian.h"
#include "historian/path_list.h"
#include "historian/record.h"
#include "historian/series.h"
#include "historian/tag_tree.h"

namespace lineshaft::historian {

// A tag is kept as numbers of texts, which repeat: a million tags take some 100 MB.
// Threads: the owner's lock.
class Catalogue {
 public:
  // Makes or replaces the tags with those ids. A path belongs to no other tag, unless records of
  // the log are lost; then the newer tag gets it, and the older one is found by its id only.
  void put(std::span<const TagEntry> entries);
  // Gives tags other paths, all at once: they may take each other's. Ids that are not known are
  // left out.
  void rename(const PathList& paths);
  // Ids up to this are not given out: they belong to samples whose tag is lost.
  void reserve(TenantId tenant, TagId id);

  // For those who only check a sample. Cost: nanoseconds.
  std::optional<ValueType> type_of(TenantId tenant, TagId id) const;
  TagId id_of(TenantId tenant, std::string_view path) const;  // 0 if there is none
  // Cost: the tag's texts are put together.
  std::optional<Tag> find(TenantId tenant, TagId id) const;
  std::optional<Tag> find(TenantId tenant, std::string_view path) const;
  TagPage list(TenantId tenant, const TagFilter& filter, std::uint64_t offset,
               std::uint64_t limit) const;
  std::vector<TagId> list_ids(TenantId tenant, const TagFilter& filter) const;
  // The tag of that path and those below it, in the order of their paths.
  void visit_below(TenantId tenant, std::string_view path,
                   const std::function<void(TagId, std::string)>& visit) const;
  TagId next_id(TenantId tenant) const;
  std::uint64_t size() const { return size_; }
  // At most `limit` tags behind that one, by tenant and id; {} comes before all. For those who go
  // through all of them without the owner's lock held all the time.
  std::vector<TagEntry> after(SeriesKey last, std::size_t limit) const;

 private:
  // What a tag is beside its path, description and type.
  struct Entry {
    NodeId node = 0;           // 0: its path belongs to another tag, see TenantTags::shadowed
    TextId rest = 0;           // type, unit, range...
    TextId source_before = 0;  // up to its last slash: a connection has many sources
    TextId source_end = 0;
  };
  // Ids are dense but for damage, so tags lie in an array by id, in parts.
  static constexpr std::size_t kPartTags = 4096;
  struct Part {
    std::array<std::uint8_t, kPartTags> types{};  // 0: no tag; apart, as every sample asks for it
    std::array<Entry, kPartTags> entries{};
  };
  struct TenantTags {
    std::vector<std::unique_ptr<Part>> parts;
    TagTree tree;
    Texts rests;
    Texts sources;
    std::map<TagId, TagSpec> shadowed;
    TagId highest;
    Bytes scratch;

    std::uint8_t type(TagId id) const;  // 0 if there is no such tag
    const Entry& entry(TagId id) const;
    TagSpec spec(TagId id) const;
    bool put(const Tag& tag);  // is it new?
    void rename(const PathList& paths);
    void forget(TagId id);
    void shadow(NodeId node);
  };

  const TenantTags* tags_of(TenantId tenant) const;

  std::map<TenantId, TenantTags> tenants_;
  std::uint64_t size_ = 0;
};

}  // namespace lineshaft::historian
