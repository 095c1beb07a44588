// bench/s7_bench.cpp: what it costs to poll many S7 CPUs, and how long writes take meanwhile. The
// CPUs run in a process of their own; the figures are of this one.
//
//   s7_bench [--devices 100] [--reals 1000] [--seconds 20] [--port 18100] [--pdu 240]
//
// Every value changes with every poll, so nothing is saved by storing changes only; values are
// counted and dropped.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <string>
#include <thread>

#include "connect/manager.h"
#include "connect/s7/server.h"
#include "sys/clock.h"
#include "sys/loop.h"

using namespace lineshaft;
using namespace std::chrono_literals;

namespace {

constexpr std::uint32_t kSetPoints = 100;  // INT in data block 2, written all at once

struct Options {
  std::uint32_t devices = 100;
  std::uint32_t reals = 1000;
  int seconds = 20;
  std::uint16_t port = 18100;
  std::uint16_t pdu = 240;
};

// --- the CPUs ---

// Each read counts all REALs of data block 1 one up; data block 2 keeps what is written.
class CountingCpu : public connect::S7Memory {
 public:
  CountingCpu() { make(s7::Area::kDataBlock, 2, 2 * kSetPoints); }
  s7::ReturnCode read(s7::Area area, std::uint16_t db, std::uint32_t start,
                      std::span<std::uint8_t> out) override {
    if (db == 2) return S7Memory::read(area, db, start, out);
    count_ += 1.0f / 64;
    const auto raw = std::bit_cast<std::uint32_t>(count_);
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] = static_cast<std::uint8_t>(raw >> (8 * (3 - (start + i) % 4)));
    }
    return s7::ReturnCode::kOk;
  }

 private:
  float count_ = 0;
};

// Serves until `commands` ends.
[[noreturn]] void run_cpus(const Options& options, int commands, int ready) {
  const auto loop = sys::make_event_loop();
  std::vector<std::unique_ptr<CountingCpu>> devices;
  std::vector<std::unique_ptr<connect::S7Server>> servers;
  for (std::uint32_t i = 0; i < options.devices; ++i) {
    devices.push_back(std::make_unique<CountingCpu>());
    connect::S7ServerOptions server;
    server.listen = {"127.0.0.1", static_cast<std::uint16_t>(options.port + i)};
    server.pdu_bytes_max = options.pdu;
    auto made = connect::make_s7_server(*loop, *devices.back(), server);
    if (!made) {
      std::cerr << made.error().text() << "\n";
      std::_Exit(1);
    }
    servers.push_back(std::move(*made));
  }
  std::thread listener([&] {
    char byte = 0;
    while (read(commands, &byte, 1) == 1) {
    }
    loop->stop();
  });
  if (write(ready, "r", 1) != 1) std::_Exit(1);
  loop->run();
  listener.join();
  std::_Exit(0);
}

// --- the client ---

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double percentile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(values.size())));
  return values[std::max<std::size_t>(rank, 1) - 1];
}

class CountingSink : public SampleSink {
 public:
  void append(SampleBatch batch, Durable durable) override {
    samples += batch.samples.size();
    durable(Status());
  }
  std::uint64_t samples = 0;
};

connect::SignalConfig signal_at(std::string path, const std::string& address) {
  connect::SignalConfig signal;
  signal.path = std::move(path);
  signal.point = connect::S7Point{{s7::parse_address(address).value(), 1, 0}};
  signal.interpolation = Interpolation::kStep;
  return signal;
}

connect::ConnectionConfig cpu(const Options& options, std::uint32_t index) {
  connect::ConnectionConfig config;
  config.name = "cpu " + std::to_string(index);
  connect::S7Settings settings;
  settings.host = "127.0.0.1";
  settings.port = static_cast<std::uint16_t>(options.port + index);
  config.settings = settings;
  config.groups = {{"all", 1000}};
  config.writes_enabled = true;
  const std::string path = "bench/" + std::to_string(index) + "/";
  for (std::uint32_t i = 0; i < options.reals; ++i) {
    config.signals.push_back(
        signal_at(path + std::to_string(i), "DB1.DBD" + std::to_string(4 * i) + ":REAL"));
  }
  for (std::uint32_t i = 0; i < kSetPoints; ++i) {
    config.signals.push_back(
        signal_at(path + "set " + std::to_string(i), "DB2.DBW" + std::to_string(2 * i) + ":INT"));
    config.signals.back().writable = true;
  }
  return config;
}

class Client {
 public:
  explicit Client(const Options& options) : options_(options) {
    for (std::uint32_t i = 0; i < options.devices; ++i) {
      const connect::ConnectionConfig config = cpu(options, i);
      std::vector<TagId> tags;
      for (std::uint32_t t = 0; t < config.signals.size(); ++t) tags.push_back(tag(i, t));
      const Status put = manager_.put({i + 1}, {1}, config, tags);
      if (!put) std::cerr << put.error().text() << "\n";
    }
  }

  void run() {
    timer_->start(5s, [this] { begin(); });  // warm-up: everything is connected
    loop_->run();
    manager_.stop();
  }

