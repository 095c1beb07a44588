// wire/mqtt/packet.h: MQTT control packets of versions 5.0 and 3.1.1 as plain data, to and from
// bytes. Pure functions for both sides of a connection; no sockets, no clock. Threads: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "wire/mqtt/property.h"
#include "wire/mqtt/protocol.h"

namespace lineshaft::mqtt {

// What the server publishes for a client that went away without saying so.
struct Will {
  std::string topic;
  Bytes payload;  // <= kTextBytesMax
  Qos qos = Qos::kAtMostOnce;
  bool retain = false;
  Properties properties;
  friend bool operator==(const Will&, const Will&) = default;
};

struct Connect {
  Version version = Version::k5;
  std::string client_id;  // "": the server gives one (version 3.1.1: with clean_start only)
  bool clean_start = true;
  std::uint16_t keep_alive_s = 0;  // 0: none
  std::optional<Will> will;
  std::optional<std::string> user_name;
  std::optional<Bytes> password;  // version 3.1.1: with a user name only
  Properties properties;
  friend bool operator==(const Connect&, const Connect&) = default;
};

struct ConnAck {
  bool session_present = false;
  Reason reason = Reason::kSuccess;
  Properties properties;
  friend bool operator==(const ConnAck&, const ConnAck&) = default;
};

struct Publish {
  std::string topic;  // "": version 5, named by properties.topic_alias
  Bytes payload;
  Qos qos = Qos::kAtMostOnce;
  bool retain = false;
  bool dup = false;
  std::uint16_t packet_id = 0;  // not 0 with QoS 1 and 2
  Properties properties;
  friend bool operator==(const Publish&, const Publish&) = default;
};

struct Ack {
  PacketType type = PacketType::kPubAck;  // or kPubRec, kPubRel, kPubComp
  std::uint16_t packet_id = 0;
  Reason reason = Reason::kSuccess;  // version 3.1.1 knows success only
  Properties properties;
  friend bool operator==(const Ack&, const Ack&) = default;
};

struct Subscription {
  std::string filter;
  Qos qos = Qos::kAtMostOnce;  // the highest that is wanted
  bool no_local = false;       // version 5, as the two below
  bool retain_as_published = false;
  std::uint8_t retain_handling = 0;  // retained messages: 0 send, 1 if new, 2 do not send
  friend bool operator==(const Subscription&, const Subscription&) = default;
};

struct Subscribe {
  std::uint16_t packet_id = 0;
  std::vector<Subscription> subscriptions;  // at least one
  Properties properties;
  friend bool operator==(const Subscribe&, const Subscribe&) = default;
};

struct SubAck {
  std::uint16_t packet_id = 0;
  std::vector<Reason> reasons;  // one per subscription, in order
  Properties properties;
  friend bool operator==(const SubAck&, const SubAck&) = default;
};

struct Unsubscribe {
  std::uint16_t packet_id = 0;
  std::vector<std::string> filters;  // at least one
  Properties properties;
  friend bool operator==(const Unsubscribe&, const Unsubscribe&) = default;
};

struct UnsubAck {
  std::uint16_t packet_id = 0;
  std::vector<Reason> reasons;  // version 3.1.1: none
  Properties properties;
  friend bool operator==(const UnsubAck&, const UnsubAck&) = default;
};

struct PingReq {
  friend bool operator==(const PingReq&, const PingReq&) = default;
};
struct PingResp {
  friend bool operator==(const PingResp&, const PingResp&) = default;
};

struct Disconnect {
  Reason reason = Reason::kSuccess;  // version 3.1.1: success only, from the client only
  Properties properties;
  friend bool operator==(const Disconnect&, const Disconnect&) = default;
};

struct Auth {
  Reason reason = Reason::kSuccess;
  Properties properties;
  friend bool operator==(const Auth&, const Auth&) = default;
};

using Packet = std::variant<Connect, ConnAck, Publish, Ack, Subscribe, SubAck, Unsubscribe,
                            UnsubAck, PingReq, PingResp, Disconnect, Auth>;

PacketType type_of(const Packet& packet);

// Appends the packet as `version` writes it (CONNECT: its own version). What version 3.1.1 cannot
// say (properties, reasons) is left out. Requires: the fields keep the rules above, texts are at
// most kTextBytesMax long, the packet at most kRemainingLengthMax.
void encode_packet(const Packet& packet, Version version, Bytes& out);

// Reads one packet: first byte of the fixed header, and what follows the remaining length. Checks
// all that the standard calls malformed; what only makes sense with the state of a session (order,
// identifiers, aliases) is the session's to check. A CONNECT is read by the version that it names.
// Allocates no more than the bytes that came.
// Errors: broken (protocol.h), naming the packet and what is wrong.
Result<Packet> decode_packet(std::uint8_t first_byte, ByteSpan body, Version version);

}  // namespace lineshaft::mqtt
