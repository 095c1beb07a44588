#include "wire/mqtt/packet.h"

#include <gtest/gtest.h>

#include <string>

#include "wire/mqtt/frame.h"

namespace lineshaft::mqtt {
namespace {

Bytes hex(std::string_view text) {
  Bytes bytes;
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == ' ') {
      ++i;
      continue;
    }
    bytes.push_back(
        static_cast<std::uint8_t>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16)));
    i += 2;
  }
  return bytes;
}

Result<Packet> decode(ByteSpan bytes, Version version) {
  FrameReader reader(kRemainingLengthMax);
  const auto frame = reader.next(bytes);
  if (!frame) return frame.error();
  if (!*frame || !bytes.empty()) return broken("the test's bytes are not one packet");
  return decode_packet((*frame)->first_byte, (*frame)->body, version);
}

// These bytes are this packet, in both directions.
void expect_bytes(const Packet& packet, Version version, std::string_view expected) {
  Bytes bytes;
  encode_packet(packet, version, bytes);
  EXPECT_EQ(bytes, hex(expected)) << packet_name(type_of(packet));
  const auto back = decode(hex(expected), version);
  ASSERT_TRUE(back.ok()) << back.error().what;
  EXPECT_EQ(*back, packet);
}

void expect_refused(Version version, std::string_view bytes, std::string_view why) {
  const auto packet = decode(hex(bytes), version);
  ASSERT_FALSE(packet.ok()) << bytes;
  EXPECT_NE(packet.error().what.find(why), std::string::npos) << packet.error().what;
}

// Figure 3-6 of MQTT 5.0: user name, password, will of QoS 1, clean start, keep alive 10,
// session expiry 10. The payload is laid out after 3.1.3.
TEST(Packet, WritesConnectAsTheExampleOfTheStandard) {
  Connect connect;
  connect.client_id = "me";
  connect.keep_alive_s = 10;
  connect.properties.session_expiry_s = 10;
  connect.will = Will{"w", {0xDE, 0xAD}, Qos::kAtLeastOnce, false, {}};
  connect.will->properties.will_delay_s = 5;
  connect.user_name = "u";
  connect.password = Bytes{'p'};
  // 6 + 1 + 1 + 2 + 6 of the header, 4 + 6 + 3 + 4 + 3 + 3 of the payload: 39.
  expect_bytes(connect, Version::k5,
               "10 27  00 04 4D 51 54 54  05 CE  00 0A  05 11 00 00 00 0A  00 02 6D 65"
               "05 18 00 00 00 05  00 01 77  00 02 DE AD  00 01 75  00 01 70");
}

TEST(Packet, WritesConnectOfVersion311WithoutProperties) {
  Connect connect;
  connect.version = Version::k311;
  connect.client_id = "me";
  connect.clean_start = false;
  connect.keep_alive_s = 60;
  connect.will = Will{"w", {}, Qos::kExactlyOnce, true, {}};
  expect_bytes(connect, Version::k311,
               "10 13  00 04 4D 51 54 54  04 34  00 3C  00 02 6D 65  00 01 77  00 00");
}

TEST(Packet, ReadsTheReturnCodesOf311AsTheReasonsOf5) {
  expect_bytes(ConnAck{true, Reason::kSuccess, {}}, Version::k311, "20 02 01 00");
  expect_bytes(ConnAck{false, Reason::kUnsupportedProtocolVersion, {}}, Version::k311, "20020001");
  expect_bytes(ConnAck{false, Reason::kClientIdentifierNotValid, {}}, Version::k311, "20020002");
  expect_bytes(ConnAck{false, Reason::kServerUnavailable, {}}, Version::k311, "20020003");
  expect_bytes(ConnAck{false, Reason::kBadUserNameOrPassword, {}}, Version::k311, "20020004");
  expect_bytes(ConnAck{false, Reason::kNotAuthorized, {}}, Version::k311, "20020005");
  expect_refused(Version::k311, "20020006", "return code");
}

TEST(Packet, WritesEveryPropertyOfConnack) {
  ConnAck answer;
  answer.properties.session_expiry_s = 1;
  answer.properties.assigned_client_id = "a";
  answer.properties.server_keep_alive_s = 2;
  answer.properties.authentication_method = "m";
  answer.properties.authentication_data = Bytes{9};
  answer.properties.response_information = "r";
  answer.properties.server_reference = "s";
  answer.properties.reason_string = "t";
  answer.properties.receive_maximum = 3;
  answer.properties.topic_alias_maximum = 4;
  answer.properties.maximum_qos = 1;
  answer.properties.retain_available = 0;
  answer.properties.user = {{"k", "v"}, {"k", "v"}};
  answer.properties.maximum_packet_bytes = 5;
  answer.properties.wildcard_subscription_available = 1;
  answer.properties.subscription_ids_available = 0;
  answer.properties.shared_subscription_available = 1;
  // 5+4+3+4+4+4+4+4+3+3+2+2+14+5+2+2+2 = 67
  expect_bytes(answer, Version::k5,
               "20 46 00 00 43 11 00000001 12 0001 61 13 0002 15 0001 6D 16 0001 09 1A 0001 72"
               "1C 0001 73 1F 0001 74 21 0003 22 0004 24 01 25 00 26 0001 6B 0001 76"
               "26 0001 6B 0001 76 27 00000005 28 01 29 00 2A 01");
}

