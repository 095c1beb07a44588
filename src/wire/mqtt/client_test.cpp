#include "wire/mqtt/client.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>

namespace lineshaft::mqtt {
namespace {

using namespace std::chrono_literals;

// A client and what it told; the test plays the server.
class ClientTest : public ::testing::Test, public ClientEvents {
 protected:
  std::vector<std::string> seen;
  std::vector<Receipt> receipts;
  Nanoseconds now{0};
  std::unique_ptr<Client> client;
  ClientOptions options;
  std::size_t handled = 0;

  ClientTest() {
    options.connect.client_id = "lineshaft";
    options.connect.clean_start = false;
    options.connect.keep_alive_s = 30;
  }

  void on_connected(const ConnAck& answer) override {
    seen.push_back(answer.session_present ? "connected to session" : "connected");
  }
  void on_message(const Publish& message, Receipt receipt) override {
    seen.push_back(message.topic + "=" + std::string(as_text(message.payload)));
    receipts.push_back(receipt);
  }
  void on_delivered(std::uint64_t token, const Status& status) override {
    seen.push_back((status ? "delivered " : "refused ") + std::to_string(token));
  }
  void on_subscribed(std::uint16_t id, const std::vector<Reason>& reasons) override {
    seen.push_back("subscribed " + std::to_string(id) + " " + reason_name(reasons.at(0)));
  }

  void on_fenced(std::uint64_t token) override {
    seen.push_back("fenced " + std::to_string(token));
  }

  std::vector<std::string> take_seen() { return std::exchange(seen, {}); }
  Version version() const { return options.connect.version; }

