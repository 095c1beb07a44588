#include "wire/mqtt/protocol.h"

#include <array>
#include <string_view>
#include <utility>

namespace lineshaft::mqtt {

namespace {

using Row = std::pair<Reason, std::string_view>;
constexpr std::array kReasonNames = {
    Row{Reason::kSuccess, "success"},
    Row{Reason::kGrantedQos1, "granted QoS 1"},
    Row{Reason::kGrantedQos2, "granted QoS 2"},
    Row{Reason::kDisconnectWithWill, "disconnect with will message"},
    Row{Reason::kNoMatchingSubscribers, "no matching subscribers"},
    Row{Reason::kNoSubscriptionExisted, "no subscription existed"},
    Row{Reason::kContinueAuthentication, "continue authentication"},
    Row{Reason::kReAuthenticate, "re-authenticate"},
    Row{Reason::kUnspecifiedError, "unspecified error"},
    Row{Reason::kMalformedPacket, "malformed packet"},
    Row{Reason::kProtocolError, "protocol error"},
    Row{Reason::kImplementationSpecificError, "refused for a reason of its own"},
    Row{Reason::kUnsupportedProtocolVersion, "protocol version not supported"},
    Row{Reason::kClientIdentifierNotValid, "client identifier not valid"},
    Row{Reason::kBadUserNameOrPassword, "bad user name or password"},
    Row{Reason::kNotAuthorized, "not authorized"},
    Row{Reason::kServerUnavailable, "server unavailable"},
    Row{Reason::kServerBusy, "server busy"},
    Row{Reason::kBanned, "banned"},
    Row{Reason::kServerShuttingDown, "server shutting down"},
    Row{Reason::kBadAuthenticationMethod, "bad authentication method"},
    Row{Reason::kKeepAliveTimeout, "keep-alive timeout"},
    Row{Reason::kSessionTakenOver, "session taken over by a client of the same identifier"},
    Row{Reason::kTopicFilterInvalid, "topic filter invalid"},
    Row{Reason::kTopicNameInvalid, "topic name invalid"},
    Row{Reason::kPacketIdentifierInUse, "packet identifier in use"},
    Row{Reason::kPacketIdentifierNotFound, "packet identifier not found"},
    Row{Reason::kReceiveMaximumExceeded, "receive maximum exceeded"},
    Row{Reason::kTopicAliasInvalid, "topic alias invalid"},
    Row{Reason::kPacketTooLarge, "packet too large"},
    Row{Reason::kMessageRateTooHigh, "message rate too high"},
    Row{Reason::kQuotaExceeded, "quota exceeded"},
    Row{Reason::kAdministrativeAction, "administrative action"},
    Row{Reason::kPayloadFormatInvalid, "payload format invalid"},
    Row{Reason::kRetainNotSupported, "retain not supported"},
    Row{Reason::kQosNotSupported, "QoS not supported"},
    Row{Reason::kUseAnotherServer, "use another server"},
    Row{Reason::kServerMoved, "server moved"},
    Row{Reason::kSharedSubscriptionsNotSupported, "shared subscriptions not supported"},
    Row{Reason::kConnectionRateExceeded, "connection rate exceeded"},
    Row{Reason::kMaximumConnectTime, "maximum connect time"},
    Row{Reason::kSubscriptionIdentifiersNotSupported, "subscription identifiers not supported"},
    Row{Reason::kWildcardSubscriptionsNotSupported, "wildcard subscriptions not supported"},
};

constexpr std::array<std::string_view, 16> kPacketNames = {
    "",        "CONNECT",  "CONNACK",    "PUBLISH", "PUBACK",      "PUBREC",
    "PUBREL",  "PUBCOMP",  "SUBSCRIBE",  "SUBACK",  "UNSUBSCRIBE", "UNSUBACK",
    "PINGREQ", "PINGRESP", "DISCONNECT", "AUTH"};

}  // namespace

std::string reason_name(Reason reason) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  const auto code = static_cast<std::uint8_t>(reason);
  std::string_view words = "not in the standard";
  for (const Row& row : kReasonNames) {
    if (row.first == reason) words = row.second;
  }
  return std::string(words) + " (" + kDigits[code >> 4] + kDigits[code & 15] + ")";
}

std::string packet_name(PacketType type) {
  const auto number = static_cast<std::size_t>(type);
  if (number == 0 || number >= kPacketNames.size()) return "type " + std::to_string(number);
  return std::string(kPacketNames[number]);
}

Error broken(std::string what) { return {ErrorId::kInvalidArgument, std::move(what)}; }

}  // namespace lineshaft::mqtt
