#include "rights/statement_document.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "rights/royalty_fixture.h"
#include "rights/royalty_statement.h"
#include "wire/csv/reader.h"

namespace lineshaft::rights {
namespace {

using testing::HasSubstr;
using testing::Not;

// February: 400.0 tonnes at 2.00; centre and partner own the alloy 2 : 1.
class StatementDocument : public RoyaltyFixture {
 protected:
  StatementDocument() {
    names_.parties = {{"centre", "北京钢铁研究院"}, {"firm", "=1+1, \"Steel\""}};
    names_.assets = {{"alloy", "Müller's alloy"}};
  }

  Json statement(const std::string& party) {
    const WholeRun whole = book_->get_run(kOurs, "r-1").value();
    const Json json = whole_run_json(whole).value();
    return party_statement(json, party).value();
  }
  void settle_metered() {
    license("steel", tonnes("steel"));
    meter("steel");
    say("2026-01-31T23:00:00Z", 1000.0);
    say("2026-02-10T12:00:00Z", 1250.5);
    say("2026-02-28T23:59:00Z", 1400.0);
    pass(february("r-1"));
  }

  StatementNames names_;
};

std::vector<std::vector<std::string>> rows_of(const std::string& text) {
  csv::Reader reader(',');
  reader.feed(text);
  reader.finish();
  std::vector<std::vector<std::string>> rows;
  for (csv::Row row; reader.next(row);) {
    EXPECT_EQ(row.problem, "");
    rows.emplace_back();
    for (const csv::Field& field : row.fields) rows.back().emplace_back(field.text);
  }
  return rows;
}

// What poppler reads out of a file; runs of blanks as one.
std::string read_back(const std::string& bytes) {
  const std::string path = testing::TempDir() + "lineshaft-statement.pdf";
  std::ofstream(path, std::ios::binary) << bytes;
  FILE* pipe = popen(("pdftotext -layout '" + path + "' - 2>&1 | tr -s ' '").c_str(), "r");
  std::string text;
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) text += static_cast<char>(c);
  EXPECT_EQ(pclose(pipe), 0);
  std::filesystem::remove(path);
  return text;
}

// 533.33 and 266.67, as RoyaltyBookTest has them.
TEST_F(StatementDocument, CsvHasARowForEveryStepFromAmountToEvidence) {
  settle_metered();
  const Json json = statement("centre");
  const auto rows = rows_of(statement_csv(json, names_));
  ASSERT_EQ(rows.size(), 1U + 1 + 1 + 1 + 1 + 28);
  const auto cell = [&](std::size_t row, const char* title) {
    const auto column = std::ranges::find(rows[0], title) - rows[0].begin();
    return rows[row].at(static_cast<std::size_t>(column));
  };
  EXPECT_EQ(cell(1, "row"), "statement");
  EXPECT_EQ(cell(1, "name"), "北京钢铁研究院");
  EXPECT_EQ(cell(1, "amount"), "533.33");
  EXPECT_EQ(cell(1, "evidence"), json["digest"]);
  EXPECT_EQ(cell(2, "row"), "part");
  EXPECT_EQ(cell(2, "kind"), "share");
  EXPECT_EQ(cell(3, "row"), "licence");
  EXPECT_EQ(cell(3, "quantity"), "400.0");
  EXPECT_EQ(cell(3, "amount"), "800.00");
  EXPECT_EQ(cell(4, "id"), "plant/furnace/steel");
  EXPECT_EQ(cell(14, "from"), "2026-02-10T00:00:00Z");
  EXPECT_EQ(cell(14, "quantity"), "250.5");
  EXPECT_EQ(cell(14, "evidence"), json["lines"][9]["evidence"]);
}

TEST_F(StatementDocument, CsvGivesASpreadsheetNoFormula) {
  settle_metered();
  const std::string text = statement_csv(statement("firm"), names_);
  EXPECT_THAT(text, HasSubstr("\"'=1+1, \"\"Steel\"\"\""));
  Json odd = statement("centre");
  for (const char* start : {"=", "+", "-", "@", "\t", "\r"}) {
    odd["parts"][0]["source"] = start + std::string("1");
    const auto rows = rows_of(statement_csv(odd, {}));
    EXPECT_EQ(rows[2][1], "'" + std::string(start) + "1");
  }
  odd["parts"][0]["amount"] = "-0.01";
  EXPECT_THAT(statement_csv(odd, {}), HasSubstr(",-0.01,"));
}

TEST_F(StatementDocument, PdfReadsBackInBothLanguages) {
  settle_metered();
  const Json json = statement("centre");
  const std::string file = statement_pdf(json, names_, DocumentLanguage::kEnglish);
  EXPECT_EQ(file, statement_pdf(json, names_, DocumentLanguage::kEnglish)) << "the same bytes";
  const std::string english = read_back(file);
  for (const char* wanted : {"Party 北京钢铁研究院 (centre)", "Period 2026-02-01 to 2026-02-28",
                             "You receive CNY 533.33", "share Müller's alloy (alloy) 533.33",
                             "paid by =1+1, \"Steel\" (firm)", "Base 400.0", "Receipts 800.00",
                             "plant/furnace/steel counter 400.0", "2026-02-10 steel 250.5 1 0"}) {
    EXPECT_THAT(english, HasSubstr(wanted));
  }
  EXPECT_THAT(english, HasSubstr(json["digest"].get<std::string>()));
  EXPECT_THAT(english, HasSubstr(json["lines"][27]["evidence"].get<std::string>()));
  const std::string chinese = read_back(statement_pdf(json, names_, DocumentLanguage::kChinese));
  EXPECT_THAT(chinese, HasSubstr("应收金额 CNY 533.33"));
  EXPECT_THAT(chinese, Not(HasSubstr("Receipts")));
}

// 12 days are not reported: what the licence brings is held until they are.
TEST_F(StatementDocument, PdfNamesWhatIsMissing) {
  license("steel", tonnes("steel"));
  report("p-1", "2026-02-13", "2026-03-01", "10");
  make(february("r-1")).value();
  const std::string text =
      read_back(statement_pdf(statement("firm"), names_, DocumentLanguage::kEnglish));
  EXPECT_THAT(text, HasSubstr("2026-02-01T00:00:00Z 2026-02-13T00:00:00Z held until it is known"));
  EXPECT_THAT(text, HasSubstr("Journal in the ledger not posted"));
}

}  // namespace
}  // namespace lineshaft::rights
