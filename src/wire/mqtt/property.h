// wire/mqtt/property.h: the properties of MQTT 5 packets (2.2.2) as plain data, to and from bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "wire/mqtt/protocol.h"

namespace lineshaft::mqtt {

// Absent ones have the default of the standard. Which packet may carry which is checked when
// reading and asserted when writing; version 3.1.1 carries none.
struct Properties {
  std::optional<std::uint8_t> payload_format;  // 1: the payload is UTF-8
  std::optional<std::uint32_t> message_expiry_s;
  std::optional<std::string> content_type;
  std::optional<std::string> response_topic;
  std::optional<Bytes> correlation_data;
  std::vector<std::uint32_t> subscription_ids;    // 1..kRemainingLengthMax
  std::optional<std::uint32_t> session_expiry_s;  // 2^32-1: never
  std::optional<std::string> assigned_client_id;
  std::optional<std::uint16_t> server_keep_alive_s;
  std::optional<std::string> authentication_method;
  std::optional<Bytes> authentication_data;
  std::optional<std::uint8_t> request_problem_information;
  std::optional<std::uint32_t> will_delay_s;
  std::optional<std::uint8_t> request_response_information;
  std::optional<std::string> response_information;
  std::optional<std::string> server_reference;
  std::optional<std::string> reason_string;
  std::optional<std::uint16_t> receive_maximum;  // 1..65535
  std::optional<std::uint16_t> topic_alias_maximum;
  std::optional<std::uint16_t> topic_alias;      // 1..65535
  std::optional<std::uint8_t> maximum_qos;       // 0 or 1
  std::optional<std::uint8_t> retain_available;  // 0 or 1, as the other "available"
  std::vector<std::pair<std::string, std::string>> user;
  std::optional<std::uint32_t> maximum_packet_bytes;  // not 0
  std::optional<std::uint8_t> wildcard_subscription_available;
  std::optional<std::uint8_t> subscription_ids_available;
  std::optional<std::uint8_t> shared_subscription_available;
  friend bool operator==(const Properties&, const Properties&) = default;
};

// Whose properties: those of a packet, or those of the will inside CONNECT.
enum class PropertyOwner : std::uint32_t {
  kWill = 1U << 0U,
  kConnect = 1U << 1U,
  kConnAck = 1U << 2U,
  kPublish = 1U << 3U,
  kPubAck = 1U << 4U,
  kPubRec = 1U << 5U,
  kPubRel = 1U << 6U,
  kPubComp = 1U << 7U,
  kSubscribe = 1U << 8U,
  kSubAck = 1U << 9U,
  kUnsubscribe = 1U << 10U,
  kUnsubAck = 1U << 11U,
  kDisconnect = 1U << 14U,
  kAuth = 1U << 15U,
};

constexpr PropertyOwner owner_of(PacketType type) {
  return static_cast<PropertyOwner>(1U << static_cast<unsigned>(type));
}

// At most so many user properties and subscription identifiers in one packet: the standard knows no
// bound, and each costs us an allocation.
inline constexpr std::size_t kRepeatedPropertiesMax = 1'000;

// The block with its length before it. Requires: only properties that `owner` may have, texts of at
// most kTextBytesMax, a block of at most kRemainingLengthMax.
void encode_properties(const Properties& properties, PropertyOwner owner, Bytes& out);

// Reads a block. Errors: broken: an unknown or misplaced property, one given twice, a number out of
// its range, a text that is not UTF-8, a block that ends early.
Result<Properties> decode_properties(ByteReader& reader, PropertyOwner owner);

// --- fields that packets and properties share ---

// u16 length, UTF-8 without U+0000 (1.5.4). Errors: broken, naming `field`.
Result<std::string> decode_text(ByteReader& reader, std::string_view field);
Result<Bytes> decode_binary(ByteReader& reader, std::string_view field);
// Requires: at most kTextBytesMax.
void encode_text(std::string_view text, Bytes& out);
// 1.5.5: at most four bytes. Errors: broken.
Result<std::uint32_t> decode_variable_integer(ByteReader& reader);
void encode_variable_integer(std::size_t value, Bytes& out);

}  // namespace lineshaft::mqtt
