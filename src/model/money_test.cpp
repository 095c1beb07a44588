#include "model/money.h"

#include <gtest/gtest.h>

namespace lineshaft {
namespace {

Currency currency(std::string_view code) { return Currency::parse(code).value(); }

TEST(Currency, KnowsTheDigitsOfEachCurrency) {
  EXPECT_EQ(Currency().code(), "CNY");
  EXPECT_EQ(currency("CNY").exponent(), 2U);
  EXPECT_EQ(currency("JPY").exponent(), 0U);
  EXPECT_EQ(currency("KWD").exponent(), 3U);
  EXPECT_EQ(currency("EUR"), currency("EUR"));
  EXPECT_LT(currency("AUD"), currency("CNY"));
  for (const char* code : {"", "cny", "ABC", "CN", "CNYX", "RMB"}) {
    EXPECT_FALSE(Currency::parse(code).ok()) << code;
  }
}

TEST(Money, TextReadsBackToTheSameAmount) {
  for (const char* text : {"0.00 CNY", "-1234.50 EUR", "7 JPY", "0.001 KWD", "-0.05 USD",
                           "9999999999999999999999999999.99 CNY"}) {
    EXPECT_EQ(money_text(parse_money(text).value()), text);
  }
  EXPECT_EQ(parse_amount("1234.5", currency("CNY"))->minor_units, Int128{123450});
  EXPECT_EQ(parse_amount("1234", currency("KWD"))->minor_units, Int128{1234000});
  EXPECT_EQ(parse_amount("1.500", currency("CNY"))->minor_units, Int128{150});
}

TEST(Money, RefusesPartsOfAMinorUnitAndWhatIsTooLarge) {
  for (const char* text : {"0.005 CNY", "1.5 JPY", "1e-3 EUR", "10000000000000000000000000000 CNY",
                           "1,000 CNY", "12", "12 RMB", " CNY", ""}) {
    EXPECT_FALSE(parse_money(text).ok()) << text;
  }
}

}  // namespace
}  // namespace lineshaft
