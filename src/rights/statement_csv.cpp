#include <array>
#include <nlohmann/json.hpp>
#include <string_view>

#include "rights/statement_document.h"
#include "wire/csv/writer.h"

namespace lineshaft::rights {
namespace {

enum Column : std::size_t {
  kRow,
  kId,
  kName,
  kKind,
  kParty,
  kFrom,
  kTo,
  kCurrency,
  kQuantity,
  kBase,
  kRoyalty,
  kWithheld,
  kHeld,
  kAmount,
  kEvidence,
  kColumns
};
using Row = std::array<std::string, kColumns>;

const Row kTitles{"row",     "id",       "name",     "kind",     "party",
                  "from",    "to",       "currency", "quantity", "base",
                  "royalty", "withheld", "held",     "amount",   "evidence"};

std::string text_of(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  return value.is_null() ? std::string() : value.dump();
}

// Figures are ours and may begin with a minus sign; everything else comes from people.
bool is_figure(std::size_t column) {
  return column >= kQuantity && column <= kAmount && column != kHeld;
}

void append_row(std::string& out, const Row& row) {
  constexpr std::string_view kFormulaStarts = "=+-@\t\r";
  for (std::size_t i = 0; i < kColumns; ++i) {
    if (i > 0) out += ',';
    if (row[i].empty()) continue;
    const bool is_risky = !is_figure(i) && kFormulaStarts.find(row[i][0]) != std::string_view::npos;
    csv::append_text(out, is_risky ? "'" + row[i] : row[i]);
  }
  csv::end_row(out);
}

std::string held_text(const Json& held) {
  std::string text;
  for (const Json& part : held) {
    text += (text.empty() ? "" : "; ") + text_of(part["hold"]) + " " + text_of(part["amount"]);
  }
  return text;
}

std::string named(const std::map<std::string, std::string>& names, const Json& id) {
  const auto known = names.find(text_of(id));
  return known == names.end() ? std::string() : known->second;
}

class CsvStatement {
 public:
  CsvStatement(const Json& statement, const StatementNames& names)
      : statement_(statement), names_(names) {}

  std::string write() {
    append_row(out_, kTitles);
    Row head = row("statement", statement_["run"], statement_["from"], statement_["to"]);
    head[kName] = named(names_.parties, statement_["party"]);
    head[kKind] = text_of(statement_["state"]);
    head[kParty] = text_of(statement_["party"]);
    head[kAmount] = text_of(statement_["amount"]);
    head[kEvidence] = text_of(statement_["digest"]);
    append_row(out_, head);
    parts();
    for (const Json& licence : statement_["licences"]) add_licence("licence", licence, "receipts");
    for (const Json& licence : statement_["charges"]) add_licence("charge", licence, "payment");
    use();
    return std::move(out_);
  }

 private:
  Row row(const char* word, const Json& id, const Json& from, const Json& to) const {
    Row made;
    made[kRow] = word;
    made[kId] = text_of(id);
    made[kFrom] = text_of(from);
    made[kTo] = text_of(to);
    made[kCurrency] = text_of(statement_["currency"]);
    return made;
  }

  void parts() {
    for (const Json& part : statement_["parts"]) {
      Row made = row("part", part["source"], statement_["from"], statement_["to"]);
      made[kName] = named(names_.assets, part["source"]);
      made[kKind] = text_of(part["kind"]);
      made[kParty] = text_of(statement_["party"]);
      made[kHeld] = held_text(part["held"]);
      made[kAmount] = text_of(part["amount"]);
      append_row(out_, made);
    }
  }

  void add_licence(const char* word, const Json& licence, const char* amount) {
    Row made = row(word, licence["licence"], statement_["from"], statement_["to"]);
    made[kName] = named(names_.assets, licence["asset"]);
    made[kKind] = amount;
    made[kParty] = text_of(licence["payer"]);
    made[kQuantity] = text_of(licence["measured"]);
    made[kBase] = text_of(licence["base"]);
    made[kRoyalty] = text_of(licence["royalty_due"]);
    made[kWithheld] = text_of(licence["withheld"]);
    made[kHeld] = held_text(licence["held"]);
    made[kAmount] = text_of(licence[amount]);
    append_row(out_, made);
  }

  void use() {
    for (const Json& meter : statement_["meters"]) {
      Row made = row("meter", meter["tag"], statement_["from"], statement_["to"]);
      made[kName] = text_of(meter["licence"]);
      made[kKind] = text_of(meter["kind"]);
      made[kQuantity] = text_of(meter["quantity"]);
      append_row(out_, made);
    }
    for (const Json& gap : statement_["gaps"]) {
      Row made = row("gap", gap["id"], gap["from"], gap["to"]);
      made[kName] = text_of(gap["licence"]);
      append_row(out_, made);
    }
    for (const Json& line : statement_["lines"]) {
      Row made = row("usage", line["id"], line["at"], Json());
      made[kName] = text_of(line["licence"]);
      made[kQuantity] = text_of(line["value"]);
      made[kEvidence] = text_of(line["evidence"]);
      append_row(out_, made);
    }
  }

  const Json& statement_;
  const StatementNames& names_;
  std::string out_;
};

}  // namespace

std::string statement_csv(const Json& statement, const StatementNames& names) {
  return CsvStatement(statement, names).write();
}

}  // namespace lineshaft::rights
