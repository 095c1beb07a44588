// bench/modbus_bench.cpp: what it costs to poll many Modbus machines, and what a dead one and
// writes do to the others. The machines run in a process of their own; the figures are of this one.
//
//   modbus_bench [--devices 100] [--floats 1000] [--seconds 20] [--port 16100] [--delay-ms 0]
//                [--store DIRECTORY] [--run COMMAND]
//
// With --store every value goes through the historian into DIRECTORY, durably, as in the server;
// without, it is counted and dropped. With --run the machines are served for another program to
// poll, until that has ended. Every float changes with every poll, so nothing is saved by storing
// changes only.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <map>
#include <string>
#include <thread>

#include "connect/manager.h"
#include "connect/modbus/server.h"
#include "historian/historian.h"
#include "sys/clock.h"
#include "sys/loop.h"

using namespace lineshaft;
using namespace std::chrono_literals;

namespace {

struct Options {
  std::uint32_t devices = 100;
  std::uint32_t floats = 1000;
  int seconds = 20;
  std::uint16_t port = 16100;
  int delay_ms = 0;
  std::string store;
  std::string run;
};

// --- the machines ---

// Each read counts all floats one up; registers past the floats can be written.
class CountingDevice : public connect::ModbusDevice {
 public:
  CountingDevice(std::uint32_t floats, int delay_ms) : floats_(floats), delay_(delay_ms) {}
  bool silent = false;

  Outcome read_registers(std::uint8_t /*unit*/, modbus::Area /*area*/, std::uint16_t address,
                         std::span<std::uint16_t> out) override {
    count_ += 1.0f / 64;
    const auto raw = std::bit_cast<std::uint32_t>(count_);
    for (std::size_t i = 0; i < out.size(); ++i) {
      const std::size_t at = address + i;
      const bool is_float = at < 2 * floats_;
      out[i] = is_float ? static_cast<std::uint16_t>(at % 2 == 0 ? raw >> 16 : raw) : set_point_;
    }
    return std::nullopt;
  }
  Outcome read_bits(std::uint8_t, modbus::Area, std::uint16_t, std::span<bool>) override {
    return modbus::Exception::kIllegalFunction;
  }
  Outcome write_registers(std::uint8_t, std::uint16_t,
                          std::span<const std::uint16_t> values) override {
    set_point_ = values.back();
    return std::nullopt;
  }
  Outcome write_coils(std::uint8_t, std::uint16_t, std::span<const bool>) override {
    return modbus::Exception::kIllegalFunction;
  }
  modbus::Identification identification(std::uint8_t) override { return {}; }
  connect::ServerReply reply_to(std::uint8_t, const modbus::Request&) override {
    return {std::chrono::milliseconds(delay_),
            silent ? connect::ServerFault::kSilence : connect::ServerFault::kAnswer};
  }

