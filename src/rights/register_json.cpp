#include "rights/register_json.h"

#include <nlohmann/json.hpp>

#include "rights/json_members.h"

namespace lineshaft::rights {
namespace {

Error bad(const std::string& what) { return {ErrorId::kInvalidArgument, what}; }

Result<std::vector<Share>> shares_from_json(const Json& object) {
  if (!object.contains("shares") || !object["shares"].is_array()) {
    return bad("shares: must be a list of {party, weight}");
  }
  std::vector<Share> shares;
  for (const Json& item : object["shares"]) {
    const std::string where = "shares[" + std::to_string(shares.size()) + "]";
    if (!item.is_object()) return bad(where + ": must be {party, weight}");
    if (Status known = only_fields(item, {"party", "weight"}); !known) {
      return bad(where + ": " + known.error().what);
    }
    Members members(item);
    Share share{members.required("party"), members.number("weight", kWeightMax)};
    if (!members.status()) return bad(where + ": " + members.status().error().what);
    shares.push_back(std::move(share));
    if (shares.size() > kOwnersMax) return bad("shares: too many owners");
  }
  return shares;
}

// {"claims": 12}.
Result<std::vector<FeeCount>> counts_from_json(const Json& object) {
  std::vector<FeeCount> counts;
  if (!object.contains("counts")) return counts;
  if (!object["counts"].is_object()) return bad("counts: must be an object, as {\"claims\": 12}");
  for (const auto& [of, number] : object["counts"].items()) {
    if (!number.is_number_integer()) return bad("counts: " + of + " must be a whole number");
    counts.push_back({of, number.get<std::int64_t>()});
  }
  return counts;
}

Status check_sum(const Json& object, const std::vector<Share>& shares) {
  if (!object.contains("of")) return {};
  const Result<std::int64_t> whole =
      optional_integer(object, "of", 0, 1, kWeightMax * std::int64_t{kOwnersMax});
  if (!whole) return whole.error();
  std::int64_t sum = 0;  // at most kOwnersMax * kWeightMax
  for (const Share& share : shares) sum += share.weight;
  if (sum == *whole) return {};
  return bad("shares: they add up to " + std::to_string(sum) + ", not to " +
             std::to_string(*whole));
}

Json recorded_json(Timestamp recorded, const std::string& by, Json json) {
  json["recorded"] = format_rfc3339(recorded);
  json["recorded_by"] = by;
  return json;
}

}  // namespace

Result<Day> required_day(const Json& object, const char* field) {
  const Result<std::string> text = required_string(object, field);
  if (!text) return text.error();
  Result<Day> day = parse_day(*text);
  if (!day) return bad(field + (": " + day.error().what));
  return day;
}

Json party_json(const Party& party) {
  return {{"id", party.id},           {"kind", name_of(party.kind)}, {"name", party.name},
          {"country", party.country}, {"region", party.region},      {"field", party.field},
          {"version", party.version}};
}

Result<Party> party_from_json(const Json& object) {
  if (Status known =
          only_fields(object, {"id", "kind", "name", "country", "region", "field", "version"});
      !known) {
    return known.error();
  }
  Members members(object);
  Party party;
  party.id = members.required("id");
  party.kind = members.word("kind", parse_party_kind);
  party.name = members.required("name");
  party.country = members.text("country");
  party.region = members.text("region");
  party.field = members.text("field");
  party.version = members.number("version", INT64_MAX);
  if (!members.status()) return members.status().error();
  return party;
}

Json membership_json(const Membership& membership) {
  return {{"centre", membership.centre},
          {"member", membership.member},
          {"tier", membership.tier},
          {"from", day_text(membership.from)},
          {"to", membership.to ? Json(day_text(*membership.to)) : Json(nullptr)}};
}

Result<Membership> membership_from_json(const Json& object) {
  if (Status known = only_fields(object, {"centre", "member", "tier", "from", "to"}); !known) {
    return known.error();
  }
  Members members(object);
  Membership membership;
  membership.centre = members.required("centre");
  membership.member = members.required("member");
  membership.tier = members.text("tier");
  membership.from = members.day("from");
  membership.to = members.optional_day("to");
  if (!members.status()) return members.status().error();
  return membership;
}

Json asset_json(const Asset& asset) {
  Json counts = Json::object();
  for (const FeeCount& count : asset.counts) counts[count.of] = count.number;
  return {{"id", asset.id},
          {"kind", name_of(asset.kind)},
          {"title", asset.title},
          {"family", asset.family},
          {"parent", asset.parent},
          {"office", asset.office},
          {"number", asset.number},
          {"status", name_of(asset.status)},
          {"version", asset.version},
          {"counts", std::move(counts)},
          {"reductions", asset.reductions}};
}

Json shares_json(const std::vector<Share>& shares) {
  Json list = Json::array();
  for (const Share& share : shares) {
    list.push_back({{"party", share.party}, {"weight", share.weight}});
  }
  return list;
}

Json asset_row_json(const AssetRow& row) {
  Json json = asset_json(row.asset);
  json["owners"] = shares_json(row.owners);
  return json;
}

Result<Asset> asset_from_json(const Json& object) {
  if (Status known =
          only_fields(object, {"id", "kind", "title", "family", "parent", "office", "number",
                               "status", "version", "owners", "counts", "reductions"});
      !known) {
    return known.error();
  }
  Members members(object);
  Asset asset;
  asset.id = members.required("id");
  asset.kind = members.word("kind", parse_asset_kind);
  asset.title = members.required("title");
  asset.family = members.text("family");
  asset.parent = members.text("parent");
  asset.office = members.text("office");
  asset.number = members.text("number");
  asset.version = members.number("version", INT64_MAX);
  asset.reductions = members.texts("reductions");
  if (!members.status()) return members.status().error();
  Result<std::vector<FeeCount>> counts = counts_from_json(object);
  if (!counts) return std::move(counts).error();
  asset.counts = *std::move(counts);
  return asset;
}

Json event_json(const Event& event) {
  return recorded_json(event.recorded, event.recorded_by,
                       {{"sequence", event.sequence},
                        {"kind", name_of(event.kind)},
                        {"date", day_text(event.date)},
                        {"note", event.note},
                        {"document", event.document},
                        {"act", event.act},
                        {"number", event.number}});
}

Result<Event> event_from_json(const Json& object) {
  if (Status known = only_fields(object, {"sequence", "kind", "date", "note", "document", "act",
                                          "number", "recorded", "recorded_by"});
      !known) {
    return known.error();
  }
  Members members(object);
  Event event;
  event.kind = members.word("kind", parse_event_kind);
  event.date = members.day("date");
  event.note = members.text("note");
  event.document = members.text("document");
  event.act = members.text("act");
  event.number = members.number("number", kEventNumberMax);
  if (!members.status()) return members.status().error();
  return event;
}

Json ownership_json(const Ownership& ownership) {
  return recorded_json(ownership.recorded, ownership.recorded_by,
                       {{"sequence", ownership.sequence},
                        {"from", day_text(ownership.from)},
                        {"shares", shares_json(ownership.shares)},
                        {"basis", ownership.basis},
                        {"document", ownership.document},
                        {"corrects", ownership.corrects}});
}

Result<Ownership> ownership_from_json(const Json& object) {
  if (Status known = only_fields(object, {"sequence", "from", "of", "shares", "basis", "document",
                                          "corrects", "recorded", "recorded_by"});
      !known) {
    return known.error();
  }
  Members members(object);
  Ownership ownership;
  ownership.from = members.day("from");
  ownership.basis = members.text("basis");
  ownership.document = members.text("document");
  ownership.corrects = members.number("corrects", INT64_MAX);
  if (!members.status()) return members.status().error();
  Result<std::vector<Share>> shares = shares_from_json(object);
  if (!shares) return std::move(shares).error();
  if (Status adds_up = check_sum(object, *shares); !adds_up) return adds_up.error();
  ownership.shares = *std::move(shares);
  return ownership;
}

}  // namespace lineshaft::rights
