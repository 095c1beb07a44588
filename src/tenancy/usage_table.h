// tenancy/usage_table.h: the tables of quotas and of what each organisation used, hour by hour.
// Errors of every function: as records::Statement::step.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/time.h"
#include "model/sample.h"
#include "records/database.h"
#include "tenancy/quota.h"

namespace lineshaft::tenancy {

// Thirteen months of 31 days: a year can be compared with the month before it.
inline constexpr Nanoseconds kUsageKept = std::chrono::hours(24 * 31 * 13);

// What there is at a moment.
struct Gauges {
  std::uint64_t tags = 0;
  std::uint64_t bytes = 0;
  std::uint64_t connections = 0;
  std::uint64_t people = 0;
  std::uint64_t tokens = 0;
};

// What was done since the last look.
struct Counts {
  std::uint64_t samples = 0;   // made durable
  std::uint64_t requests = 0;  // answered, refused ones not
  std::uint64_t refused = 0;   // samples and requests beyond a rate
};

struct UsageHour {
  Timestamp from;  // a whole hour in UTC
  Counts counts;   // of the hour
  Gauges gauges;   // the most that was seen in the hour
};

struct Settings {
  bool sign_up = false;  // with approval; else closed
  std::string contact;   // whom to ask for more; shown to all
};

Status migrate_usage(records::Database& database);
Result<Settings> load_settings(records::Database& database);
Status save_settings(records::Database& database, const Settings& settings);
Result<std::map<TenantId, Quotas>> load_quotas(records::Database& database);
Status save_quotas(records::Database& database, TenantId tenant, const Quotas& quotas);
// Adds the counts, keeps the greater gauges.
Status add_usage(records::Database& database, TenantId tenant, const UsageHour& hour);
Status forget_usage_before(records::Database& database, Timestamp time);
// In [range.from, range.to), oldest first.
Result<std::vector<UsageHour>> list_usage(records::Database& database, TenantId tenant,
                                          TimeRange range);
// All of a tenant: quotas and usage.
Status forget_tenant(records::Database& database, TenantId tenant);

}  // namespace lineshaft::tenancy