 private:
  TagId tag(std::uint32_t device, std::uint32_t signal) const {
    return {device * (options_.reals + kSetPoints) + signal + 1};
  }

  // Values as they were read: unchanged set points are read and not stored.
  std::uint64_t values() {
    std::uint64_t sum = 0;
    for (std::uint32_t i = 0; i < options_.devices; ++i) sum += manager_.status({i + 1})->values;
    return sum;
  }

  void begin() {
    values_before_ = values();
    samples_before_ = sink_.samples;
    cpu_before_ = cpu_seconds();
    began_ = loop_->now();
    timer_->start(std::chrono::seconds(options_.seconds), [this] {
      report();
      rounds_left_ = 200;
      next_round();
    });
  }

  void report() {
    const double wall = static_cast<double>((loop_->now() - began_).count()) / 1e9;
    const double cpu = cpu_seconds() - cpu_before_;
    std::uint64_t missed = 0;
    std::uint64_t errors = 0;
    std::uint64_t requests = 0;
    for (std::uint32_t i = 0; i < options_.devices; ++i) {
      const connect::ConnectionStatus status = manager_.status({i + 1}).value();
      missed += status.cycles_missed;
      errors += status.errors;
      requests += status.requests;
    }
    std::printf(
        "PDU %3u    %9.0f values/s read, %.0f stored  CPU %5.1f %% of a core  cycles missed %llu  "
        "errors %llu  requests %llu\n",
        options_.pdu, static_cast<double>(values() - values_before_) / wall,
        static_cast<double>(sink_.samples - samples_before_) / wall, 100 * cpu / wall,
        static_cast<unsigned long long>(missed), static_cast<unsigned long long>(errors),
        static_cast<unsigned long long>(requests));
    std::fflush(stdout);
  }

  // A hundred writes to one CPU at once, then to the next one.
  void next_round() {
    if (rounds_left_-- == 0) return report_writes();
    open_ = kSetPoints;
    const std::uint32_t device = static_cast<std::uint32_t>(rounds_left_) % options_.devices;
    const Nanoseconds asked = loop_->now();
    for (std::uint32_t i = 0; i < kSetPoints; ++i) {
      manager_.write({1}, tag(device, options_.reals + i), std::int64_t{rounds_left_},
                     [this, asked](const auto& outcome) {
                       if (!outcome) write_errors_ += 1;
                       const auto took = loop_->now() - asked;
                       write_ms_.push_back(static_cast<double>(took.count()) / 1e6);
                       if (--open_ == 0) timer_->start(7ms, [this] { next_round(); });
                     });
    }
  }

  void report_writes() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    std::printf(
        "writes     200 times 100 at once under full load, each confirmed: ms p50 %.2f p99 %.2f "
        "max %.2f  errors %d\nresident memory %.1f MB\n",
        percentile(write_ms_, 0.5), percentile(write_ms_, 0.99), percentile(write_ms_, 1),
        write_errors_, static_cast<double>(usage.ru_maxrss) / 1024);
    loop_->stop();
  }

  const Options options_;
  std::unique_ptr<sys::EventLoop> loop_ = sys::make_event_loop();
  std::unique_ptr<sys::Timer> timer_ = loop_->make_timer();
  CountingSink sink_;
  connect::ConnectionManager manager_{*loop_, sys::real_clock(), sys::real_random(), sink_};
  Nanoseconds began_{0};
  std::uint64_t values_before_ = 0;
  std::uint64_t samples_before_ = 0;
  double cpu_before_ = 0;
  int rounds_left_ = 0;
  std::uint32_t open_ = 0;
  int write_errors_ = 0;
  std::vector<double> write_ms_;
};

Options parse(int argc, char** argv) {
  Options options;
  const std::map<std::string, std::function<void(int)>> known = {
      {"--devices", [&](int n) { options.devices = static_cast<std::uint32_t>(n); }},
      {"--reals", [&](int n) { options.reals = static_cast<std::uint32_t>(n); }},
      {"--seconds", [&](int n) { options.seconds = n; }},
      {"--port", [&](int n) { options.port = static_cast<std::uint16_t>(n); }},
      {"--pdu", [&](int n) { options.pdu = static_cast<std::uint16_t>(n); }}};
  for (int i = 1; i + 1 < argc; i += 2) {
    const auto option = known.find(argv[i]);
    if (option == known.end()) {
      std::cerr << "unknown option " << argv[i] << "\n";
      std::exit(2);
    }
    option->second(std::atoi(argv[i + 1]));
  }
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  int commands[2];
  int ready[2];
  if (pipe(commands) != 0 || pipe(ready) != 0) return 1;
  const pid_t cpus = fork();
  if (cpus == 0) {
    close(commands[1]);
    run_cpus(options, commands[0], ready[1]);
  }
  close(commands[0]);
  char byte = 0;
  if (read(ready[0], &byte, 1) != 1) return 1;
  {
    Client client(options);
    client.run();
  }
  close(commands[1]);
  waitpid(cpus, nullptr, 0);
  return 0;
}
