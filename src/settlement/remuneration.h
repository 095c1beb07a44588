// settlement/remuneration.h: what the law of China gives inventors at least where nothing else is
// agreed, by date. Data with their sources; pure; threads: any.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/decimal.h"
#include "base/ratio.h"
#include "base/result.h"
#include "base/time.h"

namespace lineshaft::settlement {

enum class Occasion : std::uint8_t {
  kGrantOfInvention,  // a reward once: an amount
  kGrantOfOther,      // utility model or design
  kLicence,           // a part of what a licence or an assignment brings
  kInvestment,        // a part of the shares that are got for it
  kOwnUse,            // a part of each year's profit from using it
  kOwnUseOfDesign,
};

// Whose patent it is.
enum class Employer : std::uint8_t { kAny, kStateOwned };

struct RemunerationRule {
  std::string_view id;
  TimeRange valid;  // of the grant, or of the income
  Occasion occasion = Occasion::kLicence;
  Employer employer = Employer::kAny;  // kStateOwned: for such employers only
  std::int64_t minimum_fen = 0;        // of the occasions that are grants
  std::int64_t percent_numerator = 0;  // of the others: of the base
  std::int64_t percent_denominator = 100;
  std::string_view base;    // what the part is taken of
  std::string_view source;  // the text of law, and where it was read

  // Requires: not a grant.
  Ratio rate() const;
};

// Ordered by id. An agreement or the employer's own lawful rules go first, where the source says
// so.
std::span<const RemunerationRule> remuneration_rules();

// The rule in force; nothing if the law then had none.
const RemunerationRule* remuneration_rule(Occasion occasion, Employer employer, Timestamp at);

// The least that inventors get of `base` fen, rounded up. Of a grant: the reward, whatever the
// base. 0 without a rule. Errors: kInvalidArgument: `base` is negative or too large.
Result<Int128> remuneration_minimum(Occasion occasion, Employer employer, Timestamp at,
                                    Int128 base_fen);

}  // namespace lineshaft::settlement
