#include "settlement/tax.h"

#include <string>

namespace lineshaft::settlement {

Status check_tax_rate(const char* name, const Ratio& rate) {
  if (rate >= Ratio() && rate.numerator() <= rate.denominator()) return {};
  return Error{ErrorId::kInvalidArgument,
               std::string(name) + ": " + rate.text() + " is not between 0 and 1"};
}

// Neither result exceeds the amount, so both fit.
Int128 contained_vat(Int128 gross, const Ratio& rate) {
  return multiply_divide(gross, rate.numerator(), Int128{rate.denominator()} + rate.numerator(),
                         Rounding::kHalfAway)
      .value_or(0);
}

Int128 withheld(Int128 gross, const Ratio& rate) {
  return rate.of(gross, Rounding::kFloor).value_or(0);
}

}  // namespace lineshaft::settlement
