#include "historian/house.h"

#include <algorithm>
#include <thread>
#include <utility>

namespace lineshaft::historian {
namespace {

// Logs of many small organisations take less room than one of a plant.
constexpr std::size_t kTenantSegmentBytes = std::size_t{8} * 1024 * 1024;
constexpr auto kRemovalLook = std::chrono::milliseconds(5);
constexpr unsigned kDepthMax = 4;  // of a store's folder

Error no_tag() { return {ErrorId::kNotFound, "there is no such tag"}; }

// A folder with all it holds. What is not there is removed.
Status remove_folder(sys::FileSystem& files, const std::string& folder, unsigned depth) {
  const Result<std::vector<std::string>> names = files.list(folder);
  if (!names) return names.error().id == ErrorId::kFileMissing ? Status() : Status(names.error());
  for (const std::string& name : *names) {
    const std::string path = sys::join_path(folder, name);
    if (files.remove(path)) continue;
    if (depth == 0) return Error{ErrorId::kIoError, path + " cannot be removed"};
    if (Status gone = remove_folder(files, path, depth - 1); !gone) return gone;
  }
  static_cast<void>(files.remove(folder));  // an empty folder is of no harm where it cannot go
  return {};
}

}  // namespace

Result<std::unique_ptr<House>> House::open(sys::FileSystem& files, sys::Clock& clock,
                                           sys::Random& random, HouseOptions options,
                                           std::span<const TenantId> tenants) {
  std::unique_ptr<House> house(new House(files, clock, random, std::move(options)));
  house->retention_ = house->options_.store.retention;
  const std::lock_guard lock(house->opening_);
  if (Status opened = house->open_store(house->options_.first); !opened) return opened.error();
  for (const TenantId tenant : tenants) {
    if (tenant == house->options_.first) continue;
    if (!files.exists(house->options_.directory_of(tenant))) continue;
    if (Status opened = house->open_store(tenant); !opened) return opened.error();
  }
  // Those that are opened later are new.
  for (const auto& [tenant, store] : house->stores()) {
    const HistorianRecovery& found = store->recovery();
    house->recovery_.records_replayed += found.records_replayed;
    house->recovery_.torn_tail_bytes += found.torn_tail_bytes;
    for (const std::string& damage : found.damages) house->recovery_.damages.push_back(damage);
  }
  return house;
}

House::~House() = default;

Status House::open_store(TenantId tenant) {
  HistorianOptions options = options_.store;
  if (tenant != options_.first) {
    options.directory = options_.directory_of(tenant);
    options.wal_segment_bytes = std::min(options.wal_segment_bytes, kTenantSegmentBytes);
    if (Status made = files_.create_directories(options.directory); !made) return made;
  }
  {
    const std::lock_guard lock(mutex_);
    options.retention.clear();
    if (const auto rules = retention_.find(tenant); rules != retention_.end()) {
      options.retention[tenant] = rules->second;
    }
  }
  auto store = Historian::open(files_, clock_, random_, std::move(options));
  if (!store) return store.error();
  const std::lock_guard lock(mutex_);
  stores_[tenant] = *std::move(store);
  return {};
}

House::Store House::store_of(TenantId tenant) const {
  const std::lock_guard lock(mutex_);
  const auto found = stores_.find(tenant);
  return found == stores_.end() ? nullptr : found->second;
}

std::vector<std::pair<TenantId, House::Store>> House::stores() const {
  const std::lock_guard lock(mutex_);
  return {stores_.begin(), stores_.end()};
}

Result<House::Store> House::store_for_tags(TenantId tenant) {
  if (Store store = store_of(tenant)) return store;
  const std::lock_guard lock(opening_);
  if (Store store = store_of(tenant)) return store;  // made meanwhile
  if (Status opened = open_store(tenant); !opened) return opened.error();
  return store_of(tenant);
}

Status House::remove(TenantId tenant) {
  LS_ASSERT(tenant != options_.first);
  const std::lock_guard lock(opening_);
  Store store;
  {
    const std::lock_guard held(mutex_);
    retention_.erase(tenant);
    if (const auto found = stores_.find(tenant); found != stores_.end()) {
      store = std::move(found->second);
      stores_.erase(found);
      gone_ += store->path_changes() + store->counters().tags;
    }
  }
  // Nobody can get it any more; who has it finishes.
  while (store != nullptr && store.use_count() > 1) std::this_thread::sleep_for(kRemovalLook);
  store.reset();
  return remove_folder(files_, options_.directory_of(tenant), kDepthMax);
}

std::uint64_t House::bytes_of(TenantId tenant) const {
  const Store store = store_of(tenant);
  if (store == nullptr) return 0;
  const HistorianCounters counters = store->counters();
  return counters.file_bytes + counters.wal_bytes;
}

// --- of one tenant ---

void House::append(SampleBatch batch, Durable durable) {
  const Store store = store_of(batch.tenant);
  if (store == nullptr) return durable(no_tag());
  store->append(std::move(batch), std::move(durable));
}

Result<std::vector<TagId>> House::ensure_tags(TenantId tenant, std::vector<TagSpec> specs) {
  if (options_.room) {
    const Store store = store_of(tenant);
    const std::uint64_t have = store == nullptr ? 0 : store->counters().tags;
    std::uint64_t made = 0;
    for (const TagSpec& spec : specs) {
      if (store == nullptr || !store->find_tag(tenant, spec.path)) made += 1;
    }
    if (made > 0) {
      if (Status room = options_.room(tenant, have + made); !room) return room.error();
    }
  }
  Result<Store> store = store_for_tags(tenant);
  if (!store) return store.error();
  return (*store)->ensure_tags(tenant, std::move(specs));
}

std::optional<Tag> House::find_tag(TenantId tenant, TagId id) const {
  const Store store = store_of(tenant);
  return store == nullptr ? std::nullopt : store->find_tag(tenant, id);
}

std::optional<Tag> House::find_tag(TenantId tenant, std::string_view path) const {
  const Store store = store_of(tenant);
  return store == nullptr ? std::nullopt : store->find_tag(tenant, path);
}

TagPage House::list_tags(TenantId tenant, const TagFilter& filter, std::uint64_t offset,
                         std::uint64_t limit) const {
  const Store store = store_of(tenant);
  return store == nullptr ? TagPage{} : store->list_tags(tenant, filter, offset, limit);
}

std::vector<TagId> House::list_tag_ids(TenantId tenant, const TagFilter& filter) const {
  const Store store = store_of(tenant);
  return store == nullptr ? std::vector<TagId>() : store->list_tag_ids(tenant, filter);
}

Status House::update_tag(TenantId tenant, TagId id, TagSpec spec) {
  const Store store = store_of(tenant);
  return store == nullptr ? Status(no_tag()) : store->update_tag(tenant, id, std::move(spec));
}

Result<std::uint64_t> House::move_tags(TenantId tenant, const std::string& from,
                                       const std::string& to) {
  const Store store = store_of(tenant);
  if (store == nullptr) return no_tag();
  return store->move_tags(tenant, from, to);
}

std::vector<LastValue> House::last_values(TenantId tenant, std::span<const TagId> tags) const {
  if (const Store store = store_of(tenant)) return store->last_values(tenant, tags);
  std::vector<LastValue> none;
  for (const TagId tag : tags) {
    LastValue last{tag, {}, {}, 0, false};
    last.sample.tag = tag;
    last.sample.quality = quality::kBadWaitingForInitialData;
    none.push_back(std::move(last));
  }
  return none;
}

std::uint64_t House::tick(TenantId tenant) const {
  const Store store = store_of(tenant);
  return store == nullptr ? 0 : store->tick(tenant);
}

Status House::scan_columns(TenantId tenant, TagId tag, TimeRange range,
                           const VisitColumns& visit) const {
  const Store store = store_of(tenant);
  return store == nullptr ? Status(no_tag()) : store->scan_columns(tenant, tag, range, visit);
}

Status House::scan(TenantId tenant, TagId tag, TimeRange range, const Visit& visit) const {
  const Store store = store_of(tenant);
  return store == nullptr ? Status(no_tag()) : store->scan(tenant, tag, range, visit);
}

Result<std::optional<Sample>> House::sample_before(TenantId tenant, TagId tag, Timestamp at) const {
  const Store store = store_of(tenant);
  if (store == nullptr) return no_tag();
  return store->sample_before(tenant, tag, at);
}

Result<std::vector<Sample>> House::replaced(TenantId tenant, TagId tag, TimeRange range) const {
  const Store store = store_of(tenant);
  if (store == nullptr) return no_tag();
  return store->replaced(tenant, tag, range);
}

Result<std::vector<PixelColumn>> House::pixels(TenantId tenant, TagId tag, TimeRange range,
                                               std::uint32_t columns) const {
  const Store store = store_of(tenant);
  if (store == nullptr) return no_tag();
  return store->pixels(tenant, tag, range, columns);
}

Result<std::vector<AggregateWindow>> House::aggregate(TenantId tenant, TagId tag, TimeRange range,
                                                      Nanoseconds step) const {
  const Store store = store_of(tenant);
  if (store == nullptr) return no_tag();
  return store->aggregate(tenant, tag, range, step);
}

Result<std::vector<AggregateWindow>> House::aggregate_values(TenantId tenant, TagId tag,
                                                             TimeRange range,
                                                             Nanoseconds step) const {
  const Store store = store_of(tenant);
  if (store == nullptr) return no_tag();
  return store->aggregate_values(tenant, tag, range, step);
}

Result<std::vector<AggregateValue>> House::aggregates(TenantId tenant, TagId tag, TimeRange range,
                                                      Nanoseconds step,
                                                      std::span<const Aggregate> aggregates,
                                                      const AggregateOptions& options) const {
  const Store store = store_of(tenant);
  if (store == nullptr) return no_tag();
  return store->aggregates(tenant, tag, range, step, aggregates, options);
}

Result<std::vector<AggregateValue>> House::interpolated(TenantId tenant, TagId tag,
                                                        std::span<const Timestamp> times,
                                                        const AggregateOptions& options) const {
  const Store store = store_of(tenant);
  if (store == nullptr) return no_tag();
  return store->interpolated(tenant, tag, times, options);
}

Status House::erase(TenantId tenant, std::span<const TagId> tags, TimeRange range) {
  const Store store = store_of(tenant);
  return store == nullptr ? Status(no_tag()) : store->erase(tenant, tags, range);
}

Status House::set_retention(TenantId tenant, std::vector<RetentionRule> rules) {
  if (Status sound = check_retention(rules); !sound) return sound;
  const std::lock_guard opening(opening_);  // a store that opens now gets these rules
  Store store;
  {
    const std::lock_guard lock(mutex_);
    retention_[tenant] = rules;
    if (const auto found = stores_.find(tenant); found != stores_.end()) store = found->second;
  }
  return store == nullptr ? Status() : store->set_retention(tenant, std::move(rules));
}

}  // namespace lineshaft::historian
