// intake/roles.h: which part each column of a table plays, guessed from names and first rows.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/result.h"
#include "intake/survey.h"

namespace lineshaft::intake {

// The first rows of a table, header apart.
struct FirstRows {
  std::vector<std::string> names;              // unique; one per column
  std::vector<std::vector<std::string>> rows;  // up to 200, each as long as names
};

struct Roles {
  Layout layout = Layout::kWide;
  std::vector<Use> uses;  // one per column
  // Index of the column of a use, or npos.
  static constexpr std::size_t npos = static_cast<std::size_t>(-1);
  std::size_t find(Use use) const;
};

// Time: the column whose cells are times nearly everywhere; calendar times win over numbers, and
// numbers (epochs, 20180131) count only in a column that is called a time, or in a first column
// that never runs back. A clock column joins a column of mere dates. Long: a column is called a
// tag, another a value, and there is a time. Hints come last and win. Errors: kInvalidArgument: a
// hint names a column that is not there, or a long layout lacks a part.
Result<Roles> guess_roles(const FirstRows& sample, const SurveyHints& hints);

// "org/site/x#float32" -> {"org/site/x", "float32"}: the columns of an exact export. No '#': all of
// it and nothing.
struct ExportName {
  std::string path;
  std::string suffix;
};
ExportName split_export_name(const std::string& name);

}  // namespace lineshaft::intake
