// tests/interop/mtconnect_peer.cpp: our agent and our clients of MTConnect as a program, for tests
// against other implementations. Not part of the product.
//
//   mtconnect_peer agent PORT   serves the mill of wire/mtconnect/testing.h; lines "ITEM TEXT" on
//                               stdin are observations; ends when stdin does
//   mtconnect_peer client PORT  reads the data items speed, state and heat of an agent
//   mtconnect_peer shdr PORT    reads the keys speed, state and heat of an adapter
//                               both: a JSON line on stdout for each sample; end when stdin does
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>
#include <thread>

#include "connect/manager.h"
#include "connect/mtconnect/agent.h"
#include "sys/clock.h"
#include "sys/loop.h"
#include "wire/mtconnect/testing.h"

using namespace lineshaft;

namespace {

int serve(std::uint16_t port) {
  const auto loop = sys::make_event_loop();
  connect::MtconnectAgentOptions options;
  options.listen = {"127.0.0.1", port};
  options.responder.buffer_size = 200;
  auto agent =
      connect::make_mtconnect_agent(*loop, sys::real_clock(), mtconnect::testing::mill(), options);
  if (!agent) {
    std::cerr << agent.error().text() << "\n";
    return 1;
  }
  std::cout << "ready" << std::endl;
  std::thread input([&] {
    std::string line;
    while (std::getline(std::cin, line)) {
      loop->post([&agent, line] {
        mtconnect::Observation seen;
        seen.data_item_id = line.substr(0, line.find(' '));
        seen.text = line.substr(line.find(' ') + 1);
        seen.unavailable = seen.text == mtconnect::kUnavailableText;
        seen.time = sys::real_clock().now();
        if (Status told = (*agent)->observe(seen); !told) std::abort();
        std::cout << "said " << line << std::endl;
      });
    }
    loop->stop();
  });
  loop->run();
  input.join();
  return 0;
}

class PrintingSink : public SampleSink {
 public:
  void append(SampleBatch batch, Durable durable) override {
    for (const Sample& sample : batch.samples) {
      const bool text = type_of(sample.value) == ValueType::kString;
      const char* quote = text ? "\"" : "";
      std::cout << R"({"tag":)" << sample.tag.value << R"(,"value":)" << quote
                << to_text(sample.value) << quote << R"(,"quality":")"
                << quality_name(sample.quality) << R"(","time":")" << format_rfc3339(sample.time)
                << "\"}" << std::endl;
    }
    durable({});
  }
};

connect::ConnectionConfig plan(bool shdr, std::uint16_t port) {
  connect::ConnectionConfig config;
  config.name = "peer";
  config.groups = {{"normal", 1000}};
  config.store = connect::Store::kAll;
  const std::pair<const char*, ValueType> rows[] = {
      {"speed", ValueType::kFloat64}, {"state", ValueType::kString}, {"heat", ValueType::kInt64}};
  for (const auto& [name, type] : rows) {
    connect::SignalConfig signal;
    signal.path = std::string("org/peer/") + name;
    const bool heat = type == ValueType::kInt64;
    const auto kind = heat ? shdr::Kind::kCondition : shdr::Kind::kValue;
    if (shdr) {
      signal.point = connect::ShdrPoint{name, kind, type, ""};
    } else {
      signal.point = connect::MtconnectPoint{name, type, ""};
    }
    config.signals.push_back(signal);
  }
  if (shdr) {
    connect::ShdrSettings settings;
    settings.host = "127.0.0.1";
    settings.port = port;
    config.settings = settings;
  } else {
    connect::MtconnectSettings settings;
    settings.host = "127.0.0.1";
    settings.port = port;
    settings.heartbeat_ms = 500;
    config.settings = settings;
  }
  return config;
}

int read(bool shdr, std::uint16_t port) {
  const auto loop = sys::make_event_loop();
  PrintingSink sink;
  connect::ConnectionManager manager(*loop, sys::real_clock(), sys::real_random(), sink, {});
  if (Status put = manager.put({1}, {1}, plan(shdr, port), {{1}, {2}, {3}}); !put) std::abort();
  std::thread input([&] {
    std::string line;
    while (std::getline(std::cin, line)) continue;
    loop->stop();
  });
  loop->run();
  input.join();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view mode = argc == 3 ? argv[1] : "";
  const auto port = static_cast<std::uint16_t>(argc == 3 ? std::atoi(argv[2]) : 0);
  if (mode == "agent") return serve(port);
  if (mode == "client") return read(false, port);
  if (mode == "shdr") return read(true, port);
  std::cerr << "usage: mtconnect_peer agent|client|shdr PORT\n";
  return 2;
}
