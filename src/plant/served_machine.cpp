#include "plant/served_machine.h"

#include "base/assert.h"
#include "plant/device.h"

namespace lineshaft::plant {
namespace {

struct ModbusMachine final : ServedMachine {
  ModbusMachine(const Machine& machine, const Hall& hall)
      : device(machine, hall.clock, hall.speed) {}
  MachineDevice device;
  std::unique_ptr<connect::ModbusServer> server;
};

struct S7Machine final : ServedMachine {
  S7Machine(const Machine& machine, const Hall& hall) : device(machine, hall.clock, hall.speed) {}
  S7MachineDevice device;
  std::unique_ptr<connect::S7Server> server;
};

}  // namespace

MadeMachine serve_modbus_machine(const Machine& machine, const Hall& hall) {
  auto made = std::make_unique<ModbusMachine>(machine, hall);
  connect::ModbusServerOptions options;
  options.listen = {"127.0.0.1", machine.port};
  options.rtu = machine.quirk.rtu;
  if (machine.quirk.single_connection) options.connections_max = 1;
  auto server = connect::make_modbus_server(hall.loop, made->device, options);
  if (!server) return server.error();
  made->server = *std::move(server);
  return std::unique_ptr<ServedMachine>(std::move(made));
}

MadeMachine serve_s7_machine(const Machine& machine, const Hall& hall) {
  auto made = std::make_unique<S7Machine>(machine, hall);
  connect::S7ServerOptions options;
  options.listen = {"127.0.0.1", machine.port};
  options.pdu_bytes_max = machine.quirk.pdu_bytes_max;
  auto server = connect::make_s7_server(hall.loop, made->device, options);
  if (!server) return server.error();
  made->server = *std::move(server);
  return std::unique_ptr<ServedMachine>(std::move(made));
}

MadeMachine serve_machine(const Machine& machine, const Hall& hall) {
  using connect::Protocol;
  switch (static_cast<Protocol>(machine.settings.index())) {
    case Protocol::kS7:
      return serve_s7_machine(machine, hall);
    case Protocol::kOpcUa:
      return serve_opcua_machine(machine, hall);
    case Protocol::kMqtt:
      return serve_mqtt_machine(machine, hall);
    case Protocol::kSparkplug:
      return serve_sparkplug_machine(machine, hall);
    case Protocol::kIec104:
      return serve_iec104_machine(machine, hall);
    case Protocol::kMtconnect:
      return serve_mtconnect_machine(machine, hall);
    case Protocol::kShdr:
      return serve_shdr_machine(machine, hall);
    default:
      return serve_modbus_machine(machine, hall);
  }
}

}  // namespace lineshaft::plant
