// identity/organisation_store.h: what became of each organisation: suspended, leaving, removed.
// Errors of every function: as records::Statement::step.
#pragma once

#include <vector>

#include "identity/identity.h"
#include "records/database.h"

namespace lineshaft::identity {

// After migrate_store.
Status migrate_organisations(records::Database& database);
// With their states, removed ones too, in order of id.
Result<std::vector<Organisation>> load_all_organisations(records::Database& database);
Status put_organisation_state(records::Database& database, const Organisation& organisation);
// People with their sessions, and tokens.
Status delete_members(records::Database& database, TenantId tenant);

}  // namespace lineshaft::identity
