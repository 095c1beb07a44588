#include "model/money.h"

#include <algorithm>
#include <cstddef>

namespace lineshaft {
namespace {

struct Entry {
  std::string_view code;
  unsigned exponent;
};

// The active currencies of ISO 4217 list one without funds codes, metals and testing codes. CNY is
// first because it is the default; the rest is in order of code.
constexpr Entry kCurrencies[] = {
    {"CNY", 2}, {"AED", 2}, {"AFN", 2}, {"ALL", 2}, {"AMD", 2}, {"AOA", 2}, {"ARS", 2}, {"AUD", 2},
    {"AWG", 2}, {"AZN", 2}, {"BAM", 2}, {"BBD", 2}, {"BDT", 2}, {"BHD", 3}, {"BIF", 0}, {"BMD", 2},
    {"BND", 2}, {"BOB", 2}, {"BRL", 2}, {"BSD", 2}, {"BTN", 2}, {"BWP", 2}, {"BYN", 2}, {"BZD", 2},
    {"CAD", 2}, {"CDF", 2}, {"CHF", 2}, {"CLP", 0}, {"COP", 2}, {"CRC", 2}, {"CUP", 2}, {"CVE", 2},
    {"CZK", 2}, {"DJF", 0}, {"DKK", 2}, {"DOP", 2}, {"DZD", 2}, {"EGP", 2}, {"ERN", 2}, {"ETB", 2},
    {"EUR", 2}, {"FJD", 2}, {"FKP", 2}, {"GBP", 2}, {"GEL", 2}, {"GHS", 2}, {"GIP", 2}, {"GMD", 2},
    {"GNF", 0}, {"GTQ", 2}, {"GYD", 2}, {"HKD", 2}, {"HNL", 2}, {"HTG", 2}, {"HUF", 2}, {"IDR", 2},
    {"ILS", 2}, {"INR", 2}, {"IQD", 3}, {"IRR", 2}, {"ISK", 0}, {"JMD", 2}, {"JOD", 3}, {"JPY", 0},
    {"KES", 2}, {"KGS", 2}, {"KHR", 2}, {"KMF", 0}, {"KPW", 2}, {"KRW", 0}, {"KWD", 3}, {"KYD", 2},
    {"KZT", 2}, {"LAK", 2}, {"LBP", 2}, {"LKR", 2}, {"LRD", 2}, {"LSL", 2}, {"LYD", 3}, {"MAD", 2},
    {"MDL", 2}, {"MGA", 2}, {"MKD", 2}, {"MMK", 2}, {"MNT", 2}, {"MOP", 2}, {"MRU", 2}, {"MUR", 2},
    {"MVR", 2}, {"MWK", 2}, {"MXN", 2}, {"MYR", 2}, {"MZN", 2}, {"NAD", 2}, {"NGN", 2}, {"NIO", 2},
    {"NOK", 2}, {"NPR", 2}, {"NZD", 2}, {"OMR", 3}, {"PAB", 2}, {"PEN", 2}, {"PGK", 2}, {"PHP", 2},
    {"PKR", 2}, {"PLN", 2}, {"PYG", 0}, {"QAR", 2}, {"RON", 2}, {"RSD", 2}, {"RUB", 2}, {"RWF", 0},
    {"SAR", 2}, {"SBD", 2}, {"SCR", 2}, {"SDG", 2}, {"SEK", 2}, {"SGD", 2}, {"SHP", 2}, {"SLE", 2},
    {"SOS", 2}, {"SRD", 2}, {"SSP", 2}, {"STN", 2}, {"SVC", 2}, {"SYP", 2}, {"SZL", 2}, {"THB", 2},
    {"TJS", 2}, {"TMT", 2}, {"TND", 3}, {"TOP", 2}, {"TRY", 2}, {"TTD", 2}, {"TWD", 2}, {"TZS", 2},
    {"UAH", 2}, {"UGX", 0}, {"USD", 2}, {"UYU", 2}, {"UZS", 2}, {"VES", 2}, {"VND", 0}, {"VUV", 0},
    {"WST", 2}, {"XAF", 0}, {"XCD", 2}, {"XOF", 0}, {"XPF", 0}, {"YER", 2}, {"ZAR", 2}, {"ZMW", 2},
};

// Of kMoneyDigitsMax digits.
constexpr Int128 amount_end() {
  Int128 end = 1;
  for (unsigned i = 0; i < kMoneyDigitsMax; ++i) end *= 10;
  return end;
}

}  // namespace

Result<Currency> Currency::parse(std::string_view code) {
  const auto* const found = std::ranges::find(kCurrencies, code, &Entry::code);
  if (found == std::end(kCurrencies)) {
    return Error{ErrorId::kInvalidArgument,
                 "'" + std::string(code.substr(0, 16)) + "' is no currency of ISO 4217, like CNY"};
  }
  return Currency(static_cast<std::uint16_t>(found - std::begin(kCurrencies)));
}

std::string_view Currency::code() const { return kCurrencies[index_].code; }

unsigned Currency::exponent() const { return kCurrencies[index_].exponent; }

std::string amount_text(const Money& money) {
  const Result<Decimal> amount = Decimal::make(money.minor_units, money.currency.exponent());
  LS_ASSERT(amount.ok());  // no amount has more than kMoneyDigitsMax digits
  return amount->text();
}

std::string money_text(const Money& money) {
  return amount_text(money) + " " + std::string(money.currency.code());
}

Result<Money> parse_amount(std::string_view text, Currency currency) {
  const Result<Decimal> written = Decimal::parse(text);
  if (!written) return written.error();
  const Result<Decimal> amount = written->rounded(currency.exponent(), Rounding::kDown);
  if (!amount || *amount != *written) {
    return Error{ErrorId::kInvalidArgument,
                 "'" + std::string(text.substr(0, 64)) + "' has more than the " +
                     std::to_string(currency.exponent()) + " digits behind the point of " +
                     std::string(currency.code())};
  }
  if (amount->coefficient() >= amount_end() || amount->coefficient() <= -amount_end()) {
    return Error{ErrorId::kInvalidArgument, "'" + std::string(text.substr(0, 64)) +
                                                "' has more than " +
                                                std::to_string(kMoneyDigitsMax) + " digits"};
  }
  return Money{amount->coefficient(), currency};
}

Result<Money> parse_money(std::string_view text) {
  const std::size_t blank = text.rfind(' ');
  if (blank == std::string_view::npos) {
    return Error{ErrorId::kInvalidArgument, "'" + std::string(text.substr(0, 64)) +
                                                "' is no amount with its currency, like 12.50 CNY"};
  }
  const Result<Currency> currency = Currency::parse(text.substr(blank + 1));
  if (!currency) return currency.error();
  return parse_amount(text.substr(0, blank), *currency);
}

}  // namespace lineshaft
