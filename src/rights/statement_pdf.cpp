#include <array>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "base/assert.h"
#include "base/date.h"
#include "rights/statement_document.h"
#include "wire/pdf/flow.h"

namespace lineshaft::rights {
namespace {

using Rows = std::vector<std::vector<std::string>>;

// The words of the document: English, and Chinese.
constexpr std::pair<std::string_view, std::string_view> kWords[] = {
    {"Royalty statement", "许可费对账单"},
    {"Party", "当事方"},
    {"Period", "期间"},
    {"to", "至"},
    {"State", "状态"},
    {"draft", "草稿"},
    {"approved", "已批准"},
    {"posted", "已入账"},
    {"reversed", "已冲销"},
    {"Run", "结算"},
    {"Journal in the ledger", "账本分录号"},
    {"not posted", "未入账"},
    {"SHA-256 of the run", "结算的 SHA-256"},
    {"You receive", "应收金额"},
    {"You pay", "应付金额"},
    {"What it is made of", "金额构成"},
    {"For", "事由"},
    {"Of", "来源"},
    {"Amount", "金额"},
    {"Held back", "暂扣"},
    {"share", "份额"},
    {"inventor", "发明人报酬"},
    {"pool", "成本回收"},
    {"release", "解除暂扣"},
    {"Asset", "资产"},
    {"From its licences", "本资产许可收入"},
    {"After tax", "税后"},
    {"From derived assets", "来自衍生资产"},
    {"Costs paid back", "已回收成本"},
    {"Passed on", "上缴"},
    {"of", "基数"},
    {"Retained", "留存"},
    {"Award to inventors", "发明人奖励"},
    {"Owners' part", "权利人部分"},
    {"yours", "贵方"},
    {"Licence", "许可"},
    {"paid by", "付款方"},
    {"Licence you pay for", "贵方付费的许可"},
    {"What", "项目"},
    {"Measured use", "计量使用量"},
    {"VAT taken out", "扣除增值税"},
    {"Base", "计费基数"},
    {"Base since the licence began", "累计计费基数"},
    {"Royalty due", "应付许可费"},
    {"Fees", "固定费用"},
    {"Milestones", "里程碑款"},
    {"Advances", "预付款"},
    {"Advance set off", "冲抵预付款"},
    {"Payment", "付款"},
    {"Tax withheld", "代扣税"},
    {"Receipts", "实收"},
    {"Meters", "计量"},
    {"Tag", "测点"},
    {"Kind", "方式"},
    {"counter", "计数器"},
    {"sum", "求和"},
    {"hours", "小时"},
    {"Metered", "计量值"},
    {"Declared", "申报值"},
    {"Difference", "差额"},
    {"Gaps: nothing is known of them", "缺口：无数据"},
    {"From", "自"},
    {"To", "至"},
    {"Counted as", "计为"},
    {"held until it is known", "暂扣，待查明"},
    {"Use, day by day", "逐日使用量"},
    {"Day", "日期"},
    {"Quantity", "数量"},
    {"Samples", "样本数"},
    {"Bad", "坏样本"},
    {"Evidence (SHA-256)", "证据 (SHA-256)"},
    {"page", "页"},
};

std::string text_of(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  return value.is_null() ? std::string() : value.dump();
}

bool is_zero(const std::string& amount) {
  return amount.find_first_of("123456789") == std::string::npos;
}

class PdfStatement {
 public:
  PdfStatement(const Json& statement, const StatementNames& names, DocumentLanguage language)
      : statement_(statement),
        names_(names),
        language_(language),
        currency_(text_of(statement["currency"])),
        flow_(word("Royalty statement") + " " + text_of(statement["run"]) + ", " +
              party(statement["party"])) {}

  std::string write() {
    head();
    parts();
    for (const Json& licence : statement_["charges"]) {
      add_licence(word("Licence you pay for"), licence, false);
    }
    for (const Json& licence : statement_["licences"]) {
      add_licence(word("Licence"), licence, true);
    }
    for (const Json& asset : statement_["assets"]) add_asset(asset);
    meters();
    gaps();
    usage();
    const std::string mark = word("Royalty statement") + " " + text_of(statement_["run"]) + " · " +
                             party(statement_["party"]) + " · SHA-256 " +
                             text_of(statement_["digest"]).substr(0, 16) + "... · " + word("page");
    return flow_.finish([&](std::size_t page, std::size_t pages) {
      return mark + " " + std::to_string(page) + " / " + std::to_string(pages);
    });
  }

