#include "wire/modbus/frame.h"

#include <algorithm>

namespace lineshaft::modbus {

namespace {

constexpr std::size_t kLengthEnd = 6;  // the length field ends here and counts what follows
constexpr std::size_t kLengthMin = 2;  // unit and function
constexpr std::size_t kLengthMax = 1 + kPduBytesMax;

std::size_t u16_at(ByteSpan bytes, std::size_t offset) {
  return static_cast<std::size_t>(bytes[offset] << 8 | bytes[offset + 1]);
}

}  // namespace

void append_frame(FrameHead head, ByteSpan pdu, Bytes& out) {
  LS_ASSERT(!pdu.empty() && pdu.size() <= kPduBytesMax);
  ByteWriter writer(out);
  writer.write_be(head.transaction);
  writer.write_be(std::uint16_t{0});
  writer.write_be(static_cast<std::uint16_t>(pdu.size() + 1));
  writer.u8(head.unit);
  writer.bytes(pdu);
}

Status FrameReader::check_head() const {
  if (size_ >= 4 && u16_at(bytes_, 2) != 0) {
    return Error{ErrorId::kBadAnswer,
                 "protocol id " + std::to_string(u16_at(bytes_, 2)) + " instead of 0"};
  }
  if (size_ >= kLengthEnd) {
    const std::size_t length = u16_at(bytes_, 4);
    if (length < kLengthMin || length > kLengthMax) {
      return Error{ErrorId::kBadAnswer,
                   "a frame of length " + std::to_string(length) + "; allowed are 2 to 254"};
    }
  }
  return {};
}

Result<std::optional<Frame>> FrameReader::next(ByteSpan& input) {
  if (complete_) {
    complete_ = false;
    size_ = 0;
  }
  // First the head, then what it announces. The head is checked before a byte beyond it is taken,
  // so nothing ever passes the end of the buffer, on a failed reader neither.
  for (;;) {
    if (Status head = check_head(); !head) return head.error();
    const std::size_t wanted = size_ < kLengthEnd ? kLengthEnd : kLengthEnd + u16_at(bytes_, 4);
    if (size_ == wanted) break;
    if (input.empty()) return std::optional<Frame>();
    const std::size_t taken = std::min(wanted - size_, input.size());
    std::copy_n(input.begin(), taken, bytes_.begin() + static_cast<std::ptrdiff_t>(size_));
    size_ += taken;
    input = input.subspan(taken);
  }
  complete_ = true;
  const ByteSpan whole = ByteSpan(bytes_).first(size_);
  const FrameHead head{static_cast<std::uint16_t>(u16_at(whole, 0)), whole[6]};
  return std::optional<Frame>(Frame{head, whole.subspan(kHeaderBytes)});
}

}  // namespace lineshaft::modbus
