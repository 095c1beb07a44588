#include "wire/s7/value.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "wire/s7/clock.h"

namespace lineshaft::s7 {
namespace {

PointFormat format(std::string_view text, double scale = 1, double offset = 0) {
  const PointFormat f{parse_address(text).value(), scale, offset};
  EXPECT_TRUE(check_format(f).ok()) << text;
  return f;
}

std::optional<Value> decoded(std::string_view text, const Bytes& bytes) {
  return decode_value(format(text), bytes);
}

Bytes encoded(const PointFormat& f, const Value& value) {
  return encode_value(f, value, Bytes(width(f.address))).value();
}

std::string refused(const PointFormat& f, const Value& value) {
  const auto bytes = encode_value(f, value, Bytes(width(f.address)));
  return bytes ? "none" : bytes.error().what;
}

void expect_both_ways(std::string_view text, const Bytes& bytes, const Value& value) {
  EXPECT_EQ(decoded(text, bytes), value) << text;
  EXPECT_EQ(encoded(format(text), value), bytes) << text;
}

std::int64_t i(std::int64_t number) { return number; }

// The bytes of these three tests are those that python-snap7 3.3.0 makes of the values.
TEST(S7Value, ReadsAndWritesNumbersMostSignificantByteFirst) {
  expect_both_ways("DB1.DBD0:REAL", {0x42, 0xF6, 0xE9, 0x79}, 123.456f);
  expect_both_ways("DB1.DBB0:LREAL", {0x40, 0x5E, 0xDD, 0x2F, 0x1A, 0x9F, 0xBE, 0x77}, 123.456);
  expect_both_ways("DB1.DBW0:INT", {0xFB, 0x2E}, i(-1234));
  expect_both_ways("DB1.DBD0:DINT", {0xF8, 0xA4, 0x32, 0xEB}, i(-123456789));
  expect_both_ways("DB1.DBB0:LINT", {255, 255, 255, 255, 255, 255, 255, 254}, i(-2));
  expect_both_ways("MB0:SINT", {0x80}, i(-128));
  expect_both_ways("MB0:USINT", {0x80}, i(128));
  expect_both_ways("MW0:UINT", {0xFB, 0x2E}, i(64302));
  expect_both_ways("MW0", {0xFB, 0x2E}, i(64302));
  expect_both_ways("MD0:UDINT", {0xFF, 0xFF, 0xFF, 0xFF}, i(4294967295));
  expect_both_ways("MB0:LWORD", {0x7F, 255, 255, 255, 255, 255, 255, 255}, i(INT64_MAX));
}

TEST(S7Value, ReadsAndWritesStrings) {
  EXPECT_EQ(decoded("DB1.DBB0:STRING[10]", {10, 6, 'K', 'e', 's', 's', 'e', 'l', 32, 32, 32, 32}),
            Value("Kessel"));
  const Bytes wide = {0, 10, 0, 5, 0, 0x4B, 0, 0xFC, 0, 0x68, 0, 0x6C, 0x95, 0x05};
  Bytes whole = wide;
  whole.resize(24);
  EXPECT_EQ(decoded("DB1.DBB0:WSTRING[10]", whole), Value("K\xC3\xBChl\xE9\x94\x85"));
  EXPECT_EQ(encoded(format("DB1.DBB0:WSTRING[10]"), "K\xC3\xBChl\xE9\x94\x85"), wide);
  expect_both_ways("DB1.DBB0:CHAR", {0xE9}, "\xC3\xA9");
  expect_both_ways("DB1.DBW0:WCHAR", {0x95, 0x05}, "\xE9\x94\x85");
}

TEST(S7Value, ReadsAndWritesDatesAndTimes) {
  const Value moment = "2026-11-23T18:50:07.250";
  expect_both_ways("DB1.DBB0:DT", {0x26, 0x11, 0x23, 0x18, 0x50, 0x07, 0x25, 0x02}, moment);
  expect_both_ways("DB1.DBB0:DT", {0x99, 0x12, 0x31, 0x23, 0x59, 0x59, 0x99, 0x96},
                   "1999-12-31T23:59:59.999");
  expect_both_ways("DB1.DBB0:DTL",
                   {0x07, 0xEA, 0x0B, 0x17, 0x02, 0x12, 0x32, 0x07, 0x0E, 0xE6, 0xB2, 0x80},
                   moment);
  expect_both_ways("DB1.DBB0:LDT", {0x18, 0xEA, 0xC1, 0x2E, 0x93, 0xA0, 0xA8, 0x80}, moment);
  expect_both_ways("DB1.DBW0:DATE", {0x34, 0xA3}, "2026-11-23");
  expect_both_ways("DB1.DBD0:TOD", {0x04, 0x0A, 0xA8, 0x12}, i(67'807'250));
  expect_both_ways("DB1.DBB0:LTIME", {0, 0, 0, 0, 0x59, 0x68, 0x2F, 0}, i(1'500'000'000));
  expect_both_ways("DB1.DBD0:TIME", {0x80, 0, 0, 0}, i(-2147483648));  // -24 d 20 h 31 min 23.648 s
}

// 1.27 s, 12.7 s, 127 s and 9990 s: the same digits with each base.
TEST(S7Value, ReadsAndWritesS5Time) {
  expect_both_ways("MW0:S5TIME", {0x01, 0x27}, i(1'270));
  EXPECT_EQ(decoded("T7", {0x11, 0x27}), Value(i(12'700)));
  EXPECT_EQ(decoded("MW0:S5TIME", {0x21, 0x27}), Value(i(127'000)));
  EXPECT_EQ(decoded("MW0:S5TIME", {0x39, 0x99}), Value(i(9'990'000)));
  EXPECT_EQ(encode_s5time(12'700).value(), 0x1127);
  EXPECT_EQ(encode_s5time(0).value(), 0x0000);
  EXPECT_EQ(encode_s5time(9'990).value(), 0x0999);
  EXPECT_EQ(encode_s5time(10'000).value(), 0x1100);
  EXPECT_FALSE(encode_s5time(10'010).ok());  // 100.1 steps of 100 ms
  EXPECT_FALSE(encode_s5time(9'990'001).ok());
  EXPECT_FALSE(encode_s5time(-10).ok());
}

TEST(S7Value, ReadsBackEveryS5TimeAndCounter) {
  for (std::uint32_t word = 0; word <= UINT16_MAX; ++word) {
    const auto ms = decode_s5time(static_cast<std::uint16_t>(word));
    if (ms) {
      EXPECT_EQ(decode_s5time(encode_s5time(*ms).value()), ms);
    }
    const auto count = decode_counter(static_cast<std::uint16_t>(word));
    if (count) {
      EXPECT_EQ(encode_counter(*count).value(), word & 0xFFF);
    }
  }
  EXPECT_EQ(decode_counter(0x0999), 999);
  EXPECT_FALSE(encode_counter(1000).ok());
}

TEST(S7Value, TakesBitsOutOfTheirByte) {
  EXPECT_EQ(decoded("M0.3", {0x08}), Value(true));
  EXPECT_EQ(decoded("M0.2", {0x08}), Value(false));
  // Written as a bit of its own, so that its neighbours keep theirs.
  const PointFormat bit = format("DB1.DBX5.3");
  EXPECT_EQ(encoded(bit, true), (Bytes{1}));
  EXPECT_EQ(write_item(bit.address, 1), (Item{Area::kDataBlock, 1, Element::kBit, 43, 1}));
  EXPECT_EQ(write_item(format("MD8:REAL").address, 4),
            (Item{Area::kMarker, 0, Element::kByte, 64, 4}));
}

TEST(S7Value, HasNoValueForBytesThatAreNone) {
  EXPECT_FALSE(decoded("DB1.DBB0:ULINT", {0x80, 0, 0, 0, 0, 0, 0, 0}));
  EXPECT_FALSE(decoded("MW0:S5TIME", {0x01, 0x2A}));
  EXPECT_FALSE(decoded("C1", {0x0A, 0x00}));
  EXPECT_FALSE(decoded("DB1.DBD0:TOD", {0x05, 0x26, 0x5C, 0x00}));  // 86'400'000: midnight
  EXPECT_TRUE(decoded("DB1.DBD0:TOD", {0x05, 0x26, 0x5B, 0xFF}));
  EXPECT_FALSE(decoded("DB1.DBB0:DT", Bytes(8)));  // month 0: never assigned
  EXPECT_FALSE(decoded("DB1.DBB0:DT", {0x26, 0x02, 0x30, 0, 0, 0, 0, 0}));  // 30 February
  EXPECT_FALSE(decoded("DB1.DBB0:DT", {0x26, 0x11, 0x23, 0x24, 0, 0, 0, 0}));
  EXPECT_FALSE(decoded("DB1.DBB0:DT", {0x26, 0x1A, 0x23, 0, 0, 0, 0, 0}));
  EXPECT_FALSE(decoded("DB1.DBB0:DTL", Bytes(12)));
  EXPECT_FALSE(decoded("DB1.DBB0:STRING[2]", {254, 3, 'a', 'b'}));
  EXPECT_EQ(decoded("DB1.DBB0:STRING[2]", {0, 0, 'a', 'b'}), Value(""));  // never assigned
}

TEST(S7Value, KeepsNotANumberAndInfinity) {
  const Bytes quiet = {0x7F, 0xC0, 0x00, 0x2A};
  const auto nan = decoded("MD0:REAL", quiet);
  ASSERT_TRUE(nan);
  EXPECT_TRUE(std::isnan(std::get<float>(*nan)));
  EXPECT_EQ(encoded(format("MD0:REAL"), *nan), quiet);
  EXPECT_EQ(decoded("MD0:REAL", {0xFF, 0x80, 0, 0}),
            Value(-std::numeric_limits<float>::infinity()));
}

TEST(S7Value, Scales) {
  const PointFormat tenths = format("MW0:INT", 0.5, -10);
  EXPECT_EQ(value_type(tenths), ValueType::kFloat64);
  EXPECT_EQ(decode_value(tenths, Bytes{0x00, 0x64}), Value(40.0));  // 100 * 0.5 - 10
  EXPECT_EQ(encoded(tenths, 40.0), (Bytes{0x00, 0x64}));
  EXPECT_EQ(encoded(tenths, i(40)), (Bytes{0x00, 0x64}));
  EXPECT_EQ(encoded(tenths, 40.2), (Bytes{0x00, 0x64}));  // the nearest
  EXPECT_EQ(decode_value(format("MB0:ULINT", 2), Bytes{0x80, 0, 0, 0, 0, 0, 0, 0}), Value(0x1p64));
  EXPECT_EQ(decode_value(format("MD0:TIME", 0.001), Bytes{0, 0, 0x05, 0xDC}), Value(1.5));
}

TEST(S7Value, RefusesWhatDoesNotFit) {
  EXPECT_THAT(refused(format("MW0:INT"), i(32768)), testing::HasSubstr("does not fit into INT"));
  EXPECT_THAT(refused(format("MW0:INT"), i(-32769)), testing::HasSubstr("does not fit"));
  EXPECT_THAT(refused(format("MW0:UINT"), i(-1)), testing::HasSubstr("does not fit into UINT"));
  EXPECT_THAT(refused(format("MB0:ULINT"), i(-1)), testing::HasSubstr("does not fit"));
  EXPECT_THAT(refused(format("MD0:REAL"), 1e39), testing::HasSubstr("does not fit into REAL"));
  EXPECT_THAT(refused(format("MW0:INT"), 2.5), testing::HasSubstr("not a whole number"));
  EXPECT_THAT(refused(format("MW0:INT"), std::nan("")), testing::HasSubstr("not a whole number"));
  EXPECT_THAT(refused(format("MW0:INT"), "2"), testing::HasSubstr("a number is needed"));
  EXPECT_THAT(refused(format("M0.0"), i(1)), testing::HasSubstr("true or false"));
  EXPECT_THAT(refused(format("MD0:TOD"), i(kDayMs)), testing::HasSubstr("does not fit into TOD"));
  EXPECT_THAT(refused(format("MB0:STRING[3]"), "abcd"), testing::HasSubstr("4 characters"));
  EXPECT_THAT(refused(format("MB0:STRING[3]"), "\xE2\x82\xAC"), testing::HasSubstr("WSTRING"));
  EXPECT_THAT(refused(format("MB0:WSTRING[3]"), "\xF0\x9F\x94\xA5"),
              testing::HasSubstr("beyond U+FFFF"));
  EXPECT_THAT(refused(format("MB0:STRING[3]"), "\xFF"), testing::HasSubstr("UTF-8"));
  EXPECT_THAT(refused(format("MB0:CHAR"), "ab"), testing::HasSubstr("single character"));
  EXPECT_THAT(refused(format("MW0:DATE"), "1989-12-31"), testing::HasSubstr("1990-01-01"));
  EXPECT_THAT(refused(format("MW0:DATE"), "2026-11-23T01:00:00"),
              testing::HasSubstr("time of day"));
  EXPECT_THAT(refused(format("MB0:DT"), "2090-01-01"), testing::HasSubstr("1990 to 2089"));
  EXPECT_THAT(refused(format("MB0:DT"), "2026-11-23T18:50:07.0001"), testing::HasSubstr("finer"));
  EXPECT_THAT(refused(format("MB0:DTL"), "1969-12-31"), testing::HasSubstr("1970 to 2261"));
  for (const char* zoned : {"2026-11-23T18:50:07Z", "2026-11-23T18:50:07+01:00",
                            "2026-11-23T18:50:07-01:00", "1795459807000000000", ""}) {
    EXPECT_THAT(refused(format("MB0:LDT"), zoned), testing::HasSubstr("no date of a CPU")) << zoned;
  }
}

// A CPU's string has a maximum length of its own; the signal may be set to more or less.
TEST(S7Value, LeavesTheMaximumLengthOfAStringAsItIs) {
  const PointFormat f = format("DB1.DBB0:STRING[4]");
  const auto write = [&](std::uint8_t max, std::string_view text) {
    return encode_value(f, std::string(text), Bytes{max, 0, 0, 0, 0, 0});
  };
  EXPECT_EQ(write(254, "ab").value(), (Bytes{254, 2, 'a', 'b'}));
  EXPECT_EQ(write(4, "").value(), (Bytes{4, 0}));
  EXPECT_EQ(write(0, "ab").value(), (Bytes{4, 2, 'a', 'b'}));  // never assigned
  EXPECT_FALSE(write(3, "abcd").ok());
}

TEST(S7Value, GivesTagsTheNarrowestType) {
  EXPECT_EQ(value_type(format("M0.0")), ValueType::kBool);
  EXPECT_EQ(value_type(format("MB0")), ValueType::kInt64);
  EXPECT_EQ(value_type(format("MD0:TIME")), ValueType::kInt64);
  EXPECT_EQ(value_type(format("T0")), ValueType::kInt64);
  EXPECT_EQ(value_type(format("MD0:REAL")), ValueType::kFloat32);
  EXPECT_EQ(value_type(format("MB0:LREAL")), ValueType::kFloat64);
  EXPECT_EQ(value_type(format("MB0:CHAR")), ValueType::kString);
  EXPECT_EQ(value_type(format("MB0:DTL")), ValueType::kString);
}

TEST(S7Value, ChecksTheScale) {
  const Address real = parse_address("MD0:REAL").value();
  EXPECT_FALSE(check_format({real, 0, 0}).ok());
  EXPECT_FALSE(check_format({real, std::nan(""), 0}).ok());
  EXPECT_FALSE(check_format({parse_address("M0.0").value(), 2, 0}).ok());
  EXPECT_FALSE(check_format({parse_address("MB0:DT").value(), 1, 1}).ok());
  EXPECT_FALSE(check_format({Address{Area::kDataBlock, 0, 0, 0, DataType::kByte, 0}, 1, 0}).ok());
}

}  // namespace
}  // namespace lineshaft::s7
