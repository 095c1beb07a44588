// connect/mqtt/settings.h: what a connection to an MQTT broker is set to, and where its signals
// lie.
#pragma once

#include <cstdint>
#include <string>

#include "connect/tls_settings.h"
#include "model/value.h"
#include "wire/mqtt/protocol.h"

namespace lineshaft::connect {

// How to reach a broker; the same for plain MQTT and for Sparkplug. The comments give the allowed
// range.
struct MqttBroker {
  std::string host;
  std::uint16_t port = 1883;  // 8883 is usual with TLS
  mqtt::Version version = mqtt::Version::k5;
  // "": one by lot, and the broker keeps nothing for us. With a name it keeps messages of QoS 1
  // while we are away; two connections must not have the same.
  std::string client_id;
  std::string user_name;
  std::string password;                 // secret
  std::uint32_t timeout_ms = 5'000;     // 100..60'000: to connect, and for each answer
  std::uint16_t keep_alive_s = 30;      // 5..3600
  std::uint32_t packet_kib_max = 1024;  // 1..65'536: of one message; longer ones end the connection
  TlsSettings tls;
  friend bool operator==(const MqttBroker&, const MqttBroker&) = default;
};

struct MqttSettings {
  MqttBroker broker;
  std::uint32_t session_expiry_s = 3'600;  // with a client_id: how long the broker keeps for us
  std::uint8_t qos = 1;                    // 0..2: of subscriptions
  friend bool operator==(const MqttSettings&, const MqttSettings&) = default;
};

// Where the value of a signal is: in messages of a topic, at a JSON pointer (RFC 6901).
struct MqttPoint {
  std::string topic;         // a topic filter: all messages that match it
  std::string pointer;       // "": the payload is the value
  std::string time_pointer;  // "": the time is that of reception
  ValueType type = ValueType::kFloat64;
  std::string write_topic;    // "": cannot be written
  std::string write_pointer;  // "": the payload is the value
  bool write_retain = false;
  friend bool operator==(const MqttPoint&, const MqttPoint&) = default;
};

}  // namespace lineshaft::connect
