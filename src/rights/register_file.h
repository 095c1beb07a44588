// rights/register_file.h: what an office says of rights, taken from a document or a table into the
// register, and the register written as such (docs/reference/wipo.md).
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rights/register.h"
#include "wire/wipo/document.h"

namespace lineshaft::rights {

// Every record of a document of WIPO ST.36 or ST.96, or of a table (CSV) that begins with the names
// of its columns. Pure. Errors: kBadRegisterDocument with the line, and the element or column.
Result<std::vector<wipo::FoundRecord>> read_register_file(std::string_view bytes);

enum class ImportAction : std::uint8_t { kNew, kChange, kSame };
std::string_view name_of(ImportAction action);

// What the records of one right would do.
struct ImportItem {
  std::size_t line = 0;  // of its first record
  ImportAction action = ImportAction::kSame;
  Addition addition;
  std::vector<std::string> applicants;  // as the document names them
};

// Pure but for reading the register; changes nothing. A right is known again by its office and the
// number of its application, whatever blanks and dots stand in it. Of one that the register has,
// events that it lacks are added, and nothing is written over. Of a new one, an asset is made; its
// parent is the one whose application is the first priority; its owner the applicant, if it is one
// alone and a party has that name.
//
// Errors: kConflict with the line: the register has the same right as another kind, or the filing,
// the grant or the first priority on another day; its id is taken. kInvalidArgument with the line:
// a day after `today`, a text that is too long.
Result<std::vector<ImportItem>> plan_import(Register& assets, TenantId tenant,
                                            std::span<const wipo::FoundRecord> records, Day today);

// What the items add: those that are not the same.
std::vector<Addition> additions_of(std::vector<ImportItem> items);

// The assets that an office registers and that have a number, as records, in order of id. Owners of
// the day `filter.on` are the applicants. Errors: kInvalidArgument: more than wipo::kRecordsMax.
Result<std::vector<wipo::RegisterRecord>> export_records(Register& assets, const View& view,
                                                         const AssetFilter& filter);
std::string csv_of(const std::vector<wipo::RegisterRecord>& records);
// One document of ST.96; of several records one that holds theirs.
std::string st96_of(const std::vector<wipo::RegisterRecord>& records);

}  // namespace lineshaft::rights
