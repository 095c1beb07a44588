#include "rights/royalty_collect.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/hex.h"
#include "model/canonical_json.h"
#include "rights/royalty_json.h"
#include "settlement/remuneration.h"
#include "sys/sha256.h"

namespace lineshaft::rights {
namespace {

using settlement::Gap;
using settlement::Terms;
using settlement::UsageLine;

Error bad(const std::string& what) { return {ErrorId::kInvalidArgument, what}; }
Error within(const std::string& part, const Error& error) {
  return {error.id, part + ": " + error.what};
}

Json range_json(const TimeRange& range) {
  return {{"from", format_rfc3339(range.from)}, {"to", format_rfc3339(range.to)}};
}

std::string gap_id(const std::string& licence, const TimeRange& range) {
  return licence + "/" + std::to_string(range.from.ns / 1'000'000);
}

struct Paid {
  Licence licence;
  Terms terms;
  Day from;  // of the part of the period in which it is in force
  Day to;    // = from: it is over
};

// Of a licence that is over: nothing more is owed, and what was held of it goes on its way.
Terms without_debts(const Terms& terms) {
  Terms rest;
  rest.licence = terms.licence;
  rest.version = terms.version;
  rest.asset = terms.asset;
  rest.payer = terms.payer;
  rest.currency = terms.currency;
  rest.free = true;
  rest.usage = terms.usage;
  rest.quantity_digits = terms.quantity_digits;
  rest.unit_price = terms.unit_price;
  rest.limits.total_maximum = terms.limits.total_maximum;
  return rest;
}

class Collector {
 public:
  Collector(TenantId tenant, const RoyaltySources& sources, const RoyaltySettings& settings,
            const RunRequest& request)
      : tenant_(tenant), sources_(sources), settings_(settings), request_(request) {}

  Result<Collected> collect(Before before, Timestamp now) {
    collected_.run.period = {start_of(request_.from), start_of(request_.to)};
    collected_.run.currency = request_.currency;
    collected_.run.opening = std::move(before.balances);
    owed_ = std::move(before.owed);
    if (collected_.run.period.to > now) {
      return bad("to: the period has not ended; it can be settled from " + day_text(request_.to) +
                 " on");
    }
    for (const auto step : {&Collector::find_licences, &Collector::read_usage,
                            &Collector::check_reports_used, &Collector::gather_assets}) {
      if (Status done = (this->*step)(); !done) return std::move(done).error();
    }
    collected_.run.reached = request_.reached;
    collected_.run.costs = request_.costs;
    collected_.run.holds = request_.holds;
    collected_.run.releases = request_.releases;
    collected_.findings =
        dump({{"meters", std::move(meters_)}, {"warnings", std::move(warnings_)}});
    return std::move(collected_);
  }

 private:
  Status find_licences() {
    const auto signed_ones =
        sources_.licences.list({tenant_, {}}, {.status = LicenceStatus::kSigned});
    if (!signed_ones) return signed_ones.error();
    for (const KeptLicence& kept : *signed_ones) {
      const Licence& licence = kept.licence;
      const Result<std::optional<Terms>> terms = terms_of(licence);
      if (!terms) return within("licence " + licence.id, terms.error());
      if (!*terms || (*terms)->currency != request_.currency) continue;
      Day to = request_.to;
      if (licence.to) to = std::min(to, *licence.to);
      if (licence.ended_on) to = std::min(to, *licence.ended_on);
      const Day from = std::max(request_.from, licence.from);
      if (from < to) {
        paid_.push_back({licence, **terms, from, to});
      } else if (is_released(licence.id)) {
        paid_.push_back({licence, without_debts(**terms), from, from});
      }
    }
    if (!paid_.empty()) return {};
    return bad("no signed licence has terms in " + std::string(request_.currency.code()) +
               " in that period");
  }

  bool is_released(const std::string& licence) const {
    return std::ranges::any_of(request_.releases, [&](const settlement::Release& release) {
      const auto held = collected_.run.opening.escrow.find(release.hold);
      return held != collected_.run.opening.escrow.end() && held->second.licence == licence;
    });
  }

  Status read_usage() {
    for (const Paid& paid : paid_) {
      collected_.run.terms.push_back(paid.terms);
      if (paid.from == paid.to) continue;
      const auto meter = settings_.meters.find(paid.licence.id);
      Status read =
          meter == settings_.meters.end() ? read_reports(paid) : read_meter(paid, meter->second);
      if (!read) return within("licence " + paid.licence.id, read.error());
    }
    return {};
  }

  // --- what a licensee reports ---