TEST(Packet, WritesPublishWithAndWithoutIdentifier) {
  expect_bytes(Publish{"a/b", {1, 2}, Qos::kAtMostOnce, true, false, 0, {}}, Version::k311,
               "31 07 00 03 61 2F 62 01 02");
  // Figure 3-9: topic a/b, identifier 10, no properties.
  expect_bytes(Publish{"a/b", {}, Qos::kAtLeastOnce, false, true, 10, {}}, Version::k5,
               "3A 08 00 03 61 2F 62 00 0A 00");
  Publish rich{"", {}, Qos::kExactlyOnce, false, false, 1, {}};
  rich.properties.payload_format = 1;
  rich.properties.message_expiry_s = 7;
  rich.properties.content_type = "c";
  rich.properties.response_topic = "r";
  rich.properties.correlation_data = Bytes{0};
  rich.properties.subscription_ids = {1, 300};
  rich.properties.topic_alias = 2;
  // 2 + 5 + 4 + 4 + 4 + 2 + 3 + 3 = 27 bytes of properties.
  expect_bytes(rich, Version::k5,
               "34 20 00 00 00 01 1B 01 01 02 00000007 03 0001 63 08 0001 72 09 0001 00"
               "0B 01 0B AC02 23 0002");
}

TEST(Packet, WritesAcknowledgementsShortWhenTheySaySuccess) {
  for (const auto& [type, first] :
       {std::pair{PacketType::kPubAck, "40"}, std::pair{PacketType::kPubRec, "50"},
        std::pair{PacketType::kPubRel, "62"}, std::pair{PacketType::kPubComp, "70"}}) {
    for (Version version : {Version::k311, Version::k5}) {
      expect_bytes(Ack{type, 0x1234, Reason::kSuccess, {}}, version,
                   std::string(first) + " 02 12 34");
    }
  }
  expect_bytes(Ack{PacketType::kPubAck, 1, Reason::kQuotaExceeded, {}}, Version::k5, "40030001 97");
  Ack explained{PacketType::kPubRec, 1, Reason::kNotAuthorized, {}};
  explained.properties.reason_string = "no";
  expect_bytes(explained, Version::k5, "50 09 0001 87 05 1F 0002 6E6F");
  // Longer forms of the same are read too (3.4.2.1, 3.4.2.2.1).
  EXPECT_EQ(decode(hex("40 03 0001 00"), Version::k5).value(),
            Packet(Ack{PacketType::kPubAck, 1, {}, {}}));
  EXPECT_EQ(decode(hex("40 04 0001 00 00"), Version::k5).value(),
            Packet(Ack{PacketType::kPubAck, 1, {}, {}}));
}

// Figure 3-20 and 3-21: a/b with QoS 1, c/d with QoS 2; here with identifier 10.
TEST(Packet, WritesSubscribeAndItsAnswer) {
  Subscribe subscribe{10, {{"a/b", Qos::kAtLeastOnce}, {"c/d", Qos::kExactlyOnce}}, {}};
  expect_bytes(subscribe, Version::k311, "82 0E 000A 0003 612F62 01 0003 632F64 02");
  expect_bytes(subscribe, Version::k5, "82 0F 000A 00 0003 612F62 01 0003 632F64 02");
  Subscribe options{1, {{"#", Qos::kAtMostOnce, true, true, 2}}, {}};
  options.properties.subscription_ids = {128};
  expect_bytes(options, Version::k5, "82 0A 0001 03 0B 8001 0001 23 2C");
  SubAck answer{10, {Reason::kGrantedQos1, Reason::kUnspecifiedError}, {}};
  expect_bytes(answer, Version::k311, "90 04 000A 01 80");
  expect_bytes(SubAck{10, {Reason::kNotAuthorized}, {}}, Version::k5, "90 04 000A 00 87");
}

TEST(Packet, WritesUnsubscribeAndItsAnswer) {
  expect_bytes(Unsubscribe{10, {"a/b", "c/d"}, {}}, Version::k5,
               "A2 0D 000A 00 0003 612F62 0003 632F64");
  expect_bytes(UnsubAck{10, {}, {}}, Version::k311, "B0 02 000A");
  expect_bytes(UnsubAck{10, {Reason::kSuccess, Reason::kNoSubscriptionExisted}, {}}, Version::k5,
               "B0 05 000A 00 00 11");
}

