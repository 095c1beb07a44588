// Both sides: any bytes are a packet or are refused; a packet says the same after another trip
// through its bytes. Input: version, first byte, body.
#include <cstdint>
#include <utility>

#include "base/assert.h"
#include "wire/mqtt/frame.h"
#include "wire/mqtt/packet.h"

using namespace lineshaft;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const auto version = data[0] % 2 == 0 ? mqtt::Version::k311 : mqtt::Version::k5;
  const auto packet = mqtt::decode_packet(data[1], ByteSpan(data + 2, size - 2), version);
  if (!packet) return 0;
  const auto* connect = std::get_if<mqtt::Connect>(&*packet);
  const auto spoken = connect != nullptr ? connect->version : version;
  Bytes bytes;
  mqtt::encode_packet(*packet, spoken, bytes);
  mqtt::FrameReader reader(mqtt::kRemainingLengthMax);
  ByteSpan rest = bytes;
  const auto frame = reader.next(rest).value();
  LS_ASSERT(frame && rest.empty());
  LS_ASSERT(mqtt::decode_packet(frame->first_byte, frame->body, spoken).value() == *packet);
  return 0;
}
