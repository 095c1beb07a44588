// bench/hostile_bench.cpp: two hundred connections, fifty of them to peers of all protocols that
// say nearly what they should: what that does to the instants at which the other hundred and fifty
// are polled. Without --hostile 1 the fifty are good machines. Peers run in a process of their own.
//
//   hostile_bench [--hostile 0] [--seconds 60]
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <list>
#include <map>
#include <string>
#include <vector>

#include "connect/manager.h"
#include "connect/modbus/server.h"
#include "connect/opcua/trust.h"
#include "connect/strange_peer_fixture.h"
#include "counting_registers.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "two_processes.h"

using namespace lineshaft;
using namespace std::chrono_literals;

namespace {

constexpr std::uint32_t kGood = 150;
constexpr std::uint32_t kStrange = 50;
constexpr std::uint32_t kRegisters = 100;  // of a good machine
constexpr std::uint16_t kPort = 16'600;
constexpr std::size_t kProtocols = std::variant_size_v<connect::ProtocolSettings>;

std::uint16_t port_of(std::uint32_t index) { return static_cast<std::uint16_t>(kPort + index); }

struct Peers {
  std::list<CountingRegisters> counters;
  std::vector<std::unique_ptr<connect::ModbusServer>> servers;
  std::list<connect::testing::StrangePeer> strange;
};

std::shared_ptr<void> make_peers(sys::EventLoop& loop, bool hostile) {
  auto peers = std::make_shared<Peers>();
  const std::uint32_t good = hostile ? kGood : kGood + kStrange;
  for (std::uint32_t i = 0; i < good; ++i) {
    connect::ModbusServerOptions options;
    options.listen = {"127.0.0.1", port_of(i)};
    peers->servers.push_back(
        bench::must(connect::make_modbus_server(loop, peers->counters.emplace_back(), options)));
  }
  for (std::uint32_t i = good; i < kGood + kStrange; ++i) {
    peers->strange.emplace_back(loop, sys::Endpoint{"127.0.0.1", port_of(i)},
                                static_cast<connect::Protocol>(i % kProtocols), i);
  }
  return peers;
}

connect::ConnectionConfig machine(std::uint32_t index) {
  connect::ConnectionConfig config;
  config.name = "machine " + std::to_string(index);
  connect::ModbusSettings settings;
  settings.host = "127.0.0.1";
  settings.port = port_of(index);
  config.settings = settings;
  config.groups = {{"all", 1000}};
  for (std::uint16_t i = 0; i < kRegisters; ++i) {
    connect::SignalConfig signal;
    signal.path = "bench/" + std::to_string(index) + "/" + std::to_string(i);
    connect::ModbusPoint point;
    point.address = i;
    signal.point = point;
    config.signals.push_back(std::move(signal));
  }
  return config;
}

template <typename Settings>
Settings at(std::uint32_t index) {
  Settings settings;
  settings.host = "127.0.0.1";
  settings.port = port_of(index);
  return settings;
}

// With a signal or two, so that there is something to ask for.
connect::ConnectionConfig strange(std::uint32_t index) {
  const auto protocol = static_cast<connect::Protocol>(index % kProtocols);
  if (protocol == connect::Protocol::kModbusTcp) return machine(index);
  connect::ConnectionConfig config;
  config.name = "strange " + std::to_string(index);
  config.groups = {{"all", 1000}};
  connect::SignalConfig signal;
  signal.path = "strange/" + std::to_string(index);
  switch (protocol) {
    case connect::Protocol::kModbusTcp:
      break;
    case connect::Protocol::kS7:
      config.settings = at<connect::S7Settings>(index);
      signal.point = connect::S7Point{{bench::must(s7::parse_address("DB1.DBW0:INT")), 1, 0}};
      break;
    case connect::Protocol::kOpcUa: {
      connect::opcua::Settings settings;
      settings.url = "opc.tcp://127.0.0.1:" + std::to_string(port_of(index));
      settings.mode = connect::opcua::Mode::kNone;
      config.settings = settings;
      signal.point = connect::opcua::Point{"ns=1;s=a", ValueType::kFloat64};
      break;
    }
    case connect::Protocol::kMqtt: {
      connect::MqttSettings settings;
      settings.broker.host = "127.0.0.1";
      settings.broker.port = port_of(index);
      config.settings = settings;
      connect::MqttPoint point;
      point.topic = "m/a";
      signal.point = point;
      break;
    }
    case connect::Protocol::kSparkplug: {
      connect::SparkplugSettings settings;
      settings.broker.host = "127.0.0.1";
      settings.broker.port = port_of(index);
      config.settings = settings;
      signal.point = connect::SparkplugPoint{"g", "n", "", "count", ValueType::kInt64};
      break;
    }
    case connect::Protocol::kIec104: {
      config.settings = at<connect::Iec104Settings>(index);
      connect::Iec104Point point;
      point.address = 100;
      signal.point = point;
      break;
    }
    case connect::Protocol::kMtconnect:
      config.settings = at<connect::MtconnectSettings>(index);
      signal.point = connect::MtconnectPoint{"xpos", ValueType::kFloat64, ""};
      break;
    case connect::Protocol::kShdr:
      config.settings = at<connect::ShdrSettings>(index);
      signal.point = connect::ShdrPoint{"x", shdr::Kind::kValue, ValueType::kFloat64, ""};
      break;
  }
  config.signals = {signal};
  return config;
}

// When the first register of each good machine was read.
class PollSink : public SampleSink {
 public:
  std::map<std::uint32_t, std::vector<Timestamp>> polls;
  void append(SampleBatch batch, Durable durable) override {
    for (const Sample& sample : batch.samples) {
      const bool is_first = sample.tag.value % (kRegisters + 1) == 1;
      if (is_first && sample.tag.value < kGood * (kRegisters + 1) && sample.quality.good()) {
        polls[sample.tag.value].push_back(sample.time);
      }
    }
    durable(Status());
  }
};

double percentile(const std::vector<double>& sorted, double share) {
  if (sorted.empty()) return 0;
  const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(sorted.size())));
  return sorted[std::max<std::size_t>(rank, 1) - 1];
}