TEST(Packet, WritesTheRest) {
  expect_bytes(PingReq(), Version::k311, "C0 00");
  expect_bytes(PingResp(), Version::k5, "D0 00");
  expect_bytes(Disconnect(), Version::k311, "E0 00");
  expect_bytes(Disconnect(), Version::k5, "E0 00");
  expect_bytes(Disconnect{Reason::kDisconnectWithWill, {}}, Version::k5, "E0 01 04");
  Disconnect moved{Reason::kServerMoved, {}};
  moved.properties.server_reference = "b";
  expect_bytes(moved, Version::k5, "E0 06 9D 04 1C 0001 62");
  Auth auth{Reason::kContinueAuthentication, {}};
  auth.properties.authentication_method = "m";
  expect_bytes(auth, Version::k5, "F0 06 18 04 15 0001 6D");
}

TEST(Packet, RefusesWhatTheStandardCallsMalformed) {
  expect_refused(Version::k5, "00 00", "no packet");
  expect_refused(Version::k311, "F0 00", "no packet");
  expect_refused(Version::k5, "C1 00", "flags");
  expect_refused(Version::k5, "60 02 0001", "flags");
  expect_refused(Version::k5, "80 05 0001 00 0000", "flags");
  expect_refused(Version::k5, "C0 01 00", "longer");
  expect_refused(Version::k5, "36 06 0001 61 0001 00", "QoS 3");
  expect_refused(Version::k5, "38 04 0001 61 00", "repetition");
  expect_refused(Version::k5, "32 06 0001 61 0000 00", "identifier 0");
  expect_refused(Version::k5, "30 04 0001 2B 00", "wildcard");
  expect_refused(Version::k5, "30 03 0000 00", "topic");
  expect_refused(Version::k5, "30 04 0001 00 00", "NUL");
  expect_refused(Version::k5, "30 04 0001 FF 00", "UTF-8");
  expect_refused(Version::k5, "30 02 00FF", "ends early");
  expect_refused(Version::k5, "30 07 0001 61 03 23 0000", "must not be 0");
  expect_refused(Version::k5, "30 0A 0001 61 06 23 0001 23 0001", "twice");
  expect_refused(Version::k5, "30 06 0001 61 02 01 02", "0 or 1");
  expect_refused(Version::k5, "30 06 0001 61 02 24 01", "does not belong");
  expect_refused(Version::k5, "30 05 0001 61 7F 01", "end early");
  expect_refused(Version::k5, "40 03 0001 01", "reason");
  expect_refused(Version::k5, "82 03 0001 00", "no topic filter");
  expect_refused(Version::k5, "82 07 0001 00 0001 61 03", "QoS 3");
  expect_refused(Version::k5, "82 07 0001 00 0001 61 40", "reserved");
  expect_refused(Version::k311, "82 06 0001 0001 61 04", "reserved");
  expect_refused(Version::k5, "20 03 03 00 00", "reserved");
  expect_refused(Version::k5, "20 03 01 87 00", "session");
  expect_refused(Version::k5, "10 0D 0004 4D515454 05 03 0000 00 0000", "reserved");
  expect_refused(Version::k5, "10 0D 0004 4D515454 05 0A 0000 00 0000", "without a will");
  expect_refused(Version::k5, "10 0D 0004 4D515454 03 02 0000 00 0000", "version");
  expect_refused(Version::k311, "10 0E 0004 4D515454 04 42 0000 0000 0000", "without a user");
  expect_refused(Version::k5, "10 0F 0006 4D5149736470 05 02 0000 00 0000", "not MQTT");
}

// Whatever is cut off, the packet is refused rather than misread; PUBLISH is the exception, as its
// payload is what is left.
TEST(Packet, RefusesEveryBeginningOfAPacket) {
  for (const char* whole : {"10 15 00044D515454 05 C2 000A 00 0002 6D65 0001 75 0001 70",
                            "82 0A 0001 03 0B 8001 0001 23 2C", "50 09 0001 87 05 1F 0002 6E6F",
                            "90 04 000A 00 87", "E0 06 9D 04 1C 0001 62"}) {
    const Bytes bytes = hex(whole);
    ASSERT_TRUE(decode(bytes, Version::k5).ok()) << whole;
    std::size_t accepted = 0;
    for (std::size_t size = 2; size < bytes.size(); ++size) {
      const ByteSpan body = ByteSpan(bytes).subspan(2, size - 2);
      if (decode_packet(bytes[0], body, Version::k5).ok()) accepted += 1;
    }
    // Acknowledgements and DISCONNECT may leave their properties out, and their reason too.
    const bool short_forms = bytes[0] == 0x50 || bytes[0] == 0xE0;
    EXPECT_EQ(accepted, short_forms ? 2u : 0u) << whole;
  }
}

TEST(Packet, NamesReasonsAndPackets) {
  EXPECT_EQ(reason_name(Reason::kNotAuthorized), "not authorized (87)");
  EXPECT_EQ(reason_name(static_cast<Reason>(0x5F)), "not in the standard (5F)");
  EXPECT_EQ(packet_name(PacketType::kPubComp), "PUBCOMP");
  EXPECT_EQ(packet_name(static_cast<PacketType>(0)), "type 0");
}

}  // namespace
}  // namespace lineshaft::mqtt
