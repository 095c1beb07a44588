// settlement/tax.h: tax that is contained in a price, and tax that the payer keeps back.
// Pure functions; threads: any.
#pragma once

#include "base/decimal.h"
#include "base/ratio.h"
#include "base/result.h"

namespace lineshaft::settlement {

// Errors: kInvalidArgument: below 0 or above 1; `name` is the field.
Status check_tax_rate(const char* name, const Ratio& rate);

// The value added tax that a price contains: gross * rate / (1 + rate). Rounding point "vat": to
// the nearest unit, ties up. Requires: an amount (exact.h), check_tax_rate.
Int128 contained_vat(Int128 gross, const Ratio& rate);

// What the payer pays to the tax office in the licensor's name: gross * rate. Rounding point
// "withholding": down. Requires: as above.
Int128 withheld(Int128 gross, const Ratio& rate);

}  // namespace lineshaft::settlement
