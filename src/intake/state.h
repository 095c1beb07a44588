// intake/state.h: an import as it is kept in the spool between two runs of the server.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "intake/import.h"

namespace lineshaft::intake {

struct StoredImport {
  Import import;
  std::vector<std::string> survey_notes;  // the part of report.notes that a new dry run keeps
};

// JSON. Progress is not kept. Errors: kCorrupt.
std::string state_to_json(const StoredImport& stored);
Result<StoredImport> json_to_state(std::string_view text);

}  // namespace lineshaft::intake
