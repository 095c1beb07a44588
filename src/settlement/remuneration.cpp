#include "settlement/remuneration.h"

#include <array>

#include "base/assert.h"
#include "settlement/exact.h"

namespace lineshaft::settlement {
namespace {

// Midnight in China, which has been at UTC+8 without summer time in all these years.
constexpr Timestamp day_in_china(std::int64_t days) {
  return {(days * 24 - 8) * 3'600 * 1'000'000'000};
}
// Days from 1970-01-01.
constexpr Timestamp k2001July1 = day_in_china(11'504);
constexpr Timestamp k2010February1 = day_in_china(14'641);
constexpr Timestamp k2015October1 = day_in_china(16'709);
constexpr Timestamp k2024January20 = day_in_china(19'742);

constexpr std::string_view kRules2001 =
    "Rules for the Implementation of the Patent Law, in force 2001-07-01, Art. 74 to 76, of "
    "state-owned enterprises and institutions (english.court.gov.cn, 2015-07-17)";
constexpr std::string_view kRules2010 =
    "Rules for the Implementation of the Patent Law, in force 2010-02-01, Art. 76 to 78, unless "
    "agreed or provided otherwise (mondaq.com, 'How To Mesh With Inventor Remuneration "
    "Mechanisms')";
constexpr std::string_view kRules2024 =
    "Rules for the Implementation of the Patent Law, in force 2024-01-20, Art. 93, unless agreed "
    "or provided otherwise (mmlcgroup.com, 2024-05-28)";
constexpr std::string_view kTransformation =
    "Law on Promoting the Transformation of Scientific and Technological Achievements, revised, in "
    "force 2015-10-01, Art. 45; state institutes and universities may not agree on less "
    "(kw-legal, 2015)";
constexpr std::string_view kTransformationByRules2024 =
    "Rules for the Implementation of the Patent Law, in force 2024-01-20, Art. 94, which refers to "
    "Art. 45 of the Law on Promoting the Transformation of Scientific and Technological "
    "Achievements, unless agreed or provided otherwise (mmlcgroup.com, 2024-05-28)";

constexpr std::string_view kNetIncome = "net income of the assignment or licence";
constexpr std::string_view kFee = "licence fee";
constexpr std::string_view kSharesGot = "shares or contribution ratio";
constexpr std::string_view kProfit = "operating profit of the year from its use";
constexpr std::string_view kProfitFewYears =
    "operating profit of the year from its use, for three to five years";

constexpr auto kAny = Employer::kAny;
constexpr auto kState = Employer::kStateOwned;

constexpr std::array kAll = std::to_array<RemunerationRule>({
    {"cn-2001-grant-invention",
     {k2001July1, k2010February1},
     Occasion::kGrantOfInvention,
     kState,
     200'000,
     0,
     1,
     {},
     kRules2001},
    {"cn-2001-grant-other",
     {k2001July1, k2010February1},
     Occasion::kGrantOfOther,
     kState,
     50'000,
     0,
     1,
     {},
     kRules2001},
    {"cn-2001-licence",
     {k2001July1, k2010February1},
     Occasion::kLicence,
     kState,
     0,
     10,
     100,
     "licence fee after tax",
     kRules2001},
    {"cn-2001-use",
     {k2001July1, k2010February1},
     Occasion::kOwnUse,
     kState,
     0,
     2,
     100,
     "profit of the year from its use, after tax",
     kRules2001},
    {"cn-2001-use-design",
     {k2001July1, k2010February1},
     Occasion::kOwnUseOfDesign,
     kState,
     0,
     2,
     1'000,
     "profit of the year from its use, after tax",
     kRules2001},
    {"cn-2010-grant-invention",
     {k2010February1, k2024January20},
     Occasion::kGrantOfInvention,
     kAny,
     300'000,
     0,
     1,
     {},
     kRules2010},
    {"cn-2010-grant-other",
     {k2010February1, k2024January20},
     Occasion::kGrantOfOther,
     kAny,
     100'000,
     0,
     1,
     {},
     kRules2010},
    {"cn-2010-licence",
     {k2010February1, k2024January20},
     Occasion::kLicence,
     kAny,
     0,
     10,
     100,
     kFee,
     kRules2010},
    {"cn-2010-use",
     {k2010February1, k2024January20},
     Occasion::kOwnUse,
     kAny,
     0,
     2,
     100,
     kProfit,
     kRules2010},
    {"cn-2010-use-design",
     {k2010February1, k2024January20},
     Occasion::kOwnUseOfDesign,
     kAny,
     0,
     2,
     1'000,
     kProfit,
     kRules2010},
    {"cn-2015-investment",
     {k2015October1, kTimestampMax},
     Occasion::kInvestment,
     kState,
     0,
     50,
     100,
     kSharesGot,
     kTransformation},
    {"cn-2015-licence",
     {k2015October1, kTimestampMax},
     Occasion::kLicence,
     kState,
     0,
     50,
     100,
     kNetIncome,
     kTransformation},
    {"cn-2015-use",
     {k2015October1, kTimestampMax},
     Occasion::kOwnUse,
     kState,
     0,
     5,
     100,
     kProfitFewYears,
     kTransformation},
    {"cn-2024-grant-invention",
     {k2024January20, kTimestampMax},
     Occasion::kGrantOfInvention,
     kAny,
     400'000,
     0,
     1,
     {},
     kRules2024},
    {"cn-2024-grant-other",
     {k2024January20, kTimestampMax},
     Occasion::kGrantOfOther,
     kAny,
     150'000,
     0,
     1,
     {},
     kRules2024},
    {"cn-2024-investment",
     {k2024January20, kTimestampMax},
     Occasion::kInvestment,
     kAny,
     0,
     50,
     100,
     kSharesGot,
     kTransformationByRules2024},
    {"cn-2024-licence",
     {k2024January20, kTimestampMax},
     Occasion::kLicence,
     kAny,
     0,
     50,
     100,
     kNetIncome,
     kTransformationByRules2024},
    {"cn-2024-use",
     {k2024January20, kTimestampMax},
     Occasion::kOwnUse,
     kAny,
     0,
     5,
     100,
     kProfitFewYears,
     kTransformationByRules2024},
    {"cn-2024-use-design",
     {k2024January20, kTimestampMax},
     Occasion::kOwnUseOfDesign,
     kAny,
     0,
     5,
     100,
     kProfitFewYears,
     kTransformationByRules2024},
});

bool is_grant(Occasion occasion) {
  return occasion == Occasion::kGrantOfInvention || occasion == Occasion::kGrantOfOther;
}

}  // namespace

Ratio RemunerationRule::rate() const {
  return Ratio::make(percent_numerator, percent_denominator).value();
}

std::span<const RemunerationRule> remuneration_rules() { return kAll; }

// A rule for state-owned employers goes before one for all.
const RemunerationRule* remuneration_rule(Occasion occasion, Employer employer, Timestamp at) {
  const RemunerationRule* found = nullptr;
  for (const RemunerationRule& rule : kAll) {
    if (rule.occasion != occasion || !rule.valid.contains(at)) continue;
    if (rule.employer == Employer::kStateOwned && employer != Employer::kStateOwned) continue;
    if (found == nullptr || rule.employer == Employer::kStateOwned) found = &rule;
  }
  return found;
}

Result<Int128> remuneration_minimum(Occasion occasion, Employer employer, Timestamp at,
                                    Int128 base_fen) {
  if (!is_amount(base_fen)) return too_large("remuneration: the base is negative, or has");
  const RemunerationRule* const rule = remuneration_rule(occasion, employer, at);
  if (rule == nullptr) return Int128{0};
  if (is_grant(occasion)) return Int128{rule->minimum_fen};
  return rule->rate().of(base_fen, Rounding::kCeiling).value_or(0);
}

}  // namespace lineshaft::settlement
