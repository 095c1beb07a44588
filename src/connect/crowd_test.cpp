// Two hundred machines: what fifty hostile ones of them do to the others, and how they all come
// back after a common loss. Polls are counted on simulated time.
#include <gtest/gtest.h>

#include "base/torture_fixture.h"
#include "connect/iec104/testing.h"
#include "connect/mqtt/testing.h"
#include "connect/mtconnect/testing.h"
#include "connect/opcua/testing.h"
#include "connect/protocol.h"
#include "connect/s7/testing.h"
#include "connect/shdr/testing.h"
#include "connect/strange_peer_fixture.h"
#include "connect/testing.h"

namespace lineshaft::connect {
namespace {

using namespace testing;

constexpr std::uint32_t kMachines = 200;
constexpr std::uint32_t kHostileEvery = 8;  // two of so many: one of each protocol

std::uint16_t port_of(std::uint32_t machine) {
  return static_cast<std::uint16_t>(10'000 + machine);
}

// Every second machine speaks S7, the others Modbus.
ConnectionConfig config_of(std::uint32_t i) {
  return i % 2 == 0 ? machine(port_of(i), 3) : cpu(port_of(i), 3);
}

// A peer that accepts and then does one of the things that peers do. The bytes are sent whenever
// something comes in, whatever it was.
class Hostile {
 public:
  enum Kind : std::uint32_t {
    kSilence,
    kGarbage,
    kLongestLength,
    kHalfAnswer,
    kAnotherAnswer,
    kClose,
    kFlood,
    kKinds
  };

  Hostile(sys::SimLoop& loop, sys::Endpoint at, Kind kind) : kind_(kind) {
    listener_ = loop.listen(at,
                            [this](std::unique_ptr<sys::TcpStream> stream) {
                              if (kind_ == kClose) return;
                              peers_.push_back(std::make_unique<Peer>(*this, std::move(stream)));
                              peers_.back()->read();
                            })
                    .value();
  }
  std::uint64_t heard = 0;  // bytes

 private:
  // What both protocols take for the beginning of something, at most for a while.
  Bytes bytes() const {
    switch (kind_) {
      case kGarbage:
        return Bytes(300, 0x5A);
      case kLongestLength:  // MBAP: 254 bytes follow; TPKT: 65535
        return {0x03, 0x00, 0xFF, 0xFF, 0x02, 0xF0};
      case kHalfAnswer:
        return {0x03, 0x00, 0x00};
      case kAnotherAnswer: {  // to another transaction, and a COTP confirmation of nothing asked
        Bytes answer;
        modbus::append_frame({0x0300, 1}, Bytes{3, 6, 0, 1, 0, 2, 0, 3}, answer);
        return answer;
      }
      case kFlood:
        return Bytes(60'000, 0x00);
      default:
        return {};
    }
  }

  struct Peer {
    Peer(Hostile& o, std::unique_ptr<sys::TcpStream> s) : owner(o), stream(std::move(s)) {}
    void read() {
      stream->read_some(in, [this](Result<std::size_t> count) {
        if (!count) return stream->close();
        owner.heard += *count;
        if (out.empty()) {
          out = owner.bytes();
          if (!out.empty()) {
            stream->write_all(out, [this](const Status&) { out.clear(); });
          }
        }
        read();
      });
    }
    Hostile& owner;
    std::unique_ptr<sys::TcpStream> stream;
    std::array<std::uint8_t, 1024> in{};
    Bytes out;
  };

  const Kind kind_;
  std::list<std::unique_ptr<Peer>> peers_;
  std::unique_ptr<sys::TcpListener> listener_;
};

// The good machines, with the instants of their polls.
struct Crowd : Plant {
  MapDevice device;
  NotingCpu memory;
  std::map<std::uint32_t, std::vector<Nanoseconds>> polls;
  std::list<MapDevice> devices;
  std::list<NotingCpu> cpus;
  std::vector<std::unique_ptr<ModbusServer>> modbus_servers;
  std::vector<std::unique_ptr<S7Server>> s7_servers;
  std::list<Hostile> hostile;

  void add_good(std::uint32_t i) {
    if (i % 2 == 0) {
      MapDevice& one = devices.emplace_back();
      one.reply = [this, i](std::uint8_t, const modbus::Request&) {
        polls[i].push_back(loop.now());
        return ServerReply{};
      };
      modbus_servers.push_back(serve(one, port_of(i)));
    } else {
      NotingCpu& one = cpus.emplace_back();
      one.reply = [this, i](const s7::Request&) {
        polls[i].push_back(loop.now());
        return S7Reply{};
      };
      s7_servers.push_back(serve_s7(*this, one, s7_at(port_of(i))));
    }
  }
  void connect_all() {
    for (std::uint32_t i = 0; i < kMachines; ++i) put(i + 1, config_of(i), 1 + 3 * i);
  }
};

TEST(Crowd, FiftyHostilePeersDoNotMoveThePollsOfTheOthers) {
  Crowd crowd;
  for (std::uint32_t i = 0; i < kMachines; ++i) {
    if (i % kHostileEvery < 2) {
      const auto kind = static_cast<Hostile::Kind>(crowd.hostile.size() % Hostile::kKinds);
      crowd.hostile.emplace_back(crowd.loop, sys::Endpoint{"plc", port_of(i)}, kind);
    } else {
      crowd.add_good(i);
    }
  }
  ASSERT_GE(crowd.hostile.size(), 50u);
  crowd.connect_all();
  crowd.loop.run_for(120s);

  ASSERT_EQ(crowd.polls.size(), kMachines - crowd.hostile.size());
  for (const auto& [i, polls] : crowd.polls) {
    const ConnectionStatus status = crowd.status(i + 1);
    ASSERT_EQ(status.errors, 0u) << i;
    ASSERT_EQ(status.tags_bad, 0u) << i;
    ASSERT_EQ(status.reconnects, 0u) << i;
    ASSERT_GE(polls.size(), 119u) << i;
    for (std::size_t poll = 2; poll < polls.size(); ++poll) {
      ASSERT_EQ(polls[poll] - polls[poll - 1], 1s) << "machine " << i << ", poll " << poll;
    }
  }
  std::size_t spoke = 0;
  for (std::uint32_t i = 0; i < kMachines; ++i) {
    if (crowd.polls.contains(i)) continue;
    EXPECT_EQ(crowd.status(i + 1).tags_bad, 3u)
        << "nothing is made of what machine " << i << " says";
    spoke += crowd.loop.connections_made({"plc", port_of(i)}) > 1 ? 1u : 0u;
  }
  EXPECT_GT(spoke, 40u) << "they are tried again";
}

// --- every protocol ---

// A connection of the i-th protocol to a peer at that port.
ConnectionConfig config_to(Protocol protocol, std::uint16_t port) {
  ConnectionConfig config;
  switch (protocol) {
    case Protocol::kModbusTcp:
      config = machine(port, 3);
      if (port % 2 == 0) modbus_of(config).transport = ModbusTransport::kRtuTcp;
      break;
    case Protocol::kS7:
      config = cpu(port, 3);
      break;
    case Protocol::kOpcUa:
      config = opcua::testing::Plant::connection();
      opcua::testing::Plant::settings(config).url = "opc.tcp://plc:" + std::to_string(port);
      break;
    case Protocol::kMqtt:
      config = mqtt_connection(port, {mqtt_signal("o/m/a", "m/a")});
      std::get<MqttSettings>(config.settings).broker.host = "plc";
      break;
    case Protocol::kSparkplug: {
      SparkplugSettings settings;
      settings.broker = broker_at(port);
      settings.broker.host = "plc";
      settings.host_id = "house";
      config.settings = settings;
      config.groups = {{"normal", 1000}};
      SignalConfig signal;
      signal.path = "o/n/count";
      signal.point = SparkplugPoint{"g", "n", "", "count", ValueType::kInt64};
      config.signals = {signal};
      break;
    }
    case Protocol::kIec104:
      config = station_config();
      iec104_of(config).host = "plc";
      iec104_of(config).port = port;
      break;
    case Protocol::kMtconnect:
      config = mill_config();
      mtconnect_of(config).host = "plc";
      mtconnect_of(config).port = port;
      break;
    case Protocol::kShdr:
      config = adapter_config();
      std::get<ShdrSettings>(config.settings).host = "plc";
      std::get<ShdrSettings>(config.settings).port = port;
      break;
  }
  config.name = "strange " + std::to_string(port);
  return config;
}

constexpr std::uint32_t kStrangeEvery = 4;

// Two hundred connections, every fourth of them to a peer that says nearly what it should, in
// every protocol in turn.
void run_strange_crowd(std::uint64_t seed) {
  SCOPED_TRACE("LINESHAFT_TORTURE_SEED=" + std::to_string(seed));
  sys::SimDisk disk;
  const auto trust = opcua::testing::make_store(disk, sys::real_clock(), "gateway");
  Crowd crowd;
  ManagerOptions options;
  options.opcua_trust = trust.get();
  crowd.manager = std::make_unique<ConnectionManager>(crowd.loop, crowd.clock, crowd.random,
                                                      crowd.sink, options);
  std::list<StrangePeer> strange;
  for (std::uint32_t i = 0; i < kMachines; ++i) {
    if (i % kStrangeEvery == 0) {
      const auto protocol = static_cast<Protocol>(strange.size() % kProtocols);
      strange.emplace_back(crowd.loop, sys::Endpoint{"plc", port_of(i)}, protocol, seed + i);
      crowd.put(i + 1, config_to(protocol, port_of(i)), 1 + 10 * i);
    } else {
      crowd.add_good(i);
      crowd.put(i + 1, config_of(i), 1 + 10 * i);
    }
  }
  crowd.loop.run_for(20s);

  ASSERT_EQ(crowd.polls.size(), kMachines - strange.size());
  for (const auto& [i, polls] : crowd.polls) {
    const ConnectionStatus status = crowd.status(i + 1);
    ASSERT_EQ(status.errors, 0u) << i;
    ASSERT_EQ(status.tags_bad, 0u) << i;
    ASSERT_EQ(status.reconnects, 0u) << i;
    ASSERT_GE(polls.size(), 19u) << i;
    for (std::size_t poll = 2; poll < polls.size(); ++poll) {
      ASSERT_EQ(polls[poll] - polls[poll - 1], 1s) << "machine " << i << ", poll " << poll;
    }
  }
  for (std::uint32_t i = 0; i < kMachines; i += kStrangeEvery) {
    EXPECT_GT(crowd.loop.connections_made({"plc", port_of(i)}), 0u);
    EXPECT_LT(crowd.loop.connections_made({"plc", port_of(i)}), 400u) << "nobody is hammered";
  }
}

TEST(Crowd, WhateverPeersOfAnyProtocolSayMovesNobodyElse) {
  constexpr std::uint64_t kRoundsInShort = 2;
  const Torture torture;
  std::uint64_t peers = 0;
  for (std::uint64_t round = 0; torture.wanted() ? !torture.is_over() : round < kRoundsInShort;
       ++round) {
    run_strange_crowd(Torture::seed(round * kMachines));
    if (::testing::Test::HasFailure()) return;
    peers += kMachines / kStrangeEvery;
  }
  torture.report({{"hostile_peers", peers}});
}

TEST(Crowd, TwoHundredMachinesThatFellTogetherDoNotComeBackTogether) {
  Crowd crowd;
  for (std::uint32_t i = 0; i < kMachines; ++i) crowd.add_good(i);
  crowd.connect_all();
  crowd.loop.run_for(10s);
  for (std::uint32_t i = 0; i < kMachines; ++i) ASSERT_EQ(crowd.status(i + 1).tags_bad, 0u);

  // A switch that restarts: everything is cut, and nothing is there for half a minute.
  crowd.modbus_servers.clear();
  crowd.s7_servers.clear();
  for (std::uint32_t i = 0; i < kMachines; ++i) crowd.loop.cut({"plc", port_of(i)});
  crowd.loop.run_for(30s);
  crowd.devices.clear();
  crowd.cpus.clear();
  for (std::uint32_t i = 0; i < kMachines; ++i) crowd.add_good(i);
  crowd.polls.clear();
  std::map<std::int64_t, std::size_t> came_back;  // by 100 ms
  std::vector<bool> back(kMachines);
  for (std::int64_t tenth = 0; tenth < 320; ++tenth) {
    crowd.loop.run_for(100ms);
    for (std::uint32_t i = 0; i < kMachines; ++i) {
      if (back[i] || crowd.status(i + 1).state != ConnectionState::kConnected) continue;
      back[i] = true;
      came_back[tenth] += 1;
    }
  }
  // Each waits a random time of up to 30 s: some of them in each second, never a crowd.
  std::size_t all = 0;
  std::size_t most = 0;
  for (const auto& [tenth, count] : came_back) {
    all += count;
    most = std::max(most, count);
  }
  EXPECT_EQ(all, kMachines) << "nobody is left behind";
  EXPECT_LT(most, 15u);
  EXPECT_GT(came_back.size(), 60u);
  crowd.loop.run_for(5s);
  for (std::uint32_t i = 0; i < kMachines; ++i) ASSERT_EQ(crowd.status(i + 1).tags_bad, 0u);
}

}  // namespace
}  // namespace lineshaft::connect
