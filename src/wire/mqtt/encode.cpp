// Packets to bytes. Layouts: MQTT 5.0, chapter 3.
#include <type_traits>

#include "wire/mqtt/packet.h"

namespace lineshaft::mqtt {

namespace {

unsigned bits(Qos qos) { return static_cast<unsigned>(qos); }

// The return codes of CONNACK in version 3.1.1 (3.2.2.3 there).
std::uint8_t return_code_311(Reason reason) {
  switch (reason) {
    case Reason::kSuccess:
      return 0;
    case Reason::kUnsupportedProtocolVersion:
      return 1;
    case Reason::kClientIdentifierNotValid:
      return 2;
    case Reason::kBadUserNameOrPassword:
      return 4;
    case Reason::kNotAuthorized:
      return 5;
    default:
      return 3;  // server unavailable
  }
}

// Writes what stands behind the fixed header, and tells the flags of its first byte.
class BodyEncoder {
 public:
  BodyEncoder(Version version, Bytes& body) : v5_(version == Version::k5), body_(body) {}

  unsigned operator()(const Connect& p) {
    encode_text("MQTT", body_);
    u8(static_cast<unsigned>(p.version));
    unsigned flags = p.clean_start ? 0x02U : 0U;
    if (p.will) flags |= 0x04U | bits(p.will->qos) << 3U | (p.will->retain ? 0x20U : 0U);
    if (p.password) flags |= 0x40U;
    if (p.user_name) flags |= 0x80U;
    LS_ASSERT(v5_ || !p.password || p.user_name);
    u8(flags);
    u16(p.keep_alive_s);
    properties(p.properties, PropertyOwner::kConnect);
    encode_text(p.client_id, body_);
    if (p.will) {
      properties(p.will->properties, PropertyOwner::kWill);
      encode_text(p.will->topic, body_);
      encode_text(as_text(p.will->payload), body_);
    }
    if (p.user_name) encode_text(*p.user_name, body_);
    if (p.password) encode_text(as_text(*p.password), body_);
    return 0;
  }

  unsigned operator()(const ConnAck& p) {
    u8(p.session_present ? 1 : 0);
    u8(v5_ ? static_cast<std::uint8_t>(p.reason) : return_code_311(p.reason));
    properties(p.properties, PropertyOwner::kConnAck);
    return 0;
  }

  unsigned operator()(const Publish& p) {
    const bool identified = p.qos != Qos::kAtMostOnce;
    LS_ASSERT(identified == (p.packet_id != 0));
    LS_ASSERT(identified || !p.dup);
    encode_text(p.topic, body_);
    if (identified) u16(p.packet_id);
    properties(p.properties, PropertyOwner::kPublish);
    body_.insert(body_.end(), p.payload.begin(), p.payload.end());
    return (p.dup ? 8U : 0U) | bits(p.qos) << 1U | (p.retain ? 1U : 0U);
  }

  unsigned operator()(const Ack& p) {
    u16(p.packet_id);
    reasoned(p.reason, p.properties, owner_of(p.type));
    return p.type == PacketType::kPubRel ? 2 : 0;
  }

  unsigned operator()(const Subscribe& p) {
    LS_ASSERT(!p.subscriptions.empty());
    u16(p.packet_id);
    properties(p.properties, PropertyOwner::kSubscribe);
    for (const Subscription& one : p.subscriptions) {
      encode_text(one.filter, body_);
      unsigned options = bits(one.qos);
      if (v5_) {
        options |= (one.no_local ? 4U : 0U) | (one.retain_as_published ? 8U : 0U) |
                   static_cast<unsigned>(one.retain_handling) << 4U;
      }
      u8(options);
    }
    return 2;
  }

  unsigned operator()(const SubAck& p) {
    u16(p.packet_id);
    properties(p.properties, PropertyOwner::kSubAck);
    for (const Reason reason : p.reasons) {
      u8(!v5_ && is_failure(reason) ? 0x80U : static_cast<unsigned>(reason));
    }
    return 0;
  }

  unsigned operator()(const Unsubscribe& p) {
    LS_ASSERT(!p.filters.empty());
    u16(p.packet_id);
    properties(p.properties, PropertyOwner::kUnsubscribe);
    for (const std::string& filter : p.filters) encode_text(filter, body_);
    return 2;
  }

  unsigned operator()(const UnsubAck& p) {
    u16(p.packet_id);
    properties(p.properties, PropertyOwner::kUnsubAck);
    if (!v5_) return 0;
    for (const Reason reason : p.reasons) u8(static_cast<unsigned>(reason));
    return 0;
  }

  unsigned operator()(const PingReq& /*p*/) { return 0; }
  unsigned operator()(const PingResp& /*p*/) { return 0; }

  unsigned operator()(const Disconnect& p) {
    reasoned(p.reason, p.properties, PropertyOwner::kDisconnect);
    return 0;
  }
  unsigned operator()(const Auth& p) {
    LS_ASSERT(v5_);
    reasoned(p.reason, p.properties, PropertyOwner::kAuth);
    return 0;
  }

 private:
  void u8(unsigned value) { body_.push_back(static_cast<std::uint8_t>(value)); }
  void u16(std::uint16_t value) { ByteWriter(body_).write_be(value); }
  void properties(const Properties& p, PropertyOwner owner) {
    if (v5_) encode_properties(p, owner, body_);
  }
  // Success without properties is left out, and so are properties that are none: both are allowed
  // everywhere, and old peers have been met that want it so.
  void reasoned(Reason reason, const Properties& p, PropertyOwner owner) {
    const bool plain = p == Properties();
    if (!v5_ || (plain && reason == Reason::kSuccess)) return;
    u8(static_cast<unsigned>(reason));
    if (!plain) properties(p, owner);
  }

  const bool v5_;
  Bytes& body_;
};

}  // namespace

PacketType type_of(const Packet& packet) {
  static constexpr PacketType kTypes[] = {
      PacketType::kConnect,     PacketType::kConnAck,    PacketType::kPublish,
      PacketType::kPubAck,      PacketType::kSubscribe,  PacketType::kSubAck,
      PacketType::kUnsubscribe, PacketType::kUnsubAck,   PacketType::kPingReq,
      PacketType::kPingResp,    PacketType::kDisconnect, PacketType::kAuth};
  static_assert(std::size(kTypes) == std::variant_size_v<Packet>);
  if (const auto* ack = std::get_if<Ack>(&packet)) return ack->type;
  return kTypes[packet.index()];
}

void encode_packet(const Packet& packet, Version version, Bytes& out) {
  if (const auto* connect = std::get_if<Connect>(&packet)) version = connect->version;
  Bytes body;
  const unsigned flags = std::visit(BodyEncoder(version, body), packet);
  out.push_back(static_cast<std::uint8_t>(static_cast<unsigned>(type_of(packet)) << 4U | flags));
  encode_variable_integer(body.size(), out);
  out.insert(out.end(), body.begin(), body.end());
}

}  // namespace lineshaft::mqtt
