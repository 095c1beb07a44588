#include "wire/iec104/frame.h"

#include <algorithm>
#include <string>

namespace lineshaft::iec104 {

namespace {

constexpr std::uint8_t kStart = 0x68;
constexpr std::size_t kHeadBytes = 2;     // start, length
constexpr std::size_t kControlBytes = 4;  // what every frame has behind its head
constexpr std::size_t kLengthMax = kApduBytesMax - kHeadBytes;
constexpr std::uint8_t kSupervisory = 0x01;
constexpr std::uint8_t kUnnumbered = 0x03;

Error broken(std::string what) { return {ErrorId::kBadAnswer, std::move(what)}; }

// Fifteen bits, shifted over the bit that tells the kinds of frames apart.
std::uint16_t sequence_at(ByteSpan control, std::size_t offset) {
  return static_cast<std::uint16_t>(control[offset] >> 1 | control[offset + 1] << 7);
}

void append_sequence(std::uint16_t number, ByteWriter& writer) {
  LS_ASSERT(number <= kSequenceMask);
  writer.write_le(static_cast<std::uint16_t>(number << 1));
}

bool is_function(std::uint8_t byte) {
  switch (static_cast<UFunction>(byte)) {
    case UFunction::kStartActivation:
    case UFunction::kStartConfirmation:
    case UFunction::kStopActivation:
    case UFunction::kStopConfirmation:
    case UFunction::kTestActivation:
    case UFunction::kTestConfirmation:
      return true;
  }
  return false;
}

// `body` is what the length byte counted: the control field and, in I frames, the ASDU.
Result<Frame> decode_body(ByteSpan body) {
  const ByteSpan control = body.first(kControlBytes);
  const bool receive_is_clean = (control[2] & 1) == 0;
  if ((control[0] & 1) == 0) {
    if (!receive_is_clean) return broken("an I frame whose receive number has its low bit set");
    if (body.size() == kControlBytes) return broken("an I frame without an ASDU");
    return Frame(
        IFrame{sequence_at(control, 0), sequence_at(control, 2), body.subspan(kControlBytes)});
  }
  if (body.size() != kControlBytes) {
    return broken("an S or U frame of length " + std::to_string(body.size()) + " instead of 4");
  }
  if ((control[0] & kUnnumbered) == kSupervisory) {
    if (control[0] != kSupervisory || control[1] != 0 || !receive_is_clean) {
      return broken("an S frame with bits set that are always 0");
    }
    return Frame(SFrame{sequence_at(control, 2)});
  }
  if (!is_function(control[0]) || control[1] != 0 || control[2] != 0 || control[3] != 0) {
    return broken("a U frame that does not carry exactly one function");
  }
  return Frame(UFrame{static_cast<UFunction>(control[0])});
}

}  // namespace

void append_frame(const Frame& frame, Bytes& out) {
  ByteWriter writer(out);
  writer.u8(kStart);
  if (const auto* i = std::get_if<IFrame>(&frame)) {
    LS_ASSERT(!i->asdu.empty() && i->asdu.size() <= kAsduBytesMax);
    writer.u8(static_cast<std::uint8_t>(kControlBytes + i->asdu.size()));
    append_sequence(i->send, writer);
    append_sequence(i->receive, writer);
    writer.bytes(i->asdu);
    return;
  }
  writer.u8(kControlBytes);
  if (const auto* s = std::get_if<SFrame>(&frame)) {
    writer.write_le(std::uint16_t{kSupervisory});
    append_sequence(s->receive, writer);
    return;
  }
  writer.u8(static_cast<std::uint8_t>(std::get<UFrame>(frame).function));
  writer.bytes(Bytes(kControlBytes - 1));
}

Status FrameReader::check_head() const {
  if (size_ >= 1 && bytes_[0] != kStart) {
    return broken("a frame begins with the byte " + std::to_string(bytes_[0]) + " instead of 104");
  }
  if (size_ >= kHeadBytes && (bytes_[1] < kControlBytes || bytes_[1] > kLengthMax)) {
    return broken("a frame of length " + std::to_string(bytes_[1]) + "; allowed are 4 to 253");
  }
  return {};
}

Result<std::optional<Frame>> FrameReader::next(ByteSpan& input) {
  if (failed_) return broken("the stream broke the rules before");
  if (complete_) {
    complete_ = false;
    size_ = 0;
  }
  // First the head, then what it announces; the head is checked before a byte beyond it is taken.
  for (;;) {
    if (Status head = check_head(); !head) {
      failed_ = true;
      return head.error();
    }
    const std::size_t wanted = size_ < 1            ? 1
                               : size_ < kHeadBytes ? kHeadBytes
                                                    : kHeadBytes + bytes_[1];
    if (size_ == wanted) break;
    if (input.empty()) return std::optional<Frame>();
    const std::size_t taken = std::min(wanted - size_, input.size());
    std::copy_n(input.begin(), taken, bytes_.begin() + static_cast<std::ptrdiff_t>(size_));
    size_ += taken;
    input = input.subspan(taken);
  }
  auto frame = decode_body(ByteSpan(bytes_).first(size_).subspan(kHeadBytes));
  if (!frame) {
    failed_ = true;
    return frame.error();
  }
  complete_ = true;
  return std::optional<Frame>(*frame);
}

}  // namespace lineshaft::iec104
