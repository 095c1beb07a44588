// settlement/terms.h: the royalty terms of one licence as plain data, and as JSON.
// Pure functions; threads: any. docs/reference/settlement.md lists the fields.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/decimal.h"
#include "base/ratio.h"
#include "base/result.h"
#include "base/time.h"
#include "model/json.h"
#include "model/money.h"
#include "settlement/schedule.h"

namespace lineshaft::settlement {

inline constexpr std::size_t kIdBytesMax = 64;
inline constexpr std::size_t kFeesMax = 1'000;  // of each kind, of one licence
inline constexpr unsigned kQuantityDigitsMax = 9;

// What a usage line counts.
enum class Usage : std::uint8_t {
  kAmount,    // money that the licensee has taken, in minor units
  kQuantity,  // pieces, tonnes, hours, calls: in 10^-quantity_digits of one
};

// What happens where metered use is missing. It is never taken for zero.
enum class GapRule : std::uint8_t {
  kHold,      // what the licence brings in the period is held, until somebody releases it
  kEstimate,  // as much a time as in the last period that was measured; held if there was none
  kDeclared,  // what the licensee declares; held until he does
};

struct Fee {
  std::string id;
  Timestamp due;
  Int128 amount = 0;
  friend bool operator==(const Fee&, const Fee&) = default;
};

struct Milestone {
  std::string id;
  Int128 amount = 0;
  friend bool operator==(const Milestone&, const Milestone&) = default;
};

struct Advance {
  std::string id;
  Timestamp due;
  Int128 amount = 0;
  bool recoupable = true;  // later royalties are charged only beyond it
  friend bool operator==(const Advance&, const Advance&) = default;
};

struct Terms {
  std::string licence;
  std::string version;
  std::string asset;  // whose licence it is: there the receipts are divided
  std::string payer;
  Currency currency;
  bool free = false;  // nothing is owed; said, so that no term is forgotten
  Usage usage = Usage::kAmount;
  unsigned quantity_digits = 0;
  // Minor units for one unit of a usage line: with it the base is money, without it the quantity.
  std::optional<Ratio> unit_price;
  std::vector<Tier> tiers;  // minor units for one unit of the base
  Limits limits;
  std::vector<Fee> fees;
  std::vector<Milestone> milestones;
  std::vector<Advance> advances;
  GapRule gaps = GapRule::kHold;
  Ratio vat;          // contained in the base, if that is money
  Ratio withholding;  // of every payment
  friend bool operator==(const Terms&, const Terms&) = default;

  bool base_is_money() const { return usage == Usage::kAmount || unit_price.has_value(); }
};

// Errors: kInvalidArgument: the first field that makes no sense, by its name in JSON.
Status check_terms(const Terms& terms);

// Amounts and rates are strings: "1234.50" in the currency, "7/100". Rates on a quantity and the
// unit price are in the currency for one whole unit.
Json terms_json(const Terms& terms);

// Reads that, also "7 %". Unknown and missing fields are refused.
// Errors: kInvalidArgument naming the field; as check_terms.
Result<Terms> terms_from_json(const Json& object);

// An amount of the base as a person writes it: money, or a quantity with its digits.
std::string base_text(Int128 base, const Terms& terms);

// 1 to kIdBytesMax bytes of UTF-8 without control characters. `field` is named in the error.
Status check_id(const std::string& field, const std::string& id);

}  // namespace lineshaft::settlement
