// tests/interop/s7_peer.cpp: our S7 server and client as a program, for tests against other
// implementations. Not part of the product.
//
//   s7_peer server PORT [EXPONENT]   serves the memory of s7_interop.py, in TPDUs of 2^EXPONENT
//                                    bytes; ends when stdin does
//   s7_peer client PORT              polls and writes its plan; JSON lines on stdout
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "connect/manager.h"
#include "connect/s7/server.h"
#include "sys/clock.h"
#include "sys/loop.h"

using namespace lineshaft;
using namespace std::chrono_literals;

namespace {

// --- server: data block 1 filled by rule, a little of everything else ---

class PlanCpu : public connect::S7Memory {
 public:
  PlanCpu() {
    Bytes& db = make(s7::Area::kDataBlock, 1, 2000);
    for (std::size_t i = 0; i < db.size(); ++i) db[i] = static_cast<std::uint8_t>(i * 7 + 1);
    make(s7::Area::kMarker, 0, 256);
    make(s7::Area::kInput, 0, 16)[2] = 0xA5;
    make(s7::Area::kOutput, 0, 16);
    make(s7::Area::kTimer, 0, 40)[11] = 0x27;
    make(s7::Area::kCounter, 0, 40)[7] = 0x42;
  }
  s7::Identification identification() override {
    return {"6ES7 315-2EH14-0AB0", "V3.2.6",          "Lineshaft", "peer",
            "CPU 315-2 PN/DP",     "S C-X4U421302009"};
  }
};

int serve(std::uint16_t port, std::uint8_t tpdu_exponent) {
  const auto loop = sys::make_event_loop();
  PlanCpu device;
  connect::S7ServerOptions options;
  options.listen = {"127.0.0.1", port};
  options.pdu_bytes_max = 240;  // so that long reads come in several
  options.tpdu_exponent_max = tpdu_exponent;
  const auto server = connect::make_s7_server(*loop, device, options);
  if (!server) {
    std::cerr << server.error().text() << "\n";
    return 1;
  }
  std::cout << "listening on " << (*server)->local().port << std::endl;
  std::thread input([&] {
    while (std::getchar() != EOF) {
    }
    loop->stop();
  });
  loop->run();
  input.join();
  return 0;
}

// --- client ---

struct Row {
  const char* name;
  const char* address;
  bool writable = false;
};

constexpr Row kRows[] = {
    {"bool", "DB1.DBX0.3"},
    {"byte", "DB1.DBB1"},
    {"int", "DB1.DBW2:INT"},
    {"uint", "DB1.DBW4:UINT"},
    {"dint", "DB1.DBD6:DINT"},
    {"lint", "DB1.DBB10:LINT"},
    {"real", "DB1.DBD18:REAL"},
    {"lreal", "DB1.DBB22:LREAL"},
    {"char", "DB1.DBB30:CHAR"},
    {"string", "DB1.DBB32:STRING[20]"},
    {"wstring", "DB1.DBB54:WSTRING[10]"},
    {"date", "DB1.DBW78:DATE"},
    {"tod", "DB1.DBD80:TOD"},
    {"time", "DB1.DBD84:TIME"},
    {"dt", "DB1.DBB88:DT"},
    {"dtl", "DB1.DBB96:DTL"},
    {"s5time", "DB1.DBW108:S5TIME"},
    {"ltime", "DB1.DBB110:LTIME"},
    {"marker", "MW10:INT"},
    {"input", "E2.7"},
    {"output", "AB3"},
    {"far", "DB2.DBD996:REAL"},
    {"set_int", "DB1.DBW200:INT", true},
    {"set_real", "DB1.DBD202:REAL", true},
    {"set_bool", "DB1.DBX206.0", true},
    {"set_string", "DB1.DBB210:STRING[20]", true},
    {"missing", "DB99.DBW0:INT"},
};

std::string quoted(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return '"' + *text + '"';
  return to_text(value);
}

class PrintingSink : public SampleSink {
 public:
  void append(SampleBatch batch, Durable durable) override {
    for (const Sample& sample : batch.samples) {
      std::cout << R"({"name":")" << kRows[sample.tag.value - 1].name << R"(","value":)"
                << quoted(sample.value) << R"(,"quality":")" << quality_name(sample.quality)
                << "\"}\n";
    }
    std::cout.flush();
    durable(Status());
  }
};

