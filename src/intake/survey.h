// intake/survey.h: proposes a plan for a file from all that stands in it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "intake/plan.h"
#include "model/value.h"
#include "sys/file.h"

namespace lineshaft::intake {

// What is given and therefore not guessed.
struct SurveyHints {
  std::optional<Encoding> encoding = {};
  std::optional<char> delimiter = {};
  std::optional<char> decimal = {};
  std::optional<bool> header = {};
  std::optional<std::uint32_t> skip_lines = {};
  std::optional<Layout> layout = {};
  std::optional<std::string> time_column = {};  // empty: none
  std::optional<std::string> time_format = {};
  std::vector<std::pair<std::uint32_t, Use>> uses = {};  // of columns, by index
};

struct SurveyTask {
  sys::FileSystem& files;
  std::string path;
  std::string file_name;  // as the person knows it: gives the paths their level and maybe the year
  std::string prefix;
  SurveyHints hints;
  // The type of an existing tag of the tenant. May be empty.
  std::function<std::optional<ValueType>(std::string_view path)> type_of_tag;
};

struct Survey {
  Plan plan;
  std::vector<std::string> notes;
};

// One pass over the file. Errors: kImportUnreadable: not text, no rows, more than kSignalsMax
// signals; kInvalidArgument: a hint that does not fit (no such column, unknown format); kIoError.
Result<Survey> survey(const SurveyTask& task);

}  // namespace lineshaft::intake
