// rights/agreement_schema.h: the tables of projects, agreements and keys, in records.db.
#pragma once

#include <span>
#include <string_view>

namespace lineshaft::rights {

inline constexpr std::string_view kAgreementTables = "agreements";  // their name for migrate

// Steps of Database::migrate: only append.
std::span<const std::string_view> agreement_steps();

}  // namespace lineshaft::rights
