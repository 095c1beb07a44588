// identity/claim_code.h: codes that people type: the one that makes whoever reads the terminal the
// first administrator, and those that stand in for a lost second factor.
#pragma once

#include <string>
#include <string_view>

#include "sys/clock.h"

namespace lineshaft::identity {

// Twelve characters of Crockford's base 32 (0-9, A-Z without I, L, O, U): 60 random bits, as
// "7KQM-2F9X-0TBD".
std::string make_claim_code(sys::Random& random);

// What people make of it when they type: case, blanks and dashes do not matter, O is 0, I and L are
// 1. The twelve characters without dashes; "" if it cannot be a code.
std::string normalise_claim_code(std::string_view typed);

// The same with 24 characters: 120 random bits, as "7KQM-2F9X-0TBD-41HW-8VPZ-M3GC".
std::string make_recovery_code(sys::Random& random);
std::string normalise_recovery_code(std::string_view typed);

}  // namespace lineshaft::identity
