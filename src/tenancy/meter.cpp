#include "tenancy/meter.h"

#include <algorithm>

namespace lineshaft::tenancy {
namespace {

constexpr std::size_t kContactBytesMax = 200;
constexpr std::int64_t kHourNs = 3'600'000'000'000;

double seconds_of(Nanoseconds time) { return std::chrono::duration<double>(time).count(); }

Timestamp hour_of(Timestamp time) { return {time.ns - time.ns % kHourNs}; }

}  // namespace

bool TokenBucket::take(double amount, Nanoseconds now) {
  level_ = std::min(most_, level_ + per_second_ * seconds_of(now - filled_));
  filled_ = now;
  if (level_ < 1) return false;
  level_ -= amount;
  return true;
}

Result<std::unique_ptr<Meter>> Meter::open(std::unique_ptr<records::Database> database,
                                           sys::Clock& clock) {
  std::unique_ptr<Meter> meter(new Meter(std::move(database), clock));
  if (Status loaded = meter->load(); !loaded) return loaded.error();
  return meter;
}

Status Meter::load() {
  if (Status ready = migrate_usage(*database_); !ready) return ready;
  auto settings = load_settings(*database_);
  if (!settings) return settings.error();
  auto quotas = load_quotas(*database_);
  if (!quotas) return quotas.error();
  const std::lock_guard lock(mutex_);
  settings_ = *std::move(settings);
  written_ = clock_.monotonic();
  for (const auto& [tenant, of_tenant] : *quotas) {
    Entry& entry = entries_[tenant];
    entry.quotas = of_tenant;
    make_buckets(entry);
  }
  return {};
}

void Meter::make_buckets(Entry& entry) const {
  entry.buckets.clear();
  const Nanoseconds now = clock_.monotonic();
  if (const auto limit = entry.quotas[Quota::kSamplesPerSecond]; limit > 0) {
    entry.buckets.emplace(Quota::kSamplesPerSecond,
                          TokenBucket(static_cast<double>(limit), kSampleBurstSeconds, now));
  }
  if (const auto limit = entry.quotas[Quota::kRequestsPerMinute]; limit > 0) {
    entry.buckets.emplace(Quota::kRequestsPerMinute,
                          TokenBucket(static_cast<double>(limit) / 60, kRequestBurstSeconds, now));
  }
}

Settings Meter::settings() const {
  const std::lock_guard lock(mutex_);
  return settings_;
}

Status Meter::set_settings(const Settings& settings) {
  const bool is_line = std::ranges::none_of(
      settings.contact, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
  if (!is_line || settings.contact.size() > kContactBytesMax) {
    return Error{ErrorId::kInvalidArgument, "contact: must be one line of at most " +
                                                std::to_string(kContactBytesMax) + " bytes"};
  }
  const std::lock_guard database_lock(database_mutex_);
  if (Status saved = save_settings(*database_, settings); !saved) return saved;
  const std::lock_guard lock(mutex_);
  settings_ = settings;
  return {};
}

Quotas Meter::quotas(TenantId tenant) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(tenant);
  return found == entries_.end() ? Quotas{} : found->second.quotas;
}

Status Meter::set_quotas(TenantId tenant, const Quotas& quotas) {
  for (const Quota quota : kQuotas) {
    if (quotas[quota] <= kQuotaMax) continue;
    return Error{ErrorId::kInvalidArgument,
                 std::string(quota_name(quota)) + ": must be at most " + std::to_string(kQuotaMax)};
  }
  const std::lock_guard database_lock(database_mutex_);
  if (Status saved = save_quotas(*database_, tenant, quotas); !saved) return saved;
  const std::lock_guard lock(mutex_);
  Entry& entry = entries_[tenant];
  entry.quotas = quotas;
  make_buckets(entry);
  return {};
}

Status Meter::check_room(TenantId tenant, Quota quota, std::uint64_t would_be) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(tenant);
  if (found == entries_.end()) return {};
  const std::uint64_t limit = found->second.quotas[quota];
  if (limit == 0 || would_be <= limit) return {};
  return over_quota(quota, limit, settings_.contact);
}