  std::vector<const UsageReport*> reports_of(const std::string& licence, const std::string& gap) {
    std::vector<const UsageReport*> found;
    for (const UsageReport& report : settings_.reports) {
      const bool touches = report.from < request_.to && report.to > request_.from;
      if (report.licence == licence && report.gap == gap && touches) found.push_back(&report);
    }
    std::ranges::sort(found, {}, [](const UsageReport* one) { return one->from; });
    return found;
  }

  static Result<std::string> evidence_of(const UsageReport& report) {
    if (!report.document.empty()) return report.document;
    Json json = report_json(report);
    json.erase("recorded");
    json.erase("recorded_by");
    const Result<std::string> text = canonical_json(json);
    if (!text) return text.error();
    return hex_text(sys::sha256(as_bytes(*text)));
  }

  // Days without a report are gaps of the licence, if it pays by use.
  Status read_reports(const Paid& paid) {
    Day covered = paid.from;
    for (const UsageReport* report : reports_of(paid.licence.id, "")) {
      if (report->from < paid.from || report->to > paid.to) {
        return bad("report " + report->id + " reaches out of the days " + day_text(paid.from) +
                   " to " + day_text(paid.to));
      }
      if (report->from < covered) return bad("report " + report->id + " overlaps another one");
      add_gap(paid, {start_of(covered), start_of(report->from)});
      if (Status added = add_report(paid, *report); !added) return added;
      covered = report->to;
    }
    add_gap(paid, {start_of(covered), start_of(paid.to)});
    return {};
  }

  Status add_report(const Paid& paid, const UsageReport& report) {
    used_.insert(report.id);
    const Result<Int128> quantity = quantity_from_text(report.quantity, paid.terms);
    if (!quantity) return within("report " + report.id, quantity.error());
    Result<std::string> evidence = evidence_of(report);
    if (!evidence) return evidence.error();
    const std::vector<Int128> days(static_cast<std::size_t>((report.to - report.from).count()), 1);
    const std::vector<Int128> parts = settlement::largest_remainder(*quantity, days);
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const Day day = report.from + std::chrono::days(i);
      add_line(paid, day, parts[i], *evidence);
    }
    return {};
  }

  void add_line(const Paid& paid, Day day, Int128 value, const std::string& evidence) {
    collected_.run.lines.push_back(
        {paid.licence.id + "/" + day_text(day), paid.licence.id, start_of(day), value, evidence});
  }

  void add_gap(const Paid& paid, const TimeRange& range) {
    if (range.empty() || paid.terms.tiers.empty()) return;
    Gap gap{gap_id(paid.licence.id, range), paid.licence.id, range, {}, ""};
    for (const UsageReport* report : reports_of(paid.licence.id, gap.id)) {
      const Result<Int128> declared = quantity_from_text(report->quantity, paid.terms);
      const Result<std::string> evidence = evidence_of(*report);
      if (!declared || !evidence) continue;
      used_.insert(report->id);
      gap.declared = *declared;
      gap.evidence = *evidence;
    }
    collected_.run.gaps.push_back(std::move(gap));
  }

  // --- what a machine says ---

  Status read_meter(const Paid& paid, const LicenceMeter& meter) {
    if (paid.terms.usage == settlement::Usage::kAmount) {
      return bad("its terms count money, which no tag can tell");
    }
    const std::optional<Tag> tag = sources_.historian.find_tag(tenant_, meter.tag);
    if (!tag) return Error{ErrorId::kNotFound, "meter: there is no tag '" + meter.tag + "'"};
    const TimeRange range{start_of(paid.from), start_of(paid.to)};
    const auto before = sources_.historian.sample_before(tenant_, tag->id, {range.from.ns - 1});
    if (!before) return before.error();
    const auto owed_since = last_owed(paid, meter, tag->id, *before);
    if (!owed_since) return owed_since.error();
    MeterReader reader({meter.tag, meter.kind, paid.terms.quantity_digits,
                        std::chrono::seconds(meter.silence_max_s), *owed_since},
                       range, *before);
    Status taken;
    Status scanned =
        sources_.historian.scan(tenant_, tag->id, range, [&](std::span<const Sample> samples) {
          for (const Sample& sample : samples) {
            taken = reader.add(sample);
            if (!taken) return false;
          }
          return true;
        });
    if (!scanned) return scanned;
    if (!taken) return taken;
    const Result<std::optional<Timestamp>> next = first_after(tag->id, range.to, meter);
    if (!next) return next.error();
    const Result<MeterReading> reading = reader.finish(*next);
    if (!reading) return reading.error();
    return take_reading(paid, meter, *owed_since, *reading);
  }

