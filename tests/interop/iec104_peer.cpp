// tests/interop/iec104_peer.cpp: our station and our client of IEC 60870-5-104 as a program, for
// tests against other implementations. Not part of the product.
//
//   iec104_peer server PORT [FOLDER]   serves the points below; lines "set ADDRESS NUMBER" on stdin
//                                      change them; ends when stdin does
//   iec104_peer client PORT [FOLDER]   reads and writes the plan below; lines "write NAME VALUE" on
//                                      stdin; JSON lines on stdout
//
// With a FOLDER over TLS: station.pem and station.key, or centre.pem and centre.key, in it are
// ours, authority.pem is who is trusted.
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>

#include "connect/iec104/server.h"
#include "connect/manager.h"
#include "sys/clock.h"
#include "sys/loop.h"

using namespace lineshaft;
using namespace std::chrono_literals;
using iec104::CommandKind;
using iec104::PointKind;

namespace {

struct Row {
  const char* name;
  std::uint32_t address;
  PointKind kind;
  Value value;
  std::optional<CommandKind> command;
  std::uint32_t command_address = 0;  // where a command for it goes
  bool select = false;
};

const Row kRows[] = {
    {"float", 100, PointKind::kFloat, 12.5f, {}},
    {"single", 101, PointKind::kSingle, true, CommandKind::kSingle, 201},
    {"scaled", 102, PointKind::kScaled, std::int64_t{-7}, CommandKind::kScaled, 202},
    {"counter", 103, PointKind::kCounter, std::int64_t{4711}, {}},
    {"double", 104, PointKind::kDouble, std::int64_t{1}, CommandKind::kDouble, 204, true},
    {"step", 105, PointKind::kStep, std::int64_t{-3}, {}},
    {"bits", 106, PointKind::kBitstring, std::int64_t{0x80000001}, {}},
    {"normalized", 107, PointKind::kNormalized, 0.5, {}},
    {"set_float", 108, PointKind::kFloat, 1.0f, CommandKind::kFloat, 208},
};

const Row* row_of(std::uint32_t command_address) {
  for (const Row& row : kRows) {
    if (row.command_address == command_address) return &row;
  }
  return nullptr;
}

// Says what it is told to do, and lets the point show it.
class Plant : public connect::Iec104Plant {
 public:
  bool on_command(std::uint32_t address, const Value& value) override {
    const Row* row = row_of(address);
    std::cout << "command " << row->name << " " << to_text(value) << std::endl;
    server->set(row->address, {value, quality::kGood}, sys::real_clock().now(),
                iec104::Cause::kReturnRemote);
    return true;
  }
  connect::Iec104Server* server = nullptr;
};

std::string content(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

connect::TlsSettings tls_of(const std::string& folder, const std::string& who) {
  connect::TlsSettings tls;
  tls.enabled = true;
  tls.certificate = content(folder + "/" + who + ".pem");
  tls.key = content(folder + "/" + who + ".key");
  tls.trusted = content(folder + "/authority.pem");
  return tls;
}

int serve(std::uint16_t port, const std::string& folder) {
  const auto loop = sys::make_event_loop();
  Plant plant;
  std::vector<connect::Iec104ServedPoint> points;
  for (const Row& row : kRows) {
    connect::Iec104ServedPoint point;
    point.format.kind = row.kind;
    point.reading = {row.value, quality::kGood};
    point.address = row.address;
    points.push_back(point);
    if (!row.command) continue;
    point.address = row.command_address;
    point.command = row.command;
    point.select_required = row.select;
    points.push_back(point);
  }
  connect::Iec104ServerOptions options;
  options.listen = {"127.0.0.1", port};
  if (!folder.empty()) {
    options.tls = connect::tls_context(tls_of(folder, "station"), sys::TlsSide::kServer);
  }
  auto server = connect::make_iec104_server(*loop, plant, points, options);
  if (!server) return std::cerr << server.error().text() << "\n", 1;
  plant.server = server->get();
  std::cout << "listening on " << (*server)->local().port << std::endl;
  std::thread input([&] {
    std::string word;
    std::uint32_t address = 0;
    float number = 0;
    while (std::cin >> word >> address >> number) {
      loop->post([&, address, number] {
        plant.server->set(address, {number, quality::kGood}, sys::real_clock().now());
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
      std::cout << R"({"name":")" << kRows[sample.tag.value - 1].name << R"(","value":)"
                << to_text(sample.value) << R"(,"quality":")" << quality_name(sample.quality)
                << R"(","time":)" << sample.time.ns << "}" << std::endl;
    }
    durable(Status());
  }
};

connect::ConnectionConfig plan(std::uint16_t port, const std::string& folder) {
  connect::ConnectionConfig config;
  config.name = "peer";
  connect::Iec104Settings settings;
  settings.host = "127.0.0.1";
  settings.port = port;
  settings.command_timeout_ms = 3000;
  if (!folder.empty()) settings.tls = tls_of(folder, "centre");
  config.settings = settings;
  config.groups = {{"all", 1000}};
  config.writes_enabled = true;
  config.store = connect::Store::kAll;
  for (const Row& row : kRows) {
    connect::SignalConfig signal;
    signal.path = std::string("peer/plan/") + row.name;
    connect::Iec104Point point;
    point.address = row.address;
    point.format.kind = row.kind;
    point.command = row.command;
    point.select = row.select;
    if (row.command) point.command_address = row.command_address;
    signal.point = point;
    signal.writable = row.command.has_value();
    config.signals.push_back(std::move(signal));
  }
  return config;
}

// One "write NAME VALUE".
void write(connect::ConnectionManager& manager, const std::string& line) {
  std::istringstream words(line);
  std::string verb;
  std::string name;
  std::string text;
  words >> verb >> name >> text;
  for (std::uint32_t i = 0; i < std::size(kRows); ++i) {
    if (kRows[i].name != name) continue;
    auto value = parse_value(type_of(kRows[i].value), text);
    manager.write({1}, {i + 1}, *value, [name](const Result<connect::WriteOutcome>& outcome) {
      std::cout << R"({"write":")" << name << R"(",)";
      if (outcome) {
        std::cout << R"("new":)" << to_text(outcome->new_value) << "}" << std::endl;
      } else {
        std::cout << R"("error":")" << outcome.error().text() << "\"}" << std::endl;
      }
    });
  }
}

int poll(std::uint16_t port, const std::string& folder) {
  const auto loop = sys::make_event_loop();
  PrintingSink sink;
  connect::ConnectionManager manager(*loop, sys::real_clock(), sys::real_random(), sink, {});
  std::thread input([&] {
    const connect::ConnectionConfig config = plan(port, folder);
    std::vector<TagId> tags;
    for (std::uint32_t i = 0; i < config.signals.size(); ++i) tags.push_back({i + 1});
    if (Status put = manager.put({1}, {1}, config, tags); !put) std::abort();
    std::string line;
    while (std::getline(std::cin, line)) write(manager, line);
    const auto status = manager.status({1}).value();
    std::cout << R"({"status":")" << connect::state_name(status.state) << R"(","errors":)"
              << status.errors << R"(,"reconnects":)" << status.reconnects << R"(,"tags_bad":)"
              << status.tags_bad << "}" << std::endl;
    loop->stop();
  });
  loop->run();
  input.join();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const bool understood = argc == 3 || argc == 4;
  const std::string_view mode = understood ? argv[1] : "";
  const auto port = static_cast<std::uint16_t>(understood ? std::atoi(argv[2]) : 0);
  const std::string folder = argc == 4 ? argv[3] : "";
  if (mode == "server") return serve(port, folder);
  if (mode == "client") return poll(port, folder);
  std::cerr << "usage: iec104_peer server|client PORT [FOLDER]\n";
  return 2;
}
