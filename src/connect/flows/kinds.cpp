// The kinds of destinations of this program.
#include <array>

#include "connect/flow.h"
#include "connect/iec104/flow_kind.h"
#include "connect/lineshaft/flow_kind.h"
#include "connect/modbus/flow_kind.h"
#include "connect/mqtt/flow_kind.h"
#include "connect/mtconnect/flow_kind.h"
#include "connect/opcua/flow_kind.h"
#include "connect/s7/flow_kind.h"
#include "connect/sparkplug/flow_kind.h"

namespace lineshaft::connect {

namespace {

// In the order of FlowSettings.
const std::array<const FlowKind*, std::variant_size_v<FlowSettings>>& kinds() {
  static const std::array<const FlowKind*, std::variant_size_v<FlowSettings>> all = {
      &opcua::server_flow_kind(),   &modbus_server_flow_kind(), &s7_server_flow_kind(),
      &iec104_server_flow_kind(),   &mqtt_flow_kind(),          &lineshaft_flow_kind(),
      &mtconnect_agent_flow_kind(), &sparkplug_flow_kind()};
  return all;
}

}  // namespace

std::span<const FlowKind* const> flow_kinds() { return kinds(); }

const FlowKind* find_flow_kind(std::string_view name) {
  for (const FlowKind* kind : kinds()) {
    if (kind->name() == name) return kind;
  }
  return nullptr;
}

std::string flow_kind_names() {
  std::string names;
  for (std::size_t i = 0; i < kinds().size(); ++i) {
    if (i > 0) names += i + 1 < kinds().size() ? ", " : " or ";
    names += kinds()[i]->name();
  }
  return names;
}

}  // namespace lineshaft::connect
