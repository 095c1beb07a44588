// wire/modbus/plan.h: which blocks to read so that every signal is there with the fewest requests.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "wire/modbus/protocol.h"

namespace lineshaft::modbus {

// A value to be read: `count` registers or bits from `address`. It is never split over two blocks,
// because a device may change its registers between two requests.
struct PlanItem {
  Area area = Area::kHolding;
  std::uint16_t address = 0;
  std::uint16_t count = 1;
};

struct PlanLimits {
  std::uint16_t registers_max = kReadRegistersMax;  // per request, as the device allows
  std::uint16_t bits_max = kReadBitsMax;
  // Registers (bits) in a row that belong to no item and are read along to save a request. Devices
  // may refuse addresses that they do not have, hence the limit.
  std::uint16_t gap_max = 8;
  bool join = true;  // false: one request per item, for devices that answer nothing else
};

struct PlanBlock {
  Area area = Area::kHolding;
  std::uint16_t address = 0;
  std::uint16_t count = 0;
  std::vector<std::uint32_t> items;  // indices into what was planned, by address
};

// Blocks by area and address; every item is in exactly one block. The number of blocks is the
// smallest possible under the limits, and no block begins or ends with a gap. Items may overlap.
// Requires: each item within 0..65535, 1 <= count <= the maximum of its area.
// Cost: O(n log n); bounded: each step finishes a block or an item.
std::vector<PlanBlock> plan_reads(std::span<const PlanItem> items, const PlanLimits& limits);

}  // namespace lineshaft::modbus
