#include "connect/modbus/kind.h"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

#include "connect/modbus/probe.h"
#include "connect/modbus/session.h"

namespace lineshaft::connect {

namespace {

constexpr std::size_t kDeviceBytesMax = 255;

Error invalid(std::string what) { return Error{ErrorId::kInvalidArgument, std::move(what)}; }

const ModbusSettings& modbus_of(const ProtocolSettings& settings) {
  return std::get<ModbusSettings>(settings);
}

const ModbusPoint& modbus_of(const SignalPoint& point) { return std::get<ModbusPoint>(point); }

// In the order of ModbusTransport and sys::Parity, as in the JSON.
constexpr std::string_view kTransports[] = {"tcp", "rtu-tcp", "serial"};
constexpr std::string_view kParities[] = {"none", "even", "odd"};

template <typename T, std::size_t N>
std::optional<T> parse_word(const std::string_view (&words)[N], std::string_view word) {
  const auto found = std::ranges::find(words, word);
  if (found == std::end(words)) return std::nullopt;
  return static_cast<T>(found - std::begin(words));
}

std::string_view transport_name(ModbusTransport transport) {
  return kTransports[static_cast<std::size_t>(transport)];
}

std::string_view parity_name(sys::Parity parity) {
  return kParities[static_cast<std::size_t>(parity)];
}

void read_serial(Fields& fields, sys::SerialOptions& serial) {
  fields.integer("baud", serial.baud, 1200, 921'600);
  fields.word(
      "parity", serial.parity,
      [](std::string_view word) { return parse_word<sys::Parity>(kParities, word); },
      "none, even or odd");
  fields.integer("stop_bits", serial.stop_bits, 1, 2);
  fields.boolean("rs485", serial.rs485);
}

Status check_serial(const ModbusSettings& settings) {
  const sys::SerialOptions& serial = settings.serial;
  if (!is_name(serial.device, kDeviceBytesMax) || serial.device.front() != '/') {
    return invalid("settings.device: the path of a serial port is needed, as /dev/ttyUSB0");
  }
  if (!sys::is_baud(serial.baud)) {
    return invalid("settings.baud: " + std::to_string(serial.baud) +
                   " is no usual speed: 9600, 19200, 38400, 57600, 115200...");
  }
  if (settings.tls.enabled) return invalid("settings.tls: a serial line cannot be encrypted");
  return check_number("settings.stop_bits", serial.stop_bits, 1, 2);
}

// On a line 0 speaks to all units, and none answers.
Status check_rtu_unit(std::string_view field, std::uint8_t unit) {
  return check_number(field, unit, 1, modbus::kRtuUnitMax);
}

class ModbusRuntime : public ProtocolRuntime {
 public:
  ModbusRuntime(sys::EventLoop& loop, sys::Random& random)
      : loop_(loop), random_(random), pool_(loop, random) {}

  std::unique_ptr<Driver> make_driver(const ConnectionConfig& config, DriverHost& host) override {
    return std::make_unique<ModbusSession>(loop_, random_, pool_, config, host);
  }

  std::unique_ptr<Task> test(TestRequest request, TestDone done) override {
    ProbeRequest probe;
    probe.settings = modbus_of(request.settings);
    probe.units = {probe.settings.unit_id};
    probe.signals = std::move(request.signals);
    const std::uint8_t unit = probe.settings.unit_id;
    return std::make_unique<ModbusProbe>(
        loop_, pool_, std::move(probe), [unit, done = std::move(done)](ProbeReport found) {
          TestReport report;
          report.reachable = found.reachable;
          if (found.latency) report.latency_ms = static_cast<double>(found.latency->count()) / 1e6;
          report.identification = found.units[unit].identification;
          report.error = std::move(found.error);
          report.values = std::move(found.values);
          done(std::move(report));
        });
  }

  std::unique_ptr<Task> knock(Knock knock, KnockDone done) override {
    ProbeRequest probe;
    probe.settings.host = knock.at.host;
    probe.settings.port = knock.at.port;
    probe.settings.timeout_ms = knock.timeout_ms;
    probe.units = std::move(knock.unit_ids);
    // Each unit may leave two requests unanswered.
    probe.limit = std::chrono::milliseconds(knock.timeout_ms) *
                  static_cast<std::int64_t>(2 * probe.units.size() + 2);
    return std::make_unique<ModbusProbe>(
        loop_, pool_, std::move(probe),
        [at = std::move(knock.at), done = std::move(done)](const ProbeReport& report) {
          std::vector<ScanHit> hits;
          for (const auto& [unit, found] : report.units) {
            if (!found.answered) continue;
            hits.push_back({at.host, at.port, unit, found.identification});
            ModbusSettings settings;
            settings.host = at.host;
            settings.port = at.port;
            settings.unit_id = unit;
            hits.back().settings = settings;
          }
          done(std::move(hits));
        });
  }

 private:
  sys::EventLoop& loop_;
  sys::Random& random_;
  ModbusLinkPool pool_;
};

class ModbusKind : public ProtocolKind {
 public:
  std::string_view name() const override { return "modbus-tcp"; }

  ProtocolSettings read_settings(Fields& fields) const override {
    ModbusSettings settings;
    fields.word(
        "transport", settings.transport,
        [](std::string_view word) { return parse_word<ModbusTransport>(kTransports, word); },
        "tcp, rtu-tcp or serial");
    fields.string("host", settings.host);
    fields.integer("port", settings.port, 1, 65535);
    fields.string("device", settings.serial.device);
    fields.integer("unit_id", settings.unit_id, 0, 255);
    fields.advanced();
    read_serial(fields, settings.serial);
    fields.integer("timeout_ms", settings.timeout_ms, 50, 60'000);
    fields.integer("request_delay_ms", settings.request_delay_ms, 0, 10'000);
    fields.integer("registers_per_read_max", settings.registers_per_read_max, 1, 125);
    fields.integer("bits_per_read_max", settings.bits_per_read_max, 1, 2000);
    fields.integer("gap_max", settings.gap_max, 0, 100);
    fields.boolean("one_signal_per_read", settings.one_signal_per_read);
    fields.boolean("single_connection", settings.single_connection);
    fields.integer("requests_in_flight_max", settings.requests_in_flight_max, 1, 16);
    fields.integer("retries", settings.retries, 0, 3);
    fields.boolean("write_multiple_only", settings.write_multiple_only);
    read_tls(fields, settings.tls);
    return settings;
  }

  Json settings_json(const ProtocolSettings& of, Secrets secrets) const override {
    const ModbusSettings& settings = modbus_of(of);
    const sys::SerialOptions& serial = settings.serial;
    Json json = {{"transport", transport_name(settings.transport)},
                 {"host", settings.host},
                 {"port", settings.port},
                 {"device", serial.device},
                 {"unit_id", settings.unit_id},
                 {"baud", serial.baud},
                 {"parity", parity_name(serial.parity)},
                 {"stop_bits", serial.stop_bits},
                 {"rs485", serial.rs485},
                 {"timeout_ms", settings.timeout_ms},
                 {"request_delay_ms", settings.request_delay_ms},
                 {"registers_per_read_max", settings.registers_per_read_max},
                 {"bits_per_read_max", settings.bits_per_read_max},
                 {"gap_max", settings.gap_max},
                 {"one_signal_per_read", settings.one_signal_per_read},
                 {"single_connection", settings.single_connection},
                 {"requests_in_flight_max", settings.requests_in_flight_max},
                 {"retries", settings.retries},
                 {"write_multiple_only", settings.write_multiple_only}};
    add_tls_json(settings.tls, secrets, json);
    return json;
  }

  SignalPoint read_point(Fields& fields) const override {
    ModbusPoint point;
    modbus::PointFormat& format = point.format;
    for (const char* name : {"area", "address", "type"}) fields.require(name);
    fields.word("area", format.area, modbus::parse_area, "holding, input, coil or discrete");
    fields.integer("address", point.address, 0, 65535);
    fields.word("type", format.type, modbus::parse_data_type,
                "bool, int16, uint16, int32, uint32, int64, uint64, float32, float64 or string");
    fields.word("order", format.order, modbus::parse_byte_order, "ABCD, BADC, CDAB or DCBA");
    fields.number("scale", format.scale);
    fields.number("offset", format.offset);
    fields.advanced();
    fields.optional_int("unit_id", point.unit_id, 255);
    fields.optional_int("bit", format.bit, 63);
    fields.integer("bit_count", format.bit_count, 1, 64);
    std::optional<std::uint16_t> string_bytes;
    fields.optional_int("string_bytes", string_bytes, modbus::kStringBytesMax);
    format.string_bytes = string_bytes.value_or(0);
    return point;
  }

  void add_point_json(const SignalPoint& of, Json& signal) const override {
    const ModbusPoint& point = modbus_of(of);
    const modbus::PointFormat& format = point.format;
    signal["area"] = modbus::area_name(format.area);
    signal["address"] = point.address;
    signal["unit_id"] = point.unit_id ? Json(*point.unit_id) : Json();
    signal["type"] = modbus::data_type_name(format.type);
    signal["order"] = modbus::byte_order_name(format.order);
    signal["bit"] = format.bit ? Json(*format.bit) : Json();
    signal["bit_count"] = format.bit_count;
    signal["string_bytes"] = format.string_bytes != 0 ? Json(format.string_bytes) : Json();
    signal["scale"] = format.scale;
    signal["offset"] = format.offset;
  }

  Status check_settings(const ProtocolSettings& of) const override {
    const ModbusSettings& s = modbus_of(of);
    const bool serial = s.transport == ModbusTransport::kSerial;
    if (Status ok = serial ? check_serial(s) : check_host(s.host); !ok) return ok;
    if (s.rtu()) {
      if (Status ok = check_rtu_unit("settings.unit_id", s.unit_id); !ok) return ok;
    }
    Status numbers = check_numbers({
        {"settings.port", s.port, 1, 65535},
        {"settings.timeout_ms", s.timeout_ms, 50, 60'000},
        {"settings.request_delay_ms", s.request_delay_ms, 0, 10'000},
        {"settings.registers_per_read_max", s.registers_per_read_max, 1, modbus::kReadRegistersMax},
        {"settings.bits_per_read_max", s.bits_per_read_max, 1, modbus::kReadBitsMax},
        {"settings.gap_max", s.gap_max, 0, 100},
        {"settings.requests_in_flight_max", s.requests_in_flight_max, 1, 16},
        {"settings.retries", s.retries, 0, 3},
    });
    if (!numbers) return numbers;
    return check_tls(s.tls);
  }

  Status check_point(const SignalConfig& signal, const ProtocolSettings& of) const override {
    const ModbusSettings& settings = modbus_of(of);
    const ModbusPoint& point = modbus_of(signal.point);
    if (Status format = modbus::check_format(point.format); !format) return format;
    if (settings.rtu() && point.unit_id) {
      if (Status ok = check_rtu_unit("unit_id", *point.unit_id); !ok) return ok;
    }
    const std::uint32_t width = modbus::width(point.format);
    if (point.address + width > modbus::kAddresses) {
      return invalid("address: the value runs past address 65535");
    }
    const std::uint16_t max = modbus::is_bits(point.format.area) ? settings.bits_per_read_max
                                                                 : settings.registers_per_read_max;
    if (width > max) {
      return invalid("type: the value takes " + std::to_string(width) +
                     " registers; the device is set to give " + std::to_string(max) + " at once");
    }
    if (signal.writable && !modbus::is_writable(point.format.area)) {
      return invalid("writable: only coils and holding registers can be written");
    }
    if (signal.writable && width > modbus::kWriteRegistersMax) {
      return invalid("writable: at most 123 registers (246 bytes) can be written at once");
    }
    return {};
  }

  ValueType value_type(const SignalPoint& point) const override {
    return modbus::value_type(modbus_of(point).format);
  }

  bool is_measured(const SignalPoint& point) const override {
    const modbus::PointFormat& format = modbus_of(point).format;
    return format.type == modbus::DataType::kFloat32 || format.type == modbus::DataType::kFloat64 ||
           format.scaled();
  }

  std::string source(const ConnectionConfig& config, const SignalPoint& of) const override {
    const ModbusPoint& point = modbus_of(of);
    const std::uint8_t unit = point.unit_id.value_or(modbus_of(config.settings).unit_id);
    return "modbus:" + config.name + "/" + std::to_string(unit) + "/" +
           std::string(modbus::area_name(point.format.area)) + "/" + std::to_string(point.address);
  }

  std::vector<Door> doors() const override { return {{502, false}, {802, true}}; }
  std::optional<sys::Endpoint> seat(const ProtocolSettings& of) const override {
    const ModbusSettings& s = modbus_of(of);
    // A serial line, and a socket that is set to be the only one, are shared already.
    if (s.transport == ModbusTransport::kSerial || s.single_connection) return std::nullopt;
    return sys::Endpoint{s.host, s.port};
  }

  std::unique_ptr<ProtocolRuntime> make_runtime(sys::EventLoop& loop, sys::Clock& /*clock*/,
                                                sys::Random& random,
                                                const ManagerOptions& /*options*/) const override {
    return std::make_unique<ModbusRuntime>(loop, random);
  }
};

}  // namespace

const ProtocolKind& modbus_kind() {
  static const ModbusKind kind;
  return kind;
}

}  // namespace lineshaft::connect
