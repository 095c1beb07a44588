// historian/by_key.h: something for each series, found by two look-ups of an array: tags are
// numbered densely inside their tenant. Memory follows the keys that are used, in pages.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "historian/series.h"

namespace lineshaft::historian {

// T is default-constructed for all keys of a page; `T::in_use()` tells which of them count.
template <typename T>
class ByKey {
 public:
  // Null if nothing of its page was made yet, or it is not in use.
  const T* find(SeriesKey key) const {
    const auto tenant = tenants_.find(key.tenant);
    if (tenant == tenants_.end()) return nullptr;
    const std::size_t page = key.tag.value / kPageSize;
    if (page >= tenant->second.size() || !tenant->second[page]) return nullptr;
    const T& found = (*tenant->second[page])[key.tag.value % kPageSize];
    return found.in_use() ? &found : nullptr;
  }

  // Makes it if need be. Stays where it is for as long as this lives.
  T& at(SeriesKey key) {
    // Most often the same tenant again.
    if (last_ == nullptr || last_->first != key.tenant) {
      last_ = &*tenants_.try_emplace(key.tenant).first;
    }
    Pages& pages = last_->second;
    const std::size_t page = key.tag.value / kPageSize;
    if (page >= pages.size()) pages.resize(page + 1);
    if (!pages[page]) pages[page] = std::make_unique<Page>();
    return (*pages[page])[key.tag.value % kPageSize];
  }

  // Those in use, in order of the keys.
  template <typename Visit>
  void each(Visit visit) const {
    for (const auto& [tenant, pages] : tenants_) {
      for (std::size_t page = 0; page < pages.size(); ++page) {
        if (!pages[page]) continue;
        for (std::size_t i = 0; i < kPageSize; ++i) {
          const T& found = (*pages[page])[i];
          const auto tag = static_cast<std::uint32_t>(page * kPageSize + i);
          if (found.in_use()) visit(SeriesKey{tenant, {tag}}, found);
        }
      }
    }
  }

 private:
  static constexpr std::size_t kPageSize = 256;
  using Page = std::array<T, kPageSize>;
  using Pages = std::vector<std::unique_ptr<Page>>;

  std::map<TenantId, Pages> tenants_;
  std::pair<const TenantId, Pages>* last_ = nullptr;  // of them: a map's elements stay in place
};

}  // namespace lineshaft::historian