  // From where a counter goes on: MeterReader::Plan::owed_since. `before`: the last sample before
  // the period.
  Result<std::optional<Sample>> last_owed(const Paid& paid, const LicenceMeter& meter, TagId tag,
                                          std::optional<Sample> before) const {
    const auto owed = owed_.find(paid.licence.id);
    const bool goes_on = meter.kind == MeterKind::kCounter && owed != owed_.end() &&
                         owed->second.tag == meter.tag && paid.from == request_.from;
    if (!goes_on) return std::optional<Sample>{};
    // A gap begins with its first bad sample or with the last good one, so this is soon found.
    if (owed->second.gap_from)
      before = Sample{tag, *owed->second.gap_from + Nanoseconds(1), quality::kBad, {}};
    while (before && !before->quality.good()) {
      auto earlier = sources_.historian.sample_before(tenant_, tag, {before->time.ns - 1});
      if (!earlier) return earlier.error();
      before = *std::move(earlier);
    }
    return before;
  }

  // When the first sample after the period is, if it comes before silence would be a gap.
  Result<std::optional<Timestamp>> first_after(TagId tag, Timestamp end,
                                               const LicenceMeter& meter) const {
    std::optional<Timestamp> found;
    const TimeRange range{end, end + std::chrono::seconds(meter.silence_max_s + 1)};
    const Status scanned =
        sources_.historian.scan(tenant_, tag, range, [&](std::span<const Sample> samples) {
          if (!samples.empty()) {
            found = samples.front().time;
          }
          return !found.has_value();
        });
    if (!scanned) return scanned.error();
    return found;
  }

  Status take_reading(const Paid& paid, const LicenceMeter& meter,
                      const std::optional<Sample>& owed_since, const MeterReading& reading) {
    Int128 sum = 0;
    Json days = Json::array();
    for (const MeteredDay& day : reading.days) {
      sum += day.quantity;
      const Day date{std::chrono::floor<std::chrono::days>(
          std::chrono::sys_time<Nanoseconds>(Nanoseconds(day.range.from.ns)))};
      add_line(paid, date, day.quantity, day.evidence);
      days.push_back({{"day", day_text(date)},
                      {"quantity", quantity_text(day.quantity, paid.terms)},
                      {"samples", day.samples},
                      {"bad", day.bad},
                      {"resets", day.resets},
                      {"evidence", day.evidence}});
    }
    Json gaps = Json::array();
    for (const TimeRange& range : reading.gaps) {
      add_gap(paid, range);
      Json gap = range_json(range);
      gap["id"] = gap_id(paid.licence.id, range);
      gaps.push_back(std::move(gap));
    }
    Json bridged = Json::array();
    for (const TimeRange& range : reading.bridged) bridged.push_back(range_json(range));
    Json found = {{"licence", paid.licence.id},
                  {"tag", meter.tag},
                  {"kind", name_of(meter.kind)},
                  {"owed_since", owed_since ? Json(format_rfc3339(owed_since->time)) : Json()},
                  {"quantity", quantity_text(sum, paid.terms)},
                  {"declared", nullptr},
                  {"difference", nullptr},
                  {"days", std::move(days)},
                  {"gaps", std::move(gaps)},
                  {"bridged", std::move(bridged)}};
    Status compared = compare(paid, sum, found);
    meters_.push_back(std::move(found));
    return compared;
  }

  // What was declared beside a meter changes nothing; that it differs is said.
  Status compare(const Paid& paid, Int128 metered, Json& found) {
    const std::vector<const UsageReport*> reports = reports_of(paid.licence.id, "");
    if (reports.empty()) return {};
    Int128 declared = 0;
    for (const UsageReport* report : reports) {
      const Result<Int128> quantity = quantity_from_text(report->quantity, paid.terms);
      if (!quantity) return within("report " + report->id, quantity.error());
      used_.insert(report->id);
      declared += *quantity;
    }
    found["declared"] = quantity_text(declared, paid.terms);
    found["difference"] = quantity_text(declared - metered, paid.terms);
    if (declared == metered) return {};
    const std::string said = quantity_text(declared, paid.terms);
    const std::string read = quantity_text(metered, paid.terms);
    warn("declared_differs", paid.licence.id, "declared " + said + ", metered " + read,
         {{"declared", said}, {"metered", read}});
    return {};
  }

  // A report that nothing was made of would be lost without a word.
  Status check_reports_used() {
    for (const UsageReport& report : settings_.reports) {
      const bool touches = report.from < request_.to && report.to > request_.from;
      const auto paid = std::ranges::find_if(
          paid_, [&](const Paid& one) { return one.licence.id == report.licence; });
      if (!touches || paid == paid_.end() || used_.contains(report.id)) continue;
      if (report.gap.empty()) return bad("report " + report.id + " is of no use in this period");
      return bad("report " + report.id + ": there is no gap '" + report.gap + "'");
    }
    return {};
  }

