#include "tenancy/usage_table.h"

#include <algorithm>
#include <array>
#include <utility>

namespace lineshaft::tenancy {
namespace {

constexpr std::array<std::string_view, 1> kSteps{
    // 1: times are nanoseconds since 1970; a quota of 0 has no row.
    R"(CREATE TABLE tenancy_settings (
         id INTEGER PRIMARY KEY CHECK (id = 1), sign_up INTEGER NOT NULL,
         contact TEXT NOT NULL) STRICT;
       CREATE TABLE tenancy_quotas (
         tenant INTEGER NOT NULL, quota TEXT NOT NULL, most INTEGER NOT NULL CHECK (most > 0),
         PRIMARY KEY (tenant, quota)) STRICT;
       CREATE TABLE tenancy_usage (
         tenant INTEGER NOT NULL, hour INTEGER NOT NULL,
         samples INTEGER NOT NULL, requests INTEGER NOT NULL, refused INTEGER NOT NULL,
         tags INTEGER NOT NULL, bytes INTEGER NOT NULL, connections INTEGER NOT NULL,
         people INTEGER NOT NULL, tokens INTEGER NOT NULL,
         PRIMARY KEY (tenant, hour)) STRICT;
       CREATE INDEX tenancy_usage_by_hour ON tenancy_usage (hour);)",
};

std::int64_t number(std::uint64_t value) { return static_cast<std::int64_t>(value); }
std::uint64_t number(std::int64_t value) { return static_cast<std::uint64_t>(value); }

}  // namespace

Status migrate_usage(records::Database& database) { return database.migrate("tenancy", kSteps); }

Result<Settings> load_settings(records::Database& database) {
  auto select = database.prepare("SELECT sign_up, contact FROM tenancy_settings");
  if (!select) return std::move(select).error();
  const Result<bool> row = select->step();
  if (!row) return row.error();
  if (!*row) return Settings{};
  Settings settings{select->int64(0) != 0, std::string(select->text(1))};
  if (Status read = select->finish(); !read) return read.error();
  return settings;
}

Status save_settings(records::Database& database, const Settings& settings) {
  return database.run(
      "INSERT INTO tenancy_settings (id, sign_up, contact) VALUES (1, ?1, ?2) "
      "ON CONFLICT (id) DO UPDATE SET sign_up = excluded.sign_up, contact = excluded.contact",
      std::int64_t{settings.sign_up}, settings.contact);
}

Result<std::map<TenantId, Quotas>> load_quotas(records::Database& database) {
  auto select = database.prepare("SELECT tenant, quota, most FROM tenancy_quotas");
  if (!select) return std::move(select).error();
  std::map<TenantId, Quotas> all;
  for (;;) {
    const Result<bool> row = select->step();
    if (!row) return row.error();
    if (!*row) return all;
    const auto quota = std::ranges::find(kQuotas, select->text(1), quota_name);
    if (quota == kQuotas.end()) continue;  // of a later version
    all[TenantId{static_cast<std::uint32_t>(select->int64(0))}][*quota] = number(select->int64(2));
  }
}

Status save_quotas(records::Database& database, TenantId tenant, const Quotas& quotas) {
  Result<records::Transaction> transaction = database.begin();
  if (!transaction) return std::move(transaction).error();
  Status done =
      database.run("DELETE FROM tenancy_quotas WHERE tenant = ?1", std::int64_t{tenant.value});
  for (const Quota quota : kQuotas) {
    if (!done) return done;
    if (quotas[quota] == 0) continue;
    done = database.run("INSERT INTO tenancy_quotas (tenant, quota, most) VALUES (?1, ?2, ?3)",
                        std::int64_t{tenant.value}, quota_name(quota), number(quotas[quota]));
  }
  return done ? transaction->commit() : done;
}

Status add_usage(records::Database& database, TenantId tenant, const UsageHour& hour) {
  const Counts& counts = hour.counts;
  const Gauges& gauges = hour.gauges;
  return database.run(
      "INSERT INTO tenancy_usage (tenant, hour, samples, requests, refused, tags, bytes, "
      "connections, people, tokens) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) "
      "ON CONFLICT (tenant, hour) DO UPDATE SET samples = samples + excluded.samples, "
      "requests = requests + excluded.requests, refused = refused + excluded.refused, "
      "tags = max(tags, excluded.tags), bytes = max(bytes, excluded.bytes), "
      "connections = max(connections, excluded.connections), "
      "people = max(people, excluded.people), tokens = max(tokens, excluded.tokens)",
      std::int64_t{tenant.value}, hour.from, number(counts.samples), number(counts.requests),
      number(counts.refused), number(gauges.tags), number(gauges.bytes), number(gauges.connections),
      number(gauges.people), number(gauges.tokens));
}

Status forget_usage_before(records::Database& database, Timestamp time) {
  return database.run("DELETE FROM tenancy_usage WHERE hour < ?1", time);
}

Result<std::vector<UsageHour>> list_usage(records::Database& database, TenantId tenant,
                                          TimeRange range) {
  auto select = database.prepare(
      "SELECT hour, samples, requests, refused, tags, bytes, connections, people, tokens "
      "FROM tenancy_usage WHERE tenant = ?1 AND hour >= ?2 AND hour < ?3 ORDER BY hour");
  if (!select) return std::move(select).error();
  select->bind(std::int64_t{tenant.value}, range.from, range.to);
  std::vector<UsageHour> hours;
  for (;;) {
    const Result<bool> row = select->step();
    if (!row) return row.error();
    if (!*row) return hours;
    const auto column = [&](int i) { return number(select->int64(i)); };
    hours.push_back({Timestamp{select->int64(0)},
                     {column(1), column(2), column(3)},
                     {column(4), column(5), column(6), column(7), column(8)}});
  }
}

Status forget_tenant(records::Database& database, TenantId tenant) {
  const std::int64_t id{tenant.value};
  if (Status done = database.run("DELETE FROM tenancy_quotas WHERE tenant = ?1", id); !done) {
    return done;
  }
  return database.run("DELETE FROM tenancy_usage WHERE tenant = ?1", id);
}

}  // namespace lineshaft::tenancy
