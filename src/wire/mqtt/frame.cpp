#include "wire/mqtt/frame.h"

#include <algorithm>
#include <string>

namespace lineshaft::mqtt {

namespace {

constexpr std::size_t kKeptBytesMax = 64 * 1024;  // of a buffer, after a longer packet has gone

std::size_t header_bytes(ByteSpan packet) {
  std::size_t size = 1;
  while ((packet[size] & 0x80U) != 0) ++size;
  return size + 1;
}

Frame frame_of(ByteSpan packet) { return {packet[0], packet.subspan(header_bytes(packet))}; }

}  // namespace

Result<std::optional<std::size_t>> FrameReader::size_of(ByteSpan bytes) const {
  std::size_t remaining = 0;
  for (std::size_t i = 1; i < bytes.size() && i < kFixedHeaderBytesMax; ++i) {
    remaining |= static_cast<std::size_t>(bytes[i] & 0x7FU) << (7 * (i - 1));
    const std::size_t size = i + 1 + remaining;
    if (size > packet_bytes_max_) {
      return broken("a packet of at least " + std::to_string(size) + " bytes; allowed are " +
                    std::to_string(packet_bytes_max_));
    }
    if ((bytes[i] & 0x80U) == 0) return std::optional(size);
  }
  if (bytes.size() >= kFixedHeaderBytesMax) return broken("a length of more than four bytes");
  return std::optional<std::size_t>();
}

Result<std::optional<Frame>> FrameReader::next(ByteSpan& input) {
  if (complete_) {
    complete_ = false;
    if (held_.capacity() > kKeptBytesMax) held_ = Bytes();
    held_.clear();
  }
  if (failed_) return broken("an earlier length in this stream was wrong");
  // The common case first: a whole packet lies before us.
  if (held_.empty()) {
    const auto size = size_of(input);
    failed_ = !size.ok();
    if (failed_) return size.error();
    if (*size && input.size() >= **size) {
      const Frame frame = frame_of(input.first(**size));
      input = input.subspan(**size);
      return std::optional(frame);
    }
  }
  while (!input.empty()) {
    const auto size = size_of(held_);
    failed_ = !size.ok();
    if (failed_) return size.error();
    const std::size_t wanted = *size ? **size : held_.size() + 1;  // the length, byte by byte
    const std::size_t taken = std::min(wanted - held_.size(), input.size());
    held_.insert(held_.end(), input.begin(), input.begin() + static_cast<std::ptrdiff_t>(taken));
    input = input.subspan(taken);
    const auto whole = size_of(held_);
    failed_ = !whole.ok();
    if (failed_) return whole.error();
    if (*whole && held_.size() == **whole) {
      complete_ = true;
      return std::optional(frame_of(held_));
    }
  }
  return std::optional<Frame>();
}

}  // namespace lineshaft::mqtt
