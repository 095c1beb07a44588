// tests/interop/modbus_peer.cpp: our Modbus server and client as a program, for tests against other
// implementations. Not part of the product.
//
//   modbus_peer server PLACE    serves the plan of modbus_interop.py; ends when stdin does
//   modbus_peer client PLACE    polls and writes that plan; JSON lines on stdout
//
// PLACE is a TCP port, "rtu:PORT" for RTU over TCP, or the path of a serial port. A server also
// takes "tls:FOLDER": Modbus/TCP Security with server.pem, server.key and authority.pem of that
// folder, where the role "operator" may write.
//
//   modbus_peer codec           reads "REQUEST RESPONSE" in hex, a pair a line; says both again as
//                               our codec writes them, or which it refuses
#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <string_view>
#include <thread>

#include "connect/manager.h"
#include "connect/modbus/server.h"
#include "sys/clock.h"
#include "sys/loop.h"

using namespace lineshaft;
using namespace std::chrono_literals;

namespace {

// --- server: 200 of everything for units 1 and 2, filled by rule ---

class PlanDevice : public connect::ModbusDevice {
 public:
  PlanDevice() {
    for (std::size_t i = 0; i < kSize; ++i) {
      holding_[i] = static_cast<std::uint16_t>(i * 3 + 1);
      input_[i] = static_cast<std::uint16_t>(0xFFFF - i);
      coils_[i] = i % 3 == 0;
      discretes_[i] = i % 2 == 0;
    }
  }
  bool has_unit(std::uint8_t unit) override { return unit == 1 || unit == 2; }
  Outcome read_registers(std::uint8_t /*unit*/, modbus::Area area, std::uint16_t address,
                         std::span<std::uint16_t> out) override {
    if (address + out.size() > kSize) return modbus::Exception::kIllegalDataAddress;
    const auto& from = area == modbus::Area::kInput ? input_ : holding_;
    std::copy_n(from.begin() + address, out.size(), out.begin());
    return std::nullopt;
  }
  Outcome read_bits(std::uint8_t /*unit*/, modbus::Area area, std::uint16_t address,
                    std::span<bool> out) override {
    if (address + out.size() > kSize) return modbus::Exception::kIllegalDataAddress;
    const auto& from = area == modbus::Area::kCoil ? coils_ : discretes_;
    std::copy_n(from.begin() + address, out.size(), out.begin());
    return std::nullopt;
  }
  Outcome write_registers(std::uint8_t /*unit*/, std::uint16_t address,
                          std::span<const std::uint16_t> values) override {
    if (address + values.size() > kSize) return modbus::Exception::kIllegalDataAddress;
    std::copy(values.begin(), values.end(), holding_.begin() + address);
    return std::nullopt;
  }
  Outcome write_coils(std::uint8_t /*unit*/, std::uint16_t address,
                      std::span<const bool> values) override {
    if (address + values.size() > kSize) return modbus::Exception::kIllegalDataAddress;
    std::copy(values.begin(), values.end(), coils_.begin() + address);
    return std::nullopt;
  }
  modbus::Identification identification(std::uint8_t /*unit*/) override {
    return {{modbus::kVendorName, "Lineshaft"},
            {modbus::kProductCode, "peer"},
            {modbus::kRevision, "1"},
            {modbus::kProductName, std::string(200, 'p')},  // forces a continued answer
            {modbus::kModelName, std::string(100, 'm')}};
  }

