// Royalty terms as JSON and back.
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "settlement/exact.h"
#include "settlement/json_reader.h"
#include "settlement/terms.h"

namespace lineshaft::settlement {
namespace {

constexpr std::array<std::pair<const char*, Usage>, 2> kUsages = {
    {{"amount", Usage::kAmount}, {"quantity", Usage::kQuantity}}};
constexpr std::array<std::pair<const char*, GapRule>, 3> kGapRules = {
    {{"hold", GapRule::kHold}, {"estimate", GapRule::kEstimate}, {"declared", GapRule::kDeclared}}};

Error refused(const std::string& why) { return {ErrorId::kInvalidArgument, why}; }

std::int64_t power_of_ten(unsigned exponent) {
  std::int64_t power = 1;
  for (unsigned i = 0; i < exponent; ++i) power *= 10;
  return power;
}

using Reader = JsonReader;

// --- units: a person writes yuan for one tonne, terms have fen for one thousandth of it ---

// Minor units per unit of a usage line, to the currency per whole one; and back.
Result<Ratio> for_whole(const Ratio& rate, const Terms& terms) {
  return Ratio::make(Int128{rate.numerator()} * power_of_ten(terms.quantity_digits),
                     Int128{rate.denominator()} * power_of_ten(terms.currency.exponent()));
}
Result<Ratio> for_unit(const Ratio& rate, const Terms& terms) {
  return Ratio::make(Int128{rate.numerator()} * power_of_ten(terms.currency.exponent()),
                     Int128{rate.denominator()} * power_of_ten(terms.quantity_digits));
}

Result<Int128> base_from_text(const std::string& text, const Terms& terms) {
  if (terms.base_is_money()) {
    const Result<Money> money = parse_amount(text, terms.currency);
    if (!money) return money.error();
    return money->minor_units;
  }
  const Result<Decimal> decimal = Decimal::parse(text);
  if (!decimal) return decimal.error();
  const Result<Decimal> units = decimal->rounded(terms.quantity_digits, Rounding::kDown);
  if (!units || *units != *decimal) {
    return refused("'" + text + "' has more digits than quantity_digits");
  }
  return units->coefficient();
}

Tier read_tier(Reader& reader, const Terms& terms) {
  reader.only({"from", "rate"});
  Tier tier;
  const std::string from = reader.text("from");
  if (reader.problem() == nullptr) tier.from = reader.take("from", base_from_text(from, terms));
  tier.rate = reader.rate("rate");
  if (!terms.base_is_money()) tier.rate = reader.take("rate", for_unit(tier.rate, terms));
  return tier;
}

void read_lists(Reader& reader, Terms& terms) {
  terms.tiers = reader.list<Tier>("tiers", [&](Reader& tier) { return read_tier(tier, terms); });
  terms.limits.guarantees = reader.list<Guarantee>("guarantees", [&](Reader& guarantee) {
    guarantee.only({"due", "total"});
    return Guarantee{guarantee.instant("due"), guarantee.amount("total", terms.currency)};
  });
  terms.fees = reader.list<Fee>("fees", [&](Reader& fee) {
    fee.only({"id", "due", "amount"});
    return Fee{fee.text("id"), fee.instant("due"), fee.amount("amount", terms.currency)};
  });
  terms.milestones = reader.list<Milestone>("milestones", [&](Reader& milestone) {
    milestone.only({"id", "amount"});
    return Milestone{milestone.text("id"), milestone.amount("amount", terms.currency)};
  });
  terms.advances = reader.list<Advance>("advances", [&](Reader& advance) {
    advance.only({"id", "due", "amount", "recoupable"});
    return Advance{advance.text("id"), advance.instant("due"),
                   advance.amount("amount", terms.currency), advance.flag("recoupable", true)};
  });
}

}  // namespace

std::string base_text(Int128 base, const Terms& terms) {
  if (terms.base_is_money()) return amount_text({base, terms.currency});
  const Result<Decimal> decimal = Decimal::make(base, terms.quantity_digits);
  return decimal ? decimal->text() : std::string();
}

Json terms_json(const Terms& terms) {
  const auto money = [&](Int128 amount) { return amount_text({amount, terms.currency}); };
  const auto optional = [&](const std::optional<Int128>& amount) {
    return amount ? Json(money(*amount)) : Json(nullptr);
  };
  const auto price = [&](const Ratio& rate) {
    const Result<Ratio> whole = for_whole(rate, terms);
    return whole ? whole->text() : std::string();
  };
  Json json = {{"licence", terms.licence},
               {"version", terms.version},
               {"asset", terms.asset},
               {"payer", terms.payer},
               {"currency", std::string(terms.currency.code())},
               {"free", terms.free},
               {"usage", name_of(kUsages, terms.usage)},
               {"quantity_digits", terms.quantity_digits},
               {"unit_price", terms.unit_price ? Json(price(*terms.unit_price)) : Json(nullptr)},
               {"tiers", Json::array()},
               {"period_minimum", optional(terms.limits.period_minimum)},
               {"period_maximum", optional(terms.limits.period_maximum)},
               {"total_maximum", optional(terms.limits.total_maximum)},
               {"guarantees", Json::array()},
               {"fees", Json::array()},
               {"milestones", Json::array()},
               {"advances", Json::array()},
               {"gaps", name_of(kGapRules, terms.gaps)},
               {"vat", terms.vat.text()},
               {"withholding", terms.withholding.text()}};
  for (const Tier& tier : terms.tiers) {
    json["tiers"].push_back(
        {{"from", base_text(tier.from, terms)},
         {"rate", terms.base_is_money() ? tier.rate.text() : price(tier.rate)}});
  }
  for (const Guarantee& guarantee : terms.limits.guarantees) {
    json["guarantees"].push_back(
        {{"due", format_rfc3339(guarantee.due)}, {"total", money(guarantee.total)}});
  }
  for (const Fee& fee : terms.fees) {
    json["fees"].push_back(
        {{"id", fee.id}, {"due", format_rfc3339(fee.due)}, {"amount", money(fee.amount)}});
  }
  for (const Milestone& milestone : terms.milestones) {
    json["milestones"].push_back({{"id", milestone.id}, {"amount", money(milestone.amount)}});
  }
  for (const Advance& advance : terms.advances) {
    json["advances"].push_back({{"id", advance.id},
                                {"due", format_rfc3339(advance.due)},
                                {"amount", money(advance.amount)},
                                {"recoupable", advance.recoupable}});
  }
  return json;
}

Result<Terms> terms_from_json(const Json& object) {
  Reader reader(object);
  reader.only({"licence",       "version",         "asset",
               "payer",         "currency",        "free",
               "usage",         "quantity_digits", "unit_price",
               "tiers",         "period_minimum",  "period_maximum",
               "total_maximum", "guarantees",      "fees",
               "milestones",    "advances",        "gaps",
               "vat",           "withholding"});
  Terms terms;
  terms.licence = reader.text("licence");
  terms.version = reader.text("version");
  terms.asset = reader.text("asset");
  terms.payer = reader.text("payer");
  const std::string currency = reader.text("currency");
  if (reader.problem() == nullptr) {
    terms.currency = reader.take("currency", Currency::parse(currency));
  }
  terms.free = reader.flag("free", false);
  terms.usage = reader.one_of("usage", kUsages);
  terms.gaps = reader.one_of("gaps", kGapRules);
  if (const Error* problem = reader.problem(); problem != nullptr) return *problem;
  const Result<std::int64_t> digits =
      optional_integer(object, "quantity_digits", 0, 0, kQuantityDigitsMax);
  if (!digits) return digits.error();
  terms.quantity_digits = static_cast<unsigned>(*digits);
  if (reader.has("unit_price")) {
    const Ratio price = reader.rate("unit_price");
    terms.unit_price = reader.take("unit_price", for_unit(price, terms));
  }
  terms.limits.period_minimum = reader.optional_amount("period_minimum", terms.currency);
  terms.limits.period_maximum = reader.optional_amount("period_maximum", terms.currency);
  terms.limits.total_maximum = reader.optional_amount("total_maximum", terms.currency);
  terms.vat = reader.optional_rate("vat");
  terms.withholding = reader.optional_rate("withholding");
  read_lists(reader, terms);
  if (const Error* problem = reader.problem(); problem != nullptr) return *problem;
  if (Status checked = check_terms(terms); !checked) return checked.error();
  return terms;
}

}  // namespace lineshaft::settlement