void run(bool hostile, int seconds, const std::string& folder) {
  const bench::OtherProcess peers([&](sys::EventLoop& loop) { return make_peers(loop, hostile); });
  const auto loop = sys::make_event_loop();
  const auto trust = bench::must(connect::opcua::TrustStore::open(
      sys::real_file_system(), sys::real_clock(), folder, {"127.0.0.1"}));
  PollSink sink;
  connect::ManagerOptions options;
  options.opcua_trust = trust.get();
  connect::ConnectionManager manager(*loop, sys::real_clock(), sys::real_random(), sink, options);
  for (std::uint32_t i = 0; i < kGood + kStrange; ++i) {
    const auto config = hostile && i >= kGood ? strange(i) : machine(i);
    std::vector<TagId> tags;
    for (std::uint32_t t = 0; t < config.signals.size(); ++t) {
      tags.push_back({i * (kRegisters + 1) + t + 1});
    }
    if (Status put = manager.put({i + 1}, {1}, config, tags); !put) {
      std::cerr << put.error().text() << "\n";
      std::exit(1);
    }
  }
  const auto timer = loop->make_timer();
  std::unique_ptr<bench::Meter> meter;
  timer->start(5s, [&] {  // everything good is connected
    sink.polls.clear();
    meter = std::make_unique<bench::Meter>(*loop);
    timer->start(std::chrono::seconds(seconds), [&] { loop->stop(); });
  });
  loop->run();
  std::vector<double> off;  // of each poll, from a second after the one before, in ms
  for (const auto& [tag, times] : sink.polls) {
    for (std::size_t i = 1; i < times.size(); ++i) {
      off.push_back(std::abs(static_cast<double>((times[i] - times[i - 1]).count()) / 1e6 - 1000));
    }
  }
  std::ranges::sort(off);
  std::uint64_t missed = 0;
  std::uint64_t errors = 0;
  std::uint64_t attempts = 0;
  for (std::uint32_t i = 0; i < kGood + kStrange; ++i) {
    const connect::ConnectionStatus status = manager.status({i + 1}).value();
    if (i < kGood) missed += status.cycles_missed;
    (i < kGood ? errors : attempts) += status.errors;
  }
  std::printf(
      "%-22s CPU %5.1f %% of a core, %.0f MB; polls of 150 machines: jitter ms p50 %.3f p99 %.3f "
      "max "
      "%.2f, cycles missed %llu, errors %llu (of the fifty: %llu)\n",
      hostile ? "fifty hostile peers" : "fifty good machines", meter->core_percent(),
      bench::Meter::peak_mb(), percentile(off, 0.5), percentile(off, 0.99), percentile(off, 1),
      static_cast<unsigned long long>(missed), static_cast<unsigned long long>(errors),
      static_cast<unsigned long long>(attempts));
  std::fflush(stdout);
  manager.stop();
}

}  // namespace

int main(int argc, char** argv) {
  const int seconds = bench::option(argc, argv, "--seconds", 60);
  const auto folder =
      std::filesystem::temp_directory_path() / ("lineshaft-hostile-" + std::to_string(getpid()));
  run(bench::option(argc, argv, "--hostile", 0) != 0, seconds, folder.string());
  std::filesystem::remove_all(folder);
}
