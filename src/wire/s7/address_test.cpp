#include "wire/s7/address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lineshaft::s7 {
namespace {

Address address(std::string_view text) {
  const auto parsed = parse_address(text);
  EXPECT_TRUE(parsed.ok()) << text;
  return parsed.ok() ? *parsed : Address{};
}

std::string canonical(std::string_view text) { return address_text(address(text)); }

std::string problem(std::string_view text) {
  const auto parsed = parse_address(text);
  return parsed.ok() ? "none: " + address_text(*parsed) : parsed.error().what;
}

TEST(S7Address, ReadsWhatEngineersWrite) {
  EXPECT_EQ(address("DB1.DBD4:REAL"), (Address{Area::kDataBlock, 1, 4, 0, DataType::kReal, 0}));
  EXPECT_EQ(address("DB1.DBX0.3"), (Address{Area::kDataBlock, 1, 0, 3, DataType::kBool, 0}));
  EXPECT_EQ(address("MW10:INT"), (Address{Area::kMarker, 0, 10, 0, DataType::kInt, 0}));
  EXPECT_EQ(address("DB5.DBB20:STRING[30]"),
            (Address{Area::kDataBlock, 5, 20, 0, DataType::kString, 30}));
  EXPECT_EQ(address("I0.7"), (Address{Area::kInput, 0, 0, 7, DataType::kBool, 0}));
  EXPECT_EQ(address("QB3"), (Address{Area::kOutput, 0, 3, 0, DataType::kByte, 0}));
  EXPECT_EQ(address("T5"), (Address{Area::kTimer, 0, 5, 0, DataType::kTimer, 0}));
  EXPECT_EQ(address("C7"), (Address{Area::kCounter, 0, 7, 0, DataType::kCounter, 0}));
}

TEST(S7Address, UnderstandsGermanLettersPercentAndLowerCase) {
  EXPECT_EQ(address("E0.1"), address("I0.1"));
  EXPECT_EQ(address("AW4"), address("QW4"));
  EXPECT_EQ(address("Z9"), address("C9"));
  EXPECT_EQ(address("%db1.dbw2:int"), address("DB1.DBW2:INT"));
  EXPECT_EQ(address("%MX1.2"), address("M1.2"));
  EXPECT_EQ(address("DB1.DBB0:date_and_time"), address("DB1.DBB0:DT"));
  EXPECT_EQ(address("DB1.DBX20.0:STRING[8]"), address("DB1.DBB20:STRING[8]"));
  EXPECT_EQ(address("DB1.DBB0:STRING"), address("DB1.DBB0:STRING[254]"));
}

TEST(S7Address, WritesTheShortestText) {
  EXPECT_EQ(canonical("DB1.DBD4:DWORD"), "DB1.DBD4");
  EXPECT_EQ(canonical("DB1.DBB4:REAL"), "DB1.DBD4:REAL");
  EXPECT_EQ(canonical("MX3.4"), "M3.4");
  EXPECT_EQ(canonical("MB3:SINT"), "MB3:SINT");
  EXPECT_EQ(canonical("DB2.DBB8:WSTRING[20]"), "DB2.DBB8:WSTRING[20]");
  EXPECT_EQ(canonical("z12"), "C12");
}

TEST(S7Address, ReadsBackEveryTypeInEveryArea) {
  for (std::size_t i = 0; i < 30; ++i) {
    const auto type = static_cast<DataType>(i);
    EXPECT_EQ(parse_data_type(data_type_name(type)), type);
    for (const Area area : {Area::kInput, Area::kOutput, Area::kMarker, Area::kDataBlock,
                            Area::kTimer, Area::kCounter}) {
      Address a{area, 0, 10, 0, type, 0};
      if (area == Area::kDataBlock) a.db = 65535;
      if (type == DataType::kBool) a.bit = 7;
      if (type == DataType::kString || type == DataType::kWstring) a.length = 9;
      if (!check_address(a)) continue;
      EXPECT_EQ(address(address_text(a)), a) << address_text(a);
    }
  }
}

TEST(S7Address, SaysWhatIsWrong) {
  EXPECT_THAT(problem("DB0.DBW0"), testing::HasSubstr("from 1 to 65535"));
  EXPECT_THAT(problem("DB65536.DBW0"), testing::HasSubstr("from 1 to 65535"));
  EXPECT_THAT(problem("DB1.W0"), testing::HasSubstr(".DBX"));
  EXPECT_THAT(problem("DB1.DBX0"), testing::HasSubstr("behind a point"));
  EXPECT_THAT(problem("M0"), testing::HasSubstr("behind a point"));
  EXPECT_THAT(problem("DB1.DBX0.8"), testing::HasSubstr("up to 7"));
  EXPECT_THAT(problem("DB1.DBW0.1"), testing::HasSubstr("only a bit"));
  EXPECT_THAT(problem("MW10:REAL"), testing::HasSubstr("REAL does not have the size"));
  EXPECT_THAT(problem("DB1.DBD0:LREAL"), testing::HasSubstr("write B"));
  EXPECT_THAT(problem("MB1:BOOL"), testing::HasSubstr("its bit"));
  EXPECT_THAT(problem("DB1.DBX0.1:BYTE"), testing::HasSubstr("bit 0"));
  EXPECT_THAT(problem("DB1.DBB0:STRING[0]"), testing::HasSubstr("1 to 254"));
  EXPECT_THAT(problem("DB1.DBB0:STRING[255]"), testing::HasSubstr("1 to 254"));
  EXPECT_THAT(problem("DB1.DBB0:FLOAT"), testing::HasSubstr("'FLOAT' is no data type"));
  EXPECT_THAT(problem("DB1.DBD65533"), testing::HasSubstr("past the end"));
  EXPECT_THAT(problem("DB1.DBB65536"), testing::HasSubstr("up to 65535"));
  EXPECT_THAT(problem("T2048"), testing::HasSubstr("up to 2047"));
  EXPECT_THAT(problem("T1:INT"), testing::HasSubstr("no other type"));
  EXPECT_THAT(problem("MW1:COUNTER"), testing::HasSubstr("areas T and C"));
  EXPECT_THAT(problem("MW10 "), testing::HasSubstr("does not belong there"));
  EXPECT_THAT(problem(""), testing::HasSubstr("begins with DB"));
  EXPECT_THAT(problem("holding 3"), testing::HasSubstr("examples: DB1.DBD4:REAL"));
}

TEST(S7Address, KnowsHowManyBytesAValueTakes) {
  EXPECT_EQ(width(address("DB1.DBX0.3")), 1u);
  EXPECT_EQ(width(address("DB1.DBB0:DTL")), 12u);
  EXPECT_EQ(width(address("DB1.DBB0:STRING[254]")), 256u);
  EXPECT_EQ(width(address("DB1.DBB0:WSTRING[1000]")), 2004u);
  EXPECT_EQ(width(address("T3")), 2u);
  EXPECT_EQ(start_byte(address("T3")), 6u);
  EXPECT_EQ(start_byte(address("MW3")), 3u);
}

}  // namespace
}  // namespace lineshaft::s7
