#include "connect/modbus/server.h"

#include <algorithm>
#include <utility>

#include "connect/modbus/execute.h"
#include "connect/request_server.h"
#include "sys/peer_certificate.h"
#include "wire/modbus/frame.h"
#include "wire/modbus/rtu.h"

namespace lineshaft::connect {

namespace {

// The extension of a certificate that names the role of its holder (MODBUS/TCP Security V2.1).
constexpr const char* kRoleOid = "1.3.6.1.4.1.50316.802.1";

// An RTU request that stopped for so long has ended. The standard says 3.5 characters, but adapters
// and networks hold back what came for longer than that.
constexpr Nanoseconds kRtuSilence = std::chrono::milliseconds(20);

bool writes(const modbus::Request& request) {
  return !std::holds_alternative<modbus::ReadBits>(request) &&
         !std::holds_alternative<modbus::ReadRegisters>(request) &&
         !std::holds_alternative<modbus::ReadDeviceId>(request);
}

// One client.
class ModbusAnswerer : public Answerer {
 public:
  ModbusAnswerer(ModbusDevice& device, const ModbusServerOptions& options,
                 ModbusServerCounters& counters, bool may_write)
      : device_(device), options_(options), counters_(counters), may_write_(may_write) {}

  Result<std::optional<Reply>> take(ByteSpan& input, Bytes& out) override {
    auto frame = next_frame(input);
    if (!frame) return frame.error();
    if (!*frame) return std::optional<Reply>();
    return std::optional<Reply>(answer(**frame, out));
  }
  bool is_inside() const override {
    return (rtu() ? rtu_reader_.pending_bytes() : reader_.pending_bytes()) > 0;
  }
  void on_silence() override { rtu_reader_.silence(); }

 private:
  bool rtu() const { return options_.rtu || options_.serial; }
  Result<std::optional<modbus::Frame>> next_frame(ByteSpan& input) {
    if (rtu()) return rtu_reader_.next(input);
    return reader_.next(input);
  }

  Reply answer(const modbus::Frame& frame, Bytes& out) {
    const std::uint8_t unit = frame.head.unit;
    if (rtu() && unit == modbus::kBroadcast) return carry_out_everywhere(frame.pdu);
    // On a line somebody else may be that unit.
    if (rtu() && !device_.has_unit(unit)) return {};
    counters_.requests += 1;
    Bytes pdu;
    ServerReply reply;
    const auto decoded = modbus::decode_request(frame.pdu);
    if (const auto* refused = std::get_if<modbus::Exception>(&decoded)) {
      counters_.exceptions += 1;
      modbus::encode_exception(frame.pdu[0], *refused, pdu);
    } else {
      const auto& request = std::get<modbus::Request>(decoded);
      const modbus::Response response = carry_out(unit, request);
      if (std::holds_alternative<modbus::Exception>(response)) counters_.exceptions += 1;
      modbus::encode_response(request, response, pdu);
      reply = device_.reply_to(unit, request);
    }
    return put(frame.head, pdu, reply, out);
  }

  modbus::Response carry_out(std::uint8_t unit, const modbus::Request& request) {
    // MODBUS/TCP Security: who has not the role is answered as if there were no such function.
    if (!may_write_ && writes(request)) return modbus::Exception::kIllegalFunction;
    return execute(device_, unit, request);
  }

  Reply carry_out_everywhere(ByteSpan pdu) {
    const auto decoded = modbus::decode_request(pdu);
    const auto* request = std::get_if<modbus::Request>(&decoded);
    if (request == nullptr || !writes(*request)) return {};
    counters_.requests += 1;
    for (std::uint8_t unit = 1; unit <= modbus::kRtuUnitMax; ++unit) {
      if (device_.has_unit(unit)) carry_out(unit, *request);
    }
    return {};
  }

  void append(modbus::FrameHead head, ByteSpan pdu, Bytes& out) const {
    if (rtu()) {
      modbus::append_rtu_frame(head.unit, pdu, out);
    } else {
      modbus::append_frame(head, pdu, out);
    }
  }

  Reply put(modbus::FrameHead head, ByteSpan pdu, const ServerReply& reply, Bytes& out) const {
    if (reply.fault == ServerFault::kSilence) return {reply.delay};
    if (reply.fault == ServerFault::kClose) return {Nanoseconds(0), true};
    if (reply.fault == ServerFault::kWrongTransaction) {
      head.transaction = static_cast<std::uint16_t>(head.transaction + 1);
    }
    if (reply.fault == ServerFault::kWrongUnit) {
      head.unit = static_cast<std::uint8_t>(head.unit + 1);
    }
    append(head, pdu, out);
    if (reply.fault == ServerFault::kTwice) append(head, pdu, out);
    if (reply.fault == ServerFault::kGarbage) out.assign(out.size(), 0xA5);
    const bool midway = reply.fault == ServerFault::kCloseMidway;
    if (midway) out.resize(out.size() / 2);
    // On a line the answer keeps its distance: 3.5 characters.
    const Nanoseconds distance =
        options_.serial ? sys::line_time(*options_.serial, 7) / 2 : Nanoseconds(0);
    return {std::max(reply.delay, distance), midway};
  }

  ModbusDevice& device_;
  const ModbusServerOptions& options_;
  ModbusServerCounters& counters_;
  const bool may_write_;
  modbus::FrameReader reader_;
  modbus::RtuReader rtu_reader_{modbus::RtuSide::kRequests};
};

class Server : public ModbusServer {
 public:
  Server(sys::EventLoop& loop, ModbusDevice& device, ModbusServerOptions options)
      : device_(device),
        options_(std::move(options)),
        server_(loop, server_options(options_), [this](const sys::TcpStream& stream) {
          return std::make_unique<ModbusAnswerer>(device_, options_, counters_, may_write(stream));
        }) {}

  Status listen() { return server_.start(); }
  sys::Endpoint local() const override { return server_.local(); }
  ModbusServerCounters counters() const override {
    ModbusServerCounters counters = counters_;
    const RequestServerCounters below = server_.counters();
    counters.connections = below.connections;
    counters.accepted = below.accepted;
    counters.refused = below.refused;
    counters.broken = below.broken;
    return counters;
  }
  void drop_connections() override { server_.drop_connections(); }

 private:
  static RequestServerOptions server_options(const ModbusServerOptions& options) {
    RequestServerOptions below;
    below.listen = options.listen;
    below.tls = options.tls;
    below.serial = options.serial;
    below.connections_max = options.connections_max;
    below.idle_timeout = options.idle_timeout;
    below.frame_timeout = options.frame_timeout;
    if (options.rtu || options.serial) below.gap = kRtuSilence;
    return below;
  }

  bool may_write(const sys::TcpStream& stream) const {
    if (!options_.writing_roles) return true;
    const auto certificate = sys::peer_certificate(stream);
    if (!certificate) return false;
    const auto role = sys::certificate_text(*certificate, kRoleOid);
    return role && std::ranges::count(*options_.writing_roles, *role) > 0;
  }

  ModbusDevice& device_;
  const ModbusServerOptions options_;
  ModbusServerCounters counters_;
  RequestServer server_;  // last: its clients use the others
};

}  // namespace

Result<std::unique_ptr<ModbusServer>> make_modbus_server(sys::EventLoop& loop, ModbusDevice& device,
                                                         ModbusServerOptions options) {
  auto server = std::make_unique<Server>(loop, device, std::move(options));
  if (Status listening = server->listen(); !listening) return std::move(listening).error();
  return std::unique_ptr<ModbusServer>(std::move(server));
}

}  // namespace lineshaft::connect