Status Meter::admit(TenantId tenant, Quota quota, std::size_t amount) {
  const std::lock_guard lock(mutex_);
  Entry& entry = entries_[tenant];
  const auto bucket = entry.buckets.find(quota);
  if (bucket == entry.buckets.end() ||
      bucket->second.take(static_cast<double>(amount), clock_.monotonic())) {
    return {};
  }
  entry.counts.refused += amount;
  return over_quota(quota, entry.quotas[quota], settings_.contact);
}

Status Meter::admit_samples(TenantId tenant, std::size_t samples) {
  return admit(tenant, Quota::kSamplesPerSecond, samples);
}

Status Meter::admit_request(TenantId tenant) {
  if (Status may = admit(tenant, Quota::kRequestsPerMinute, 1); !may) return may;
  const std::lock_guard lock(mutex_);
  entries_[tenant].counts.requests += 1;
  return {};
}

void Meter::count_samples(TenantId tenant, std::size_t durable) {
  const std::lock_guard lock(mutex_);
  Entry& entry = entries_[tenant];
  entry.counts.samples += durable;
  entry.samples += durable;
}

std::uint64_t Meter::samples_since_start(TenantId tenant) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(tenant);
  return found == entries_.end() ? 0 : found->second.samples;
}

Rates Meter::rates(TenantId tenant) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(tenant);
  return found == entries_.end() ? Rates{} : found->second.rates;
}

Status Meter::write_rows(std::span<const std::pair<TenantId, UsageHour>> rows, Timestamp now) {
  Result<records::Transaction> transaction = database_->begin();
  if (!transaction) return std::move(transaction).error();
  for (const auto& [tenant, hour] : rows) {
    if (Status added = add_usage(*database_, tenant, hour); !added) return added;
  }
  if (Status forgotten = forget_usage_before(*database_, hour_of(now + -kUsageKept)); !forgotten) {
    return forgotten;
  }
  return transaction->commit();
}

Status Meter::write(std::span<const std::pair<TenantId, Gauges>> gauges) {
  const std::lock_guard database_lock(database_mutex_);
  const Timestamp now = clock_.now();
  std::vector<std::pair<TenantId, UsageHour>> rows;
  {
    const std::lock_guard lock(mutex_);
    const double seconds = std::max(1.0, seconds_of(clock_.monotonic() - written_));
    for (const auto& [tenant, of_tenant] : gauges) {
      Entry& entry = entries_[tenant];
      entry.rates = {static_cast<double>(entry.counts.samples) / seconds,
                     static_cast<double>(entry.counts.requests) * 60 / seconds};
      rows.emplace_back(tenant, UsageHour{hour_of(now), entry.counts, of_tenant});
    }
  }
  if (Status kept = write_rows(rows, now); !kept) return kept;
  const std::lock_guard lock(mutex_);
  written_ = clock_.monotonic();
  for (const auto& [tenant, hour] : rows) {
    Counts& counts = entries_[tenant].counts;  // more may have come meanwhile
    counts.samples -= hour.counts.samples;
    counts.requests -= hour.counts.requests;
    counts.refused -= hour.counts.refused;
  }
  return {};
}

Result<std::vector<UsageHour>> Meter::usage(TenantId tenant, TimeRange range) {
  const std::lock_guard lock(database_mutex_);
  return list_usage(*database_, tenant, range);
}

Status Meter::forget(TenantId tenant) {
  const std::lock_guard database_lock(database_mutex_);
  if (Status forgotten = forget_tenant(*database_, tenant); !forgotten) return forgotten;
  const std::lock_guard lock(mutex_);
  entries_.erase(tenant);
  return {};
}

}  // namespace lineshaft::tenancy
