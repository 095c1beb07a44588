// rights/project_json.h: projects as JSON, for API, files and the table of entries. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "model/json.h"
#include "rights/key_book.h"
#include "rights/project.h"

namespace lineshaft::rights {

Json project_json(const KeptProject& kept);
Json entry_json(const ProjectEntry& entry);
Json key_json(const RegisteredKey& key);

// Members that only answers have are passed over. Errors: kInvalidArgument naming the field.
Result<Project> project_from_json(const Json& object);
// Of a contribution of data: `tag`, `from`, `to` in `data`; what they hold is filled in by who
// reads them.
Result<ProjectEntry> entry_from_json(const Json& object);

// What the table has as JSON: the members that have no column. Errors: as above.
Json stored_entry_json(const ProjectEntry& entry);
Result<ProjectEntry> stored_entry_from_json(const Json& object);

}  // namespace lineshaft::rights
