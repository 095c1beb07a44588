#include "wire/modbus/rtu.h"

#include <algorithm>
#include <utility>

namespace lineshaft::modbus {

namespace {

constexpr std::array<std::uint16_t, 256> make_crc_table() {
  std::array<std::uint16_t, 256> table{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1) != 0 ? crc >> 1 ^ 0xA001 : crc >> 1;
    table[byte] = static_cast<std::uint16_t>(crc);
  }
  return table;
}

constexpr std::array<std::uint16_t, 256> kCrcTable = make_crc_table();
constexpr std::size_t kCrcBytes = 2;
constexpr std::size_t kNoFrame = 0;

// All of these say how long the frame is that begins here: the length, or kNoFrame. When too few
// bytes are here to say, they give how many it takes to say more, which is more than there are.

// A frame with a count of bytes at `at`, the last byte before what it counts.
std::size_t counted(ByteSpan bytes, std::size_t at, std::size_t max) {
  if (bytes.size() <= at) return at + 1;
  const std::size_t count = bytes[at];
  return count == 0 || count > max ? kNoFrame : at + 1 + count + kCrcBytes;
}

std::size_t request_bytes(ByteSpan bytes) {
  switch (bytes[1]) {
    case 1:
    case 2:
    case 3:
    case 4:
    case 5:
    case 6:
    case 8:  // diagnostics: the sub-functions of the standard take one word
      return 8;
    case 7:
    case 11:
    case 12:
    case 17:
      return 4;
    case 15:
    case 16:
      return counted(bytes, 6, 246);
    case 20:
    case 21:
      return counted(bytes, 2, 251);
    case 22:
      return 10;
    case 23:
      return counted(bytes, 10, 242);
    case 24:
      return 6;
    case 43:
      return 7;
    default:
      return kNoFrame;
  }
}

// Identification: a head, then objects that each tell their length.
std::size_t device_id_bytes(ByteSpan bytes) {
  constexpr std::size_t kObjects = 8;
  if (bytes.size() < kObjects) return kObjects;
  if (bytes[2] != kMeiDeviceIdentification) return kNoFrame;
  std::size_t end = kObjects;
  for (std::uint8_t object = 0; object < bytes[kObjects - 1]; ++object) {
    if (bytes.size() < end + 2) return end + 2;
    end += std::size_t{2} + bytes[end + 1];
    if (end + kCrcBytes > kRtuBytesMax) return kNoFrame;
  }
  return end + kCrcBytes;
}

std::size_t answer_bytes(ByteSpan bytes) {
  if ((bytes[1] & kExceptionBit) != 0) return 5;
  switch (bytes[1]) {
    case 1:
    case 2:
    case 3:
    case 4:
    case 23:
      return counted(bytes, 2, 250);
    case 5:
    case 6:
    case 15:
    case 16:
      return 8;
    case 22:
      return 10;
    case 43:
      return device_id_bytes(bytes);
    default:
      return kNoFrame;
  }
}

std::size_t frame_bytes(RtuSide side, ByteSpan bytes) {
  if (bytes.size() < 2) return 2;
  return side == RtuSide::kRequests ? request_bytes(bytes) : answer_bytes(bytes);
}

bool crc_is_right(ByteSpan frame) {
  const ByteSpan content = frame.first(frame.size() - kCrcBytes);
  const auto told = static_cast<std::uint16_t>(frame[frame.size() - 2] | frame.back() << 8);
  return rtu_crc(content) == told;
}

}  // namespace

std::uint16_t rtu_crc(ByteSpan bytes) {
  std::uint32_t crc = 0xFFFF;
  for (std::uint8_t byte : bytes) crc = crc >> 8 ^ kCrcTable[(crc ^ byte) & 0xFF];
  return static_cast<std::uint16_t>(crc);
}

void append_rtu_frame(std::uint8_t unit, ByteSpan pdu, Bytes& out) {
  LS_ASSERT(!pdu.empty() && pdu.size() <= kPduBytesMax);
  const std::size_t begin = out.size();
  ByteWriter writer(out);
  writer.u8(unit);
  writer.bytes(pdu);
  const std::uint16_t crc = rtu_crc(ByteSpan(out).subspan(begin));
  writer.u8(static_cast<std::uint8_t>(crc & 0xFF));
  writer.u8(static_cast<std::uint8_t>(crc >> 8));
}

void RtuReader::drop(std::size_t bytes) {
  std::copy(bytes_.begin() + static_cast<std::ptrdiff_t>(bytes),
            bytes_.begin() + static_cast<std::ptrdiff_t>(size_), bytes_.begin());
  size_ -= bytes;
}

std::optional<Frame> RtuReader::next(ByteSpan& input) {
  drop(std::exchange(done_, 0));
  for (;;) {
    const ByteSpan here = ByteSpan(bytes_).first(size_);
    const std::size_t wanted = frame_bytes(side_, here);
    if (wanted == kNoFrame) {
      drop(1);
      continue;
    }
    LS_ASSERT(wanted <= kRtuBytesMax);
    if (size_ < wanted) {
      if (input.empty() && silent_ && size_ > 0) {
        drop(1);
        continue;
      }
      silent_ = false;
      if (input.empty()) return std::nullopt;
      const std::size_t taken = std::min(wanted - size_, input.size());
      std::copy_n(input.begin(), taken, bytes_.begin() + static_cast<std::ptrdiff_t>(size_));
      size_ += taken;
      input = input.subspan(taken);
      continue;
    }
    const ByteSpan frame = here.first(wanted);
    if (!crc_is_right(frame)) {
      drop(1);
      continue;
    }
    done_ = wanted;
    return Frame{{0, frame[0]}, frame.subspan(1, wanted - 1 - kCrcBytes)};
  }
}

}  // namespace lineshaft::modbus
