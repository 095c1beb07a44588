// identity/operator.h: the organisation that claimed the server runs it for all others: it takes
// them in, sees how much they use, never what they have. What is the server's as a whole it alone
// can hold (kOfServer).
#pragma once

#include "identity/access.h"

namespace lineshaft::identity {

inline constexpr TenantId kOperator = kFirstTenant;

inline bool is_operator(const Principal& who) { return who.tenant == kOperator; }

}  // namespace lineshaft::identity
