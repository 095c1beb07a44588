// rights/agreement_store.h: reads agreements and consents from their tables, through whichever
// connection asks: that of the book, or that of the register inside a change of shares.
// Errors: as records::Statement::step. Threads: as records::Database.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "records/database.h"
#include "rights/agreement_book.h"

namespace lineshaft::rights {

// All versions, oldest first; none if there is no such agreement.
Result<std::vector<KeptAgreement>> read_versions(records::Database& database, TenantId tenant,
                                                 std::string_view id);

// Proposed changes, oldest first, with what is missing by `current`.
Result<std::vector<ShareChange>> read_share_changes(records::Database& database, TenantId tenant,
                                                    const Agreement& current);

// Whether the register may take `next` as the ownership of `asset`, instead of `before`, which
// counts on that day so far. Errors: kConflict: the asset is a result of a project whose agreement
// in force asks for a consent that is not there; the error names who has not given it.
Status check_consent(records::Database& database, TenantId tenant, std::string_view asset,
                     const std::vector<Share>& before, const Ownership& next, Day today);

}  // namespace lineshaft::rights
