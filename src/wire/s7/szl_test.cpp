#include "wire/s7/szl.h"

#include <gtest/gtest.h>

namespace lineshaft::s7 {
namespace {

const Identification kPlate{"6ES7 315-2EH14-0AB0", "V3.2.6",          "Melt shop",
                            "Furnace 1",           "CPU 315-2 PN/DP", "S C-X4U421302009"};

// Reads both lists through answers that carry `bytes_max` each.
Identification read(const Identification& plate, std::size_t bytes_max, int& requests) {
  Identification known;
  for (const std::uint16_t id : {kSzlModule, kSzlComponents}) {
    const Bytes list = szl_list(plate, id).value();
    SzlReader reader(id);
    std::optional<ReadSzl> next = reader.first();
    while (next) {
      requests += 1;
      next = reader.take(szl_part(list, next->after, bytes_max));
    }
    reader.read_into(known);
  }
  return known;
}

TEST(S7Szl, ReadsTheNamePlateInAnyNumberOfParts) {
  for (const std::size_t bytes_max : {4u, 64u, 214u, 1000u}) {
    int requests = 0;
    EXPECT_EQ(read(kPlate, bytes_max, requests), kPlate) << bytes_max;
  }
  int requests = 0;
  read(kPlate, szl_part_bytes(240), requests);
  EXPECT_EQ(requests, 2);  // 8 + 2 * 28 = 64 and 8 + 6 * 34 = 212 bytes; 214 fit into a PDU of 240
}

// Record 1 of list 0x0011 as the manuals lay it out: index, 20 characters, type, two versions.
TEST(S7Szl, ReadsARecordOfAModule) {
  Bytes list = {0x00, 0x11, 0, 0, 0, 28, 0, 1, 0, 1};
  for (const char c : std::string("6ES7 212-1AE40-0XB0 ")) {
    list.push_back(static_cast<std::uint8_t>(c));
  }
  list.insert(list.end(), {0, 0, 0, 1, 0x20, 0x20});
  SzlReader reader(kSzlModule);
  EXPECT_FALSE(reader.take({1, true, list}));
  Identification known;
  reader.read_into(known);
  EXPECT_EQ(known.order_number, "6ES7 212-1AE40-0XB0");
  EXPECT_EQ(known.firmware, "");
}

TEST(S7Szl, TakesNothingFromAListThatIsBroken) {
  const Bytes list = szl_list(kPlate, kSzlComponents).value();
  for (std::size_t size = 0; size < 42; ++size) {  // 8 of the head and one record
    SzlReader reader(kSzlComponents);
    EXPECT_FALSE(reader.take({1, true, ByteSpan(list).first(size)}));
    Identification known;
    reader.read_into(known);
    EXPECT_EQ(known, Identification{}) << size;
  }
  SzlReader other(kSzlModule);
  EXPECT_FALSE(other.take({1, true, list}));
  Identification known;
  other.read_into(known);
  EXPECT_EQ(known, Identification{});
}

TEST(S7Szl, EndsWithADeviceThatNeverSaysWhichPartIsTheLast) {
  SzlReader reader(kSzlModule);
  const Bytes part(100);
  std::optional<ReadSzl> next = reader.first();
  int requests = 0;
  for (; next; ++requests) next = reader.take({1, false, part});
  EXPECT_EQ(requests, 64);
}

TEST(S7Szl, CutsTextToTheLengthOfItsField) {
  Identification plate;
  plate.module_name = std::string(40, 'x');
  plate.system_name = "Ofen 7 \xE2\x82\xAC";  // the euro sign is not in ISO 8859-1
  int requests = 0;
  const Identification known = read(plate, 1000, requests);
  EXPECT_EQ(known.module_name, std::string(24, 'x'));
  EXPECT_EQ(known.system_name, "Ofen 7 ???");
  EXPECT_EQ(szl_list(plate, 0x0424), std::nullopt);
}

}  // namespace
}  // namespace lineshaft::s7
