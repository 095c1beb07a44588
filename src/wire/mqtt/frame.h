// wire/mqtt/frame.h: MQTT packets in a stream of bytes.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "wire/mqtt/protocol.h"

namespace lineshaft::mqtt {

// A packet as it stands in the stream: decode_packet reads it.
struct Frame {
  std::uint8_t first_byte = 0;
  ByteSpan body;  // borrowed from the reader or its input: valid until the next call
};

// Cuts a stream into packets. Holds at most one packet, and only as much of it as has come: a
// length on the wire allocates nothing. A packet that lies whole in the input is not copied.
//
// After a wrong length no place in the stream is sure any more: the reader stays failed, and its
// owner drops the connection.
class FrameReader {
 public:
  // `packet_bytes_max`: the longest packet that is accepted, fixed header included.
  explicit FrameReader(std::size_t packet_bytes_max) : packet_bytes_max_(packet_bytes_max) {}

  // Takes bytes from the front of `input` up to the end of one packet and moves `input` past them.
  // Returns that packet, or nothing when `input` ended first (it is then empty). A length that is
  // wrong or too long fails as soon as its bytes are there.
  // Errors: broken, then for ever.
  Result<std::optional<Frame>> next(ByteSpan& input);

  // Bytes of a packet that is not complete.
  std::size_t pending_bytes() const { return complete_ ? 0 : held_.size(); }

 private:
  // Bytes of the whole packet that `bytes` begins with; nothing if its length is not there yet.
  Result<std::optional<std::size_t>> size_of(ByteSpan bytes) const;

  std::size_t packet_bytes_max_;
  Bytes held_;
  bool complete_ = false;  // held_ is a packet that was handed out
  bool failed_ = false;
};

}  // namespace lineshaft::mqtt
