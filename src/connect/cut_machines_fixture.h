// connect/cut_machines_fixture.h: a machine that counts for each protocol, for the tests that cut
// its connection (cut_test.cpp).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "connect/iec104/testing.h"
#include "connect/mqtt/testing.h"
#include "connect/mtconnect/testing.h"
#include "connect/opcua/testing.h"
#include "connect/s7/testing.h"
#include "connect/shdr/testing.h"
#include "connect/stand_in_fixture.h"
#include "connect/testing.h"

namespace lineshaft::connect::testing {

// A machine that counts: at its tick n every signal is n. It is polled, or tells, every tick.
class Machine : public StandIn {
 public:
  virtual void tick(std::int64_t n) = 0;

  sys::Endpoint at;  // where the machine or its broker listens
  std::uint32_t first_tag = 1;
  // A station that keeps its events until they are acknowledged: none may be missing.
  bool keeps_events = false;
  // Such events carry no time of their own, and come again if we could not acknowledge them.
  bool tells_late = false;

 protected:
  static ConnectionConfig counted(ConnectionConfig config) {
    config.store = Store::kAll;
    config.groups = {{"tick", 100}};
    return config;
  }
};

class ModbusMachine : public Machine {
 public:
  enum class Over : std::uint8_t { kTcp, kRtuTcp, kTls };

  explicit ModbusMachine(Over over) {
    stand_in(plant_);
    at = {"plc", 666};
    ModbusServerOptions options;
    options.listen = at;
    options.rtu = over == Over::kRtuTcp;
    ConnectionConfig config = counted(machine(666, 3));
    if (over == Over::kRtuTcp) modbus_of(config).transport = ModbusTransport::kRtuTcp;
    if (over == Over::kTls) {
      // Making a key takes a while; OpenSSL looks at the clock of this computer.
      static const sys::Certificate own =
          sys::make_self_signed_certificate({"plc"}, sys::real_clock().now()).value();
      options.tls =
          sys::make_tls_context(sys::TlsSide::kServer, {own.certificate_pem, own.key_pem, "", ""})
              .value();
      modbus_of(config).tls.enabled = true;
      modbus_of(config).tls.trusted = own.certificate_pem;
    }
    server_ = make_modbus_server(plant_.loop, device_, options).value();
    plant_.put(1, config, 1);
  }
  void tick(std::int64_t n) override {
    device_.holding[1].fill(static_cast<std::uint16_t>(n));
    device_.requests.clear();
  }

 private:
  Plant plant_;
  MapDevice device_;
  std::unique_ptr<ModbusServer> server_;
};

class S7Machine : public Machine {
 public:
  S7Machine() {
    stand_in(plant_);
    at = {"plc", 666};
    server_ = serve_s7(plant_, cpu_, s7_at(666));
    plant_.put(1, counted(cpu(666, 3)), 1);
  }
  void tick(std::int64_t n) override {
    Bytes& block = cpu_.db();
    for (std::size_t i = 0; i < 6; i += 2) {
      block[i] = static_cast<std::uint8_t>(n >> 8);
      block[i + 1] = static_cast<std::uint8_t>(n & 0xFF);
    }
  }

 private:
  Plant plant_;
  NotingCpu cpu_;
  std::unique_ptr<S7Server> server_;
};

class OpcUaMachine : public Machine {
 public:
  OpcUaMachine() {
    stand_in(plant_);
    at = plant_.at;
    first_tag = 101;
    set(0);
    plant_.serve();
    ConnectionConfig config = counted(opcua::testing::Plant::connection());
    config.signals.resize(2);
    plant_.put(config);
  }
  void tick(std::int64_t n) override { set(n); }

 private:
  void set(std::int64_t n) {
    plant_.set(1, static_cast<double>(n));
    plant_.set(2, n);
  }
  opcua::testing::Plant plant_;
};

class Iec104Machine : public Machine {
 public:
  Iec104Machine() {
    stand_in(plant_);
    at = kStationAt;
    keeps_events = true;
    ConnectionConfig config = counted(station_config());
    config.signals.resize(1);
    std::vector<Iec104ServedPoint> points = station_points();
    points.resize(1);
    points[0].reading.value = 0.0F;
    Iec104ServerOptions options;
    options.listen = at;
    options.link.t1 = 3s;
    options.link.t2 = 1s;
    options.link.t3 = 5s;
    iec104_of(config).t1_s = 3;
    iec104_of(config).t2_s = 1;
    iec104_of(config).t3_s = 5;
    server_ = make_iec104_server(plant_.loop, station_, points, options).value();
    plant_.put(1, config, 1);
  }
  void tick(std::int64_t n) override {
    server_->set(100, {static_cast<float>(n), quality::kGood}, plant_.clock.now());
  }

