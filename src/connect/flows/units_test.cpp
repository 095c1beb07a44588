#include "connect/flows/units.h"

#include <gtest/gtest.h>

namespace lineshaft::connect {
namespace {

double converted(std::string_view from, std::string_view to, double number) {
  const auto conversion = unit_conversion(from, to);
  EXPECT_TRUE(conversion.ok()) << from << " to " << to;
  return conversion ? conversion->apply(number) : 0;
}

// Expected values by the definitions of the units, exactly.
TEST(UnitConversion, IsExactWhereTheDefinitionsAre) {
  EXPECT_EQ(converted("CEL", "FAH", 100), 212);
  EXPECT_EQ(converted("CEL", "FAH", -40), -40);
  EXPECT_EQ(converted("FAH", "CEL", 212), 100);
  EXPECT_EQ(converted("CEL", "KEL", 0), 273.15);
  EXPECT_EQ(converted("KEL", "CEL", 273.15), 0);
  EXPECT_EQ(converted("BAR", "KPA", 7), 700);
  EXPECT_EQ(converted("BAR", "PAL", 1.5), 150'000);
  EXPECT_EQ(converted("ATM", "PAL", 1), 101'325);
  EXPECT_EQ(converted("INH", "MMT", 1), 25.4);
  EXPECT_EQ(converted("FOT", "INH", 1), 12);
  EXPECT_EQ(converted("KWH", "3B", 1), 3.6);  // 1 kWh is 3.6 MJ
  EXPECT_EQ(converted("MWH", "KWH", 2), 2'000);
  EXPECT_EQ(converted("TNE", "KGM", 0.25), 250);
  EXPECT_EQ(converted("E31", "E93", 1), 1'000);  // t/h to kg/h
  EXPECT_EQ(converted("MQH", "L2", 6), 100);     // 6 m³/h is 100 L/min
  EXPECT_EQ(converted("RPM", "HTZ", 1'500), 25);
  EXPECT_EQ(converted("MTS", "KMH", 10), 36);
  EXPECT_EQ(converted("2X", "MTS", 60), 1);
  EXPECT_EQ(converted("HUR", "SEC", 0.5), 1'800);
  EXPECT_EQ(converted("P1", "59", 1), 10'000);  // 1 % is 10,000 ppm
}

TEST(UnitConversion, GoesBackToWhereItCameFrom) {
  const auto conversion = unit_conversion("CEL", "FAH").value();
  for (double number : {-273.15, -40.0, 0.0, 20.0, 1'650.0}) {
    EXPECT_NEAR(conversion.back(conversion.apply(number)), number, 1e-9);
  }
}

TEST(UnitConversion, IsRefusedBetweenDimensionsAndForUnknownUnits) {
  EXPECT_EQ(unit_conversion("CEL", "BAR").error().what,
            "'CEL' does not convert to 'BAR': they measure different things");
  EXPECT_EQ(unit_conversion("", "BAR").error().what,
            "'' does not convert to 'BAR': the tag has no unit");
  EXPECT_FALSE(unit_conversion("XYZ", "BAR").ok());
  EXPECT_FALSE(unit_conversion("BAR", "XYZ").ok());
  EXPECT_TRUE(unit_conversion("XYZ", "XYZ").ok());  // nothing to do
}

TEST(UnitConversion, KeepsFloat32AndTurnsIntegersIntoFloat64) {
  const auto conversion = unit_conversion("KWH", "WHR").value();
  EXPECT_EQ(convert(conversion, Value(std::int64_t{3})), Value(3'000.0));
  EXPECT_EQ(convert(conversion, Value(1.5f)), Value(1'500.0f));
  EXPECT_EQ(convert_back(conversion, ValueType::kInt64, Value(3'400.0)).value(),
            Value(std::int64_t{3}));
  EXPECT_FALSE(convert_back(conversion, ValueType::kInt64, Value(1e30)).ok());
  EXPECT_FALSE(convert_back(conversion, ValueType::kInt64, Value(1.0f)).ok());
}

}  // namespace
}  // namespace lineshaft::connect
