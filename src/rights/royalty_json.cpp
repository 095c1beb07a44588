#include "rights/royalty_json.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "rights/register_json.h"
#include "rights/schema.h"
#include "settlement/json_reader.h"
#include "settlement/run_json.h"

namespace lineshaft::rights {
namespace {

using settlement::JsonReader;

constexpr std::array<std::string_view, 4> kRunStates{"draft", "approved", "posted", "reversed"};

Error bad(const std::string& what) { return {ErrorId::kInvalidArgument, what}; }

Day day_of_field(JsonReader& reader, const char* field) {
  const std::string text = reader.text(field);
  return reader.problem() != nullptr ? Day{} : reader.take(field, parse_day(text));
}

std::string optional_text(JsonReader& reader, const char* field) {
  return reader.has(field) ? reader.text(field) : std::string();
}

std::string document_of(JsonReader& reader) {
  const std::string document = optional_text(reader, "document");
  reader.fail_if(check_document("document", document));
  return document;
}

std::string id_of(JsonReader& reader, const char* field) {
  const std::string id = reader.text(field);
  if (reader.problem() == nullptr) reader.fail_if(check_id(field, id));
  return id;
}

std::int64_t version_of(JsonReader& reader) { return reader.number("version", 0, 0, INT64_MAX); }

template <typename Made>
Result<Made> made(JsonReader& reader, Made thing) {
  if (reader.problem() != nullptr) return *reader.problem();
  return thing;
}

void read_events(JsonReader& reader, RunRequest& request) {
  const Currency currency = request.currency;
  request.reached = reader.list<settlement::Reached>("reached", [](JsonReader& item) {
    item.only({"licence", "milestone", "on", "document"});
    const Day on = day_of_field(item, "on");
    return settlement::Reached{item.text("licence"), item.text("milestone"), start_of(on),
                               document_of(item)};
  });
  request.costs = reader.list<settlement::Cost>("costs", [currency](JsonReader& item) {
    item.only({"pool", "amount", "document"});
    return settlement::Cost{item.text("pool"), item.amount("amount", currency), document_of(item)};
  });
  request.holds = reader.list<settlement::Hold>("holds", [](JsonReader& item) {
    item.only({"id", "licence", "payee", "fraction"});
    return settlement::Hold{item.text("id"), optional_text(item, "licence"),
                            optional_text(item, "payee"), item.rate("fraction")};
  });
  request.releases = reader.list<settlement::Release>("releases", [](JsonReader& item) {
    item.only({"hold", "beneficiary"});
    return settlement::Release{item.text("hold"), optional_text(item, "beneficiary")};
  });
}

}  // namespace

std::string_view name_of(RunState state) { return kRunStates[static_cast<std::size_t>(state)]; }

Timestamp start_of(Day day) {
  return {std::chrono::duration_cast<Nanoseconds>(day.time_since_epoch()).count()};
}

Json plan_json(const RoyaltyPlan& plan) {
  Json json = {{"asset", plan.asset},
               {"mode", settlement::name_of(settlement::kSplitModes, plan.mode)},
               {"award", plan.award ? settlement::award_json(*plan.award) : Json()},
               {"pools", Json::array()},
               {"links", Json::array()},
               {"version", plan.version}};
  for (const settlement::Pool& pool : plan.pools) {
    json["pools"].push_back(settlement::pool_json(pool));
  }
  for (const PlanLink& link : plan.links) {
    json["links"].push_back({{"to", link.to},
                             {"rate", link.rate.text()},
                             {"base", settlement::name_of(settlement::kLinkBases, link.base)}});
  }
  return json;
}

Result<RoyaltyPlan> plan_from_json(const Json& object) {
  JsonReader reader(object);
  reader.only({"asset", "mode", "award", "pools", "links", "version"});
  RoyaltyPlan plan;
  plan.asset = id_of(reader, "asset");
  plan.mode = reader.one_of("mode", settlement::kSplitModes);
  if (reader.has("award")) {
    plan.award = reader.object<settlement::Award>("award", settlement::award_from);
  }
  plan.pools = reader.list<settlement::Pool>("pools", settlement::pool_from);
  plan.links = reader.list<PlanLink>("links", [](JsonReader& link) {
    link.only({"to", "rate", "base"});
    return PlanLink{link.text("to"), link.rate("rate"),
                    link.one_of("base", settlement::kLinkBases)};
  });
  plan.version = version_of(reader);
  return made(reader, std::move(plan));
}

Json rules_json(const RoyaltyRules& rules) {
  return {{"stacking", settlement::name_of(settlement::kStackings, rules.stacking)},
          {"cap", rules.cap ? Json(rules.cap->text()) : Json()},
          {"version", rules.version}};
}

Result<RoyaltyRules> rules_from_json(const Json& object) {
  JsonReader reader(object);
  reader.only({"stacking", "cap", "version"});
  RoyaltyRules rules;
  rules.stacking = reader.one_of("stacking", settlement::kStackings);
  if (reader.has("cap")) rules.cap = reader.rate("cap");
  rules.version = version_of(reader);
  return made(reader, rules);
}

Json meter_json(const LicenceMeter& meter) {
  return {{"licence", meter.licence},
          {"tag", meter.tag},
          {"kind", name_of(meter.kind)},
          {"silence_max_s", meter.silence_max_s},
          {"version", meter.version}};
}

Result<LicenceMeter> meter_from_json(const Json& object) {
  JsonReader reader(object);
  reader.only({"licence", "tag", "kind", "silence_max_s", "version"});
  LicenceMeter meter;
  meter.licence = id_of(reader, "licence");
  meter.tag = reader.text("tag");
  const std::string kind = reader.text("kind");
  if (reader.problem() == nullptr) meter.kind = reader.take("kind", parse_meter_kind(kind));
  meter.silence_max_s = reader.number("silence_max_s", 300, 0, std::int64_t{7} * 24 * 3600);
  meter.version = version_of(reader);
  return made(reader, std::move(meter));
}

Json report_json(const UsageReport& report) {
  return {{"id", report.id},
          {"licence", report.licence},
          {"from", day_text(report.from)},
          {"to", day_text(report.to)},
          {"quantity", report.quantity},
          {"gap", report.gap},
          {"document", report.document},
          {"recorded", format_rfc3339(report.recorded)},
          {"recorded_by", report.recorded_by}};
}

Result<UsageReport> report_from_json(const Json& object) {
  JsonReader reader(object);
  reader.only(
      {"id", "licence", "from", "to", "quantity", "gap", "document", "recorded", "recorded_by"});
  UsageReport report;
  report.id = id_of(reader, "id");
  report.licence = id_of(reader, "licence");
  report.from = day_of_field(reader, "from");
  report.to = day_of_field(reader, "to");
  report.quantity = reader.text("quantity");
  report.gap = optional_text(reader, "gap");
  report.document = document_of(reader);
  if (reader.problem() == nullptr && report.to <= report.from) {
    reader.fail("to: must be after from");
  }
  if (reader.problem() == nullptr && report.to - report.from > std::chrono::days(kRunDaysMax)) {
    reader.fail("to: a report of more than a year");
  }
  return made(reader, std::move(report));
}

Result<RunRequest> run_request_from_json(const Json& object) {
  JsonReader reader(object);
  reader.only({"id", "currency", "from", "to", "reached", "costs", "holds", "releases"});
  RunRequest request;
  request.id = id_of(reader, "id");
  if (request.id.size() > kRunIdBytesMax) reader.fail("id: has more than 48 characters");
  const std::string currency = reader.text("currency");
  if (reader.problem() == nullptr) {
    request.currency = reader.take("currency", Currency::parse(currency));
  }
  request.from = day_of_field(reader, "from");
  request.to = day_of_field(reader, "to");
  if (reader.problem() == nullptr && request.to <= request.from) {
    reader.fail("to: must be after from");
  }
  if (reader.problem() == nullptr && request.to - request.from > std::chrono::days(kRunDaysMax)) {
    reader.fail("to: a period of more than a year");
  }
  read_events(reader, request);
  return made(reader, std::move(request));
}

Json run_row_json(const RoyaltyRun& run) {
  Json approvals = Json::array();
  for (const RunApproval& approval : run.approvals) {
    approvals.push_back({{"name", approval.name}, {"time", format_rfc3339(approval.time)}});
  }
  const auto number = [](std::uint64_t sequence) {
    return sequence == 0 ? Json() : Json(sequence);
  };
  return {{"number", run.number},
          {"id", run.id},
          {"state", name_of(run.state)},
          {"currency", run.currency.code()},
          {"from", day_text(run.from)},
          {"to", day_text(run.to)},
          {"digest", run.digest},
          {"approvals", std::move(approvals)},
          {"approvals_needed", kApproversNeeded},
          {"made", format_rfc3339(run.made)},
          {"made_by", run.made_by},
          {"journal", number(run.sequence)},
          {"reversal", number(run.reversal_sequence)}};
}

Result<std::optional<settlement::Terms>> terms_of(const Licence& licence) {
  using MaybeTerms = std::optional<settlement::Terms>;
  if (licence.terms.empty()) return MaybeTerms();
  const Result<Json> json = parse_json(licence.terms);
  if (!json) return bad("terms: " + json.error().what);
  const Result<settlement::Terms> terms = settlement::terms_from_json(*json);
  if (!terms) return bad("terms: " + terms.error().what);
  if (licence.id.size() > kPaidLicenceBytesMax) {
    return bad("id: of a licence with terms of payment, has more than 48 characters");
  }
  if (terms->licence != licence.id) {
    return bad("terms: licence: is '" + terms->licence + "', not '" + licence.id + "'");
  }
  if (std::ranges::find(licence.assets, terms->asset) == licence.assets.end()) {
    return bad("terms: asset: '" + terms->asset + "' is none of the assets");
  }
  const bool is_licensee =
      std::ranges::find(licence.licensees, terms->payer) != licence.licensees.end();
  if (licence.kind != LicenceKind::kOpen && !is_licensee) {
    return bad("terms: payer: '" + terms->payer + "' is no licensee");
  }
  return MaybeTerms(*terms);
}

Result<Int128> quantity_from_text(const std::string& text, const settlement::Terms& terms) {
  if (terms.usage == settlement::Usage::kAmount) {
    const Result<Money> money = parse_amount(text, terms.currency);
    if (!money) return bad("quantity: " + money.error().what);
    if (money->minor_units < 0) return bad("quantity: is negative");
    return money->minor_units;
  }
  const Result<Decimal> decimal = Decimal::parse(text);
  if (!decimal) return bad("quantity: " + decimal.error().what);
  if (decimal->is_negative()) return bad("quantity: is negative");
  const Result<Decimal> rounded = decimal->rounded(terms.quantity_digits, Rounding::kDown);
  if (!rounded || *rounded != *decimal) {
    return bad("quantity: has more digits behind the point than the terms say, or too many");
  }
  return rounded->coefficient();
}

std::string quantity_text(Int128 quantity, const settlement::Terms& terms) {
  if (terms.usage == settlement::Usage::kAmount) return amount_text({quantity, terms.currency});
  const Result<Decimal> decimal = Decimal::make(quantity, terms.quantity_digits);
  return decimal ? decimal->text() : int128_text(quantity);
}

}  // namespace lineshaft::rights
