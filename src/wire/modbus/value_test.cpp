#include "wire/modbus/value.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace lineshaft::modbus {
namespace {

using Words = std::vector<std::uint16_t>;

PointFormat format(DataType type, ByteOrder order = ByteOrder::kABCD) {
  PointFormat f;
  f.type = type;
  f.order = order;
  EXPECT_TRUE(check_format(f).ok());
  return f;
}

Value decoded(const PointFormat& f, const Words& words) { return decode_value(f, words).value(); }

Words encoded(const PointFormat& f, const Value& value) {
  return encode_value(f, value, Words(width(f))).value();
}

void expect_both_ways(const PointFormat& f, const Words& words, const Value& value) {
  EXPECT_EQ(decoded(f, words), value);
  EXPECT_EQ(encoded(f, value), words);
}

// 0x42F6E979 is 123.456 in IEEE 754 single precision.
TEST(ModbusValue, ReadsAFloatInEveryOrder) {
  const Value value = 123.456f;
  expect_both_ways(format(DataType::kFloat32, ByteOrder::kABCD), {0x42F6, 0xE979}, value);
  expect_both_ways(format(DataType::kFloat32, ByteOrder::kBADC), {0xF642, 0x79E9}, value);
  expect_both_ways(format(DataType::kFloat32, ByteOrder::kCDAB), {0xE979, 0x42F6}, value);
  expect_both_ways(format(DataType::kFloat32, ByteOrder::kDCBA), {0x79E9, 0xF642}, value);
}

TEST(ModbusValue, Reads64BitsInEveryOrder) {
  const Value value = std::int64_t{0x0102030405060708};
  for (DataType type : {DataType::kInt64, DataType::kUint64}) {
    expect_both_ways(format(type, ByteOrder::kABCD), {0x0102, 0x0304, 0x0506, 0x0708}, value);
    expect_both_ways(format(type, ByteOrder::kBADC), {0x0201, 0x0403, 0x0605, 0x0807}, value);
    expect_both_ways(format(type, ByteOrder::kCDAB), {0x0708, 0x0506, 0x0304, 0x0102}, value);
    expect_both_ways(format(type, ByteOrder::kDCBA), {0x0807, 0x0605, 0x0403, 0x0201}, value);
  }
}

TEST(ModbusValue, ReadsIntegersWithTheirSign) {
  expect_both_ways(format(DataType::kInt16), {0xFFFE}, std::int64_t{-2});
  expect_both_ways(format(DataType::kUint16), {0xFFFE}, std::int64_t{65534});
  expect_both_ways(format(DataType::kInt16, ByteOrder::kDCBA), {0xFEFF}, std::int64_t{-2});
  expect_both_ways(format(DataType::kInt16, ByteOrder::kCDAB), {0xFFFE}, std::int64_t{-2});
  expect_both_ways(format(DataType::kInt32), {0xFFFF, 0xFFFE}, std::int64_t{-2});
  expect_both_ways(format(DataType::kUint32), {0xFFFF, 0xFFFE}, std::int64_t{4294967294});
  expect_both_ways(format(DataType::kInt64), {0x8000, 0, 0, 0},
                   std::numeric_limits<std::int64_t>::min());
  expect_both_ways(format(DataType::kFloat64), {0x400C, 0, 0, 0}, 3.5);
}

TEST(ModbusValue, HasNothingForANumberTheTagCannotHold) {
  const PointFormat f = format(DataType::kUint64);
  EXPECT_EQ(decode_value(f, Words{0x8000, 0, 0, 0}), std::nullopt);
  EXPECT_EQ(decoded(f, {0x7FFF, 0xFFFF, 0xFFFF, 0xFFFF}), Value(INT64_MAX));
}

TEST(ModbusValue, KeepsNotANumber) {
  const Value nan = decoded(format(DataType::kFloat32), {0x7FC0, 0});
  EXPECT_TRUE(std::isnan(std::get<float>(nan)));
  const PointFormat f = format(DataType::kFloat32);
  EXPECT_EQ(encoded(f, decoded(f, {0xFF88, 0x7900})), (Words{0xFF88, 0x7900})) << "signalling";
  const PointFormat wide = format(DataType::kFloat64);
  const Words signalling{0x7FF7, 0xEFF9, 0x9FEF, 0xFFF7};
  EXPECT_EQ(encoded(wide, decoded(wide, signalling)), signalling);
}

TEST(ModbusValue, ScalesInFloat64AndWritesTheNearestRawNumber) {
  PointFormat f = format(DataType::kInt16);
  f.scale = 0.1;
  f.offset = -40;
  EXPECT_EQ(value_type(f), ValueType::kFloat64);
  EXPECT_DOUBLE_EQ(std::get<double>(decoded(f, {1234})), 83.4);
  EXPECT_EQ(encoded(f, 83.4), Words{1234});
  EXPECT_EQ(encoded(f, 83.44), Words{1234});
  EXPECT_FALSE(encode_value(f, 5000.0, Words{0}).ok()) << "raw 50400 is beyond int16";
  EXPECT_EQ(encode_value(f, std::string("x"), Words{0}).error().id, ErrorId::kTypeMismatch);
}

TEST(ModbusValue, GivesEachFormatItsTagType) {
  EXPECT_EQ(value_type(format(DataType::kUint16)), ValueType::kInt64);
  EXPECT_EQ(value_type(format(DataType::kFloat32)), ValueType::kFloat32);
  EXPECT_EQ(value_type(format(DataType::kFloat64)), ValueType::kFloat64);
  PointFormat bit = {};
  bit.type = DataType::kBool;
  bit.bit = 3;
  EXPECT_EQ(value_type(bit), ValueType::kBool);
}

TEST(ModbusValue, ReadsAndWritesBitsWithoutTouchingTheOthers) {
  PointFormat f;
  f.type = DataType::kBool;
  f.bit = 15;
  ASSERT_TRUE(check_format(f).ok());
  EXPECT_EQ(decoded(f, {0x8000}), Value(true));
  EXPECT_EQ(decoded(f, {0x7FFF}), Value(false));
  EXPECT_EQ(encode_value(f, true, Words{0x0001}).value(), Words{0x8001});
  EXPECT_EQ(encode_value(f, false, Words{0xFFFF}).value(), Words{0x7FFF});

  PointFormat field;
  field.type = DataType::kUint32;
  field.order = ByteOrder::kCDAB;
  field.bit = 14;
  field.bit_count = 4;
  ASSERT_TRUE(check_format(field).ok());
  EXPECT_EQ(decoded(field, {0xC000, 0x0001}), Value(std::int64_t{7}));
  EXPECT_EQ(encode_value(field, std::int64_t{9}, Words{0xFFFF, 0xFFFF}).value(),
            (Words{0x7FFF, 0xFFFE}));
  EXPECT_FALSE(encode_value(field, std::int64_t{16}, Words{0, 0}).ok());
  EXPECT_FALSE(encode_value(field, std::int64_t{-1}, Words{0, 0}).ok());
}

TEST(ModbusValue, RefusesNumbersThatDoNotFit) {
  const auto refuses = [](const PointFormat& f, const Value& value) {
    return !encode_value(f, value, Words(width(f))).ok();
  };
  EXPECT_TRUE(refuses(format(DataType::kInt16), std::int64_t{32768}));
  EXPECT_FALSE(refuses(format(DataType::kInt16), std::int64_t{-32768}));
  EXPECT_TRUE(refuses(format(DataType::kUint16), std::int64_t{-1}));
  EXPECT_TRUE(refuses(format(DataType::kUint16), std::int64_t{65536}));
  EXPECT_TRUE(refuses(format(DataType::kUint64), std::int64_t{-1}));
  EXPECT_TRUE(refuses(format(DataType::kInt32), 2.5)) << "not a whole number";
  EXPECT_FALSE(refuses(format(DataType::kInt32), 2.0));
  EXPECT_TRUE(refuses(format(DataType::kInt32), std::nan("")));
  EXPECT_TRUE(refuses(format(DataType::kInt64), 0x1p63));
  EXPECT_TRUE(refuses(format(DataType::kFloat32), 1e39));
  EXPECT_FALSE(refuses(format(DataType::kFloat32), std::int64_t{3}));
  EXPECT_TRUE(refuses(format(DataType::kUint16), true));
}

PointFormat string_format(std::uint16_t bytes, ByteOrder order = ByteOrder::kABCD) {
  PointFormat f;
  f.type = DataType::kString;
  f.string_bytes = bytes;
  f.order = order;
  EXPECT_TRUE(check_format(f).ok());
  return f;
}

TEST(ModbusValue, ReadsStringsUpToTheirEnd) {
  EXPECT_EQ(decoded(string_format(6), {0x4865, 0x6174, 0x2020}), Value(std::string("Heat")));
  EXPECT_EQ(decoded(string_format(6), {0x4800, 0x6174, 0x2020}), Value(std::string("H")));
  EXPECT_EQ(decoded(string_format(3), {0x4865, 0x61FF}), Value(std::string("Hea")));
  EXPECT_EQ(decoded(string_format(4, ByteOrder::kBADC), {0x6548, 0x7461}),
            Value(std::string("Heat")));
  EXPECT_EQ(decoded(string_format(4, ByteOrder::kCDAB), {0x4865, 0x6174}),
            Value(std::string("Heat")));
}

TEST(ModbusValue, MakesValidUtf8OfEveryString) {
  EXPECT_EQ(decoded(string_format(2), {0xC3BC}), Value(std::string("\xC3\xBC"))) << "UTF-8 stays";
  EXPECT_EQ(decoded(string_format(2), {0xFC41}), Value(std::string("\xC3\xBC"
                                                                   "A")))
      << "Latin-1";
  EXPECT_EQ(decoded(string_format(2), {0xC0AF}), Value(std::string("\xC3\x80\xC2\xAF")))
      << "an overlong form is no UTF-8";
}

TEST(ModbusValue, WritesStringsPaddedAndLeavesAForeignByteAlone) {
  EXPECT_EQ(encoded(string_format(6), std::string("Heat")), (Words{0x4865, 0x6174, 0}));
  EXPECT_EQ(encode_value(string_format(3), std::string("abc"), Words{0, 0x1155}).value(),
            (Words{0x6162, 0x6355}));
  EXPECT_EQ(encode_value(string_format(3, ByteOrder::kBADC), std::string("abc"), Words{0, 0x1155})
                .value(),
            (Words{0x6261, 0x1163}));
  EXPECT_FALSE(encode_value(string_format(2), std::string("abc"), Words{0}).ok());
}

TEST(ModbusValue, RefusesFormatsThatMeanNothing) {
  const auto refused = [](auto change) {
    PointFormat f;
    change(f);
    const Status status = check_format(f);
    return status.ok() ? std::string("accepted") : status.error().what;
  };
  using F = PointFormat;
  EXPECT_NE(refused([](F& f) { f.area = Area::kCoil; }).find("type:"), std::string::npos);
  EXPECT_NE(refused([](F& f) { f.type = DataType::kBool; }).find("bit:"), std::string::npos);
  EXPECT_NE(refused([](F& f) { f.bit = 16; }).find("bit"), std::string::npos);
  EXPECT_NE(refused([](F& f) { f.bit_count = 2; }).find("bit_count"), std::string::npos);
  EXPECT_NE(refused([](F& f) { f.type = DataType::kInt16, f.bit = 1; }).find("bit:"),
            std::string::npos);
  EXPECT_NE(refused([](F& f) { f.type = DataType::kString; }).find("string_bytes"),
            std::string::npos);
  EXPECT_NE(refused([](F& f) { f.string_bytes = 4; }).find("string_bytes"), std::string::npos);
  EXPECT_NE(refused([](F& f) { f.scale = 0; }).find("scale"), std::string::npos);
  EXPECT_NE(refused([](F& f) { f.offset = INFINITY; }).find("offset"), std::string::npos);
  EXPECT_EQ(refused([](F& f) { f.bit = 12, f.bit_count = 4; }), "accepted");
}

TEST(ModbusValue, NamesReadBack) {
  for (int i = 0; i < 10; ++i) {
    const auto type = static_cast<DataType>(i);
    EXPECT_EQ(parse_data_type(data_type_name(type)), type);
  }
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(parse_byte_order(byte_order_name(static_cast<ByteOrder>(i))),
              static_cast<ByteOrder>(i));
    EXPECT_EQ(parse_area(area_name(static_cast<Area>(i))), static_cast<Area>(i));
  }
  EXPECT_EQ(parse_data_type("float"), std::nullopt);
}

}  // namespace
}  // namespace lineshaft::modbus
