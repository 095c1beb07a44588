// historian/catalogue.h: every tag of every tenant, by id and by path. In memory; the store keeps
// it.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "historian/codec.h"
#include "historian/historian.h"

namespace lineshaft::historian {

// Threads: the owner's lock.
class Catalogue {
 public:
  // Makes or replaces the tags with those ids. A path belongs to no other tag, unless records of
  // the log are lost; then the newer tag gets it, and the older one is found by its id only.
  void put(std::span<const TagEntry> entries);
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
  TagId next_id(TenantId tenant) const;
  std::uint64_t size() const { return size_; }
  // At most `limit` tags behind that one, by tenant and id; {} comes before all. For those who go
  // through all of them without the owner's lock held all the time.
  std::vector<TagEntry> after(SeriesKey last, std::size_t limit) const;

 private:
  struct TenantTags {
    std::map<TagId, Tag> by_id;
    std::map<std::string, TagId, std::less<>> by_path;
    TagId highest;
  };
  const Tag* at(TenantId tenant, TagId id) const;

  std::map<TenantId, TenantTags> tenants_;
  std::uint64_t size_ = 0;
};

}  // namespace lineshaft::historian
