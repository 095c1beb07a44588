// connect/s7/testing.h: CPUs and connections for the tests of this folder.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "connect/s7/server.h"
#include "connect/testing.h"

namespace lineshaft::connect::testing {

// Memory that notes the requests and answers as told. Data block 1 and the markers have 1000 bytes.
class NotingCpu : public S7Memory {
 public:
  NotingCpu() {
    make(s7::Area::kDataBlock, 1, 1000);
    make(s7::Area::kMarker, 0, 1000);
  }

  std::function<s7::ReturnCode(s7::Area, std::uint16_t db, std::uint32_t start, std::size_t)>
      refuse;
  std::function<S7Reply(const s7::Request&)> reply;
  s7::Identification plate = {"6ES7 315-2EH14-0AB0", "V3.2.6",          "Shop", "Furnace",
                              "CPU 315-2 PN/DP",     "S C-X4U421302009"};
  std::size_t reads = 0;   // requests
  std::size_t writes = 0;  // requests
  std::size_t items = 0;   // of reads

  Bytes& db(std::size_t bytes = 1000) { return make(s7::Area::kDataBlock, 1, bytes); }

  s7::ReturnCode read(s7::Area area, std::uint16_t db, std::uint32_t start,
                      std::span<std::uint8_t> out) override {
    if (refuse) {
      const s7::ReturnCode code = refuse(area, db, start, out.size());
      if (code != s7::ReturnCode::kOk) return code;
    }
    return S7Memory::read(area, db, start, out);
  }
  s7::ReturnCode write(s7::Area area, std::uint16_t db, std::uint32_t start,
                       ByteSpan bytes) override {
    if (refuse) {
      const s7::ReturnCode code = refuse(area, db, start, bytes.size());
      if (code != s7::ReturnCode::kOk) return code;
    }
    return S7Memory::write(area, db, start, bytes);
  }
  s7::Identification identification() override { return plate; }
  S7Reply reply_to(const s7::Request& request) override {
    if (const auto* read = std::get_if<s7::ReadVar>(&request)) {
      reads += 1;
      items += read->items.size();
    }
    if (std::holds_alternative<s7::WriteVar>(request)) writes += 1;
    return reply ? reply(request) : S7Reply{};
  }
};

inline SignalConfig s7_signal(std::string path, std::string_view address) {
  SignalConfig signal;
  signal.path = std::move(path);
  signal.point = S7Point{{s7::parse_address(address).value(), 1, 0}};
  return signal;
}

// "org/site/c<port>/s<i>" at those addresses, one group of 1 s.
inline ConnectionConfig cpu(std::uint16_t port, const std::vector<std::string>& addresses) {
  ConnectionConfig config;
  config.name = "cpu " + std::to_string(port);
  S7Settings settings;
  settings.host = "plc";
  settings.port = port;
  settings.timeout_ms = 500;
  config.settings = settings;
  config.groups = {{"normal", 1000}};
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    config.signals.push_back(
        s7_signal("org/site/c" + std::to_string(port) + "/s" + std::to_string(i), addresses[i]));
  }
  return config;
}

// INT at DB1.DBW0, DBW2, DBW4...
inline ConnectionConfig cpu(std::uint16_t port, std::size_t signals) {
  std::vector<std::string> addresses;
  for (std::size_t i = 0; i < signals; ++i) {
    addresses.push_back("DB1.DBW" + std::to_string(2 * i) + ":INT");
  }
  return cpu(port, addresses);
}

inline S7Settings& s7_of(ConnectionConfig& config) { return std::get<S7Settings>(config.settings); }

inline S7ServerOptions s7_at(std::uint16_t port) {
  S7ServerOptions options;
  options.listen = {"plc", port};
  return options;
}

inline std::unique_ptr<S7Server> serve_s7(Plant& plant, S7Device& device, S7ServerOptions options) {
  return make_s7_server(plant.loop, device, std::move(options)).value();
}

}  // namespace lineshaft::connect::testing
