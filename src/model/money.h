// model/money.h: exact money: whole minor units (fen, cents, yen) of a currency of ISO 4217.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/decimal.h"
#include "base/result.h"

namespace lineshaft {

// A currency of ISO 4217. A value type, ordered by its code; threads: any. The default is CNY.
class Currency {
 public:
  Currency() = default;

  // "CNY". Capital letters only. Errors: kInvalidArgument: not in the list of ISO 4217.
  static Result<Currency> parse(std::string_view code);

  std::string_view code() const;
  // Digits behind the point: CNY 2, JPY 0, KWD 3.
  unsigned exponent() const;

  friend auto operator<=>(const Currency& a, const Currency& b) { return a.code() <=> b.code(); }
  friend bool operator==(const Currency&, const Currency&) = default;

 private:
  explicit Currency(std::uint16_t index) : index_(index) {}
  std::uint16_t index_ = 0;  // into the list of money.cpp; never stored
};

// No amount anywhere may have more digits: sums of ten million of them still fit 128 bits.
inline constexpr unsigned kMoneyDigitsMax = 30;

struct Money {
  Int128 minor_units = 0;
  Currency currency;
  friend bool operator==(const Money&, const Money&) = default;
};

// "-1234.50", with as many digits behind the point as the currency has. No grouping.
std::string amount_text(const Money& money);
// "-1234.50 CNY".
std::string money_text(const Money& money);

// Reads what amount_text wrote; also "1234" and "1234.5". Errors: kInvalidArgument: not a decimal,
// more digits behind the point than the currency has, more than kMoneyDigitsMax digits.
Result<Money> parse_amount(std::string_view text, Currency currency);
// Reads what money_text wrote. Errors: as above, and of Currency::parse.
Result<Money> parse_money(std::string_view text);

}  // namespace lineshaft
