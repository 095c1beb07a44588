#include "wire/sparkplug/value.h"

#include <gtest/gtest.h>

#include <limits>

namespace lineshaft::sparkplug {
namespace {

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();

// -1 as 8, 16, 32 and 64 bits, and as what some peers send: as many ones as the field has.
TEST(SparkplugValue, ReadsNegativeNumbersHoweverManyBitsThePeerSends) {
  for (const WireValue& wire : {WireValue(IntBits{0xFF}), WireValue(IntBits{0xFFFF'FFFF}),
                                WireValue(LongBits{~std::uint64_t{0}})}) {
    EXPECT_EQ(to_value(DataType::kInt8, wire).value(), Value(std::int64_t{-1}));
  }
  EXPECT_EQ(to_value(DataType::kInt16, IntBits{0x8000}).value(), Value(std::int64_t{-32768}));
  EXPECT_EQ(to_value(DataType::kInt32, IntBits{0x8000'0000}).value(),
            Value(std::int64_t{-2147483648}));
  EXPECT_EQ(to_value(DataType::kUInt8, IntBits{0xFFFF'FFFF}).value(), Value(std::int64_t{255}));
  EXPECT_EQ(to_value(DataType::kUInt32, IntBits{0xFFFF'FFFF}).value(),
            Value(std::int64_t{4'294'967'295}));
}

TEST(SparkplugValue, KeepsEachTypeToItsRange) {
  const struct {
    DataType type;
    std::int64_t low, high;
  } ranges[] = {
      {DataType::kInt8, -128, 127},
      {DataType::kInt16, -32768, 32767},
      {DataType::kInt32, -2147483648, 2147483647},
      {DataType::kInt64, kMin, kMax},
      {DataType::kUInt8, 0, 255},
      {DataType::kUInt16, 0, 65535},
      {DataType::kUInt32, 0, 4'294'967'295},
      {DataType::kUInt64, 0, kMax},
      {DataType::kDateTime, 0, kMax},
  };
  for (const auto& range : ranges) {
    for (const std::int64_t edge : {range.low, range.high}) {
      const WireValue wire = to_wire(range.type, Value(edge)).value();
      EXPECT_EQ(to_value(range.type, wire).value(), Value(edge)) << data_type_name(range.type);
    }
    EXPECT_TRUE(range.low == kMin || !to_wire(range.type, Value(range.low - 1)).ok());
    EXPECT_TRUE(range.high == kMax || !to_wire(range.type, Value(range.high + 1)).ok());
  }
  EXPECT_FALSE(to_value(DataType::kUInt64, LongBits{std::uint64_t{1} << 63U}).ok());
}

TEST(SparkplugValue, RefusesAValueOfAnotherType) {
  EXPECT_FALSE(to_value(DataType::kInt32, 1.0F).ok());
  EXPECT_FALSE(to_value(DataType::kFloat, 1.0).ok());
  EXPECT_FALSE(to_value(DataType::kDouble, 1.0F).ok()) << "never widened";
  EXPECT_FALSE(to_value(DataType::kBoolean, IntBits{1}).ok());
  EXPECT_FALSE(to_value(DataType::kString, std::monostate()).ok());
  EXPECT_FALSE(to_wire(DataType::kFloat, Value(1.0)).ok());
  EXPECT_FALSE(to_wire(DataType::kString, Value(true)).ok());
}

TEST(SparkplugValue, HasNoTagForSetsBytesAndArrays) {
  for (std::uint32_t type = 16; type <= 35; ++type) {
    EXPECT_FALSE(tag_type(static_cast<DataType>(type)).ok()) << type;
  }
  EXPECT_FALSE(tag_type(DataType::kUnknown).ok());
  EXPECT_EQ(data_type_name(static_cast<DataType>(34)), "DateTimeArray");
  EXPECT_EQ(data_type_name(static_cast<DataType>(35)), "type 35");
}

TEST(SparkplugValue, TellsQualityInTheNumbersOfTheStandard) {
  EXPECT_EQ(quality_of(192), quality::kGood);
  EXPECT_EQ(quality_of(0), quality::kBad);
  EXPECT_EQ(quality_of(500), quality::kBadNoCommunication);
  EXPECT_EQ(quality_of(64), quality::kUncertain);
  EXPECT_EQ(quality_of(-1), quality::kBad);
  EXPECT_EQ(quality_number(quality::kGood), 192);
  EXPECT_EQ(quality_number(quality::kBadDeviceFailure), 0);
  EXPECT_EQ(quality_number(quality::kBadNotConnected), 500);
}

}  // namespace
}  // namespace lineshaft::sparkplug