  // What the client has sent since the last call.
  std::vector<Packet> sent() {
    std::vector<Packet> packets;
    const Bytes bytes = std::exchange(client->output(), {});
    FrameReader reader(kRemainingLengthMax);
    for (ByteSpan rest = bytes; !rest.empty();) {
      const auto frame = reader.next(rest).value();
      packets.push_back(decode_packet(frame->first_byte, frame->body, version()).value());
    }
    return packets;
  }
  Status answer(const Packet& packet) {
    Bytes bytes;
    encode_packet(packet, version(), bytes);
    return client->on_bytes(bytes, now);
  }
  void connect(bool session_present = false, const Properties& properties = {}) {
    if (client == nullptr) client = std::make_unique<Client>(options, *this);
    client->start(now);
    ASSERT_EQ(sent().size(), 1u);
    ASSERT_TRUE(answer(ConnAck{session_present, Reason::kSuccess, properties}).ok());
  }
  static Publish message(std::string topic, Qos qos, std::string_view text = "1") {
    const ByteSpan bytes = as_bytes(text);
    return {std::move(topic), Bytes(bytes.begin(), bytes.end()), qos, false, false, 0, {}};
  }
  static Publish numbered(Publish one, std::uint16_t id, bool dup = false) {
    one.packet_id = id;
    one.dup = dup;
    return one;
  }
  static Ack ack(PacketType type, std::uint16_t id, Reason reason = Reason::kSuccess) {
    return {type, id, reason, {}};
  }
};

using Packets = std::vector<Packet>;
using Words = std::vector<std::string>;

TEST_F(ClientTest, SaysItsLimitsWhenItConnects) {
  options.receive_maximum = 7;
  options.packet_bytes_max = 1000;
  options.topic_alias_maximum = 3;
  client = std::make_unique<Client>(options, *this);
  client->start(now);
  const auto packets = sent();
  const auto& packet = std::get<Connect>(packets.at(0));
  EXPECT_EQ(packet.properties.receive_maximum, 7);
  EXPECT_EQ(packet.properties.maximum_packet_bytes, 1000u);
  EXPECT_EQ(packet.properties.topic_alias_maximum, 3);
  EXPECT_FALSE(client->connected());
  EXPECT_TRUE(answer(ConnAck()).ok());
  EXPECT_TRUE(client->connected());
}

TEST_F(ClientTest, SaysInWordsWhyTheServerRefuses) {
  client = std::make_unique<Client>(options, *this);
  client->start(now);
  const Status status = answer(ConnAck{false, Reason::kNotAuthorized, {}});
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().what, "the server refused the connection: not authorized (87)");
  EXPECT_EQ(take_seen(), Words{});
}

TEST_F(ClientTest, DeliversQos1WithOneAnswer) {
  connect();
  ASSERT_TRUE(client->publish(message("a", Qos::kAtLeastOnce), 11, now).ok());
  EXPECT_EQ(sent(), Packets{numbered(message("a", Qos::kAtLeastOnce), 1)});
  EXPECT_TRUE(answer(ack(PacketType::kPubAck, 1)).ok());
  EXPECT_EQ(take_seen(), (Words{"connected", "delivered 11"}));
  EXPECT_EQ(client->queue_bytes(), 0u);
}

TEST_F(ClientTest, DeliversQos2WithTwoAnswers) {
  connect();
  ASSERT_TRUE(client->publish(message("a", Qos::kExactlyOnce), 11, now).ok());
  EXPECT_EQ(sent(), Packets{numbered(message("a", Qos::kExactlyOnce), 1)});
  EXPECT_TRUE(answer(ack(PacketType::kPubRec, 1)).ok());
  EXPECT_EQ(sent(), Packets{ack(PacketType::kPubRel, 1)});
  EXPECT_EQ(take_seen(), Words{"connected"});
  EXPECT_TRUE(answer(ack(PacketType::kPubComp, 1)).ok());
  EXPECT_EQ(take_seen(), Words{"delivered 11"});
}

TEST_F(ClientTest, SendsAgainInOrderAfterALossAndMarksIt) {
  connect();
  ASSERT_TRUE(client->publish(message("a", Qos::kAtLeastOnce), 1, now).ok());
  ASSERT_TRUE(client->publish(message("b", Qos::kExactlyOnce), 2, now).ok());
  ASSERT_TRUE(client->publish(message("c", Qos::kExactlyOnce), 3, now).ok());
  ASSERT_TRUE(answer(ack(PacketType::kPubRec, 3)).ok());
  sent();
  client->lost();
  ASSERT_TRUE(client->publish(message("d", Qos::kAtLeastOnce), 4, now).ok());  // waits
  connect(true);
  EXPECT_EQ(sent(),
            (Packets{numbered(message("a", Qos::kAtLeastOnce), 1, true),
                     numbered(message("b", Qos::kExactlyOnce), 2, true),
                     ack(PacketType::kPubRel, 3), numbered(message("d", Qos::kAtLeastOnce), 4)}));
}

TEST_F(ClientTest, SendsAllAnewWhenTheServerLostTheSession) {
  connect();
  ASSERT_TRUE(client->publish(message("a", Qos::kAtLeastOnce), 1, now).ok());
  ASSERT_TRUE(client->publish(message("b", Qos::kExactlyOnce), 2, now).ok());
  ASSERT_TRUE(client->publish(message("c", Qos::kExactlyOnce), 3, now).ok());
  ASSERT_TRUE(answer(ack(PacketType::kPubRec, 3)).ok());
  sent();
  take_seen();
  client->lost();
  connect(false);
  // Identifiers go on from 3; what the old server had taken with PUBREC is delivered.
  EXPECT_EQ(sent(), (Packets{numbered(message("a", Qos::kAtLeastOnce), 4),
                             numbered(message("b", Qos::kExactlyOnce), 5)}));
  EXPECT_EQ(take_seen(), (Words{"delivered 3", "connected"}));
}

TEST_F(ClientTest, KeepsToTheReceiveMaximumOfTheServer) {
  Properties limits;
  limits.receive_maximum = 2;
  connect(false, limits);
  for (std::uint64_t i = 1; i <= 4; ++i) {
    ASSERT_TRUE(client->publish(message("a", Qos::kAtLeastOnce), i, now).ok());
  }
  EXPECT_EQ(sent().size(), 2u);
  ASSERT_TRUE(answer(ack(PacketType::kPubAck, 2)).ok());  // out of order is fine
  EXPECT_EQ(sent(), Packets{numbered(message("a", Qos::kAtLeastOnce), 3)});
  EXPECT_EQ(client->unacknowledged(), 3u);
}

TEST_F(ClientTest, RefusesWhatTheServerDoesNotTake) {
  Properties limits;
  limits.maximum_packet_bytes = 20;
  limits.maximum_qos = 1;
  limits.retain_available = 0;
  connect(false, limits);
  EXPECT_FALSE(client->publish(message("a", Qos::kExactlyOnce), 1, now).ok());
  Publish retained = message("a", Qos::kAtMostOnce);
  retained.retain = true;
  EXPECT_FALSE(client->publish(retained, 1, now).ok());
  // 2 + (2 + 1) + 2 + 1 + 12 = 20
  EXPECT_TRUE(client->publish(message("a", Qos::kAtLeastOnce, "123456789012"), 1, now).ok());
  EXPECT_FALSE(client->publish(message("a", Qos::kAtLeastOnce, "1234567890123"), 1, now).ok());
  EXPECT_FALSE(client->publish(message("a/+", Qos::kAtMostOnce), 1, now).ok());
}

TEST_F(ClientTest, BoundsWhatWaitsForTheServer) {
  options.queue_bytes_max = 10;
  client = std::make_unique<Client>(options, *this);
  EXPECT_TRUE(client->publish(message("a", Qos::kAtLeastOnce, "12345678"), 1, now).ok());
  const Status full = client->publish(message("a", Qos::kAtLeastOnce, "1"), 2, now);
  ASSERT_FALSE(full.ok());
  EXPECT_EQ(full.error().id, ErrorId::kQueueFull);
  const Status offline = client->publish(message("a", Qos::kAtMostOnce), 3, now);
  ASSERT_FALSE(offline.ok());
  EXPECT_EQ(offline.error().id, ErrorId::kMachineNotConnected);
}

TEST_F(ClientTest, AcknowledgesWhenTheMessageIsSafeAndInOrder) {
  connect();
  ASSERT_TRUE(answer(numbered(message("a", Qos::kAtLeastOnce), 21)).ok());
  ASSERT_TRUE(answer(numbered(message("b", Qos::kAtLeastOnce), 22)).ok());
  EXPECT_EQ(sent(), Packets{});
  client->acknowledge(receipts.at(1), now);
  EXPECT_EQ(sent(), Packets{});
  client->acknowledge(receipts.at(0), now);
  EXPECT_EQ(sent(), (Packets{ack(PacketType::kPubAck, 21), ack(PacketType::kPubAck, 22)}));
  client->acknowledge(receipts.at(0), now);
  client->acknowledge(0, now);
  EXPECT_EQ(sent(), Packets{});
}

TEST_F(ClientTest, TakesAMessageOfQos2OnceAlthoughTheAnswerGotLost) {
  connect();
  ASSERT_TRUE(answer(numbered(message("a", Qos::kExactlyOnce), 5)).ok());
  client->acknowledge(receipts.at(0), now);
  EXPECT_EQ(sent(), Packets{ack(PacketType::kPubRec, 5)});
  client->lost();
  connect(true);
  take_seen();
  ASSERT_TRUE(answer(numbered(message("a", Qos::kExactlyOnce), 5, true)).ok());
  EXPECT_EQ(sent(), Packets{ack(PacketType::kPubRec, 5)});
  EXPECT_EQ(take_seen(), Words{});
  ASSERT_TRUE(answer(ack(PacketType::kPubRel, 5)).ok());
  EXPECT_EQ(sent(), Packets{ack(PacketType::kPubComp, 5)});
  ASSERT_TRUE(answer(numbered(message("a", Qos::kExactlyOnce, "2"), 5)).ok());
  EXPECT_EQ(take_seen(), Words{"a=2"}) << "the identifier is free again";
}

TEST_F(ClientTest, AReceiptOfALostConnectionAcknowledgesNothing) {
  connect();
  ASSERT_TRUE(answer(numbered(message("a", Qos::kAtLeastOnce), 9)).ok());
  client->lost();
  connect(true);
  client->acknowledge(receipts.at(0), now);
  EXPECT_EQ(sent(), Packets{});
  ASSERT_TRUE(answer(numbered(message("a", Qos::kAtLeastOnce), 9, true)).ok());
  client->acknowledge(receipts.at(1), now);
  EXPECT_EQ(sent(), Packets{ack(PacketType::kPubAck, 9)});
}

TEST_F(ClientTest, FillsInTopicsFromAliases) {
  connect();
  Publish named = message("long/topic", Qos::kAtMostOnce);
  named.properties.topic_alias = 32;
  ASSERT_TRUE(answer(named).ok());
  named.topic.clear();
  ASSERT_TRUE(answer(named).ok());
  EXPECT_EQ(take_seen(), (Words{"connected", "long/topic=1", "long/topic=1"}));
  named.properties.topic_alias = 31;
  EXPECT_FALSE(answer(named).ok()) << "never named";
  client->lost();
  connect();
  named.properties.topic_alias = 32;
  EXPECT_FALSE(answer(named).ok()) << "aliases end with their connection";
  client->lost();
  connect();
  named.topic = "x";
  named.properties.topic_alias = 33;
  EXPECT_FALSE(answer(named).ok()) << "more than the maximum that CONNECT told";
}

// A keep-alive asks with the same packet: only the order of the answers tells them apart.
TEST_F(ClientTest, AFenceIsAnsweredByItsOwnPing) {
  connect();
  take_seen();
  now = 30s;
  ASSERT_TRUE(client->on_time(now).ok());
  ASSERT_TRUE(client->publish(message("a", Qos::kAtMostOnce), 0, now).ok());
  client->fence(7, now);
  client->fence(8, now);
  EXPECT_EQ(sent(), (Packets{PingReq(), message("a", Qos::kAtMostOnce), PingReq(), PingReq()}));
  ASSERT_TRUE(answer(PingResp()).ok());
  EXPECT_EQ(take_seen(), Words{}) << "that was for the keep-alive";
  ASSERT_TRUE(answer(PingResp()).ok());
  ASSERT_TRUE(answer(PingResp()).ok());
  EXPECT_EQ(take_seen(), (Words{"fenced 7", "fenced 8"}));
  ASSERT_TRUE(answer(PingResp()).ok()) << "one that nobody asked for does no harm";
  client->fence(9, now);
  now += 9s;
  EXPECT_TRUE(client->on_time(now).ok());
  now += 1s;
  EXPECT_EQ(client->on_time(now).error().id, ErrorId::kTimeout);
  client->lost();
  connect();
  take_seen();
  ASSERT_TRUE(answer(PingResp()).ok());
  EXPECT_EQ(take_seen(), Words{}) << "the stream of the fence is gone";
}

TEST_F(ClientTest, PingsWhenEitherSideIsSilentAndGivesUpWithoutAnAnswer) {
  connect();
  EXPECT_EQ(client->next_time(), 30s);
  now = 29s;
  ASSERT_TRUE(client->publish(message("a", Qos::kAtMostOnce), 1, now).ok());
  sent();
  ASSERT_TRUE(client->on_time(now).ok());
  EXPECT_EQ(sent(), Packets{});
  now = 30s;  // we have sent, the server has not
  ASSERT_TRUE(client->on_time(now).ok());
  EXPECT_EQ(sent(), Packets{PingReq()});
  EXPECT_EQ(client->next_time(), 40s);
  ASSERT_TRUE(answer(PingResp()).ok());
  EXPECT_EQ(client->next_time(), 60s);
  now = 60s;
  ASSERT_TRUE(client->on_time(now).ok());
  now = 70s;
  const Status dead = client->on_time(now);
  ASSERT_FALSE(dead.ok());
  EXPECT_EQ(dead.error().id, ErrorId::kTimeout);
}

TEST_F(ClientTest, TakesTheKeepAliveOfTheServer) {
  Properties limits;
  limits.server_keep_alive_s = 5;
  connect(false, limits);
  EXPECT_EQ(client->next_time(), 5s);
}

TEST_F(ClientTest, GivesUpWhenConnackDoesNotCome) {
  client = std::make_unique<Client>(options, *this);
  client->start(now);
  EXPECT_EQ(client->next_time(), 10s);
  now = 10s;
  EXPECT_FALSE(client->on_time(now).ok());
}

TEST_F(ClientTest, SubscribesAndTellsEachReason) {
  connect();
  const std::uint16_t id = client->subscribe({{"a/#", Qos::kAtLeastOnce}}, now);
  EXPECT_EQ(sent(), Packets{(Subscribe{id, {{"a/#", Qos::kAtLeastOnce}}, {}})});
  ASSERT_TRUE(answer(SubAck{id, {Reason::kNotAuthorized}, {}}).ok());
  EXPECT_EQ(take_seen(), (Words{"connected", "subscribed 1 not authorized (87)"}));
  EXPECT_FALSE(answer(SubAck{id, {Reason::kSuccess}, {}}).ok()) << "nobody waits for it";
}

TEST_F(ClientTest, ToldOfARefusedMessage) {
  connect();
  ASSERT_TRUE(client->publish(message("a", Qos::kAtLeastOnce), 1, now).ok());
  ASSERT_TRUE(client->publish(message("a", Qos::kExactlyOnce), 2, now).ok());
  ASSERT_TRUE(answer(ack(PacketType::kPubAck, 1, Reason::kNotAuthorized)).ok());
  ASSERT_TRUE(answer(ack(PacketType::kPubRec, 2, Reason::kQuotaExceeded)).ok());
  EXPECT_EQ(take_seen(), (Words{"connected", "refused 1", "refused 2"}));
}

TEST_F(ClientTest, SaysWhyTheServerLeaves) {
  connect();
  const Status bye = answer(Disconnect{Reason::kSessionTakenOver, {}});
  ASSERT_FALSE(bye.ok());
  EXPECT_EQ(bye.error().id, ErrorId::kPeerClosed);
  EXPECT_NE(bye.error().what.find("taken over"), std::string::npos);
}

// What a server may not send at that moment ends the connection, with a DISCONNECT in version 5.
TEST_F(ClientTest, ClosesWhenTheServerBreaksTheRules) {
  const Packet wrong[] = {ConnAck(),
                          PingReq(),
                          Connect(),
                          Subscribe{1, {{"a"}}, {}},
                          ack(PacketType::kPubAck, 77),
                          ack(PacketType::kPubComp, 1),
                          ack(PacketType::kPubRec, 2),
                          UnsubAck{1, {Reason::kSuccess}, {}},
                          Auth{Reason::kContinueAuthentication, {}}};
  for (const Packet& packet : wrong) {
    client.reset();
    connect();
    ASSERT_TRUE(client->publish(message("a", Qos::kExactlyOnce), 1, now).ok());
    ASSERT_TRUE(client->publish(message("a", Qos::kAtLeastOnce), 2, now).ok());
    sent();
    EXPECT_FALSE(answer(packet).ok()) << packet_name(type_of(packet));
    EXPECT_EQ(sent(), Packets{(Disconnect{Reason::kProtocolError, {}})});
  }
  client.reset();
  client = std::make_unique<Client>(options, *this);
  client->start(now);
  EXPECT_FALSE(answer(numbered(message("a", Qos::kAtLeastOnce), 1)).ok()) << "before CONNACK";
}

TEST_F(ClientTest, BoundsTheMessagesThatTheServerSendsAhead) {
  options.receive_maximum = 2;
  connect();
  ASSERT_TRUE(answer(numbered(message("a", Qos::kAtLeastOnce), 1)).ok());
  ASSERT_TRUE(answer(numbered(message("a", Qos::kExactlyOnce), 2)).ok());
  EXPECT_FALSE(answer(numbered(message("a", Qos::kAtLeastOnce), 3)).ok());
}

// The two roles against each other, with the stream cut at every place: every message of QoS 1 and
// 2 that was given to the client is delivered.
TEST_F(ClientTest, DeliversEverythingWhereverTheStreamIsCut) {
  for (std::size_t cut = 0; cut < 120; ++cut) {
    client.reset();
    connect();
    std::multiset<std::string> arrived;
    std::set<std::uint16_t> held;  // QoS 2 of the server's session
    std::size_t budget = cut;
    const auto serve = [&] {
      while (!client->output().empty()) {
        Bytes bytes = std::exchange(client->output(), {});
        bytes.resize(std::min(bytes.size(), budget));
        budget -= bytes.size();
        FrameReader reader(1000);
        for (ByteSpan rest = bytes; !rest.empty();) {
          const auto frame = reader.next(rest).value();
          if (!frame) break;
          const Packet packet = decode_packet(frame->first_byte, frame->body, version()).value();
          if (const auto* one = std::get_if<Publish>(&packet)) {
            const bool second = one->qos == Qos::kExactlyOnce;
            if (!second || held.insert(one->packet_id).second) arrived.insert(one->topic);
            ASSERT_TRUE(
                answer(ack(second ? PacketType::kPubRec : PacketType::kPubAck, one->packet_id))
                    .ok());
          } else if (const auto* release = std::get_if<Ack>(&packet)) {
            held.erase(release->packet_id);
            ASSERT_TRUE(answer(ack(PacketType::kPubComp, release->packet_id)).ok());
          }
        }
        if (budget == 0) return;
      }
    };
    for (std::uint64_t i = 0; i < 6; ++i) {
      const Qos qos = i % 2 == 0 ? Qos::kAtLeastOnce : Qos::kExactlyOnce;
      ASSERT_TRUE(client->publish(message("t" + std::to_string(i), qos), i, now).ok());
    }
    serve();
    client->lost();
    connect(true);
    budget = 10'000;
    serve();
    EXPECT_EQ(client->unacknowledged(), 0u) << "cut at " << cut;
    for (int i = 0; i < 6; ++i) {
      const auto count = arrived.count("t" + std::to_string(i));
      if (i % 2 == 0) {
        EXPECT_GE(count, 1u) << "cut at " << cut;
      } else {
        EXPECT_EQ(count, 1u) << "cut at " << cut;
      }
    }
  }
}

}  // namespace
}  // namespace lineshaft::mqtt
