// A stream gives the same packets and the same end, whole or in pieces. Input: size of the pieces,
// stream.
#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/assert.h"
#include "wire/mqtt/frame.h"

using namespace lineshaft;

namespace {

constexpr std::size_t kPacketBytesMax = 600;

struct Seen {
  std::vector<Bytes> packets;
  bool failed = false;
  friend bool operator==(const Seen&, const Seen&) = default;
};

Seen read(ByteSpan stream, std::size_t piece) {
  Seen seen;
  mqtt::FrameReader reader(kPacketBytesMax);
  while (!stream.empty() && !seen.failed) {
    ByteSpan part = stream.first(std::min(piece, stream.size()));
    stream = stream.subspan(part.size());
    while (!part.empty() && !seen.failed) {
      const auto frame = reader.next(part);
      seen.failed = !frame.ok();
      LS_ASSERT(reader.pending_bytes() <= kPacketBytesMax);
      if (!frame || !*frame) continue;
      Bytes whole = {(*frame)->first_byte};
      whole.insert(whole.end(), (*frame)->body.begin(), (*frame)->body.end());
      seen.packets.push_back(std::move(whole));
    }
  }
  // A reader that failed stays so, whatever follows.
  ByteSpan more = as_bytes("\xC0");
  LS_ASSERT(!seen.failed || !reader.next(more).ok());
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteSpan stream(data + 1, size - 1);
  LS_ASSERT(read(stream, stream.size()) == read(stream, data[0] % 16u + 1));
  return 0;
}