 private:
  static constexpr std::size_t kSize = 200;
  std::array<std::uint16_t, kSize> holding_{}, input_{};
  std::array<bool, kSize> coils_{}, discretes_{};
};

// As the first argument says it.
struct Place {
  explicit Place(std::string_view text) {
    if (text.starts_with('/')) {
      transport = connect::ModbusTransport::kSerial;
      device = text;
      return;
    }
    if (text.starts_with("tls:")) {
      folder = text.substr(4);
      return;
    }
    if (text.starts_with("rtu:")) {
      transport = connect::ModbusTransport::kRtuTcp;
      text.remove_prefix(4);
    }
    port = static_cast<std::uint16_t>(std::strtoul(std::string(text).c_str(), nullptr, 10));
  }
  connect::ModbusTransport transport = connect::ModbusTransport::kTcp;
  std::string device;
  std::string folder;
  std::uint16_t port = 0;
};

std::string content(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

void secure(const std::string& folder, connect::ModbusServerOptions& options) {
  sys::TlsOptions tls;
  tls.certificate_pem = content(folder + "/server.pem");
  tls.key_pem = content(folder + "/server.key");
  tls.trusted_pem = content(folder + "/authority.pem");
  options.tls = sys::make_tls_context(sys::TlsSide::kServer, tls).value();
  options.writing_roles = {{"operator"}};
}

int serve(const Place& place) {
  const auto loop = sys::make_event_loop();
  PlanDevice device;
  connect::ModbusServerOptions options;
  options.listen = {"127.0.0.1", place.port};
  options.rtu = place.transport == connect::ModbusTransport::kRtuTcp;
  if (!place.folder.empty()) secure(place.folder, options);
  if (!place.device.empty()) options.serial = sys::SerialOptions{place.device};
  const auto server = connect::make_modbus_server(*loop, device, options);
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

using modbus::Area;
using modbus::ByteOrder;
using modbus::DataType;

struct Row {
  const char* name;
  Area area;
  std::uint16_t address;
  DataType type;
  ByteOrder order = ByteOrder::kABCD;
  int bit = -1;
  std::uint8_t bit_count = 1;
  std::uint16_t string_bytes = 0;
  double scale = 1;
  bool writable = false;
};

constexpr ByteOrder kAbcd = ByteOrder::kABCD;
constexpr Row kRows[] = {
    {"u16", Area::kHolding, 0, DataType::kUint16},
    {"i16", Area::kHolding, 1, DataType::kInt16},
    {"f32_abcd", Area::kHolding, 2, DataType::kFloat32, ByteOrder::kABCD},
    {"f32_cdab", Area::kHolding, 4, DataType::kFloat32, ByteOrder::kCDAB},
    {"f32_badc", Area::kHolding, 6, DataType::kFloat32, ByteOrder::kBADC},
    {"f32_dcba", Area::kHolding, 8, DataType::kFloat32, ByteOrder::kDCBA},
    {"f64", Area::kHolding, 10, DataType::kFloat64},
    {"i64", Area::kHolding, 14, DataType::kInt64},
    {"i64_dcba", Area::kHolding, 18, DataType::kInt64, ByteOrder::kDCBA},
    {"u32", Area::kHolding, 22, DataType::kUint32},
    {"text", Area::kHolding, 24, DataType::kString, kAbcd, -1, 1, 10},
    {"bit3", Area::kHolding, 29, DataType::kBool, kAbcd, 3},
    {"bits4_6", Area::kHolding, 29, DataType::kUint16, kAbcd, 4, 3},
    {"scaled", Area::kHolding, 0, DataType::kUint16, kAbcd, -1, 1, 0, 0.5},
    {"input0", Area::kInput, 0, DataType::kUint16},
    {"coil1", Area::kCoil, 1, DataType::kBool},
    {"discrete2", Area::kDiscrete, 2, DataType::kBool},
    {"set_u16", Area::kHolding, 30, DataType::kUint16, kAbcd, -1, 1, 0, 1, true},
    {"set_f32", Area::kHolding, 31, DataType::kFloat32, kAbcd, -1, 1, 0, 1, true},
    {"set_bit", Area::kHolding, 33, DataType::kBool, kAbcd, 7, 1, 0, 1, true},
    {"set_coil", Area::kCoil, 9, DataType::kBool, kAbcd, -1, 1, 0, 1, true},
    {"missing", Area::kHolding, 5000, DataType::kUint16},
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

connect::ConnectionConfig plan(const Place& place) {
  connect::ConnectionConfig config;
  config.name = "peer";
  connect::ModbusSettings settings;
  settings.host = "127.0.0.1";
  if (place.port != 0) settings.port = place.port;
  settings.transport = place.transport;
  settings.serial.device = place.device;
  // For a peer that serves one client after the other.
  settings.single_connection = std::getenv("MODBUS_PEER_SINGLE") != nullptr;
  config.settings = settings;
  config.groups = {{"all", 200}};
  config.writes_enabled = true;
  for (const Row& row : kRows) {
    connect::SignalConfig signal;
    signal.path = std::string("peer/plan/") + row.name;
    connect::ModbusPoint point;
    point.address = row.address;
    point.format.area = row.area;
    point.format.type = row.type;
    point.format.order = row.order;
    if (row.bit >= 0) point.format.bit = static_cast<std::uint8_t>(row.bit);
    point.format.bit_count = row.bit_count;
    point.format.string_bytes = row.string_bytes;
    point.format.scale = row.scale;
    signal.point = point;
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
  std::cout << R"({"test":)" << (report.reachable ? "true" : "false") << R"(,"vendor":)";
  if (report.identification) {
    std::cout << '"' << report.identification->vendor << '"';
  } else {
    std::cout << "null";
  }
  std::cout << "}\n";
}

int poll(const Place& place) {
  const auto loop = sys::make_event_loop();
  PrintingSink sink;
  connect::ConnectionManager manager(*loop, sys::real_clock(), sys::real_random(), sink);
  connect::ConnectionConfig config = plan(place);
  std::vector<TagId> tags;
  for (std::uint32_t i = 0; i < config.signals.size(); ++i) tags.push_back({i + 1});
  manager.test({config.settings, {}}, print_test);
  if (const Status put = manager.put({1}, {1}, config, tags); !put) {
    std::cerr << put.error().text() << "\n";
    return 1;
  }
  const std::pair<const char*, Value> writes[] = {
      {"set_u16", std::int64_t{4321}}, {"set_f32", -2.5f}, {"set_bit", true}, {"set_coil", true}};
  const auto write_at = loop->make_timer();
  const auto end_at = loop->make_timer();
  write_at->start(1s, [&] {
    for (const auto& [name, value] : writes) {
      manager.write({1}, tag_of(name), value, [name = name](Result<connect::WriteOutcome> outcome) {
        print_write(name, outcome);
      });
    }
  });
  end_at->start(2500ms, [&] {
    print_status(manager.status({1}).value());
    loop->stop();
  });
  loop->run();
  return 0;
}

// --- codec ---

Bytes from_hex(const std::string& text) {
  Bytes bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    bytes.push_back(static_cast<std::uint8_t>(std::stoul(text.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

std::string to_hex(const Bytes& bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (std::uint8_t byte : bytes) {
    text.push_back(kDigits[byte >> 4]);
    text.push_back(kDigits[byte & 15]);
  }
  return text;
}

int recode() {
  std::string question;
  std::string reply;
  while (std::cin >> question >> reply) {
    const auto request = modbus::decode_request(from_hex(question));
    if (const auto* refused = std::get_if<modbus::Exception>(&request)) {
      std::cout << "request refused: " << modbus::exception_name(*refused) << "\n";
      continue;
    }
    const auto& asked = std::get<modbus::Request>(request);
    const auto response = modbus::decode_response(from_hex(reply), asked);
    if (!response) {
      std::cout << "response refused: " << response.error().what << "\n";
      continue;
    }
    Bytes again;
    if (!modbus::encode_request(asked, again)) return 1;
    Bytes response_again;
    modbus::encode_response(asked, *response, response_again);
    std::cout << to_hex(again) << ' ' << to_hex(response_again) << "\n";
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view mode = argc == 3 ? argv[1] : "";
  if (argc == 2 && std::string_view(argv[1]) == "codec") return recode();
  if (mode == "server") return serve(Place(argv[2]));
  if (mode == "client") return poll(Place(argv[2]));
  std::cerr << "usage: modbus_peer server|client PLACE, or codec\n";
  return 2;
}
