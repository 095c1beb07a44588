// Bytes to packets. Layouts: MQTT 5.0, chapter 3.
#include <array>

#include "wire/mqtt/packet.h"
#include "wire/mqtt/topic.h"

namespace lineshaft::mqtt {

namespace {

// Reads the fields of one body in order. The first thing that is wrong stays; what is read after it
// is empty and thrown away.
class BodyDecoder {
 public:
  BodyDecoder(ByteSpan body, Version version) : reader_(body), version_(version) {}

  bool ok() const { return !problem_ && reader_.ok(); }
  bool at_end() const { return !ok() || reader_.at_end(); }
  bool v5() const { return version_ == Version::k5; }
  void set_version(Version version) { version_ = version; }

  void fail(std::string what) {
    if (!problem_) problem_ = broken(std::move(what));
  }
  void refuse_if(bool wrong, const char* what) {
    if (wrong && ok()) fail(what);
  }

  std::uint8_t u8() { return ok() ? reader_.u8() : std::uint8_t{0}; }
  std::uint16_t u16() { return ok() ? reader_.read_be<std::uint16_t>() : std::uint16_t{0}; }
  std::uint16_t packet_id() {
    const std::uint16_t id = u16();
    refuse_if(id == 0, "packet identifier 0");
    return id;
  }
  std::string text(const char* field) {
    return ok() ? take(decode_text(reader_, field)) : std::string();
  }
  Bytes binary(const char* field) { return ok() ? take(decode_binary(reader_, field)) : Bytes(); }
  Bytes rest() {
    const ByteSpan bytes = reader_.bytes(reader_.remaining());
    return {bytes.begin(), bytes.end()};
  }
  Properties properties(PropertyOwner owner) {
    return v5() && ok() ? take(decode_properties(reader_, owner)) : Properties();
  }
  Qos qos(unsigned number) {
    refuse_if(number > 2, "QoS 3");
    return static_cast<Qos>(number & 3U);
  }
  void check(Status status) {
    if (!status && ok()) problem_ = std::move(status).error();
  }

  // The packet, unless something was wrong or bytes are left over.
  Result<Packet> finish(Packet packet) {
    if (problem_) return *std::move(problem_);
    if (!reader_.ok()) return broken("it ends early");
    if (!reader_.at_end()) return broken("it is longer than what it holds");
    return packet;
  }

 private:
  template <typename T>
  T take(Result<T> read) {
    if (read) return *std::move(read);
    if (!problem_) problem_ = std::move(read).error();
    return {};
  }

