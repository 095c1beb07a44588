#include "rights/deadline_json.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "rights/json_members.h"

namespace lineshaft::rights {
namespace {

Json money_json(const Money& money) {
  return {{"amount", amount_text(money)}, {"currency", std::string(money.currency.code())}};
}

Json day_or_null(const std::optional<Day>& day) {
  return day ? Json(day_text(*day)) : Json(nullptr);
}

const char* name_of(docket::RuleKind kind) {
  switch (kind) {
    case docket::RuleKind::kTask:
      return "task";
    case docket::RuleKind::kOffice:
      return "office";
    case docket::RuleKind::kExpiry:
      return "expiry";
  }
  LS_ASSERT(false);
  return "";
}

// What settles the deadline, with what the pack says that it means.
Json marks_json(const docket::Deadline& deadline) {
  Json marks = Json::array();
  for (const std::string& word : deadline.rule->done_by) {
    const auto named = std::ranges::find(deadline.pack->events, word, &docket::RulePack::Named::id);
    const bool is_named = named != deadline.pack->events.end();
    marks.push_back({{"event", word}, {"title", is_named ? named->title : word}});
  }
  return marks;
}

Json fees_json(const docket::Payment& payment) {
  Json fees = Json::array();
  for (const docket::FeeItem& item : payment.items) {
    fees.push_back({{"fee", item.fee->id},
                    {"title", item.fee->title},
                    {"full", money_json(item.full)},
                    {"amount", money_json(item.amount)},
                    {"reduction", item.reduction == nullptr ? "" : item.reduction->title}});
  }
  return fees;
}

}  // namespace

Json sums_json(const std::vector<Money>& sums) {
  Json list = Json::array();
  for (const Money& sum : sums) list.push_back(money_json(sum));
  return list;
}

Json deadline_json(const DeadlineRow& row) {
  const docket::Deadline& deadline = row.item.deadline;
  const docket::Payment& payment = row.payment;
  std::vector<Money> sums;
  for (const docket::FeeItem& item : payment.items) docket::add_to(sums, item.amount);
  const bool has_surcharge = payment.surcharge.minor_units > 0;
  if (has_surcharge) docket::add_to(sums, payment.surcharge);
  return {{"asset", row.asset.id},
          {"title", row.asset.title},
          {"asset_kind", rights::name_of(row.asset.kind)},
          {"office", row.asset.office},
          {"pack", deadline.pack->id},
          {"rule", deadline.rule->id},
          {"number", deadline.number},
          {"task", deadline.rule->title},
          {"task_zh", deadline.rule->title_zh},
          {"kind", name_of(deadline.rule->kind)},
          {"state", rights::name_of(row.item.state)},
          {"trigger", day_text(deadline.trigger)},
          {"legal", day_text(deadline.legal)},
          {"due", day_text(deadline.due)},
          {"certain", deadline.is_certain},
          {"opens", day_or_null(deadline.opens)},
          {"grace_end", day_or_null(deadline.grace_end)},
          {"done", day_or_null(deadline.done)},
          {"source", deadline.rule->source},
          {"remind_days", deadline.rule->remind_days},
          {"marks", marks_json(deadline)},
          {"pay_on", day_text(row.pay_on)},
          {"fees", fees_json(payment)},
          {"surcharge", has_surcharge ? money_json(payment.surcharge) : Json(nullptr)},
          {"cost", sums_json(sums)},
          {"complete", payment.is_complete}};
}

Json costs_json(const PortfolioCosts& costs) {
  Json assets = Json::array();
  for (const AssetCost& row : costs.assets) {
    assets.push_back({{"asset", row.asset.id},
                      {"title", row.asset.title},
                      {"deadlines", row.deadlines},
                      {"sums", sums_json(row.sums)}});
  }
  Json owners = Json::array();
  for (const OwnerCost& row : costs.owners) {
    owners.push_back({{"party", row.party}, {"sums", sums_json(row.sums)}});
  }
  Json months = Json::array();
  for (const MonthCost& row : costs.months) {
    months.push_back({{"month", day_text(row.month).substr(0, 7)}, {"sums", sums_json(row.sums)}});
  }
  return {{"sums", sums_json(costs.sums)}, {"assets", std::move(assets)},
          {"owners", std::move(owners)},   {"months", std::move(months)},
          {"deadlines", costs.deadlines},  {"incomplete", costs.incomplete}};
}

Result<DeadlineMark> mark_from_json(const Json& object) {
  if (Status known = only_fields(
          object, {"asset", "pack", "rule", "number", "event", "on", "note", "document"});
      !known) {
    return known.error();
  }
  Members members(object);
  DeadlineMark mark;
  mark.of.asset = members.required("asset");
  mark.of.pack = members.required("pack");
  mark.of.rule = members.required("rule");
  mark.of.number = static_cast<int>(members.number("number", kEventNumberMax));
  mark.word = members.text("event");
  mark.on = members.day("on");
  mark.note = members.text("note");
  mark.document = members.text("document");
  if (!members.status()) return members.status().error();
  return mark;
}

}  // namespace lineshaft::rights