 private:
  std::string word(std::string_view english) const {
    for (const auto& [en, zh] : kWords) {
      if (en == english) return std::string(language_ == DocumentLanguage::kChinese ? zh : en);
    }
    LS_ASSERT(false);
    return {};
  }
  // A word of the API, which may be younger than this table.
  std::string api_word(const Json& value) const {
    for (const auto& [en, zh] : kWords) {
      if (en == text_of(value)) return word(en);
    }
    return text_of(value);
  }

  static std::string named(const std::map<std::string, std::string>& names, const Json& id) {
    const auto known = names.find(text_of(id));
    if (known == names.end() || known->second == text_of(id)) return text_of(id);
    return known->second + " (" + text_of(id) + ")";
  }
  std::string party(const Json& id) const { return named(names_.parties, id); }
  std::string asset(const Json& id) const { return named(names_.assets, id); }
  std::string money(const Json& amount) const { return currency_ + " " + text_of(amount); }

  // "2026-02-01 to 2026-02-28": people count the last day in.
  std::string period(const std::string& from, const std::string& to) const {
    const Result<Day> end = parse_day(to);
    return from + " " + word("to") + " " + (end ? day_text(*end - std::chrono::days(1)) : to);
  }

  void head() {
    flow_.title(word("Royalty statement"));
    flow_.fact(word("Party"), party(statement_["party"]), true);
    flow_.fact(word("Period"), period(text_of(statement_["from"]), text_of(statement_["to"])));
    flow_.fact(word("Run"), text_of(statement_["run"]));
    flow_.fact(word("State"), api_word(statement_["state"]));
    const Json& journal = statement_["journal"];
    flow_.fact(word("Journal in the ledger"),
               journal.is_null() ? word("not posted") : text_of(journal));
    flow_.fact(word("SHA-256 of the run"), text_of(statement_["digest"]));
    if (!statement_["amount"].is_null()) {
      flow_.fact(word("You receive"), money(statement_["amount"]), true);
    }
    for (const Json& charge : statement_["charges"]) {
      flow_.fact(word("You pay"),
                 money(charge["payment"]) + " (" + text_of(charge["licence"]) + ")", true);
    }
  }

  static std::string held_text(const Json& held) {
    std::string text;
    for (const Json& part : held) {
      text +=
          (text.empty() ? "" : ", ") + text_of(part["amount"]) + " (" + text_of(part["hold"]) + ")";
    }
    return text;
  }

  void parts() {
    if (statement_["parts"].empty()) return;
    Rows rows;
    for (const Json& part : statement_["parts"]) {
      rows.push_back({api_word(part["kind"]), asset(part["source"]), held_text(part["held"]),
                      text_of(part["amount"])});
    }
    flow_.heading(word("What it is made of"));
    flow_.table({{word("For"), 2},
                 {word("Of"), 5},
                 {word("Held back"), 3, true},
                 {word("Amount") + " " + currency_, 2, true}},
                rows);
  }

  void sums(const Rows& rows) {
    flow_.table({{word("What"), 3}, {word("Amount") + " " + currency_, 1, true}}, rows);
  }

  void add_licence(const std::string& title, const Json& licence, bool with_receipts) {
    flow_.heading(title + " " + text_of(licence["licence"]) + " · " + asset(licence["asset"]) +
                  " · " + word("paid by") + " " + party(licence["payer"]));
    Rows rows;
    const auto add = [&](const char* name, const char* member, bool always) {
      std::string amount = text_of(licence[member]);
      if (always || !is_zero(amount)) rows.push_back({word(name), std::move(amount)});
    };
    add("Measured use", "measured", true);
    add("VAT taken out", "vat", false);
    add("Base", "base", true);
    add("Base since the licence began", "base_so_far", true);
    add("Royalty due", "royalty_due", true);
    add("Fees", "fees", false);
    add("Milestones", "milestones", false);
    add("Advances", "advances", false);
    add("Advance set off", "advance_recouped", false);
    add("Payment", "payment", true);
    add("Tax withheld", "withheld", false);
    for (const Json& part : licence["held"]) {
      rows.push_back(
          {word("Held back") + " (" + text_of(part["hold"]) + ")", text_of(part["amount"])});
    }
    if (with_receipts) add("Receipts", "receipts", true);
    sums(rows);
  }

