// bench/requests_bench.cpp: how many Modbus requests a second one thread of ours gets answered, the
// machines being in a process of their own; or serves them for another client (--run).
//
//   requests_bench [--connections 10] [--registers 125] [--seconds 5] [--port 16400] [--run
//   COMMAND]
#include <string>
#include <vector>

#include "connect/modbus/link.h"
#include "connect/modbus/server.h"
#include "counting_registers.h"
#include "sys/clock.h"
#include "two_processes.h"

using namespace lineshaft;

namespace {

struct Machines {
  CountingRegisters registers;
  std::vector<std::unique_ptr<connect::ModbusServer>> servers;
};

// Asks again as soon as it has an answer.
class Asker : public connect::LinkClient {
 public:
  Asker(std::uint16_t registers, std::uint64_t& answers, std::uint64_t& sum)
      : registers_(registers), answers_(answers), sum_(sum) {}

  std::optional<connect::LinkAsk> next_ask(connect::Urgency urgency) override {
    if (urgency == connect::Urgency::kWrite) return std::nullopt;
    return connect::LinkAsk{1, modbus::ReadRegisters{modbus::Area::kHolding, 0, registers_},
                            std::chrono::seconds(5), 1};
  }
  void on_answer(std::uint64_t, Result<modbus::Response> answer) override {
    if (!answer) {
      std::cerr << answer.error().text() << "\n";
      std::exit(1);
    }
    const auto& read = std::get<modbus::Registers>(*answer);
    sum_ += read.values.back();
    answers_ += 1;
  }
  void on_up() override {}
  void on_down(const Error& why, Nanoseconds) override {
    std::cerr << why.text() << "\n";
    std::exit(1);
  }

 private:
  const std::uint16_t registers_;
  std::uint64_t& answers_;
  std::uint64_t& sum_;
};

std::string command_of(int argc, char** argv) {
  for (int i = 1; i + 1 < argc; ++i) {
    if (std::string_view(argv[i]) == "--run") return argv[i + 1];
  }
  return "";
}

}  // namespace

int main(int argc, char** argv) {
  const int connections = bench::option(argc, argv, "--connections", 10);
  const auto registers = static_cast<std::uint16_t>(bench::option(argc, argv, "--registers", 125));
  const int seconds = bench::option(argc, argv, "--seconds", 5);
  const int port = bench::option(argc, argv, "--port", 16400);
  const bench::OtherProcess machines([&](sys::EventLoop& loop) {
    auto made = std::make_shared<Machines>();
    for (int i = 0; i < connections; ++i) {
      connect::ModbusServerOptions options;
      options.listen = {"127.0.0.1", static_cast<std::uint16_t>(port + i)};
      made->servers.push_back(
          bench::must(connect::make_modbus_server(loop, made->registers, options)));
    }
    return made;
  });
  if (const std::string command = command_of(argc, argv); !command.empty()) {
    return std::system(command.c_str()) == 0 ? 0 : 1;
  }
  const auto loop = sys::make_event_loop();
  std::uint64_t answers = 0;
  std::uint64_t sum = 0;
  std::vector<std::unique_ptr<Asker>> askers;
  std::vector<std::unique_ptr<connect::ModbusLink>> links;
  for (int i = 0; i < connections; ++i) {
    connect::LinkOptions options;
    options.endpoint = {"127.0.0.1", static_cast<std::uint16_t>(port + i)};
    askers.push_back(std::make_unique<Asker>(registers, answers, sum));
    links.push_back(std::make_unique<connect::ModbusLink>(*loop, sys::real_random(), options));
    links.back()->join(*askers.back(), options);
  }
  const auto timer = loop->make_timer();
  timer->start(std::chrono::seconds(1), [&] {
    const std::uint64_t before = answers;
    const auto meter = std::make_shared<bench::Meter>(*loop);
    timer->start(std::chrono::seconds(seconds), [&, before, meter] {
      std::printf(
          "lineshaft  %9.0f requests/s of %u registers over %d connections  CPU %5.1f %% "
          "of a core  (sum %llu)\n",
          static_cast<double>(answers - before) / meter->wall_s(), registers, connections,
          meter->core_percent(), static_cast<unsigned long long>(sum));
      std::fflush(stdout);
      loop->stop();
    });
  });
  loop->run();
  std::_Exit(0);  // the links would tell their loss
}
