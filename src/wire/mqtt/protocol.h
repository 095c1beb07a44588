// wire/mqtt/protocol.h: the numbers of MQTT: versions, packet types, reason codes, limits.
// Sources: MQTT Version 5.0 and MQTT Version 3.1.1, both OASIS Standards. "2.1.4" is a section of
// the former unless said otherwise.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/result.h"

namespace lineshaft::mqtt {

enum class Version : std::uint8_t { k311 = 4, k5 = 5 };  // as in CONNECT

enum class PacketType : std::uint8_t {
  kConnect = 1,
  kConnAck = 2,
  kPublish = 3,
  kPubAck = 4,
  kPubRec = 5,
  kPubRel = 6,
  kPubComp = 7,
  kSubscribe = 8,
  kSubAck = 9,
  kUnsubscribe = 10,
  kUnsubAck = 11,
  kPingReq = 12,
  kPingResp = 13,
  kDisconnect = 14,
  kAuth = 15,  // version 5
};

enum class Qos : std::uint8_t { kAtMostOnce = 0, kAtLeastOnce = 1, kExactlyOnce = 2 };

// 2.4. From 0x80 on a reason is a failure. The return codes of version 3.1.1 are told by the
// reasons of version 5 that mean the same, so that callers know one list.
enum class Reason : std::uint8_t {
  kSuccess = 0x00,  // also: normal disconnection, granted QoS 0
  kGrantedQos1 = 0x01,
  kGrantedQos2 = 0x02,
  kDisconnectWithWill = 0x04,
  kNoMatchingSubscribers = 0x10,
  kNoSubscriptionExisted = 0x11,
  kContinueAuthentication = 0x18,
  kReAuthenticate = 0x19,
  kUnspecifiedError = 0x80,
  kMalformedPacket = 0x81,
  kProtocolError = 0x82,
  kImplementationSpecificError = 0x83,
  kUnsupportedProtocolVersion = 0x84,
  kClientIdentifierNotValid = 0x85,
  kBadUserNameOrPassword = 0x86,
  kNotAuthorized = 0x87,
  kServerUnavailable = 0x88,
  kServerBusy = 0x89,
  kBanned = 0x8A,
  kServerShuttingDown = 0x8B,
  kBadAuthenticationMethod = 0x8C,
  kKeepAliveTimeout = 0x8D,
  kSessionTakenOver = 0x8E,
  kTopicFilterInvalid = 0x8F,
  kTopicNameInvalid = 0x90,
  kPacketIdentifierInUse = 0x91,
  kPacketIdentifierNotFound = 0x92,
  kReceiveMaximumExceeded = 0x93,
  kTopicAliasInvalid = 0x94,
  kPacketTooLarge = 0x95,
  kMessageRateTooHigh = 0x96,
  kQuotaExceeded = 0x97,
  kAdministrativeAction = 0x98,
  kPayloadFormatInvalid = 0x99,
  kRetainNotSupported = 0x9A,
  kQosNotSupported = 0x9B,
  kUseAnotherServer = 0x9C,
  kServerMoved = 0x9D,
  kSharedSubscriptionsNotSupported = 0x9E,
  kConnectionRateExceeded = 0x9F,
  kMaximumConnectTime = 0xA0,
  kSubscriptionIdentifiersNotSupported = 0xA1,
  kWildcardSubscriptionsNotSupported = 0xA2,
};

constexpr bool is_failure(Reason reason) { return static_cast<std::uint8_t>(reason) >= 0x80; }

// "not authorized (87)"; "not in the standard (5F)".
std::string reason_name(Reason reason);

// "PUBLISH"; "type 0" for what is none.
std::string packet_name(PacketType type);

inline constexpr std::size_t kTextBytesMax = 65'535;  // of every text and binary field: u16 length
inline constexpr std::size_t kRemainingLengthMax = 268'435'455;  // four bytes of seven bits
inline constexpr std::size_t kFixedHeaderBytesMax = 5;
inline constexpr std::uint16_t kReceiveMaximumDefault = 65'535;

// What a peer sent breaks the standard: the connection has to be closed.
Error broken(std::string what);

}  // namespace lineshaft::mqtt
