// wire/iec104/frame.h: APDUs in a stream of bytes: start, length, and the three kinds of control
// field. Pure: no sockets, no clock.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <variant>

#include "base/bytes.h"
#include "base/result.h"
#include "wire/iec104/protocol.h"

namespace lineshaft::iec104 {

// Sequence numbers have 15 bits and wrap.
inline constexpr std::uint16_t kSequenceMask = 0x7FFF;

constexpr std::uint16_t sequence_after(std::uint16_t number, unsigned steps = 1) {
  return static_cast<std::uint16_t>((number + steps) & kSequenceMask);
}
// Steps from one number forward to another, 0..32767.
constexpr std::uint16_t sequence_distance(std::uint16_t from, std::uint16_t to) {
  return static_cast<std::uint16_t>((to - from) & kSequenceMask);
}

// Carries an ASDU, numbered.
struct IFrame {
  std::uint16_t send = 0;     // N(S), of this frame
  std::uint16_t receive = 0;  // N(R): all frames below this one have arrived
  ByteSpan asdu;              // borrowed
};

// Acknowledges without sending data.
struct SFrame {
  std::uint16_t receive = 0;
};

// The values are those of the first control byte.
enum class UFunction : std::uint8_t {
  kStartActivation = 0x07,
  kStartConfirmation = 0x0B,
  kStopActivation = 0x13,
  kStopConfirmation = 0x23,
  kTestActivation = 0x43,
  kTestConfirmation = 0x83,
};

struct UFrame {
  UFunction function = UFunction::kTestActivation;
};

using Frame = std::variant<IFrame, SFrame, UFrame>;

// Requires: 1 <= asdu.size() <= kAsduBytesMax; sequence numbers <= kSequenceMask.
void append_frame(const Frame& frame, Bytes& out);

// Cuts a stream into frames. Keeps at most one (255 bytes), whatever comes.
//
// A stream that once held a wrong start, length or control field has no place where a frame surely
// begins: the reader then stays failed, and its owner drops the connection.
class FrameReader {
 public:
  // Takes bytes from the front of `input` up to the end of one frame and moves `input` past them.
  // Returns that frame, or nothing when `input` ended first (it is then empty). A wrong start or
  // length fails as soon as the byte is there. The frame borrows from the reader until the next
  // call. Errors: ErrorId::kBadAnswer, then for ever.
  Result<std::optional<Frame>> next(ByteSpan& input);

  // Bytes of a frame that is not complete.
  std::size_t pending_bytes() const { return complete_ ? 0 : size_; }

 private:
  Status check_head() const;

  std::array<std::uint8_t, kApduBytesMax> bytes_{};
  std::size_t size_ = 0;
  bool complete_ = false;  // bytes_ holds a frame that was handed out
  bool failed_ = false;
};

}  // namespace lineshaft::iec104
