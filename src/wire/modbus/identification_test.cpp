#include "wire/modbus/identification.h"

#include <gtest/gtest.h>

namespace lineshaft::modbus {
namespace {

// Carries every part through its bytes, as a client and a server would.
Identification read_whole(const Identification& device, DeviceIdLevel level, int& requests) {
  IdentificationReader reader(level);
  std::optional<ReadDeviceId> next = reader.first();
  requests = 0;
  while (next) {
    ++requests;
    Bytes pdu;
    encode_response(*next, identification_part(device, *next), pdu);
    EXPECT_LE(pdu.size(), kPduBytesMax);
    const Response response = decode_response(pdu, *next).value();
    next = reader.take(std::get<DeviceIdPart>(response));
  }
  return reader.objects();
}

TEST(Identification, ContinuesOverAsManyAnswersAsItNeeds) {
  Identification device;
  for (int id : {0, 1, 2, 3, 4, 5, 6, 0x80, 0x81, 0xFF}) {
    device[static_cast<std::uint8_t>(id)] = std::string(90, static_cast<char>('a' + id % 20));
  }
  int requests = 0;
  EXPECT_EQ(read_whole(device, DeviceIdLevel::kExtended, requests), device);
  EXPECT_EQ(requests, 5);  // 7 + 2 * (2 + 90) = 191 bytes hold two objects, three do not fit
  const Identification regular = read_whole(device, DeviceIdLevel::kRegular, requests);
  EXPECT_EQ(regular.size(), 7u);
  const Identification basic = read_whole(device, DeviceIdLevel::kBasic, requests);
  EXPECT_EQ(basic.size(), 3u);
}

TEST(Identification, CutsAnObjectThatNoAnswerCouldHold) {
  int requests = 0;
  const Identification read =
      read_whole({{0, std::string(300, 'x')}, {1, "p"}}, DeviceIdLevel::kBasic, requests);
  EXPECT_EQ(read.at(0).size(), kObjectBytesMax);
  EXPECT_EQ(read.at(1), "p");
}

TEST(Identification, EndsWithADeviceThatNeverMovesForward) {
  IdentificationReader reader(DeviceIdLevel::kBasic);
  EXPECT_EQ(reader.take({1, true, 1, {{0, "a"}}}), (ReadDeviceId{DeviceIdLevel::kBasic, 1}));
  EXPECT_EQ(reader.take({1, true, 1, {{0, "a"}}}), std::nullopt);
  IdentificationReader backwards(DeviceIdLevel::kExtended);
  EXPECT_TRUE(backwards.take({1, true, 0x80, {}}).has_value());
  EXPECT_FALSE(backwards.take({1, true, 0x10, {}}).has_value());
}

TEST(Identification, AnswersASingleObjectOrRefusesIt) {
  const Identification device{{0, "Vendor"}, {2, "1.0"}};
  const Response one = identification_part(device, {DeviceIdLevel::kSpecific, 2});
  EXPECT_EQ(std::get<DeviceIdPart>(one).objects, (std::vector<DeviceIdObject>{{2, "1.0"}}));
  EXPECT_EQ(identification_part(device, {DeviceIdLevel::kSpecific, 1}),
            Response(Exception::kIllegalDataAddress));
  EXPECT_EQ(identification_part({}, {DeviceIdLevel::kBasic, 0}),
            Response(Exception::kIllegalFunction));
}

TEST(Identification, StartsFromTheBeginningWhenAskedFromAnObjectThatIsNotThere) {
  const Identification device{{0, "Vendor"}, {1, "Code"}, {2, "1.0"}};
  const Response part = identification_part(device, {DeviceIdLevel::kBasic, 9});
  EXPECT_EQ(std::get<DeviceIdPart>(part).objects.size(), 3u);
}

}  // namespace
}  // namespace lineshaft::modbus
