#include "settlement/terms.h"

#include <algorithm>
#include <string_view>

#include "base/utf8.h"
#include "settlement/exact.h"
#include "settlement/tax.h"

namespace lineshaft::settlement {
namespace {

Error refused(const std::string& why) { return {ErrorId::kInvalidArgument, why}; }

template <typename Item>
Status check_amounts(const char* field, const std::vector<Item>& items) {
  if (items.size() > kFeesMax) {
    return refused(std::string(field) + ": more than " + std::to_string(kFeesMax));
  }
  std::vector<std::string_view> ids;
  for (const Item& item : items) {
    if (Status checked = check_id(std::string(field) + ": id", item.id); !checked) return checked;
    if (!is_amount(item.amount)) {
      return refused(std::string(field) + ": the amount of " + item.id +
                     " is negative, or has more than 30 digits");
    }
    ids.push_back(item.id);
  }
  std::ranges::sort(ids);
  const auto twice = std::ranges::adjacent_find(ids);
  if (twice == ids.end()) return {};
  return refused(std::string(field) + ": " + std::string(*twice) + " is there twice");
}

// A licence that is free owes nothing, and one that is not owes something.
Status check_free(const Terms& terms) {
  const Limits& limits = terms.limits;
  const bool owes = !terms.tiers.empty() || limits.period_minimum || !limits.guarantees.empty() ||
                    !terms.fees.empty() || !terms.milestones.empty() || !terms.advances.empty();
  if (terms.free && owes) return refused("free: the licence is free, and yet something is owed");
  if (!terms.free && !owes)
    return refused("free: nothing is owed, and yet the licence is not free");
  return {};
}

Status check_usage(const Terms& terms) {
  if (terms.usage == Usage::kAmount && (terms.unit_price || terms.quantity_digits != 0)) {
    return refused("usage: amounts of money have neither unit_price nor quantity_digits");
  }
  if (terms.quantity_digits > kQuantityDigitsMax) {
    return refused("quantity_digits: more than " + std::to_string(kQuantityDigitsMax));
  }
  if (terms.unit_price && *terms.unit_price < Ratio()) return refused("unit_price: is negative");
  if (!terms.base_is_money() && !terms.vat.is_zero()) {
    return refused("vat: is contained in money only, and the base is a quantity");
  }
  return {};
}

}  // namespace

Status check_id(const std::string& field, const std::string& id) {
  if (!id.empty() && id.size() <= kIdBytesMax && is_utf8(id) && !has_control(id)) return {};
  return refused(field + ": must be 1 to " + std::to_string(kIdBytesMax) +
                 " bytes of UTF-8 without control characters");
}

Status check_terms(const Terms& terms) {
  for (const auto& [field, id] : {std::pair{"licence", &terms.licence},
                                  {"version", &terms.version},
                                  {"asset", &terms.asset},
                                  {"payer", &terms.payer}}) {
    if (Status checked = check_id(field, *id); !checked) return checked;
  }
  for (const Status& checked :
       {check_usage(terms), check_tiers(terms.tiers), check_limits(terms.limits),
        check_amounts("fees", terms.fees), check_amounts("milestones", terms.milestones),
        check_amounts("advances", terms.advances), check_tax_rate("vat", terms.vat),
        check_tax_rate("withholding", terms.withholding), check_free(terms)}) {
    if (!checked) return checked;
  }
  return {};
}

}  // namespace lineshaft::settlement
