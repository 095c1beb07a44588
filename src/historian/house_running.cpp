// What is asked of all stores together.
#include <algorithm>
#include <iterator>
#include <utility>

#include "historian/house.h"

namespace lineshaft::historian {
namespace {

void add(StoreStats::Part& sum, const StoreStats::Part& one) {
  sum.blocks += one.blocks;
  sum.samples += one.samples;
  sum.bytes += one.bytes;
}

void add(StoreStats& sum, const StoreStats& one) {
  sum.files += one.files;
  sum.file_bytes += one.file_bytes;
  add(sum.fresh, one.fresh);
  add(sum.sealed, one.sealed);
  sum.first_time = std::min(sum.first_time, one.first_time);
  sum.last_time = std::max(sum.last_time, one.last_time);
  sum.tags += one.tags;
  sum.log_records += one.log_records;
  sum.log_samples += one.log_samples;
  sum.log_bytes += one.log_bytes;
}

void add(HistorianCounters& sum, const HistorianCounters& one) {
  sum.tags += one.tags;
  sum.samples_appended += one.samples_appended;
  sum.samples_refused += one.samples_refused;
  sum.samples_too_late += one.samples_too_late;
  sum.memtable_bytes += one.memtable_bytes;
  sum.files += one.files;
  sum.file_bytes += one.file_bytes;
  sum.wal_bytes += one.wal_bytes;
  sum.wal_syncs += one.wal_syncs;
  sum.poisoned |= one.poisoned;
  sum.disk_full |= one.disk_full;
  sum.disk_state = std::max(sum.disk_state, one.disk_state);
  sum.disk_free_bytes = std::min(sum.disk_free_bytes, one.disk_free_bytes);
  sum.damaged_blocks += one.damaged_blocks;
  sum.repaired_blocks += one.repaired_blocks;
  sum.merges += one.merges;
  sum.scrub.started = std::min(sum.scrub.started, one.scrub.started);
  sum.scrub.finished = std::min(sum.scrub.finished, one.scrub.finished);
  sum.scrub.bytes_done += one.scrub.bytes_done;
  sum.scrub.bytes_total += one.scrub.bytes_total;
}

std::string beside(const std::string& directory, TenantId tenant) {
  const std::size_t slash = directory.rfind('/');
  const std::string parent = slash == std::string::npos ? "." : directory.substr(0, slash);
  return sys::join_path(parent, "tenants/" + std::to_string(tenant.value) + "/history");
}

// Progress over several stores, of which each knows only its own: what is done grows, and the total
// with it.
class ProgressOverAll {
 public:
  explicit ProgressOverAll(const Progress& go_on) : go_on_(go_on) {}
  Progress of_one() {
    before_ += total_;
    total_ = 0;
    return [this](std::uint64_t done, std::uint64_t total) {
      total_ = total;
      return !go_on_ || go_on_(before_ + done, before_ + total);
    };
  }

 private:
  const Progress& go_on_;
  std::uint64_t before_ = 0;
  std::uint64_t total_ = 0;
};

}  // namespace

std::uint64_t House::path_changes() const {
  std::uint64_t sum = 0;
  for (const auto& [tenant, store] : stores()) sum += store->path_changes();
  const std::lock_guard lock(mutex_);
  return sum + gone_;
}

Result<RetentionReport> House::apply_retention() {
  RetentionReport sum;
  for (const auto& [tenant, store] : stores()) {
    const Result<RetentionReport> one = store->apply_retention();
    if (!one) return one;
    sum.tags += one->tags;
    sum.rollups += one->rollups;
    sum.erasures += one->erasures;
    sum.files_rewritten += one->files_rewritten;
  }
  return sum;
}

Status House::flush() {
  for (const auto& [tenant, store] : stores()) {
    if (Status done = store->flush(); !done) return done;
  }
  return {};
}

Status House::compact() {
  for (const auto& [tenant, store] : stores()) {
    if (Status done = store->compact(); !done) return done;
  }
  return {};
}

Result<BackupReport> House::back_up(const std::string& directory, const Progress& go_on) {
  BackupReport sum;
  ProgressOverAll progress(go_on);
  for (const auto& [tenant, store] : stores()) {
    const bool is_first = tenant == options_.first;
    const std::string place = is_first ? directory : beside(directory, tenant);
    if (Status made = files_.create_directories(place); !made) return made.error();
    Result<BackupReport> one = store->back_up(place, progress.of_one());
    if (!one) return one;
    sum.files += one->files;
    sum.bytes += one->bytes;
    sum.files_copied += one->files_copied;
    sum.bytes_copied += one->bytes_copied;
    sum.files_removed += one->files_removed;
    std::ranges::move(one->damages, std::back_inserter(sum.damages));
  }
  return sum;
}

Result<VerifyReport> House::verify(const Progress& go_on) {
  VerifyReport sum;
  ProgressOverAll progress(go_on);
  for (const auto& [tenant, store] : stores()) {
    Result<VerifyReport> one = store->verify(progress.of_one());
    if (!one) return one;
    sum.files += one->files;
    sum.bytes += one->bytes;
    sum.blocks += one->blocks;
    sum.damaged_blocks += one->damaged_blocks;
    sum.repaired_blocks += one->repaired_blocks;
    sum.parity_made += one->parity_made;
    std::ranges::move(one->damages, std::back_inserter(sum.damages));
  }
  return sum;
}

StoreStats House::stats() const {
  StoreStats sum;
  for (const auto& [tenant, store] : stores()) add(sum, store->stats());
  return sum;
}

HistorianCounters House::counters() const {
  const auto all = stores();
  HistorianCounters sum = all.front().second->counters();
  for (std::size_t i = 1; i < all.size(); ++i) add(sum, all[i].second->counters());
  return sum;
}

}  // namespace lineshaft::historian
