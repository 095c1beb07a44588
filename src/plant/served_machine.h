// plant/served_machine.h: a machine of the plant at its port or its broker, in its protocol.
#pragma once

#include <memory>

#include "base/result.h"
#include "connect/opcua/trust.h"
#include "plant/model.h"
#include "sys/clock.h"
#include "sys/loop.h"

namespace lineshaft::plant {

// Where machines run. What is borrowed must outlive them.
struct Hall {
  sys::EventLoop& loop;
  sys::Clock& clock;
  sys::Random& random;
  double speed = 1;                             // of plant time against the clock
  connect::opcua::TrustStore* trust = nullptr;  // needed by machines that speak OPC UA
};

// Destruction ends it. Threads: the loop's.
class ServedMachine {
 public:
  virtual ~ServedMachine() = default;
};

// `machine` must outlive what is made. Errors: kAddressInUse.
using MadeMachine = Result<std::unique_ptr<ServedMachine>>;
MadeMachine serve_machine(const Machine& machine, const Hall& hall);

// Of one protocol each. Requires: the machine's settings are of it.
MadeMachine serve_modbus_machine(const Machine& machine, const Hall& hall);
MadeMachine serve_s7_machine(const Machine& machine, const Hall& hall);
MadeMachine serve_opcua_machine(const Machine& machine, const Hall& hall);  // requires hall.trust
MadeMachine serve_mqtt_machine(const Machine& machine, const Hall& hall);
MadeMachine serve_sparkplug_machine(const Machine& machine, const Hall& hall);
MadeMachine serve_iec104_machine(const Machine& machine, const Hall& hall);
MadeMachine serve_mtconnect_machine(const Machine& machine, const Hall& hall);
MadeMachine serve_shdr_machine(const Machine& machine, const Hall& hall);

}  // namespace lineshaft::plant
