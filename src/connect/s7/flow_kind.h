// connect/s7/flow_kind.h: a flow to clients of S7: tags of the house in data blocks.
//
// Each tag begins at an even byte of a data block: BOOL (bit 0), LINT, REAL, LREAL or STRING. In
// the data block of qualities the bytes of the same numbers say how good it is: 0 good, 1
// uncertain, 2 bad.
#pragma once

#include "connect/flow.h"
#include "wire/s7/value.h"

namespace lineshaft::connect {

const FlowKind& s7_server_flow_kind();

// Where a tag lies whose address is that number, and as what.
s7::PointFormat served_format(const S7ServerFlowSettings& settings, ValueType type,
                              std::uint32_t address);

}  // namespace lineshaft::connect
