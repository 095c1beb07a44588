// historian/catalogue.h: every tag of every tenant, by id and by path. In memory; the store keeps
// it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "historian/codec.h"
#include "historian/historian.h"

namespace lineshaft::historian {

// Threads: the owner's lock.
class Catalogue {
 public:
  // Makes or replaces the tag with that id. The path belongs to no other tag, unless records of the
  // log are lost; then the newer tag gets it, and the older one is found by its id only.
  void put(const TagEntry& entry);
  // Ids up to this are not given out: they belong to samples whose tag is lost.
  void reserve(TenantId tenant, TagId id);

  const Tag* find(TenantId tenant, TagId id) const;  // null if there is none
  const Tag* find(TenantId tenant, std::string_view path) const;
  TagPage list(TenantId tenant, const TagFilter& filter, std::uint64_t offset,
               std::uint64_t limit) const;
  TagId next_id(TenantId tenant) const;
  std::uint64_t size() const { return size_; }
  std::vector<TagEntry> all() const;  // by tenant and id

 private:
  struct TenantTags {
    std::unordered_map<TagId, Tag> by_id;
    std::map<std::string, TagId, std::less<>> by_path;
    TagId highest;
  };
  std::map<TenantId, TenantTags> tenants_;
  std::uint64_t size_ = 0;
};

}  // namespace lineshaft::historian
