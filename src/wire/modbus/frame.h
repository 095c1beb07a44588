// wire/modbus/frame.h: Modbus TCP frames (MBAP header + PDU) in a stream of bytes.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "wire/modbus/protocol.h"

namespace lineshaft::modbus {

struct FrameHead {
  std::uint16_t transaction = 0;
  std::uint8_t unit = 0;
  friend bool operator==(const FrameHead&, const FrameHead&) = default;
};

struct Frame {
  FrameHead head;
  ByteSpan pdu;  // 1..253 bytes, borrowed from the reader: valid until its next call
};

// Appends a whole frame. Requires: 1 <= pdu.size() <= kPduBytesMax.
void append_frame(FrameHead head, ByteSpan pdu, Bytes& out);

// Cuts a stream into frames. Keeps at most one frame (260 bytes), whatever comes.
//
// A stream that once held a wrong protocol id or length has no place where a frame surely begins:
// the reader then stays failed, and its owner drops the connection. That is the only way back into
// step.
class FrameReader {
 public:
  // Takes bytes from the front of `input` up to the end of one frame and moves `input` past them.
  // Returns that frame, or nothing when `input` ended first (it is then empty). A wrong head fails
  // as soon as its bytes are there, without waiting for the rest.
  // Errors: kBadAnswer, then for ever.
  Result<std::optional<Frame>> next(ByteSpan& input);

  // Bytes of a frame that is not complete.
  std::size_t pending_bytes() const { return complete_ ? 0 : size_; }

 private:
  Status check_head() const;

  std::array<std::uint8_t, kAduBytesMax> bytes_{};
  std::size_t size_ = 0;
  bool complete_ = false;  // bytes_ holds a frame that was handed out
};

}  // namespace lineshaft::modbus
