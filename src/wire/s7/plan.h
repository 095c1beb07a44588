// wire/s7/plan.h: which bytes to ask for in which request, so that every signal is there with the
// fewest requests.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "wire/s7/message.h"

namespace lineshaft::s7 {

// A value to be read: `bytes` bytes from byte `start` of its area. Timers and counters have two
// bytes each: number 5 starts at byte 10.
struct PlanItem {
  Area area = Area::kDataBlock;
  std::uint16_t db = 0;
  std::uint32_t start = 0;
  std::uint32_t bytes = 1;
};

struct PlanLimits {
  std::size_t pdu_bytes = 240;  // as negotiated: >= kPduBytesMin
  // Unused bytes in a row that may be read along where that saves a request. They cost time of the
  // device, hence the limit.
  std::uint32_t gap_max = 64;
  bool join = true;  // false: one value per request, for devices that answer nothing else
};

// Where the bytes of a value (or of a part of one) lie in the answers to a request.
struct PlanPart {
  std::uint32_t item = 0;   // index into what was planned
  std::uint16_t range = 0;  // index into PlanRequest::read.items, and into the answers
  std::uint32_t range_offset = 0;
  std::uint32_t item_offset = 0;  // 0 unless the value is longer than a PDU
  std::uint32_t bytes = 0;
};

struct PlanRequest {
  ReadVar read;
  std::vector<PlanPart> parts;  // by address
};

// Requests by area, data block and address; request and longest answer of each fit into a PDU.
//
// A value that fits into a PDU is never divided: the device may change it between two requests.
// Only a longer one (a string) is: its parts lie in consecutive requests. Values in a row share a
// range; a gap of up to four bytes is always bridged, because a range of its own costs four bytes
// more in the answer; a longer gap up to gap_max only where the number of ranges is what keeps the
// request from taking more.
//
// Among the plans that go through the values in the order of their addresses none has fewer
// requests (for values at even bytes; an odd one may cost a byte that fills up).
//
// Requires: each item lies within 0..kAreaBytes, bytes >= 1; timers and counters lie even.
// Cost: O(n log n) times the logarithm of the values in a request.
std::vector<PlanRequest> plan_reads(std::span<const PlanItem> items, const PlanLimits& limits);

// Bytes of a value that one write request can carry.
constexpr std::size_t write_bytes_max(std::size_t pdu_bytes) {
  return pdu_bytes - kJobHeadBytes - kFunctionBytes - kItemBytes - kDataHeadBytes;
}

}  // namespace lineshaft::s7
