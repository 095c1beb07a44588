// tenancy/meter.h: counts what each organisation does, holds it to its quotas, and keeps what was
// used hour by hour.
//
// Threads: any. Calls are quick except where they say that they block for the disk.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "sys/clock.h"
#include "tenancy/usage_table.h"

namespace lineshaft::tenancy {

// So much of a rate may come at once after a pause: a machine that was cut off delivers late.
inline constexpr double kSampleBurstSeconds = 10;
inline constexpr double kRequestBurstSeconds = 60;

// Lets so much through in the long run. What is taken may overdraw it once, so that a batch of any
// size gets through; nothing more does until the debt is paid.
class TokenBucket {
 public:
  // Requires: per_second * burst_seconds >= 1: nothing passes while less than one whole is there.
  TokenBucket(double per_second, double burst_seconds, Nanoseconds now)
      : per_second_(per_second), most_(per_second * burst_seconds), level_(most_), filled_(now) {}
  bool take(double amount, Nanoseconds now);

 private:
  double per_second_;
  double most_;
  double level_;
  Nanoseconds filled_;  // monotonic
};

struct Rates {
  double samples_per_second = 0;  // of the last whole minute or so
  double requests_per_minute = 0;
};

class Meter {
 public:
  // Takes the database for itself; `clock` must outlive the object. Errors: as Database::migrate.
  static Result<std::unique_ptr<Meter>> open(std::unique_ptr<records::Database> database,
                                             sys::Clock& clock);

  Settings settings() const;
  // Blocks. Errors: kInvalidArgument: a contact that is not one line of at most 200 bytes.
  Status set_settings(const Settings& settings);

  Quotas quotas(TenantId tenant) const;
  // From now on; what is there already stays. Blocks. Errors: kInvalidArgument above kQuotaMax.
  Status set_quotas(TenantId tenant, const Quotas& quotas);

  // May there be so many? Errors: kQuotaReached.
  Status check_room(TenantId tenant, Quota quota, std::uint64_t would_be) const;
  // Errors: kRateLimited; the refusal is counted.
  Status admit_samples(TenantId tenant, std::size_t samples);
  Status admit_request(TenantId tenant);
  void count_samples(TenantId tenant, std::size_t durable);
  std::uint64_t samples_since_start(TenantId tenant) const;

  Rates rates(TenantId tenant) const;
  // Once a minute: adds what was counted to the present hour, and forgets what is older than
  // kUsageKept. Blocks. After an error it is added with the next call.
  Status write(std::span<const std::pair<TenantId, Gauges>> gauges);
  // Hours that begin in the range, oldest first; what was counted since the last write is not in
  // it. Blocks.
  Result<std::vector<UsageHour>> usage(TenantId tenant, TimeRange range);
  // Forgets quotas and usage. Blocks.
  Status forget(TenantId tenant);

 private:
  struct Entry {
    Quotas quotas;
    std::map<Quota, TokenBucket> buckets;  // of the rates that are limited
    Counts counts;                         // since the last write
    Rates rates;
    std::uint64_t samples = 0;  // since the start
  };

  Meter(std::unique_ptr<records::Database> database, sys::Clock& clock)
      : clock_(clock), database_(std::move(database)) {}
  Status load();
  void make_buckets(Entry& entry) const;
  Status admit(TenantId tenant, Quota quota, std::size_t amount);
  Status write_rows(std::span<const std::pair<TenantId, UsageHour>> rows, Timestamp now);

  sys::Clock& clock_;
  std::mutex database_mutex_;  // before mutex_
  std::unique_ptr<records::Database> database_;
  mutable std::mutex mutex_;  // guards what follows
  std::map<TenantId, Entry> entries_;
  Settings settings_;
  Nanoseconds written_{};  // monotonic
};

}  // namespace lineshaft::tenancy