  ByteReader reader_;
  Version version_;
  std::optional<Error> problem_;
};

// Which reasons a packet may carry (table 2-6 and the tables of chapter 3).
bool may_carry(PacketType type, Reason reason) {
  const auto code = static_cast<std::uint8_t>(reason);
  if (code > 0xA2) return false;
  switch (type) {
    case PacketType::kPubRel:
    case PacketType::kPubComp:
      return code == 0 || reason == Reason::kPacketIdentifierNotFound;
    case PacketType::kPubAck:
    case PacketType::kPubRec:
      return code == 0 || code == 0x10 || code >= 0x80;
    case PacketType::kSubAck:
      return code <= 2 || code >= 0x80;
    case PacketType::kUnsubAck:
      return code == 0 || code == 0x11 || code >= 0x80;
    case PacketType::kDisconnect:
      return code == 0 || code == 0x04 || code >= 0x80;
    case PacketType::kAuth:
      return code == 0 || code == 0x18 || code == 0x19;
    default:
      return code == 0 || code >= 0x80;  // CONNACK
  }
}

Reason read_reason(BodyDecoder& in, PacketType type) {
  const auto reason = static_cast<Reason>(in.u8());
  in.refuse_if(!may_carry(type, reason), "a reason code that it cannot have");
  return reason;
}

void read_will(BodyDecoder& in, unsigned flags, Connect& p) {
  Will will;
  will.qos = in.qos(flags >> 3U & 3U);
  will.retain = (flags & 0x20U) != 0;
  will.properties = in.properties(PropertyOwner::kWill);
  will.topic = in.text("the will topic");
  if (in.ok()) in.check(check_topic_name(will.topic));
  will.payload = in.binary("the will payload");
  p.will = std::move(will);
}

Result<Packet> decode_connect(BodyDecoder in) {
  Connect p;
  in.refuse_if(in.text("the protocol name") != "MQTT", "a protocol that is not MQTT");
  const std::uint8_t version = in.u8();
  in.refuse_if(version != 4 && version != 5, "a protocol version that is neither 3.1.1 nor 5.0");
  p.version = version == 4 ? Version::k311 : Version::k5;
  in.set_version(p.version);
  const unsigned flags = in.u8();
  in.refuse_if((flags & 1U) != 0, "the reserved flag is set");
  in.refuse_if((flags & 4U) == 0 && (flags & 0x38U) != 0, "flags of a will without a will");
  in.refuse_if(!in.v5() && (flags & 0xC0U) == 0x40U, "a password without a user name");
  p.clean_start = (flags & 2U) != 0;
  p.keep_alive_s = in.u16();
  p.properties = in.properties(PropertyOwner::kConnect);
  p.client_id = in.text("the client identifier");
  if ((flags & 4U) != 0) read_will(in, flags, p);
  if ((flags & 0x80U) != 0) p.user_name = in.text("the user name");
  if ((flags & 0x40U) != 0) p.password = in.binary("the password");
  return in.finish(std::move(p));
}

Result<Packet> decode_connack(BodyDecoder in) {
  constexpr std::array kReasons311 = {Reason::kSuccess,
                                      Reason::kUnsupportedProtocolVersion,
                                      Reason::kClientIdentifierNotValid,
                                      Reason::kServerUnavailable,
                                      Reason::kBadUserNameOrPassword,
                                      Reason::kNotAuthorized};
  ConnAck p;
  const std::uint8_t flags = in.u8();
  in.refuse_if(flags > 1, "reserved flags are set");
  p.session_present = flags == 1;
  if (in.v5()) {
    p.reason = read_reason(in, PacketType::kConnAck);
  } else {
    const std::uint8_t code = in.u8();
    in.refuse_if(code >= kReasons311.size(), "a return code that does not exist");
    if (in.ok()) p.reason = kReasons311[code];
  }
  in.refuse_if(p.session_present && is_failure(p.reason), "a session together with a refusal");
  p.properties = in.properties(PropertyOwner::kConnAck);
  return in.finish(std::move(p));
}

Result<Packet> decode_publish(BodyDecoder in, unsigned flags) {
  Publish p;
  p.qos = in.qos(flags >> 1U & 3U);
  p.dup = (flags & 8U) != 0;
  p.retain = (flags & 1U) != 0;
  in.refuse_if(p.dup && p.qos == Qos::kAtMostOnce, "QoS 0 marked as a repetition");
  p.topic = in.text("the topic");
  if (p.qos != Qos::kAtMostOnce) p.packet_id = in.packet_id();
  p.properties = in.properties(PropertyOwner::kPublish);
  const bool by_alias = p.topic.empty() && p.properties.topic_alias.has_value();
  if (in.ok() && !by_alias) in.check(check_topic_name(p.topic));
  if (in.ok()) p.payload = in.rest();
  return in.finish(std::move(p));
}

Result<Packet> decode_ack(BodyDecoder in, PacketType type) {
  Ack p;
  p.type = type;
  p.packet_id = in.packet_id();
  if (in.v5() && !in.at_end()) p.reason = read_reason(in, type);
  if (in.v5() && !in.at_end()) p.properties = in.properties(owner_of(type));
  return in.finish(std::move(p));
}

Result<Packet> decode_subscribe(BodyDecoder in) {
  Subscribe p;
  p.packet_id = in.packet_id();
  p.properties = in.properties(PropertyOwner::kSubscribe);
  in.refuse_if(p.properties.subscription_ids.size() > 1, "more than one subscription identifier");
  in.refuse_if(in.at_end(), "no topic filter");
  while (!in.at_end()) {
    Subscription one;
    one.filter = in.text("a topic filter");
    if (in.ok()) in.check(check_topic_filter(one.filter));
    const unsigned options = in.u8();
    in.refuse_if((options & (in.v5() ? 0xC0U : 0xFCU)) != 0, "reserved options are set");
    one.qos = in.qos(options & 3U);
    one.no_local = (options & 4U) != 0;
    one.retain_as_published = (options & 8U) != 0;
    one.retain_handling = static_cast<std::uint8_t>(options >> 4U & 3U);
    in.refuse_if(one.retain_handling == 3, "retain handling 3");
    in.refuse_if(one.no_local && one.filter.starts_with("$share/"),
                 "no local on a shared subscription");
    p.subscriptions.push_back(std::move(one));
  }
  return in.finish(std::move(p));
}

Result<Packet> decode_suback(BodyDecoder in) {
  SubAck p;
  p.packet_id = in.packet_id();
  p.properties = in.properties(PropertyOwner::kSubAck);
  in.refuse_if(in.at_end(), "no reason code");
  while (!in.at_end()) {
    const Reason reason = read_reason(in, PacketType::kSubAck);
    in.refuse_if(!in.v5() && static_cast<unsigned>(reason) > 0x80U, "an unknown return code");
    p.reasons.push_back(reason);
  }
  return in.finish(std::move(p));
}

Result<Packet> decode_unsubscribe(BodyDecoder in) {
  Unsubscribe p;
  p.packet_id = in.packet_id();
  p.properties = in.properties(PropertyOwner::kUnsubscribe);
  in.refuse_if(in.at_end(), "no topic filter");
  while (!in.at_end()) {
    p.filters.push_back(in.text("a topic filter"));
    if (in.ok()) in.check(check_topic_filter(p.filters.back()));
  }
  return in.finish(std::move(p));
}

Result<Packet> decode_unsuback(BodyDecoder in) {
  UnsubAck p;
  p.packet_id = in.packet_id();
  p.properties = in.properties(PropertyOwner::kUnsubAck);
  in.refuse_if(in.v5() && in.at_end(), "no reason code");
  while (in.v5() && !in.at_end()) p.reasons.push_back(read_reason(in, PacketType::kUnsubAck));
  return in.finish(std::move(p));
}

// DISCONNECT and AUTH: a reason and properties, both of which may be missing.
template <typename T>
Result<Packet> decode_reasoned(BodyDecoder in, PacketType type) {
  T p;
  if (in.v5() && !in.at_end()) p.reason = read_reason(in, type);
  if (in.v5() && !in.at_end()) p.properties = in.properties(owner_of(type));
  return in.finish(std::move(p));
}

Result<Packet> decode_body(PacketType type, unsigned flags, BodyDecoder in) {
  switch (type) {
    case PacketType::kConnect:
      return decode_connect(in);
    case PacketType::kConnAck:
      return decode_connack(in);
    case PacketType::kPublish:
      return decode_publish(in, flags);
    case PacketType::kPubAck:
    case PacketType::kPubRec:
    case PacketType::kPubRel:
    case PacketType::kPubComp:
      return decode_ack(in, type);
    case PacketType::kSubscribe:
      return decode_subscribe(in);
    case PacketType::kSubAck:
      return decode_suback(in);
    case PacketType::kUnsubscribe:
      return decode_unsubscribe(in);
    case PacketType::kUnsubAck:
      return decode_unsuback(in);
    case PacketType::kPingReq:
      return in.finish(PingReq());
    case PacketType::kPingResp:
      return in.finish(PingResp());
    case PacketType::kDisconnect:
      return decode_reasoned<Disconnect>(in, type);
    case PacketType::kAuth:
      if (in.v5()) return decode_reasoned<Auth>(in, type);
      break;
  }
  return broken("no packet of this version");
}

}  // namespace

Result<Packet> decode_packet(std::uint8_t first_byte, ByteSpan body, Version version) {
  const auto type = static_cast<PacketType>(first_byte >> 4U);
  const unsigned flags = first_byte & 15U;
  const bool two = type == PacketType::kPubRel || type == PacketType::kSubscribe ||
                   type == PacketType::kUnsubscribe;
  if (type != PacketType::kPublish && flags != (two ? 2U : 0U)) {
    return broken(packet_name(type) + ": flags that it cannot have");
  }
  Result<Packet> packet = decode_body(type, flags, BodyDecoder(body, version));
  if (packet) return packet;
  return broken(packet_name(type) + ": " + packet.error().what);
}

}  // namespace lineshaft::mqtt