  // `values`: what stands in the text, for a reader of another language.
  void warn(const char* code, const std::string& subject, const std::string& text,
            Json values = Json::object()) {
    warnings_.push_back(
        {{"code", code}, {"subject", subject}, {"text", text}, {"values", std::move(values)}});
  }

  // --- who gets it ---

  const RoyaltyPlan* plan_of(const std::string& asset) const {
    const auto plan = std::ranges::find(settings_.plans, asset, &RoyaltyPlan::asset);
    return plan == settings_.plans.end() ? nullptr : &*plan;
  }

  // The licensed assets, those with balances or costs of their own, and all that they stem from.
  std::set<std::string> assets_needed() const {
    std::vector<std::string> open;
    for (const Paid& paid : paid_) open.push_back(paid.terms.asset);
    for (const auto& [asset, balance] : collected_.run.opening.assets) open.push_back(asset);
    for (const RoyaltyPlan& plan : settings_.plans) {
      if (!plan.pools.empty()) open.push_back(plan.asset);
    }
    std::set<std::string> needed;
    while (!open.empty()) {
      const std::string asset = std::move(open.back());
      open.pop_back();
      if (!needed.insert(asset).second) continue;
      const RoyaltyPlan* plan = plan_of(asset);
      if (plan == nullptr) continue;
      for (const PlanLink& link : plan->links) open.push_back(link.to);
    }
    return needed;
  }

  Status gather_assets() {
    collected_.run.graph.stacking = settings_.rules.stacking;
    collected_.run.graph.cap = settings_.rules.cap;
    for (const std::string& id : assets_needed()) {
      const Result<Asset> asset = sources_.assets.get_asset({tenant_, {}}, id);
      if (!asset) return within("asset " + id, asset.error());
      const auto owned = sources_.assets.standing_ownership(tenant_, id);
      if (!owned) return owned.error();
      settlement::AssetPlan plan;
      plan.id = id;
      for (std::size_t i = 0; i < owned->size(); ++i) {
        const Ownership& entry = (*owned)[i];
        const bool last = i + 1 == owned->size();
        plan.owners.push_back(
            {{start_of(entry.from), last ? kTimestampMax : start_of((*owned)[i + 1].from)}, {}});
        for (const Share& share : entry.shares) {
          plan.owners.back().shares.push_back({share.party, share.weight});
        }
      }
      if (const RoyaltyPlan* own = plan_of(id)) {
        plan.mode = own->mode;
        plan.award = own->award;
        plan.pools = own->pools;
        for (const PlanLink& link : own->links) {
          collected_.run.graph.links.push_back({id, link.to, link.rate, link.base});
        }
      }
      warn_of(*asset, plan);
      collected_.run.assets.push_back(std::move(plan));
    }
    return {};
  }

  void warn_of(const Asset& asset, const settlement::AssetPlan& plan) {
    const bool is_licensed =
        std::ranges::any_of(paid_, [&](const Paid& paid) { return paid.terms.asset == asset.id; });
    if (!is_licensed) return;
    if (asset.status == AssetStatus::kEnded) {
      warn("asset_ended", asset.id, "the right has ended");
    }
    const bool is_patent = asset.kind == AssetKind::kPatent ||
                           asset.kind == AssetKind::kUtilityModel ||
                           asset.kind == AssetKind::kDesign;
    const settlement::RemunerationRule* rule = settlement::remuneration_rule(
        settlement::Occasion::kLicence, settlement::Employer::kAny, collected_.run.period.from);
    if (!is_patent || asset.office != "CN" || rule == nullptr) return;
    const Ratio rate = plan.award ? plan.award->rate : Ratio();
    if (rate >= rule->rate()) return;
    warn("award_below_default", asset.id,
         "inventors get " + rate.text() + "; where nothing else is agreed it is " +
             rule->rate().text() + " (" + std::string(rule->id) + ")",
         {{"agreed", rate.text()}, {"default", rule->rate().text()}, {"rule", rule->id}});
  }

  TenantId tenant_;
  RoyaltySources sources_;
  const RoyaltySettings& settings_;
  const RunRequest& request_;
  std::vector<Paid> paid_;
  std::map<std::string, OwedMeter> owed_;
  std::set<std::string> used_;  // reports
  Collected collected_;
  Json meters_ = Json::array();
  Json warnings_ = Json::array();
};

}  // namespace

Result<Collected> collect_run(TenantId tenant, const RoyaltySources& sources,
                              const RoyaltySettings& settings, const RunRequest& request,
                              Before before, Timestamp now) {
  return Collector(tenant, sources, settings, request).collect(std::move(before), now);
}

}  // namespace lineshaft::rights
