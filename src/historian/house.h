// historian/house.h: a historian for each organisation behind the one interface: a log, files and a
// directory of its own, so that one can be removed whole, and a flood or damage of one is its own.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "historian/historian.h"

namespace lineshaft::historian {

struct HouseOptions {
  // Of every store; `directory` is that of `first`, whose history stood alone once.
  HistorianOptions store;
  TenantId first{1};
  // Those of the others; made when they make their first tag.
  std::function<std::string(TenantId)> directory_of;
  // May the tenant have so many tags? Null: always. Quick.
  std::function<Status(TenantId, std::uint64_t tags)> room = nullptr;
};

// Threads: any. Without a store of its own yet, a tenant has no tags. Memory: a memtable, and
// threads: four, for each tenant that has tags.
class House final : public Historian {
 public:
  // Opens the store of `first`, and those of `tenants` that there are. Errors: as Historian::open.
  static Result<std::unique_ptr<House>> open(sys::FileSystem& files, sys::Clock& clock,
                                             sys::Random& random, HouseOptions options,
                                             std::span<const TenantId> tenants);
  ~House() override;

  // Closes the store of a tenant and removes its directory, for ever. Waits for who still reads.
  // Requires: not `first`; nobody appends for it any more. Blocks. Errors: kIoError: some of it is
  // still there; call again.
  Status remove(TenantId tenant);
  // On the disk and in the log, log rounded up to what is preallocated. Quick.
  std::uint64_t bytes_of(TenantId tenant) const;

  void append(SampleBatch batch, Durable durable) override;
  Result<std::vector<TagId>> ensure_tags(TenantId tenant, std::vector<TagSpec> specs) override;
  std::optional<Tag> find_tag(TenantId tenant, TagId id) const override;
  std::optional<Tag> find_tag(TenantId tenant, std::string_view path) const override;
  TagPage list_tags(TenantId tenant, const TagFilter& filter, std::uint64_t offset,
                    std::uint64_t limit) const override;
  std::vector<TagId> list_tag_ids(TenantId tenant, const TagFilter& filter) const override;
  Status update_tag(TenantId tenant, TagId id, TagSpec spec) override;
  Result<std::uint64_t> move_tags(TenantId tenant, const std::string& from,
                                  const std::string& to) override;
  std::uint64_t path_changes() const override;
  std::vector<LastValue> last_values(TenantId tenant, std::span<const TagId> tags) const override;
  std::uint64_t tick(TenantId tenant) const override;
  Status scan_columns(TenantId tenant, TagId tag, TimeRange range,
                      const VisitColumns& visit) const override;
  Status scan(TenantId tenant, TagId tag, TimeRange range, const Visit& visit) const override;
  Result<std::optional<Sample>> sample_before(TenantId tenant, TagId tag,
                                              Timestamp at) const override;
  Result<std::vector<Sample>> replaced(TenantId tenant, TagId tag, TimeRange range) const override;
  Result<std::vector<PixelColumn>> pixels(TenantId tenant, TagId tag, TimeRange range,
                                          std::uint32_t columns) const override;
  Result<std::vector<AggregateWindow>> aggregate(TenantId tenant, TagId tag, TimeRange range,
                                                 Nanoseconds step) const override;
  Result<std::vector<AggregateWindow>> aggregate_values(TenantId tenant, TagId tag, TimeRange range,
                                                        Nanoseconds step) const override;
  Result<std::vector<AggregateValue>> aggregates(TenantId tenant, TagId tag, TimeRange range,
                                                 Nanoseconds step,
                                                 std::span<const Aggregate> aggregates,
                                                 const AggregateOptions& options) const override;
  Result<std::vector<AggregateValue>> interpolated(TenantId tenant, TagId tag,
                                                   std::span<const Timestamp> times,
                                                   const AggregateOptions& options) const override;
  Status erase(TenantId tenant, std::span<const TagId> tags, TimeRange range) override;
  Status set_retention(TenantId tenant, std::vector<RetentionRule> rules) override;

  // Of all stores, one after the other; the first error ends it, and figures are sums.
  Result<RetentionReport> apply_retention() override;
  Status flush() override;
  Status compact() override;
  // The copy of a tenant's store stands beside `directory`, in tenants/N/history.
  Result<BackupReport> back_up(const std::string& directory, const Progress& go_on) override;
  Result<VerifyReport> verify(const Progress& go_on) override;
  StoreStats stats() const override;
  HistorianCounters counters() const override;
  const HistorianRecovery& recovery() const override { return recovery_; }

 private:
  using Store = std::shared_ptr<Historian>;  // shared with calls under way, which a removal awaits
  House(sys::FileSystem& files, sys::Clock& clock, sys::Random& random, HouseOptions options)
      : files_(files), clock_(clock), random_(random), options_(std::move(options)) {}

  Status open_store(TenantId tenant);  // opening_ held
  Result<Store> store_for_tags(TenantId tenant);
  Store store_of(TenantId tenant) const;  // null: none
  std::vector<std::pair<TenantId, Store>> stores() const;

  sys::FileSystem& files_;
  sys::Clock& clock_;
  sys::Random& random_;
  const HouseOptions options_;
  HistorianRecovery recovery_;
  std::mutex opening_;        // one store is opened or removed at a time; before mutex_
  mutable std::mutex mutex_;  // guards what follows
  std::map<TenantId, Store> stores_;
  std::map<TenantId, std::vector<RetentionRule>> retention_;
  std::uint64_t gone_ = 0;  // tags and path changes of what was removed: sums never shrink
};

}  // namespace lineshaft::historian
