// Every protocol, cut at every byte of a session, in both directions. What must hold, wherever it
// is cut: what was read is stored, every gap is marked, no value is invented, and the connection
// comes back. Short here; whole with tools/torture.
#include <gtest/gtest.h>

#include <limits>
#include <numeric>

#include "base/torture_fixture.h"
#include "connect/iec104/testing.h"
#include "connect/mqtt/testing.h"
#include "connect/opcua/testing.h"
#include "connect/s7/testing.h"
#include "connect/sparkplug/session.h"
#include "connect/testing.h"
#include "wire/sparkplug/edge_node.h"

namespace lineshaft::connect {
namespace {

using namespace testing;

constexpr Nanoseconds kTick = 100ms;
constexpr std::size_t kSessionTicks = 30;
// The longest wait before an attempt to connect is 30 s, and some time is needed after it.
constexpr std::size_t kRecoveryTicks = 600;
constexpr std::size_t kCutsInShort = 24;  // of each direction of each protocol

// A machine that counts: at its tick n every signal is n. It stands behind connection 1 of the
// manager, polled or told every tick.
class Machine {
 public:
  virtual ~Machine() = default;
  virtual void tick(std::int64_t n) = 0;

  sys::SimLoop* loop = nullptr;
  sys::Clock* clock = nullptr;
  MemorySink* sink = nullptr;
  ConnectionManager* manager = nullptr;
  sys::Endpoint at;  // where the machine or its broker listens
  std::uint32_t first_tag = 1;
  // A station that keeps its events until they are acknowledged: none may be missing.
  bool keeps_events = false;
  // Such events carry no time of their own, and come again if we could not acknowledge them.
  bool tells_late = false;

