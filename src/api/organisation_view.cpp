#include "api/organisation_view.h"

#include <algorithm>

namespace lineshaft::api {
namespace {

using tenancy::Quota;

constexpr Nanoseconds kUsageShown = std::chrono::hours(24 * 31);

std::string_view state_name(identity::OrganisationState state) {
  switch (state) {
    case identity::OrganisationState::kActive:
      return "active";
    case identity::OrganisationState::kSuspended:
      return "suspended";
    case identity::OrganisationState::kRemoved:
      return "removed";
  }
  return "suspended";
}

Json hour_json(const tenancy::UsageHour& hour) {
  return {{"from", format_rfc3339(hour.from)},
          {"samples", hour.counts.samples},
          {"requests", hour.counts.requests},
          {"refused", hour.counts.refused},
          {"tags", hour.gauges.tags},
          {"bytes", hour.gauges.bytes},
          {"connections", hour.gauges.connections},
          {"people", hour.gauges.people},
          {"tokens", hour.gauges.tokens}};
}

std::string csv_of(const std::vector<tenancy::UsageHour>& hours) {
  std::string csv = "from,samples,requests,refused,tags,bytes,connections,people,tokens\r\n";
  for (const tenancy::UsageHour& hour : hours) {
    csv += format_rfc3339(hour.from);
    for (const std::uint64_t figure :
         {hour.counts.samples, hour.counts.requests, hour.counts.refused, hour.gauges.tags,
          hour.gauges.bytes, hour.gauges.connections, hour.gauges.people, hour.gauges.tokens}) {
      csv += "," + std::to_string(figure);
    }
    csv += "\r\n";
  }
  return csv;
}

}  // namespace

Json quotas_json(const tenancy::Quotas& quotas) {
  Json json = Json::object();
  for (const Quota quota : tenancy::kQuotas) {
    const std::string name(tenancy::quota_name(quota));
    json[name] = quotas[quota] == 0 ? Json() : Json(quotas[quota]);
  }
  return json;
}

Result<tenancy::Quotas> quotas_from_json(const Json& object) {
  tenancy::Quotas quotas;
  for (const auto& [name, value] : object.items()) {
    const auto quota = std::ranges::find(tenancy::kQuotas, name, tenancy::quota_name);
    if (quota == tenancy::kQuotas.end()) {
      return Error{ErrorId::kInvalidArgument, name + ": is no quota"};
    }
    if (value.is_null()) continue;
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() == 0) {
      return Error{ErrorId::kInvalidArgument, name + ": must be a whole number from 1, or null"};
    }
    quotas[*quota] = value.get<std::uint64_t>();
  }
  return quotas;
}

Json organisation_json(const Services& services, const identity::Organisation& organisation) {
  const tenancy::Gauges gauges = services.platform->gauges(organisation.id);
  const tenancy::Rates rates = services.meter->rates(organisation.id);
  return {{"id", organisation.id.value},
          {"name", organisation.name},
          {"state", state_name(organisation.state)},
          {"leaves", organisation.leaves ? Json(format_rfc3339(*organisation.leaves)) : Json()},
          {"quotas", quotas_json(services.meter->quotas(organisation.id))},
          {"used",
           {{"tags", gauges.tags},
            {"samples_per_second", rates.samples_per_second},
            {"bytes", gauges.bytes},
            {"requests_per_minute", rates.requests_per_minute},
            {"tokens", gauges.tokens},
            {"people", gauges.people},
            {"connections", gauges.connections}}}};
}

Result<Reply> usage_reply(const Services& services, const Request& request, TenantId tenant) {
  const Timestamp now = services.clock.now();
  TimeRange range{now + -kUsageShown, now};
  if (request.query("from") || request.query("to")) {
    const Result<TimeRange> asked = request.query_range();
    if (!asked) return asked.error();
    range = *asked;
  }
  const auto hours = services.meter->usage(tenant, range);
  if (!hours) return hours.error();
  const std::string format = request.query("format").value_or("json");
  if (format == "csv") {
    Reply reply;
    reply.content_type = "text/csv; charset=utf-8";
    reply.headers.emplace_back("content-disposition", "attachment; filename=\"usage.csv\"");
    reply.body = csv_of(*hours);
    return reply;
  }
  if (format != "json") return Error{ErrorId::kInvalidArgument, "format: must be json or csv"};
  Json items = Json::array();
  for (const tenancy::UsageHour& hour : *hours) items.push_back(hour_json(hour));
  return Reply::json({{"items", std::move(items)}, {"total", hours->size()}});
}

Result<std::string> usage_csv(const Services& services, TenantId tenant) {
  const auto hours = services.meter->usage(tenant, TimeRange{});
  if (!hours) return hours.error();
  return csv_of(*hours);
}

Result<identity::Organisation> find_organisation(const Services& services, TenantId tenant) {
  for (identity::Organisation& one : services.identity.organisations()) {
    if (one.id == tenant) return std::move(one);
  }
  return Error{ErrorId::kNotFound, "there is no organisation " + std::to_string(tenant.value)};
}

}  // namespace lineshaft::api