  void add_asset(const Json& result) {
    flow_.heading(word("Asset") + " " + asset(result["asset"]));
    Rows rows;
    const auto add = [&](const std::string& name, const Json& amount) {
      if (!is_zero(text_of(amount))) rows.push_back({name, text_of(amount)});
    };
    add(word("From its licences"), result["gross"]);
    add(word("After tax"), result["net_of_tax"]);
    add(word("From derived assets"), result["received"]);
    for (const Json& pool : result["pools"]) {
      add(word("Costs paid back") + " " + text_of(pool["pool"]) + " · " + party(pool["payee"]),
          pool["recouped"]);
    }
    for (const Json& passed : result["passed"]) {
      add(word("Passed on") + " · " + asset(passed["to"]) + " · " + text_of(passed["rate"]) + " " +
              word("of") + " " + text_of(passed["base"]),
          passed["paid"]);
    }
    add(word("Retained"), result["retained"]);
    add(word("Award to inventors"), result["award"]);
    for (const Json& segment : result["segments"]) add_segment(segment, rows);
    if (!rows.empty()) sums(rows);
  }

  void add_segment(const Json& segment, Rows& rows) {
    const std::string days =
        period(text_of(segment["from"]).substr(0, 10), text_of(segment["to"]).substr(0, 10));
    rows.push_back({word("Owners' part") + ", " + days, text_of(segment["amount"])});
    for (const Json& portion : segment["portions"]) {
      if (portion["payee"] != statement_["party"]) continue;
      rows.push_back({"– " + word("yours"), text_of(portion["amount"])});
    }
  }

  void meters() {
    if (statement_["meters"].empty()) return;
    Rows rows;
    for (const Json& meter : statement_["meters"]) {
      rows.push_back({text_of(meter["licence"]), text_of(meter["tag"]), api_word(meter["kind"]),
                      text_of(meter["quantity"]), text_of(meter["declared"]),
                      text_of(meter["difference"])});
    }
    flow_.heading(word("Meters"));
    flow_.table({{word("Licence"), 3},
                 {word("Tag"), 6},
                 {word("Kind"), 2},
                 {word("Metered"), 3, true},
                 {word("Declared"), 3, true},
                 {word("Difference"), 3, true}},
                rows);
  }

  // What a gap was counted as stands in its licence.
  std::string filled(const Json& gap) const {
    for (const char* list : {"licences", "charges"}) {
      for (const Json& licence : statement_[list]) {
        for (const Json& fill : licence["gaps"]) {
          if (fill["gap"] == gap["id"] && !fill["value"].is_null()) return text_of(fill["value"]);
        }
      }
    }
    return word("held until it is known");
  }

  void gaps() {
    if (statement_["gaps"].empty()) return;
    Rows rows;
    for (const Json& gap : statement_["gaps"]) {
      rows.push_back(
          {text_of(gap["licence"]), text_of(gap["from"]), text_of(gap["to"]), filled(gap)});
    }
    flow_.heading(word("Gaps: nothing is known of them"));
    flow_.table(
        {{word("Licence"), 2}, {word("From"), 3}, {word("To"), 3}, {word("Counted as"), 2, true}},
        rows);
  }

  void usage() {
    if (statement_["lines"].empty()) return;
    std::map<std::pair<std::string, std::string>, const Json*> days;  // by licence and day
    for (const Json& meter : statement_["meters"]) {
      for (const Json& day : meter["days"]) {
        days[{text_of(meter["licence"]), text_of(day["day"])}] = &day;
      }
    }
    Rows rows;
    for (const Json& line : statement_["lines"]) {
      const std::string date = text_of(line["at"]).substr(0, 10);
      const auto day = days.find({text_of(line["licence"]), date});
      const bool is_metered = day != days.end();
      rows.push_back({date, text_of(line["licence"]), text_of(line["value"]),
                      is_metered ? text_of((*day->second)["samples"]) : "",
                      is_metered ? text_of((*day->second)["bad"]) : "", text_of(line["evidence"])});
    }
    flow_.heading(word("Use, day by day"));
    flow_.table({{word("Day"), 5},
                 {word("Licence"), 7},
                 {word("Quantity"), 5, true},
                 {word("Samples"), 4, true},
                 {word("Bad"), 3, true},
                 {word("Evidence (SHA-256)"), 25}},
                rows, 650);
  }

  const Json& statement_;
  const StatementNames& names_;
  DocumentLanguage language_;
  std::string currency_;
  pdf::Flow flow_;
};

}  // namespace

std::string statement_pdf(const Json& statement, const StatementNames& names,
                          DocumentLanguage language) {
  return PdfStatement(statement, names, language).write();
}

}  // namespace lineshaft::rights
