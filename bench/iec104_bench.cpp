// bench/iec104_bench.cpp: what it costs to listen to many stations of IEC 60870-5-104. They run in
// a process of their own; the figures are of the listening one. Values are counted and dropped.
//
//   iec104_bench [--stations 100] [--points 1000] [--seconds 20] [--port 18500]
//
// Every point changes once a second and is told with its time.
#include <string>
#include <vector>

#include "connect/iec104/server.h"
#include "connect/manager.h"
#include "sys/clock.h"
#include "two_processes.h"

using namespace lineshaft;
using namespace std::chrono_literals;

namespace {

struct Options {
  std::uint32_t stations = 100;
  std::uint32_t points = 1000;
  int seconds = 20;
  std::uint16_t port = 18'500;
};

// Its points change a tenth at a time, ten times a second.
class Station : public connect::Iec104Plant {
 public:
  Station(sys::EventLoop& loop, const Options& options, std::uint16_t port)
      : points_(options.points), timer_(loop.make_timer()) {
    std::vector<connect::Iec104ServedPoint> points(points_);
    for (std::uint32_t i = 0; i < points_; ++i) {
      points[i].address = i + 1;
      points[i].format.kind = iec104::PointKind::kFloat;
      points[i].reading = {Value(0.0F), quality::kGood};
    }
    connect::Iec104ServerOptions server;
    server.listen = {"127.0.0.1", port};
    server_ = bench::must(connect::make_iec104_server(loop, *this, std::move(points), server));
    turn();
  }
  bool on_command(std::uint32_t, const Value&) override { return false; }

 private:
  void turn() {
    timer_->start(100ms, [this] { turn(); });
    const Timestamp now = sys::real_clock().now();
    value_ += 1.0F / 64;
    for (std::uint32_t i = turn_++ % 10; i < points_; i += 10) {
      server_->set(i + 1, {Value(value_), quality::kGood}, now);
    }
  }

  const std::uint32_t points_;
  float value_ = 0;
  std::uint32_t turn_ = 0;
  std::unique_ptr<sys::Timer> timer_;
  std::unique_ptr<connect::Iec104Server> server_;
};

void measure(const Options& options) {
  const auto loop = sys::make_event_loop();
  bench::CountingSink sink;
  connect::ConnectionManager manager(*loop, sys::real_clock(), sys::real_random(), sink);
  for (std::uint32_t s = 0; s < options.stations; ++s) {
    connect::ConnectionConfig config;
    config.name = "station " + std::to_string(s);
    connect::Iec104Settings settings;
    settings.host = "127.0.0.1";
    settings.port = static_cast<std::uint16_t>(options.port + s);
    config.settings = settings;
    config.groups = {{"all", 1000}};
    std::vector<TagId> tags;
    for (std::uint32_t i = 0; i < options.points; ++i) {
      connect::SignalConfig& signal = config.signals.emplace_back();
      signal.path = "bench/station " + std::to_string(s) + "/" + std::to_string(i);
      connect::Iec104Point point;
      point.address = i + 1;
      point.format.kind = iec104::PointKind::kFloat;
      signal.point = point;
      tags.push_back({s * options.points + i + 1});
    }
    if (!manager.put({s + 1}, {1}, std::move(config), std::move(tags))) std::exit(1);
  }
  const auto sum = [&](auto of) {
    std::uint64_t total = 0;
    for (std::uint32_t s = 0; s < options.stations; ++s) total += of(*manager.status({s + 1}));
    return total;
  };
  const auto values = [&] { return sum([](const auto& status) { return status.values; }); };
  const auto timer = loop->make_timer();
  timer->start(5s, [&] {  // everything is connected and interrogated
    const bench::Meter meter(*loop);
    const std::uint64_t before = values();
    timer->start(std::chrono::seconds(options.seconds), [&, meter, before] {
      std::printf(
          "iec104     %9.0f values/s of %u stations  CPU %5.1f %% of a core  bad %llu  errors "
          "%llu  resident %.0f MB\n",
          static_cast<double>(values() - before) / meter.wall_s(), options.stations,
          meter.core_percent(),
          static_cast<unsigned long long>(sum([](const auto& status) { return status.tags_bad; })),
          static_cast<unsigned long long>(sum([](const auto& status) { return status.errors; })),
          bench::Meter::peak_mb());
      loop->stop();
    });
  });
  loop->run();
  manager.stop();
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  options.stations = static_cast<std::uint32_t>(bench::option(argc, argv, "--stations", 100));
  options.points = static_cast<std::uint32_t>(bench::option(argc, argv, "--points", 1000));
  options.seconds = bench::option(argc, argv, "--seconds", 20);
  options.port = static_cast<std::uint16_t>(bench::option(argc, argv, "--port", 18'500));
  const bench::OtherProcess stations([=](sys::EventLoop& loop) -> std::shared_ptr<void> {
    auto made = std::make_shared<std::vector<std::unique_ptr<Station>>>();
    for (std::uint32_t s = 0; s < options.stations; ++s) {
      made->push_back(
          std::make_unique<Station>(loop, options, static_cast<std::uint16_t>(options.port + s)));
    }
    return made;
  });
  measure(options);
  return 0;
}
