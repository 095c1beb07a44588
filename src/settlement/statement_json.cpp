// The canonical form of a statement (docs/reference/settlement.md).
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "model/canonical_json.h"
#include "settlement/statement.h"

namespace lineshaft::settlement {
namespace {

const char* base_name(LinkBase base) {
  switch (base) {
    case LinkBase::kGross:
      return "gross";
    case LinkBase::kNetOfTax:
      return "net_of_tax";
    case LinkBase::kNetOfUpstream:
      return "net_of_upstream";
    case LinkBase::kExternal:
      return "external";
  }
  return "";
}

class Writer {
 public:
  Writer(const Run& run, const Statement& statement) : run_(run), statement_(statement) {
    for (const Terms& terms : run.terms) terms_.emplace(terms.licence, &terms);
  }

  // Members in canonical order. Lines can be many and are written straight away.
  Result<std::string> write() {
    text_ = "{";
    member("assets", list(statement_.assets, [&](const auto& item) { return asset(item); }));
    member("closing", balances_json(statement_.closing));
    member("currency", std::string(statement_.currency.code()));
    member("journal", list(statement_.journal, [&](const auto& item) { return leg(item); }));
    member("licences", list(statement_.licences, [&](const auto& item) { return licence(item); }));
    lines();
    member("opening", balances_json(run_.opening));
    member("payouts", list(statement_.payouts, [&](const auto& item) { return payout(item); }));
    member("period", range(statement_.period));
    if (problem_) return *problem_;
    text_ += '}';
    return std::move(text_);
  }

 private:
  template <typename Item, typename One>
  static Json list(const std::vector<Item>& items, const One& one) {
    Json list = Json::array();
    for (const Item& item : items) list.push_back(one(item));
    return list;
  }

  void member(const char* name, const Json& value) {
    const Result<std::string> written = canonical_json(value);
    if (!written) {
      problem_ = written.error();
      return;
    }
    if (text_.size() > 1) text_ += ',';
    text_ += '"';
    text_ += name;
    text_ += "\":";
    text_ += *written;
  }

  void lines() {
    text_ += ",\"lines\":[";
    char before = 0;
    for (const LineValue& value : statement_.lines) {
      const UsageLine& line = run_.lines[value.line];
      if (before != 0) text_ += before;
      before = ',';
      text_ += "{\"at\":\"" + format_rfc3339(line.at) + "\",\"evidence\":\"" + line.evidence +
               "\",\"id\":";
      append_canonical_string(text_, line.id);
      text_ += ",\"licence\":";
      append_canonical_string(text_, line.licence);
      text_ += ",\"value\":\"" + base_text(value.value, *terms_.at(line.licence)) + "\"}";
    }
    text_ += ']';
  }

  std::string money(Int128 amount) const { return amount_text({amount, statement_.currency}); }

  static Json range(const TimeRange& range) {
    return {{"from", format_rfc3339(range.from)}, {"to", format_rfc3339(range.to)}};
  }

  Json held(const std::vector<HeldPart>& parts) const {
    return list(parts, [&](const HeldPart& part) {
      return Json{{"hold", part.hold}, {"amount", money(part.amount)}};
    });
  }

  Json portions(const std::vector<Portion>& portions) const {
    return list(portions, [&](const Portion& portion) {
      return Json{{"payee", portion.payee}, {"amount", money(portion.amount)}};
    });
  }

  Json licence(const LicenceResult& result) const {
    const Terms& terms = *terms_.at(result.licence);
    const auto base = [&](Int128 amount) { return base_text(amount, terms); };
    return {{"licence", result.licence},
            {"version", result.version},
            {"asset", result.asset},
            {"payer", result.payer},
            {"lines", result.lines},
            {"measured", base(result.measured)},
            {"gaps", list(result.gaps,
                          [&](const GapFill& fill) {
                            return Json{{"gap", fill.gap},
                                        {"value", fill.value ? Json(base(*fill.value)) : Json()}};
                          })},
            {"vat", money(result.vat)},
            {"base", base(result.base)},
            {"base_so_far", base(result.charge.closing.base)},
            {"royalty", money(result.charge.royalty)},
            {"royalty_in_period", money(result.charge.in_period)},
            {"royalty_due", money(result.charge.due)},
            {"fees", money(result.fees)},
            {"milestones", money(result.milestones)},
            {"advances", money(result.advances)},
            {"advance_recouped", money(result.advance_recouped)},
            {"payment", money(result.payment)},
            {"withheld", money(result.withheld)},
            {"held", held(result.held)},
            {"receipts", money(result.receipts)}};
  }

  Json asset(const AssetResult& result) const {
    const auto pool = [&](const PoolResult& one) {
      return Json{{"pool", one.pool},
                  {"payee", one.payee},
                  {"outstanding", money(one.outstanding)},
                  {"recouped", money(one.recouped)}};
    };
    const auto passed = [&](const PassedOn& one) {
      return Json{{"to", one.to},
                  {"rate", one.rate.text()},
                  {"base_of", base_name(one.link_base)},
                  {"base", money(one.amounts.base)},
                  {"owed", money(one.amounts.owed)},
                  {"paid", money(one.amounts.paid)}};
    };
    const auto segment = [&](const Segment& one) {
      return Json{{"from", format_rfc3339(one.range.from)},
                  {"to", format_rfc3339(one.range.to)},
                  {"amount", money(one.amount)},
                  {"portions", portions(one.portions)},
                  {"residuals_ended", one.residuals_ended}};
    };
    return {{"asset", result.asset},
            {"gross", money(result.own.gross)},
            {"net_of_tax", money(result.own.net_of_tax)},
            {"external", money(result.own.external)},
            {"received", money(result.received)},
            {"pools", list(result.pools, pool)},
            {"passed", list(result.passed, passed)},
            {"retained", money(result.retained)},
            {"award", money(result.award)},
            {"inventors", portions(result.inventors)},
            {"segments", list(result.segments, segment)},
            {"suspense", money(result.suspense)}};
  }

  Json payout(const Payout& result) const {
    return {{"payee", result.payee},
            {"amount", money(result.amount)},
            {"parts", list(result.parts, [&](const Part& part) {
               return Json{{"kind", std::string(part_name(part.kind))},
                           {"source", part.source},
                           {"amount", money(part.amount)},
                           {"held", held(part.held)}};
             })}};
  }

  Json leg(const Leg& leg) const {
    return {{"account", std::string(account_name(leg.account))},
            {"party", leg.party},
            {"amount", money(leg.amount)}};
  }

  const Run& run_;
  const Statement& statement_;
  std::unordered_map<std::string_view, const Terms*> terms_;
  std::string text_;
  std::optional<Error> problem_;
};

}  // namespace

Result<std::string> canonical_statement(const Run& run, const Statement& statement) {
  return Writer(run, statement).write();
}

}  // namespace lineshaft::settlement
