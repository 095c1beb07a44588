// What one settlement hands to the next, as JSON and back.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "settlement/run.h"

namespace lineshaft::settlement {
namespace {

Error refused(const std::string& why) { return {ErrorId::kInvalidArgument, why}; }

Json residuals_json(const Residuals& residuals) {
  Json payees = Json::object();
  for (const Residual& residual : residuals.payees) {
    payees[residual.payee] = int128_text(residual.numerator);
  }
  return {{"denominator", std::to_string(residuals.denominator)}, {"payees", payees}};
}

Status integer_from(const Json& object, const char* field, Int128& value) {
  const Result<std::string> text = required_string(object, field);
  if (!text) return text.error();
  const Result<Decimal> decimal = Decimal::parse(*text);
  if (!decimal || decimal->scale() != 0) {
    return refused(std::string(field) + ": '" + text->substr(0, 64) + "' is no whole number");
  }
  value = decimal->coefficient();
  return {};
}

Status residuals_from(const Json& object, const char* field, Residuals& residuals) {
  const auto member = object.find(field);
  if (member == object.end()) return refused(std::string(field) + ": is missing");
  if (Status known = only_fields(*member, {"denominator", "payees"}); !known) return known;
  Int128 denominator = 0;
  if (Status read = integer_from(*member, "denominator", denominator); !read) return read;
  if (denominator < 1 || denominator > INT64_MAX) return refused("denominator: is out of range");
  residuals.denominator = static_cast<std::int64_t>(denominator);
  const auto payees = member->find("payees");
  if (payees == member->end() || !payees->is_object()) return refused("payees: must be an object");
  for (const auto& [payee, text] : payees->items()) {
    Residual& residual = residuals.payees.emplace_back();
    residual.payee = payee;
    if (Status read = integer_from(*payees, payee.c_str(), residual.numerator); !read) return read;
  }
  std::ranges::sort(residuals.payees, {}, &Residual::payee);
  return check_residuals(residuals);
}

Status licence_from(const Json& object, LicenceBalance& balance) {
  if (Status known = only_fields(
          object, {"base", "earned", "due", "advance", "measured", "measured_ns", "milestones"});
      !known) {
    return known;
  }
  for (const auto& [field, value] : {std::pair{"base", &balance.totals.base},
                                     {"earned", &balance.totals.earned},
                                     {"due", &balance.totals.due},
                                     {"advance", &balance.advance},
                                     {"measured", &balance.measured},
                                     {"measured_ns", &balance.measured_ns}}) {
    if (Status read = integer_from(object, field, *value); !read) return read;
  }
  const auto milestones = object.find("milestones");
  if (milestones == object.end() || !milestones->is_array()) {
    return refused("milestones: must be a list");
  }
  for (const Json& milestone : *milestones) {
    if (!milestone.is_string()) return refused("milestones: must be strings");
    balance.milestones.push_back(milestone.get<std::string>());
  }
  std::ranges::sort(balance.milestones);
  return {};
}

Status asset_from(const Json& object, AssetBalance& balance) {
  if (Status known = only_fields(object, {"owners", "inventors"}); !known) return known;
  if (Status read = residuals_from(object, "owners", balance.owners); !read) return read;
  return residuals_from(object, "inventors", balance.inventors);
}

Status escrow_from(const Json& object, Escrow& escrow) {
  if (Status known = only_fields(object, {"licence", "payee", "amount"}); !known) return known;
  for (const auto& [field, value] :
       {std::pair{"licence", &escrow.licence}, {"payee", &escrow.payee}}) {
    Result<std::string> read = required_string(object, field);
    if (!read) return read.error();
    *value = *std::move(read);
  }
  return integer_from(object, "amount", escrow.amount);
}

// One member of the balances: an object with a balance for each name.
template <typename Balance, typename ReadOne>
Status map_from(const Json& object, const char* field, std::map<std::string, Balance>& balances,
                const ReadOne& read_one) {
  const auto member = object.find(field);
  if (member == object.end() || !member->is_object()) {
    return refused(std::string(field) + ": must be an object");
  }
  for (const auto& [name, value] : member->items()) {
    if (Status checked = check_id(field, name); !checked) return checked;
    if (Status read = read_one(value, balances[name]); !read) {
      return Error{read.error().id, std::string(field) + ": " + name + ": " + read.error().what};
    }
  }
  return {};
}

}  // namespace

Json balances_json(const Balances& balances) {
  Json json = {{"licences", Json::object()},
               {"assets", Json::object()},
               {"pools", Json::object()},
               {"escrow", Json::object()}};
  for (const auto& [id, balance] : balances.licences) {
    json["licences"][id] = {{"base", int128_text(balance.totals.base)},
                            {"earned", int128_text(balance.totals.earned)},
                            {"due", int128_text(balance.totals.due)},
                            {"advance", int128_text(balance.advance)},
                            {"measured", int128_text(balance.measured)},
                            {"measured_ns", int128_text(balance.measured_ns)},
                            {"milestones", balance.milestones}};
  }
  for (const auto& [id, balance] : balances.assets) {
    json["assets"][id] = {{"owners", residuals_json(balance.owners)},
                          {"inventors", residuals_json(balance.inventors)}};
  }
  for (const auto& [id, outstanding] : balances.pools) json["pools"][id] = int128_text(outstanding);
  for (const auto& [id, escrow] : balances.escrow) {
    json["escrow"][id] = {{"licence", escrow.licence},
                          {"payee", escrow.payee},
                          {"amount", int128_text(escrow.amount)}};
  }
  return json;
}

Result<Balances> balances_from_json(const Json& object) {
  if (Status known = only_fields(object, {"licences", "assets", "pools", "escrow"}); !known) {
    return known.error();
  }
  Balances balances;
  const auto pool_from = [](const Json& value, Int128& outstanding) -> Status {
    return integer_from(Json{{"outstanding", value}}, "outstanding", outstanding);
  };
  for (const Status& read : {map_from(object, "licences", balances.licences, licence_from),
                             map_from(object, "assets", balances.assets, asset_from),
                             map_from(object, "pools", balances.pools, pool_from),
                             map_from(object, "escrow", balances.escrow, escrow_from)}) {
    if (!read) return read.error();
  }
  return balances;
}

}  // namespace lineshaft::settlement
