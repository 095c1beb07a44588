// identity/operator.h: the organisation that claimed the server runs it for all others: it takes
// them in, sees how much they use, never what they have. What belongs to the server as a whole (its
// backups, its ledger, its register of rights) is the operator's too.
#pragma once

#include <optional>

#include "identity/access.h"

namespace lineshaft::identity {

inline constexpr TenantId kOperator{1};

// What belongs to the server as a whole: those of other organisations do not hold these, whatever
// their role is.
inline constexpr PermissionSet kOperatorsOnly{Permission::kMetricsRead, Permission::kBackupRun,
                                              Permission::kStorageMaintain,
                                              Permission::kRightsManage};

inline bool is_operator(const Principal& who) { return who.tenant == kOperator; }

// As authorise(), and only for those of the operator. Errors: kDenied.
inline Status authorise_operator(const Principal& who, Permission what) {
  if (Status may = authorise(who, what); !may) return may;
  if (is_operator(who)) return {};
  return Error{ErrorId::kDenied, "this belongs to the organisation that runs the server"};
}

}  // namespace lineshaft::identity