connect::ConnectionConfig plan(std::uint16_t port) {
  connect::ConnectionConfig config;
  config.name = "peer";
  connect::S7Settings settings;
  settings.host = "127.0.0.1";
  settings.port = port;
  settings.slot = 2;
  config.settings = settings;
  config.groups = {{"all", 200}};
  config.writes_enabled = true;
  for (const Row& row : kRows) {
    connect::SignalConfig signal;
    signal.path = std::string("peer/plan/") + row.name;
    signal.point = connect::S7Point{{s7::parse_address(row.address).value(), 1, 0}};
    signal.writable = row.writable;
    config.signals.push_back(std::move(signal));
  }
  return config;
}

TagId tag_of(std::string_view name) {
  std::uint32_t index = 0;
  while (kRows[index].name != name) ++index;
  return {index + 1};
}

void print_write(const char* name, const Result<connect::WriteOutcome>& outcome) {
  std::cout << R"({"write":")" << name << R"(",)";
  if (outcome) {
    std::cout << R"("old":)" << quoted(*outcome->old_value) << R"(,"new":)"
              << quoted(outcome->new_value) << "}\n";
  } else {
    std::cout << R"("error":")" << outcome.error().text() << "\"}\n";
  }
}

void print_status(const connect::ConnectionStatus& status) {
  std::cout << R"({"status":")" << connect::state_name(status.state) << R"(","errors":)"
            << status.errors << R"(,"requests":)" << status.requests << R"(,"tags_bad":)"
            << status.tags_bad << "}\n";
}

void print_test(const connect::TestReport& report) {
  std::cout << R"({"test":)" << (report.reachable ? "true" : "false");
  if (report.identification) {
    std::cout << R"(,"product":")" << report.identification->product << R"(","revision":")"
              << report.identification->revision << '"';
  }
  std::cout << "}\n";
}

int poll(std::uint16_t port) {
  const auto loop = sys::make_event_loop();
  PrintingSink sink;
  connect::ConnectionManager manager(*loop, sys::real_clock(), sys::real_random(), sink);
  connect::ConnectionConfig config = plan(port);
  std::vector<TagId> tags;
  for (std::uint32_t i = 0; i < config.signals.size(); ++i) tags.push_back({i + 1});
  manager.test({config.settings, {}}, print_test);
  if (const Status put = manager.put({1}, {1}, config, tags); !put) {
    std::cerr << put.error().text() << "\n";
    return 1;
  }
  const std::pair<const char*, Value> writes[] = {{"set_int", std::int64_t{-4321}},
                                                  {"set_real", -2.5f},
                                                  {"set_bool", true},
                                                  {"set_string", std::string("Kessel")}};
  const auto write_at = loop->make_timer();
  const auto end_at = loop->make_timer();
  // One after the other, or all at once for a peer that takes several in a request.
  const bool at_once = std::getenv("S7_PEER_AT_ONCE") != nullptr;
  std::function<void(std::size_t)> write = [&](std::size_t index) {
    if (index == std::size(writes)) return;
    const auto& [name, value] = writes[index];
    manager.write({1}, tag_of(name), value,
                  [&, name = name, index](Result<connect::WriteOutcome> outcome) {
                    print_write(name, outcome);
                    if (!at_once) write(index + 1);
                  });
    if (at_once) write(index + 1);
  };
  write_at->start(1s, [&] { write(0); });
  end_at->start(2500ms, [&] {
    print_status(manager.status({1}).value());
    loop->stop();
  });
  loop->run();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view mode = argc > 1 ? argv[1] : "";
  const auto port = static_cast<std::uint16_t>(argc > 2 ? std::stoi(argv[2]) : 0);
  const auto exponent = static_cast<std::uint8_t>(argc > 3 ? std::stoi(argv[3]) : 10);
  if (mode == "server") return serve(port, exponent);
  if (mode == "client") return poll(port);
  std::cerr << "usage: s7_peer server|client PORT\n";
  return 2;
}
