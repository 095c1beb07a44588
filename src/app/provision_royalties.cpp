// Licences, plans and meters of a server that is filled from a folder.
#include <nlohmann/json.hpp>

#include "app/provision.h"
#include "app/provision_list.h"
#include "base/log.h"
#include "rights/licence_json.h"
#include "rights/royalty_json.h"

namespace lineshaft::app {
namespace {

constexpr std::size_t kRoyaltiesBytesMax = 64 * 1024 * 1024;
constexpr const char* kRecordedBy = "provision";

// Drafted, and approved for every side.
Status sign(TenantId tenant, rights::LicenceBook& licences, const Json& item) {
  const Result<rights::Licence> licence = rights::licence_from_json(item);
  if (!licence) return licence.error();
  if (Status put = add_one(Result<rights::Licence>(*licence),
                           [&](rights::Licence one) { return licences.put(tenant, one); });
      !put) {
    return put;
  }
  const auto kept = licences.get({tenant, {}}, licence->id);
  if (!kept) return kept.error();
  if (kept->licence.status == rights::LicenceStatus::kSigned) return {};
  for (const std::string& side : rights::sides_of(kept->licence)) {
    const auto approved = licences.approve(tenant, licence->id, side, kept->digest, kRecordedBy);
    if (!approved) return approved.error();
  }
  return {};
}

// Of the month before that of `today`.
Status settle_last_month(TenantId tenant, rights::RoyaltyBook& royalties, const Json& currency,
                         Day today) {
  if (!currency.is_string()) return Error{ErrorId::kBadConfig, "settle: must be a currency"};
  const Result<Currency> parsed = Currency::parse(currency.get<std::string>());
  if (!parsed) return parsed.error();
  const std::chrono::year_month_day date{today};
  const std::chrono::year_month this_month{date.year(), date.month()};
  rights::RunRequest request;
  request.currency = *parsed;
  request.from = Day{(this_month - std::chrono::months(1)) / std::chrono::day(1)};
  request.to = Day{this_month / std::chrono::day(1)};
  request.id = day_text(request.from).substr(0, 7);
  const auto made = royalties.make_run(tenant, request, {"", kRecordedBy});
  return passed(made ? Status() : Status(made.error()));
}

Status add_all(TenantId tenant, rights::LicenceBook& licences, rights::RoyaltyBook& royalties,
               const Json& file, Day today) {
  if (!file.is_object()) return Error{ErrorId::kBadConfig, "must be a JSON object"};
  if (Status known = only_fields(file, {"licences", "plans", "meters", "settle"}); !known) {
    return known;
  }
  Status done =
      each(file, "licences", [&](const Json& item) { return sign(tenant, licences, item); });
  if (done) {
    done = each(file, "plans", [&](const Json& item) {
      return add_one(rights::plan_from_json(item), [&](rights::RoyaltyPlan plan) {
        return royalties.put_plan(tenant, std::move(plan));
      });
    });
  }
  if (done) {
    done = each(file, "meters", [&](const Json& item) {
      return add_one(rights::meter_from_json(item), [&](rights::LicenceMeter meter) {
        return royalties.put_meter(tenant, std::move(meter));
      });
    });
  }
  if (!done || !file.contains("settle")) return done;
  return settle_last_month(tenant, royalties, file["settle"], today);
}

}  // namespace

Status provision_royalties(sys::FileSystem& files, const std::string& folder, TenantId tenant,
                           rights::LicenceBook& licences, rights::RoyaltyBook& royalties,
                           Day today) {
  const std::string path = sys::join_path(folder, "royalties.json");
  if (!files.exists(path)) return {};
  const Result<Bytes> text = sys::read_file(files, path, kRoyaltiesBytesMax);
  if (!text) return text.error();
  const Result<Json> json = parse_json(as_text(*text));
  if (!json) return Error{ErrorId::kBadConfig, path + ": " + json.error().what};
  if (Status added = add_all(tenant, licences, royalties, *json, today); !added) {
    return Error{ErrorId::kBadConfig, path + ": " + added.error().what};
  }
  log_info("app", "provisioned licences and royalties from " + path);
  return {};
}

}  // namespace lineshaft::app