 private:
  std::uint32_t floats_;
  int delay_;
  float count_ = 0;
  std::uint16_t set_point_ = 0;
};

// Serves until `commands` ends; a byte on it silences the first device.
[[noreturn]] void run_machines(const Options& options, int commands, int ready) {
  const auto loop = sys::make_event_loop();
  std::vector<std::unique_ptr<CountingDevice>> devices;
  std::vector<std::unique_ptr<connect::ModbusServer>> servers;
  for (std::uint32_t i = 0; i < options.devices; ++i) {
    devices.push_back(std::make_unique<CountingDevice>(options.floats, options.delay_ms));
    connect::ModbusServerOptions server;
    server.listen = {"127.0.0.1", static_cast<std::uint16_t>(options.port + i)};
    auto made = connect::make_modbus_server(*loop, *devices.back(), server);
    if (!made) {
      std::cerr << made.error().text() << "\n";
      std::_Exit(1);
    }
    servers.push_back(std::move(*made));
  }
  std::thread listener([&] {
    char byte = 0;
    while (read(commands, &byte, 1) == 1) {
      loop->post([&] { devices.front()->silent = true; });
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

// Counts, notes when the first float of each device was read, and hands on to `store` if given.
class CountingSink : public SampleSink {
 public:
  CountingSink(std::uint32_t floats, SampleSink* store) : floats_(floats), store_(store) {}
  void append(SampleBatch batch, Durable durable) override {
    samples += batch.samples.size();
    batches += 1;
    for (const Sample& sample : batch.samples) {
      if (sample.tag.value % (floats_ + 1) != 1) continue;
      if (sample.quality.good()) polls[sample.tag.value].push_back(sample.time);
    }
    if (store_ == nullptr) return durable(Status());
    store_->append(std::move(batch), std::move(durable));
  }
  std::uint64_t samples = 0;
  std::uint64_t batches = 0;
  std::map<std::uint32_t, std::vector<Timestamp>> polls;

 private:
  std::uint32_t floats_;
  SampleSink* store_;
};

// The historian that the samples go into, or nothing.
std::unique_ptr<historian::Historian> open_store(const Options& options) {
  if (options.store.empty()) return nullptr;
  historian::HistorianOptions history;
  history.directory = options.store;
  return historian::Historian::open(sys::real_file_system(), sys::real_clock(), sys::real_random(),
                                    history)
      .value();
}

connect::ConnectionConfig machine(const Options& options, std::uint32_t index) {
  connect::ConnectionConfig config;
  config.name = "machine " + std::to_string(index);
  connect::ModbusSettings settings;
  settings.host = "127.0.0.1";
  settings.port = static_cast<std::uint16_t>(options.port + index);
  config.settings = settings;
  config.groups = {{"all", 1000}};
  config.writes_enabled = true;
  for (std::uint32_t i = 0; i <= options.floats; ++i) {  // the last one is the set point
    connect::SignalConfig signal;
    signal.path = "bench/" + std::to_string(index) + "/" + std::to_string(i);
    connect::ModbusPoint point;
    point.address = static_cast<std::uint16_t>(2 * i);
    point.format.type = i < options.floats ? modbus::DataType::kFloat32 : modbus::DataType::kUint16;
    signal.point = point;
    signal.writable = i == options.floats;
    signal.interpolation = Interpolation::kStep;
    config.signals.push_back(std::move(signal));
  }
  return config;
}

class Client {
 public:
  Client(const Options& options, int commands) : options_(options), commands_(commands) {
    for (std::uint32_t i = 0; i < options.devices; ++i) {
      const connect::ConnectionConfig config = machine(options, i);
      const Status put = manager_.put({i + 1}, {1}, config, tags_of(i, config));
      if (!put) std::cerr << put.error().text() << "\n";
    }
  }

  void run() {
    after(5s, [this] { begin("steady"); });  // warm-up: everything is connected
    loop_->run();
    manager_.stop();
  }

 private:
  void after(Nanoseconds delay, std::function<void()> next) {
    timer_->start(delay, std::move(next));
  }

  // Dense from 1, machine after machine; a store that is empty at first gives the same ids.
  std::vector<TagId> tags_of(std::uint32_t index, const connect::ConnectionConfig& config) {
    std::vector<TagId> tags;
    for (std::uint32_t t = 0; t <= options_.floats; ++t) {
      tags.push_back({index * (options_.floats + 1) + t + 1});
    }
    if (!store_) return tags;
    std::vector<TagSpec> specs;
    for (const connect::SignalConfig& signal : config.signals) {
      TagSpec spec;
      spec.path = signal.path;
      spec.type = specs.size() < options_.floats ? ValueType::kFloat32 : ValueType::kInt64;
      specs.push_back(std::move(spec));
    }
    if (store_->ensure_tags({1}, std::move(specs)).value() != tags) {
      std::cerr << "the store was not empty\n";
      std::exit(1);
    }
    return tags;
  }

  void begin(const char* phase) {
    phase_ = phase;
    sink_.polls.clear();
    samples_before_ = sink_.samples;
    cpu_before_ = cpu_seconds();
    began_ = loop_->now();
    const std::string name = phase;
    after(std::chrono::seconds(options_.seconds), [this, name] {
      report(name == "one dead" ? 1u : 0u);
      if (name == "steady") {
        if (write(commands_, "s", 1) != 1) std::abort();
        return begin("one dead");
      }
      begin_writes();
    });
  }

  // Deviation of each poll from one second after the one before, over all machines but the first
  // `skip`.
  void report(std::uint32_t skip) {
    const double wall = static_cast<double>((loop_->now() - began_).count()) / 1e9;
    std::vector<double> jitter;
    for (const auto& [tag, times] : sink_.polls) {
      if (tag <= skip * (options_.floats + 1)) continue;
      for (std::size_t i = 1; i < times.size(); ++i) {
        jitter.push_back(
            std::abs(static_cast<double>((times[i] - times[i - 1]).count()) / 1e6 - 1000));
      }
    }
    std::uint64_t missed = 0;
    std::uint64_t errors = 0;
    for (std::uint32_t i = skip; i < options_.devices; ++i) {
      const connect::ConnectionStatus status = manager_.status({i + 1}).value();
      missed += status.cycles_missed;
      errors += status.errors;
    }
    std::printf(
        "%-10s %9.0f values/s  CPU %5.1f %% of a core  jitter ms p50 %.2f p99 %.2f max %.2f  "
        "cycles missed %llu  errors %llu\n",
        phase_, static_cast<double>(sink_.samples - samples_before_) / wall,
        100 * (cpu_seconds() - cpu_before_) / wall, percentile(jitter, 0.5),
        percentile(jitter, 0.99), percentile(jitter, 1), static_cast<unsigned long long>(missed),
        static_cast<unsigned long long>(errors));
    std::fflush(stdout);
  }

  void begin_writes() {
    writes_left_ = 1000;
    next_write();
  }

  // One write after the other, round the machines, at uneven moments.
  void next_write() {
    if (writes_left_-- == 0) return report_writes();
    const std::uint32_t device =
        1 + static_cast<std::uint32_t>(writes_left_) * 7 % (options_.devices - 1);
    const Nanoseconds asked = loop_->now();
    manager_.write({1}, {(device + 1) * (options_.floats + 1)}, std::int64_t{writes_left_},
                   [this, asked](const auto& outcome) {
                     if (!outcome) write_errors_ += 1;
                     write_ms_.push_back(static_cast<double>((loop_->now() - asked).count()) / 1e6);
                     after(std::chrono::microseconds(3000 + writes_left_ * 13 % 5000),
                           [this] { next_write(); });
                   });
  }

  void report_writes() {
    std::vector<double> transactions;
    for (std::uint32_t i = 1; i < options_.devices; ++i) {
      transactions.push_back(manager_.status({i + 1})->latency->mean);
    }
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    std::printf(
        "writes     %zu under full load, three transactions each: ms p50 %.2f p99 %.2f max %.2f  "
        "errors %d  (a transaction: %.2f ms)\nresident memory %.1f MB, %llu batches\n",
        write_ms_.size(), percentile(write_ms_, 0.5), percentile(write_ms_, 0.99),
        percentile(write_ms_, 1), write_errors_, percentile(transactions, 0.5),
        static_cast<double>(usage.ru_maxrss) / 1024,
        static_cast<unsigned long long>(sink_.batches));
    loop_->stop();
  }

  const Options options_;
  int commands_;
  std::unique_ptr<sys::EventLoop> loop_ = sys::make_event_loop();
  std::unique_ptr<sys::Timer> timer_ = loop_->make_timer();
  std::unique_ptr<historian::Historian> store_ = open_store(options_);
  CountingSink sink_{options_.floats, store_.get()};
  connect::ConnectionManager manager_{*loop_, sys::real_clock(), sys::real_random(), sink_};
  const char* phase_ = "";
  Nanoseconds began_{0};
  std::uint64_t samples_before_ = 0;
  double cpu_before_ = 0;
  int writes_left_ = 0;
  int write_errors_ = 0;
  std::vector<double> write_ms_;
};

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    const int value = std::atoi(argv[i + 1]);
    if (name == "--devices") options.devices = static_cast<std::uint32_t>(value);
    if (name == "--floats") options.floats = static_cast<std::uint32_t>(value);
    if (name == "--seconds") options.seconds = value;
    if (name == "--port") options.port = static_cast<std::uint16_t>(value);
    if (name == "--delay-ms") options.delay_ms = value;
    if (name == "--store") options.store = argv[i + 1];
    if (name == "--run") options.run = argv[i + 1];
  }
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  int commands[2];
  int ready[2];
  if (pipe(commands) != 0 || pipe(ready) != 0) return 1;
  const pid_t machines = fork();
  if (machines == 0) {
    close(commands[1]);
    close(ready[0]);
    run_machines(options, commands[0], ready[1]);
  }
  close(commands[0]);
  close(ready[1]);
  char byte = 0;
  if (read(ready[0], &byte, 1) != 1) return 1;
  std::printf("%u machines, %u floats each per second, %d ms per answer\n", options.devices,
              options.floats, options.delay_ms);
  std::fflush(stdout);
  int outcome = 0;
  if (options.run.empty()) {
    Client(options, commands[1]).run();
  } else {
    outcome = std::system(options.run.c_str());
  }
  close(commands[1]);
  waitpid(machines, nullptr, 0);
  return outcome == 0 ? 0 : 1;
}