 protected:
  void stand_in(Plant& plant) {
    loop = &plant.loop;
    clock = &plant.clock;
    sink = &plant.sink;
    manager = plant.manager.get();
  }
  static ConnectionConfig counted(ConnectionConfig config) {
    config.store = Store::kAll;
    config.groups = {{"tick", 100}};
    return config;
  }
};

class ModbusMachine : public Machine {
 public:
  explicit ModbusMachine(bool rtu) {
    stand_in(plant_);
    at = {"plc", 666};
    ModbusServerOptions options;
    options.listen = at;
    options.rtu = rtu;
    server_ = make_modbus_server(plant_.loop, device_, options).value();
    ConnectionConfig config = counted(machine(666, 3));
    if (rtu) modbus_of(config).transport = ModbusTransport::kRtuTcp;
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
    loop = &plant_.loop;
    clock = &plant_.clock;
    sink = &plant_.sink;
    manager = plant_.manager.get();
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

class SparkplugMachine : public Machine, public sparkplug::EdgeNodeEvents {
 public:
  SparkplugMachine() {
    stand_in(plant_);
    at = {"broker", 1};
    sparkplug::EdgeNodeOptions options;
    options.node = {"g", "n"};
    options.rebirth_pause = 1s;
    node_ = std::make_unique<sparkplug::EdgeNode>(options, *this);
    const auto type = sparkplug::DataType::kInt64;
    metric_ = node_->add_metric(sparkplug::kNodeItself, "count", type, false).value();
    static_cast<void>(node_->next_will(now_ms()));
    update(0);
    node_->on_connected(now_ms(), plant_.loop.now());

    ConnectionConfig config;
    config.name = "sparkplug";
    SparkplugSettings settings;
    settings.broker = broker_at(1);
    settings.host_id = "lineshaft";
    settings.rebirth_pause_ms = 1'000;
    config.settings = settings;
    SignalConfig signal;
    signal.path = "o/s/n/count";
    signal.point = SparkplugPoint{"g", "n", "", "count", ValueType::kInt64};
    config.signals = {signal};
    plant_.put(1, counted(config), 1);
  }
  void tick(std::int64_t n) override {
    for (const mqtt::Publish& message : std::exchange(broker_.published, {})) {
      node_->on_message(message.topic, message.payload, now_ms(), plant_.loop.now());
    }
    update(n);
    node_->on_time(now_ms(), plant_.loop.now());
    node_->flush(now_ms());
  }

 private:
  void publish(sparkplug::Publication publication) override {
    broker_.route(message_of(std::move(publication)));
  }
  void on_command(sparkplug::EdgeMetricId /*metric*/, Value /*value*/) override {}
  void on_host_offline() override {}
  void on_trouble(const Error& /*what*/) override {}

  std::uint64_t now_ms() { return static_cast<std::uint64_t>(plant_.clock.now().ns / 1'000'000); }
  void update(std::int64_t n) { node_->update(metric_, {Value(n), quality::kGood, now_ms()}); }

  Plant plant_;
  TestBroker broker_{plant_.loop, {"broker", 1}};
  std::unique_ptr<sparkplug::EdgeNode> node_;
  sparkplug::EdgeMetricId metric_ = 0;
};

struct Protocol {
  const char* name;
  std::unique_ptr<Machine> (*make)();
};

template <typename Kind>
std::unique_ptr<Machine> make() {
  return std::make_unique<Kind>();
}

const Protocol kAll[] = {
    {"ModbusTcp", [] { return std::unique_ptr<Machine>(new ModbusMachine(false)); }},
    {"ModbusRtu", [] { return std::unique_ptr<Machine>(new ModbusMachine(true)); }},
    {"S7", make<S7Machine>},
    {"OpcUa", make<OpcUaMachine>},
    {"Iec104", make<Iec104Machine>},
    {"Mqtt", make<MqttMachine>},
    {"MqttQos1", make<MqttSessionMachine>},
    {"Sparkplug", make<SparkplugMachine>},
};

struct Cut {
  sys::SimSide side;
  std::uint64_t bytes;
};

// A session, and what the machine counted when.
struct Session {
  std::unique_ptr<Machine> machine;
  Timestamp begin;
  std::int64_t ticks = 0;

  explicit Session(const Protocol& protocol) : machine(protocol.make()) {
    begin = machine->clock->now();
  }
  void run_tick() {
    machine->tick(++ticks);
    machine->loop->run_for(kTick);
  }
  // Some protocols carry whole milliseconds.
  std::int64_t count_at(Timestamp time) const { return (time - begin + 1ms) / kTick + 1; }
  ConnectionStatus status() const { return machine->manager->status({1}).value(); }
  bool well() const {
    const ConnectionStatus now = status();
    return now.state == ConnectionState::kConnected && now.tags_bad == 0;
  }
};

std::int64_t number(const Value& value) { return static_cast<std::int64_t>(as_double(value)); }

// The samples of one signal, in order of their time.
void check_signal(const Session& session, std::vector<Sample> samples) {
  std::ranges::stable_sort(samples, {}, [](const Sample& sample) { return sample.time.ns; });
  ASSERT_FALSE(samples.empty());
  const Sample* before = nullptr;
  std::int64_t highest = 0;
  for (const Sample& sample : samples) {
    if (sample.quality.bad()) {
      before = &sample;
      continue;
    }
    const std::int64_t counted = session.count_at(sample.time);
    const std::int64_t value = number(sample.value);
    EXPECT_LE(value, counted) << "from the future";
    if (!session.machine->tells_late) {
      EXPECT_GE(value, counted - 3) << "from long ago";
      EXPECT_GE(value, highest) << "taken for another's";
    }
    highest = std::max(highest, value);
    if (before != nullptr && !before->quality.bad()) {
      EXPECT_LE(sample.time - before->time, 3 * kTick) << "a gap without a mark";
    }
    before = &sample;
  }
  EXPECT_GE(highest, session.ticks - 3) << "it came back and tells the present";
}

void check_events(const Session& session, const std::vector<Sample>& samples) {
  std::vector<bool> stored(static_cast<std::size_t>(session.ticks) + 1);
  std::int64_t first = std::numeric_limits<std::int64_t>::max();
  std::int64_t last = 0;
  for (const Sample& sample : samples) {
    if (sample.quality.bad()) continue;
    stored[static_cast<std::size_t>(number(sample.value))] = true;
    first = std::min(first, number(sample.value));
    last = std::max(last, number(sample.value));
  }
  for (std::int64_t n = first; n <= last; ++n) {
    EXPECT_TRUE(stored[static_cast<std::size_t>(n)]) << "event " << n << " of " << last;
  }
}

void run_and_check(const Protocol& protocol, Cut cut) {
  Session session(protocol);
  Machine& machine = *session.machine;
  machine.loop->cut_once(machine.at, cut.side, cut.bytes);
  for (std::size_t i = 0; i < kSessionTicks; ++i) session.run_tick();
  for (std::size_t i = 0; i < kRecoveryTicks && !session.well(); ++i) session.run_tick();
  ASSERT_TRUE(session.well()) << "stuck: " << session.status().last_error.value_or("");
  for (std::size_t i = 0; i < 5; ++i) session.run_tick();
  ASSERT_TRUE(session.well()) << "lost again: " << session.status().last_error.value_or("");

  ASSERT_TRUE(machine.manager->set_enabled({1}, false).ok());
  machine.loop->run_for(1s);  // for what is on its way to the sink
  std::uint64_t good = 0;
  for (std::uint32_t i = 0; i < session.status().tags; ++i) {
    const auto samples = machine.sink->of(machine.first_tag + i);
    check_signal(session, samples);
    if (machine.keeps_events) check_events(session, samples);
    good += static_cast<std::uint64_t>(
        std::ranges::count_if(samples, [](const Sample& s) { return !s.quality.bad(); }));
  }
  EXPECT_EQ(good, session.status().values) << "what was read and is not stored";
}

// The i-th cut of each direction, of so many bytes. Steps that share no factor with the whole meet
// every byte once, and are spread over the session however few are made.
std::vector<Cut> cuts_of_round(std::uint64_t i, const std::array<std::uint64_t, 2>& bytes) {
  std::vector<Cut> cuts;
  for (sys::SimSide side : {sys::SimSide::kConnecting, sys::SimSide::kListening}) {
    const std::uint64_t all = bytes[static_cast<std::size_t>(side)] + 1;
    std::uint64_t step = std::max<std::uint64_t>(all / kCutsInShort, 1);
    while (std::gcd(step, all) != 1) step += 1;
    if (i < all) cuts.push_back({side, (Torture::seed(0) + i * step) % all});
  }
  return cuts;
}

class CutAnywhere : public ::testing::TestWithParam<Protocol> {};

TEST_P(CutAnywhere, LosesNothingMarksEveryGapAndComesBack) {
  const Protocol& protocol = GetParam();
  std::array<std::uint64_t, 2> bytes{};
  {
    Session whole(protocol);
    for (std::size_t i = 0; i < kSessionTicks; ++i) whole.run_tick();
    ASSERT_TRUE(whole.well());
    for (sys::SimSide side : {sys::SimSide::kConnecting, sys::SimSide::kListening}) {
      bytes[static_cast<std::size_t>(side)] =
          whole.machine->loop->bytes_sent(whole.machine->at, side);
    }
  }
  const Torture torture;
  std::uint64_t cuts = 0;
  for (std::uint64_t i = 0; i < std::max(bytes[0], bytes[1]); ++i) {
    if (torture.wanted() ? torture.is_over() : i >= kCutsInShort) break;
    for (const Cut& cut : cuts_of_round(i, bytes)) {
      SCOPED_TRACE(std::string(cut.side == sys::SimSide::kConnecting ? "asked" : "answered") +
                   " byte " + std::to_string(cut.bytes));
      run_and_check(protocol, cut);
      if (HasFailure()) return;
      cuts += 1;
    }
  }
  torture.report({{"cuts", cuts}});
}

INSTANTIATE_TEST_SUITE_P(Protocols, CutAnywhere, ::testing::ValuesIn(kAll),
                         [](const auto& of) { return std::string(of.param.name); });

}  // namespace
}  // namespace lineshaft::connect
