// What royalty runs are made of besides licences and shares.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "rights/royalty_book.h"
#include "rights/royalty_json.h"
#include "rights/schema.h"
#include "settlement/graph.h"

namespace lineshaft::rights {
namespace {

constexpr std::string_view kPlan = "plan";
constexpr std::string_view kRules = "rules";
constexpr std::string_view kMeter = "meter";

template <typename Thing>
Result<std::vector<Thing>> parsed(const std::vector<std::string>& texts,
                                  Result<Thing> (*from_json)(const Json&)) {
  std::vector<Thing> things;
  for (const std::string& text : texts) {
    const Result<Json> json = parse_json(text);
    Result<Thing> thing = json ? from_json(*json) : Result<Thing>(json.error());
    if (!thing) return Error{ErrorId::kCorrupt, "settings of royalties: " + thing.error().what};
    things.push_back(*std::move(thing));
  }
  return things;
}

Error within(const std::string& part, const Error& error) {
  return {error.id, part + ": " + error.what};
}

}  // namespace

Result<std::vector<std::string>> RoyaltyBook::settings(TenantId tenant, std::string_view kind) {
  return query<std::string>(
      *database_, "SELECT json FROM royalty_settings WHERE tenant = ?1 AND kind = ?2 ORDER BY id",
      [](records::Statement& row) { return std::string(row.text(0)); }, std::int64_t{tenant.value},
      kind);
}

// Requires: `json` has the version after `version`.
Status RoyaltyBook::put_setting(TenantId tenant, std::string_view kind, std::string_view id,
                                std::int64_t version, const Json& json) {
  const auto versions = query<std::int64_t>(
      *database_,
      "SELECT version FROM royalty_settings WHERE tenant = ?1 AND kind = ?2 AND id = ?3",
      [](records::Statement& row) { return row.int64(0); }, std::int64_t{tenant.value}, kind, id);
  if (!versions) return versions.error();
  const std::int64_t present = versions->empty() ? 0 : versions->front();
  if (present != version) {
    return Error{ErrorId::kConflict, "the " + std::string(kind) + " of '" + std::string(id) +
                                         "' is there with version " + std::to_string(present)};
  }
  return database_->run("INSERT OR REPLACE INTO royalty_settings VALUES (?1, ?2, ?3, ?4, ?5)",
                        std::int64_t{tenant.value}, kind, id, version + 1, dump(json));
}

Result<std::vector<RoyaltyPlan>> RoyaltyBook::read_plans(TenantId tenant) {
  const auto texts = settings(tenant, kPlan);
  if (!texts) return texts.error();
  return parsed<RoyaltyPlan>(*texts, plan_from_json);
}

Result<RoyaltyRules> RoyaltyBook::read_rules(TenantId tenant) {
  const auto texts = settings(tenant, kRules);
  if (!texts) return texts.error();
  const auto rules = parsed<RoyaltyRules>(*texts, rules_from_json);
  if (!rules) return rules.error();
  return rules->empty() ? RoyaltyRules{} : rules->front();
}

Status RoyaltyBook::check_graph(const std::vector<RoyaltyPlan>& plans,
                                const RoyaltyRules& rules) const {
  settlement::Graph graph{rules.stacking, rules.cap, {}};
  std::vector<std::string> assets;
  std::vector<std::string> pools;
  for (const RoyaltyPlan& plan : plans) {
    assets.push_back(plan.asset);
    for (const PlanLink& link : plan.links) {
      assets.push_back(link.to);
      graph.links.push_back({plan.asset, link.to, link.rate, link.base});
    }
    for (const settlement::Pool& pool : plan.pools) pools.push_back(pool.id);
  }
  std::ranges::sort(pools);
  if (const auto twice = std::ranges::adjacent_find(pools); twice != pools.end()) {
    return Error{ErrorId::kInvalidArgument, "pools: '" + *twice + "' is there twice"};
  }
  std::ranges::sort(assets);
  assets.erase(std::unique(assets.begin(), assets.end()), assets.end());
  const auto route = settlement::route_of(graph, assets);
  return route ? Status() : Status(within("links", route.error()));
}

Result<std::vector<RoyaltyPlan>> RoyaltyBook::list_plans(TenantId tenant) {
  const std::lock_guard lock(mutex_);
  return read_plans(tenant);
}

Result<RoyaltyPlan> RoyaltyBook::put_plan(TenantId tenant, RoyaltyPlan plan) {
  const View whole{tenant, {}};
  std::vector<std::string> assets{plan.asset};
  for (const PlanLink& link : plan.links) assets.push_back(link.to);
  for (const std::string& id : assets) {
    if (const auto known = sources_.assets.get_asset(whole, id); !known) return known.error();
  }
  std::vector<std::string> payees;
  for (const settlement::Pool& pool : plan.pools) payees.push_back(pool.payee);
  if (plan.award) {
    if (Status sound = settlement::check_shares(plan.award->inventors); !sound) {
      return within("award", sound.error());
    }
    if (plan.award->rate.numerator() < 0 || plan.award->rate > Ratio::make(1, 1).value()) {
      return Error{ErrorId::kInvalidArgument, "award: rate: must be from 0 to 1"};
    }
    for (const settlement::Share& share : plan.award->inventors) payees.push_back(share.payee);
  }
  for (const std::string& payee : payees) {
    if (const auto known = sources_.assets.get_party(whole, payee); !known) return known.error();
  }
  const std::lock_guard lock(mutex_);
  Result<std::vector<RoyaltyPlan>> plans = read_plans(tenant);
  const Result<RoyaltyRules> rules = read_rules(tenant);
  if (!plans) return plans.error();
  if (!rules) return rules.error();
  std::erase_if(*plans, [&](const RoyaltyPlan& other) { return other.asset == plan.asset; });
  plans->push_back(plan);
  if (Status sound = check_graph(*plans, *rules); !sound) return sound.error();
  const std::int64_t version = plan.version++;
  Status kept = put_setting(tenant, kPlan, plan.asset, version, plan_json(plan));
  if (!kept) return std::move(kept).error();
  return plan;
}

Result<RoyaltyRules> RoyaltyBook::rules(TenantId tenant) {
  const std::lock_guard lock(mutex_);
  return read_rules(tenant);
}

Result<RoyaltyRules> RoyaltyBook::put_rules(TenantId tenant, RoyaltyRules rules) {
  const std::lock_guard lock(mutex_);
  const Result<std::vector<RoyaltyPlan>> plans = read_plans(tenant);
  if (!plans) return plans.error();
  if (Status sound = check_graph(*plans, rules); !sound) return sound.error();
  const std::int64_t version = rules.version++;
  Status kept = put_setting(tenant, kRules, "all", version, rules_json(rules));
  if (!kept) return std::move(kept).error();
  return rules;
}

Result<std::vector<LicenceMeter>> RoyaltyBook::list_meters(TenantId tenant) {
  const std::lock_guard lock(mutex_);
  const auto texts = settings(tenant, kMeter);
  if (!texts) return texts.error();
  return parsed<LicenceMeter>(*texts, meter_from_json);
}

Result<LicenceMeter> RoyaltyBook::put_meter(TenantId tenant, LicenceMeter meter) {
  const auto licence = sources_.licences.get({tenant, {}}, meter.licence);
  if (!licence) return licence.error();
  if (!sources_.historian.find_tag(tenant, meter.tag)) {
    return Error{ErrorId::kNotFound, "there is no tag '" + meter.tag + "'"};
  }
  const std::lock_guard lock(mutex_);
  const std::int64_t version = meter.version++;
  Status kept = put_setting(tenant, kMeter, meter.licence, version, meter_json(meter));
  if (!kept) return std::move(kept).error();
  return meter;
}

Status RoyaltyBook::remove_meter(TenantId tenant, std::string_view licence) {
  const std::lock_guard lock(mutex_);
  const Status removed =
      database_->run("DELETE FROM royalty_settings WHERE tenant = ?1 AND kind = ?2 AND id = ?3",
                     std::int64_t{tenant.value}, kMeter, licence);
  if (removed && database_->changed_rows() == 0) {
    return Error{ErrorId::kNotFound, "licence '" + std::string(licence) + "' has no meter"};
  }
  return removed;
}

Result<RoyaltySettings> RoyaltyBook::read_settings(TenantId tenant) {
  RoyaltySettings all;
  Result<std::vector<RoyaltyPlan>> plans = read_plans(tenant);
  if (!plans) return plans.error();
  Result<RoyaltyRules> rules = read_rules(tenant);
  if (!rules) return rules.error();
  const auto texts = settings(tenant, kMeter);
  if (!texts) return texts.error();
  const auto meters = parsed<LicenceMeter>(*texts, meter_from_json);
  if (!meters) return meters.error();
  Result<std::vector<UsageReport>> reports = read_reports(tenant, "");
  if (!reports) return reports.error();
  all.plans = *std::move(plans);
  all.rules = *rules;
  for (const LicenceMeter& meter : *meters) all.meters[meter.licence] = meter;
  all.reports = *std::move(reports);
  return all;
}

// --- reports ---

Result<std::vector<UsageReport>> RoyaltyBook::read_reports(TenantId tenant,
                                                           std::string_view licence) {
  const auto texts = query<std::string>(
      *database_,
      "SELECT json FROM royalty_reports WHERE tenant = ?1 AND (?2 = '' OR licence = ?2) "
      "ORDER BY from_day, id",
      [](records::Statement& row) { return std::string(row.text(0)); }, std::int64_t{tenant.value},
      licence);
  if (!texts) return texts.error();
  std::vector<UsageReport> reports;
  for (const std::string& text : *texts) {
    const Result<Json> json = parse_json(text);
    Result<UsageReport> report = json ? report_from_json(*json) : Result<UsageReport>(json.error());
    if (!report) return Error{ErrorId::kCorrupt, "a report: " + report.error().what};
    report->recorded_by = (*json)["recorded_by"].get<std::string>();
    const auto recorded = parse_timestamp((*json)["recorded"].get<std::string>());
    report->recorded = recorded ? *recorded : Timestamp{};
    reports.push_back(*std::move(report));
  }
  return reports;
}

Result<std::vector<UsageReport>> RoyaltyBook::list_reports(TenantId tenant,
                                                           std::string_view licence) {
  const std::lock_guard lock(mutex_);
  return read_reports(tenant, licence);
}

Status RoyaltyBook::check_report(TenantId tenant, const UsageReport& report) {
  const auto licence = sources_.licences.get({tenant, {}}, report.licence);
  if (!licence) return licence.error();
  const auto terms = terms_of(licence->licence);
  if (!terms) return terms.error();
  if (!*terms) {
    return Error{ErrorId::kInvalidArgument,
                 "licence: '" + report.licence + "' has no terms of payment"};
  }
  if (const auto quantity = quantity_from_text(report.quantity, **terms); !quantity) {
    return quantity.error();
  }
  const auto last = last_posted(tenant, (*terms)->currency);
  if (!last) return last.error();
  if (*last && report.from < (*last)->to) {
    return Error{ErrorId::kConflict, "the days before " + day_text((*last)->to) +
                                         " are settled by run '" + (*last)->id +
                                         "'; reverse it first"};
  }
  return {};
}

Result<UsageReport> RoyaltyBook::add_report(TenantId tenant, UsageReport report,
                                            std::string_view by) {
  const std::lock_guard lock(mutex_);
  const auto reports = read_reports(tenant, "");
  if (!reports) return reports.error();
  for (const UsageReport& other : *reports) {
    if (other.id == report.id) {
      const bool same = other.licence == report.licence && other.from == report.from &&
                        other.to == report.to && other.quantity == report.quantity &&
                        other.gap == report.gap && other.document == report.document;
      if (same) return other;
      return Error{ErrorId::kConflict, "report '" + report.id + "' is there with another content"};
    }
    const bool meet = other.from < report.to && report.from < other.to;
    if (other.licence == report.licence && other.gap == report.gap && meet) {
      return Error{ErrorId::kConflict, "report '" + other.id + "' covers " + day_text(other.from) +
                                           " to " + day_text(other.to) + " already"};
    }
  }
  if (Status sound = check_report(tenant, report); !sound) return sound.error();
  report.recorded = clock_.now();
  report.recorded_by = by;
  const std::int64_t from = report.from.time_since_epoch().count();
  const Status kept = database_->run("INSERT INTO royalty_reports VALUES (?1, ?2, ?3, ?4, ?5)",
                                     std::int64_t{tenant.value}, report.id, report.licence, from,
                                     dump(report_json(report)));
  if (!kept) return kept.error();
  return report;
}

}  // namespace lineshaft::rights