 private:
  Plant plant_;
  TestPlant station_;
  std::unique_ptr<Iec104Server> server_;
};

class MqttMachine : public Machine {
 public:
  MqttMachine() {
    stand_in(plant_);
    at = {"broker", 1};
    plant_.put(1,
               counted(mqtt_connection(
                   1, {mqtt_signal("o/s/m/a", "m/a"), mqtt_signal("o/s/m/b", "m/b", "/n")})),
               1);
  }
  void tick(std::int64_t n) override {
    broker_.say("m/a", std::to_string(n), true);
    broker_.say("m/b", "{\"n\":" + std::to_string(n) + "}", true);
  }

 private:
  Plant plant_;
  TestBroker broker_{plant_.loop, {"broker", 1}};
};

// QoS 1 in a session that the broker keeps: what we have not acknowledged comes on the next
// connection.
class MqttSessionMachine : public Machine {
 public:
  MqttSessionMachine() {
    stand_in(plant_);
    at = {"broker", 1};
    keeps_events = tells_late = true;
    broker_.intercept = [this](const mqtt::Packet& packet, const auto& send, const auto&) {
      return take(packet, send);
    };
    ConnectionConfig config = counted(mqtt_connection(1, {mqtt_signal("o/s/m/a", "m/a")}));
    auto& settings = std::get<MqttSettings>(config.settings);
    settings.broker.client_id = "house";
    settings.qos = 1;
    plant_.put(1, config, 1);
  }
  void tick(std::int64_t n) override {
    if (!subscribed_) return;
    const std::string text = std::to_string(n);
    last_id_ = static_cast<std::uint16_t>(last_id_ % 65'535 + 1);
    unanswered_.push_back({"m/a",
                           Bytes(text.begin(), text.end()),
                           mqtt::Qos::kAtLeastOnce,
                           false,
                           false,
                           last_id_,
                           {}});
    if (send_) say(unanswered_.back());
  }

 private:
  bool take(const mqtt::Packet& packet, const std::function<void(Bytes)>& send) {
    if (std::holds_alternative<mqtt::Connect>(packet)) {
      send_ = send;
      say(mqtt::ConnAck{std::exchange(has_session_, true), mqtt::Reason::kSuccess, {}});
      for (mqtt::Publish& message : unanswered_) {
        message.dup = true;
        say(message);
      }
      return true;
    }
    if (std::holds_alternative<mqtt::Subscribe>(packet)) subscribed_ = true;
    const auto* ack = std::get_if<mqtt::Ack>(&packet);
    if (ack == nullptr) return false;
    std::erase_if(unanswered_, [&](const auto& one) { return one.packet_id == ack->packet_id; });
    return true;
  }
  void say(const mqtt::Packet& packet) {
    Bytes bytes;
    mqtt::encode_packet(packet, mqtt::Version::k5, bytes);
    send_(std::move(bytes));
  }

  std::vector<mqtt::Publish> unanswered_;  // oldest first
  std::function<void(Bytes)> send_;        // to the newest connection
  std::uint16_t last_id_ = 0;
  bool has_session_ = false;
  bool subscribed_ = false;
  Plant plant_;
  TestBroker broker_{plant_.loop, {"broker", 1}};
};

class SparkplugMachine : public Machine {
 public:
  SparkplugMachine() {
    stand_in(plant_);
    at = {"broker", 1};
    node_.set(0, now_ms());
    node_.connect(now_ms());
    SparkplugSettings settings;
    settings.host_id = "lineshaft";
    settings.rebirth_pause_ms = 1'000;
    plant_.put(1, counted(CountingNode::connection(settings)), 1);
  }
  void tick(std::int64_t n) override { node_.tell(n, now_ms()); }

 private:
  std::uint64_t now_ms() { return static_cast<std::uint64_t>(plant_.clock.now().ns / 1'000'000); }

  Plant plant_;
  CountingNode node_{plant_.loop, 1s};
};

// An agent keeps what happened: none of it may be missing, each with the time at which it was.
class MtconnectMachine : public Machine {
 public:
  MtconnectMachine() {
    stand_in(mill_);
    at = kAgentAt;
    keeps_events = true;
    mill_.serve();
    ConnectionConfig config = counted(mill_.config);
    config.signals.resize(1);
    mill_.put(1, config, 1);
  }
  void tick(std::int64_t n) override { mill_.say("xpos", std::to_string(n)); }

 private:
  Mill mill_;
};

// An adapter keeps nothing, and repeats what holds to whoever connects.
class ShdrMachine : public Machine {
 public:
  ShdrMachine() {
    stand_in(plant_);
    at = kAdapterAt;
    ConnectionConfig config = counted(adapter_config());
    config.signals.resize(1);
    plant_.put(1, config, 1);
  }
  void tick(std::int64_t n) override {
    const std::string line = format_rfc3339(plant_.clock.now()) + "|x|" + std::to_string(n) + "\n";
    adapter_.greet_with(line);
    adapter_.say(line);
  }

 private:
  Plant plant_;
  Adapter adapter_{plant_.loop, ""};
};

}  // namespace lineshaft::connect::testing
