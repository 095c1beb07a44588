// rights/statement_document.h: a party's statement as a file for people: CSV for a spreadsheet, PDF
// for paper. Pure functions: the same statement gives the same bytes. docs/reference/royalties.md.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "model/json.h"

namespace lineshaft::rights {

// What ids are called; one that is missing stands for itself.
struct StatementNames {
  std::map<std::string, std::string> parties;
  std::map<std::string, std::string> assets;
};

enum class DocumentLanguage : std::uint8_t { kEnglish, kChinese };

// `statement` of both is what party_statement gave; names are UTF-8.
//
// RFC 4180: one row for the statement, each part of the amount, each licence that brings or charges
// money, each meter, gap and usage line. Text that a spreadsheet would take for a formula gets an
// apostrophe in front; amounts do not.
std::string statement_csv(const Json& statement, const StatementNames& names);

std::string statement_pdf(const Json& statement, const StatementNames& names,
                          DocumentLanguage language);

}  // namespace lineshaft::rights
