// connect/mqtt/testing.h: a broker and connections to it for the tests of the MQTT protocols.
#pragma once

#include <algorithm>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "connect/mqtt/settings.h"
#include "connect/testing.h"
#include "wire/mqtt/frame.h"
#include "wire/mqtt/packet.h"
#include "wire/mqtt/topic.h"

namespace lineshaft::connect::testing {

// As much of a broker as the tests need: subscriptions, retained messages, wills, QoS 1. Everything
// is handed on with QoS 0. What it does can be replaced packet by packet.
class TestBroker {
 public:
  // True: the test has answered (or wants silence); the broker does nothing more.
  using Intercept = std::function<bool(const mqtt::Packet&, const std::function<void(Bytes)>& send,
                                       const std::function<void()>& close)>;
  Intercept intercept;
  std::map<std::string, mqtt::Publish> retained;
  std::vector<mqtt::Publish> published;  // by clients
  std::vector<mqtt::Connect> connects;
  mqtt::ConnAck answer;
  std::vector<mqtt::Reason> refuse;  // reasons for the next SUBSCRIBE

  TestBroker(sys::SimLoop& loop, sys::Endpoint at) {
    listener_ = loop.listen(at,
                            [this](std::unique_ptr<sys::TcpStream> stream) {
                              peers_.push_back(std::make_unique<Peer>(*this, std::move(stream)));
                              peers_.back()->read();
                            })
                    .value();
  }

  // As if a client had published it.
  void route(mqtt::Publish message) {
    message.qos = mqtt::Qos::kAtMostOnce;
    message.packet_id = 0;
    message.dup = false;
    if (message.retain) retained[message.topic] = message;
    if (message.retain && message.payload.empty()) retained.erase(message.topic);
    message.retain = false;
    for (const auto& peer : peers_) {
      const bool wanted = peer->open && std::ranges::any_of(peer->filters, [&](const auto& filter) {
                            return mqtt::topic_matches(filter, message.topic);
                          });
      if (wanted) peer->send(message);
    }
  }
  void say(const std::string& topic, std::string_view text, bool retain = false) {
    const ByteSpan bytes = as_bytes(text);
    route({topic, Bytes(bytes.begin(), bytes.end()), mqtt::Qos::kAtMostOnce, retain, false, 0, {}});
  }
  std::size_t clients() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(peers_, [](const auto& peer) { return peer->open; }));
  }

 private:
  struct Peer {
    Peer(TestBroker& b, std::unique_ptr<sys::TcpStream> s) : broker(b), stream(std::move(s)) {}

    void read() {
      stream->read_some(in, [this](Result<std::size_t> count) {
        if (!count) return gone();
        ByteSpan bytes = ByteSpan(in).first(*count);
        while (open && !bytes.empty()) {
          const auto frame = reader.next(bytes);
          if (!frame || !*frame) break;
          auto packet = mqtt::decode_packet((*frame)->first_byte, (*frame)->body, version);
          if (!packet) return close();
          take(*packet);
        }
        if (open) read();
      });
    }
    void take(const mqtt::Packet& packet) {
      const auto raw = [this](Bytes bytes) { send_bytes(bytes); };
      if (broker.intercept && broker.intercept(packet, raw, [this] { close(); })) return;
      if (const auto* connect = std::get_if<mqtt::Connect>(&packet)) {
        version = connect->version;
        will = connect->will;
        broker.connects.push_back(*connect);
        send(broker.answer);
      } else if (const auto* subscribe = std::get_if<mqtt::Subscribe>(&packet)) {
        take(*subscribe);
      } else if (const auto* message = std::get_if<mqtt::Publish>(&packet)) {
        if (message->qos == mqtt::Qos::kAtLeastOnce) {
          send(mqtt::Ack{mqtt::PacketType::kPubAck, message->packet_id, {}, {}});
        }
        broker.published.push_back(*message);
        broker.route(*message);
      } else if (std::holds_alternative<mqtt::PingReq>(packet)) {
        send(mqtt::PingResp());
      } else if (std::holds_alternative<mqtt::Disconnect>(packet)) {
        will.reset();
        close();
      }
    }
    void take(const mqtt::Subscribe& packet) {
      mqtt::SubAck ack{packet.packet_id, std::exchange(broker.refuse, {}), {}};
      if (ack.reasons.empty()) ack.reasons.resize(packet.subscriptions.size());
      send(ack);
      for (const mqtt::Subscription& one : packet.subscriptions) {
        filters.push_back(one.filter);
        for (const auto& [topic, message] : broker.retained) {
          if (mqtt::topic_matches(one.filter, topic)) send(message);
        }
      }
    }
    void send(const mqtt::Packet& packet) {
      Bytes bytes;
      mqtt::encode_packet(packet, version, bytes);
      send_bytes(bytes);
    }
    void send_bytes(ByteSpan bytes) {
      if (!open) return;
      waiting.insert(waiting.end(), bytes.begin(), bytes.end());
      write();
    }
    void write() {
      if (busy || waiting.empty()) return;
      busy = true;
      out = std::exchange(waiting, {});
      stream->write_all(out, [this](const Status& status) {
        busy = false;
        if (!status) return gone();
        write();
      });
    }
    void gone() {
      if (!std::exchange(open, false) || !will) return;
      broker.route({will->topic, will->payload, will->qos, will->retain, false, 0, {}});
    }
    void close() {
      stream->close();
      gone();
    }

    TestBroker& broker;
    std::unique_ptr<sys::TcpStream> stream;
    mqtt::FrameReader reader{1'000'000};
    mqtt::Version version = mqtt::Version::k5;
    std::vector<std::string> filters;
    std::optional<mqtt::Will> will;
    std::array<std::uint8_t, 4096> in{};
    Bytes out;
    Bytes waiting;
    bool busy = false;
    bool open = true;
  };

  std::list<std::unique_ptr<Peer>> peers_;
  std::unique_ptr<sys::TcpListener> listener_;
};

inline MqttBroker broker_at(std::uint16_t port) {
  MqttBroker broker;
  broker.host = "broker";
  broker.port = port;
  broker.timeout_ms = 1'000;
  return broker;
}

inline SignalConfig mqtt_signal(std::string path, std::string topic, std::string pointer = "",
                                ValueType type = ValueType::kFloat64) {
  SignalConfig signal;
  signal.path = std::move(path);
  MqttPoint point;
  point.topic = std::move(topic);
  point.pointer = std::move(pointer);
  point.type = type;
  signal.point = point;
  return signal;
}

inline ConnectionConfig mqtt_connection(std::uint16_t port, std::vector<SignalConfig> signals) {
  ConnectionConfig config;
  config.name = "broker " + std::to_string(port);
  MqttSettings settings;
  settings.broker = broker_at(port);
  config.settings = settings;
  config.groups = {{"normal", 1000}};
  config.signals = std::move(signals);
  return config;
}

}  // namespace lineshaft::connect::testing
