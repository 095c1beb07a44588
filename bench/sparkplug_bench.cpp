// bench/sparkplug_bench.cpp: metrics that a Sparkplug host takes and has on disk. An edge node of
// ours in a process of its own publishes them through the broker at `--port`.
//
//   sparkplug_bench DIRECTORY --port 18830 [--rate 300000] [--seconds 20]
//
// The store in DIRECTORY is made new. CPU is that of host and historian together.
#include <cstring>
#include <string>
#include <vector>

#include "connect/manager.h"
#include "connect/sparkplug/edge.h"
#include "historian/historian.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "two_processes.h"

using namespace lineshaft;
using namespace std::chrono_literals;

namespace {

constexpr TenantId kTenant{1};
constexpr std::uint32_t kMetrics = 10'000;
constexpr int kTurnsPerSecond = 50;

std::string metric_name(std::uint32_t index) { return "signal " + std::to_string(index); }

connect::MqttBroker broker_at(std::uint16_t port) {
  connect::MqttBroker broker;
  broker.host = "127.0.0.1";
  broker.port = port;
  return broker;
}

// Publishes `rate` new values a second, in turns over all metrics.
class Publisher : private connect::SparkplugEdgeUser {
 public:
  Publisher(sys::EventLoop& loop, std::uint16_t port, std::uint32_t rate)
      : loop_(loop),
        per_turn_(rate / kTurnsPerSecond),
        timer_(loop.make_timer()),
        edge_(loop, sys::real_clock(), sys::real_random(), options(port), *this) {
    const auto device = edge_.node().add_device("device");
    for (std::uint32_t i = 0; i < kMetrics; ++i) {
      ids_.push_back(bench::must(
          edge_.node().add_metric(device, metric_name(i), sparkplug::DataType::kDouble, false)));
    }
    next_ = loop.now();
    turn();
  }

 private:
  void on_command(sparkplug::EdgeMetricId /*metric*/, Value /*value*/) override {}

  static connect::SparkplugEdgeOptions options(std::uint16_t port) {
    connect::SparkplugEdgeOptions options;
    options.broker = broker_at(port);
    options.node.node = {"bench", "edge"};
    options.node.primary_host = "lineshaft";
    options.flush_interval = 5ms;
    return options;
  }

  void turn() {
    next_ += Nanoseconds(1s) / kTurnsPerSecond;
    timer_->start(next_ - loop_.now(), [this] { turn(); });
    if (!edge_.node().born()) return;
    const auto now_ms = static_cast<std::uint64_t>(sys::real_clock().now().ns / 1'000'000);
    for (std::uint32_t i = 0; i < per_turn_; ++i) {
      value_ += 1.0 / 64;
      edge_.update(ids_[at_++ % kMetrics], {Value(value_), quality::kGood, now_ms});
    }
  }

  sys::EventLoop& loop_;
  const std::uint32_t per_turn_;
  Nanoseconds next_{0};
  double value_ = 0;
  std::size_t at_ = 0;
  std::vector<sparkplug::EdgeMetricId> ids_;
  std::unique_ptr<sys::Timer> timer_;
  connect::SparkplugEdge edge_;
};

void measure(const std::string& directory, std::uint16_t port, int rate, int seconds) {
  historian::HistorianOptions store;
  store.directory = directory;
  const auto historian = bench::must(historian::Historian::open(
      sys::real_file_system(), sys::real_clock(), sys::real_random(), store));
  const auto loop = sys::make_event_loop();
  connect::ConnectionManager manager(*loop, sys::real_clock(), sys::real_random(), *historian);
  connect::ConnectionConfig config;
  config.name = "bench";
  connect::SparkplugSettings settings;
  settings.broker = broker_at(port);
  settings.host_id = "lineshaft";
  config.settings = settings;
  config.groups = {{"all", 1000}};
  for (std::uint32_t i = 0; i < kMetrics; ++i) {
    connect::SignalConfig& signal = config.signals.emplace_back();
    signal.path = "bench/" + metric_name(i);
    signal.point =
        connect::SparkplugPoint{"bench", "edge", "device", metric_name(i), ValueType::kFloat64};
  }
  auto tags = bench::must(historian->ensure_tags(kTenant, connect::tag_specs(config)));
  if (!manager.put({1}, kTenant, std::move(config), std::move(tags))) std::exit(1);
  const auto timer = loop->make_timer();
  timer->start(5s, [&] {
    const bench::Meter meter(*loop);
    const auto before = manager.counters();
    const auto values = manager.status({1})->values;
    timer->start(std::chrono::seconds(seconds), [&, meter, before, values] {
      const auto after = manager.counters();
      const auto status = manager.status({1}).value();
      std::printf(
          "sparkplug  %9.0f metrics/s taken, %.0f samples/s durable of %d offered  CPU %5.1f %% of "
          "a core  dropped %llu  errors %llu  resident %.0f MB\n",
          static_cast<double>(status.values - values) / meter.wall_s(),
          static_cast<double>(after.samples_durable - before.samples_durable) / meter.wall_s(),
          rate, meter.core_percent(),
          static_cast<unsigned long long>(after.samples_dropped - before.samples_dropped),
          static_cast<unsigned long long>(status.errors), bench::Meter::peak_mb());
      loop->stop();
    });
  });
  loop->run();
  manager.stop();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argv[1][0] == '-') {
    std::cerr << "sparkplug_bench DIRECTORY --port N [--rate N] [--seconds N]\n";
    return 2;
  }
  const auto port = static_cast<std::uint16_t>(bench::option(argc, argv, "--port", 18'830));
  const int rate = bench::option(argc, argv, "--rate", 300'000);
  const bench::OtherProcess edge([=](sys::EventLoop& loop) -> std::shared_ptr<void> {
    return std::make_shared<Publisher>(loop, port, static_cast<std::uint32_t>(rate));
  });
  measure(argv[1], port, rate, bench::option(argc, argv, "--seconds", 20));
  return 0;
}
