// historian/catalogue.h: every tag of every tenant, by id and by path. In memory; the store keeps
// it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "historian/codec.h"
#include "historian/historian.h"

namespace lineshaft::historian {

// Threads: the owner's lock.
class Catalogue {
 public:
  // Makes or replaces the tag with that id. Requires: the path belongs to no other tag.
  void put(const TagEntry& entry);

  const Tag* find(TenantId tenant, TagId id) const;  // null if there is none
  const Tag* find(TenantId tenant, std::string_view path) const;
  TagPage list(TenantId tenant, const TagFilter& filter, std::uint64_t offset,
               std::uint64_t limit) const;
  TagId next_id(TenantId tenant) const;
  std::uint64_t size() const { return size_; }
  std::vector<TagEntry> all() const;

 private:
  struct TenantTags {
    std::vector<Tag> by_id;  // index = id - 1; an id of 0 marks a hole
    std::map<std::string, TagId, std::less<>> by_path;
  };
  std::map<TenantId, TenantTags> tenants_;
  std::uint64_t size_ = 0;
};

}  // namespace lineshaft::historian
