// A stream gives the same frames and the same end, whole or in pieces. Input: size of the pieces,
// stream.
#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/assert.h"
#include "wire/iec104/frame.h"

using namespace lineshaft;

namespace {

struct Seen {
  Bytes frames;  // written anew, one behind the other
  bool failed = false;
  friend bool operator==(const Seen&, const Seen&) = default;
};

Seen read(ByteSpan stream, std::size_t piece) {
  Seen seen;
  iec104::FrameReader reader;
  while (!stream.empty() && !seen.failed) {
    ByteSpan part = stream.first(std::min(piece, stream.size()));
    stream = stream.subspan(part.size());
    while (!part.empty() && !seen.failed) {
      const auto frame = reader.next(part);
      seen.failed = !frame.ok();
      if (frame && *frame) iec104::append_frame(**frame, seen.frames);
    }
  }
  // A reader that failed stays so, whatever follows.
  const Bytes test = {0x68, 4, 0x43, 0, 0, 0};
  ByteSpan more = test;
  LS_ASSERT(!seen.failed || !reader.next(more).ok());
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteSpan stream(data + 1, size - 1);
  const Seen whole = read(stream, stream.size());
  LS_ASSERT(whole == read(stream, data[0] % 16u + 1));
  // What was understood is what stood there, byte for byte.
  LS_ASSERT(whole.frames.size() <= stream.size());
  LS_ASSERT(std::equal(whole.frames.begin(), whole.frames.end(), stream.begin()));
  return 0;
}
