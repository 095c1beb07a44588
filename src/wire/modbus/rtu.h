// wire/modbus/rtu.h: Modbus RTU frames (unit + PDU + CRC) in a stream of bytes, on a serial line or
// over TCP. Source: MODBUS over Serial Line V1.02, section 2.5.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "wire/modbus/frame.h"
#include "wire/modbus/protocol.h"

namespace lineshaft::modbus {

inline constexpr std::size_t kRtuBytesMax = 1 + kPduBytesMax + 2;
inline constexpr std::uint8_t kBroadcast = 0;     // every unit carries out, none answers
inline constexpr std::uint8_t kRtuUnitMax = 247;  // 248 to 255 are reserved on a line

// CRC-16 with polynomial 0xA001, which begins at 0xFFFF; the low byte goes first on the line.
std::uint16_t rtu_crc(ByteSpan bytes);

// Appends a whole frame. Requires: 1 <= pdu.size() <= kPduBytesMax.
void append_rtu_frame(std::uint8_t unit, ByteSpan pdu, Bytes& out);

// Which of the two kinds of frames a stream carries: their lengths are told in other places.
enum class RtuSide : std::uint8_t { kRequests, kAnswers };

// Finds the frames in a stream. A frame of RTU says where it ends only by its function and counts,
// and on the line by a silence, of which little is left behind an adapter or a network. So the
// reader takes for a frame what has the length of its function and the right CRC; where that fails,
// it looks one byte further. Noise, an echo of what was sent, and the talk of others cost nothing
// but their own bytes. Keeps at most one frame (256 bytes), whatever comes.
//
// What looks like the beginning of a longer frame than comes is ended by the owner with silence(),
// when no byte came for a while.
class RtuReader {
 public:
  explicit RtuReader(RtuSide side) : side_(side) {}

  // Takes bytes from the front of `input` up to the end of one frame and moves `input` past them.
  // Returns that frame (its transaction is 0; the PDU is valid until the next call), or nothing
  // when `input` ended first.
  std::optional<Frame> next(ByteSpan& input);

  // Nothing comes to complete what is here: the next calls look behind it.
  void silence() { silent_ = true; }

  std::size_t pending_bytes() const { return size_ - done_; }

 private:
  void drop(std::size_t bytes);

  RtuSide side_;
  std::array<std::uint8_t, kRtuBytesMax> bytes_{};
  std::size_t size_ = 0;
  std::size_t done_ = 0;  // bytes at the front that were handed out as a frame
  bool silent_ = false;
};

}  // namespace lineshaft::modbus
