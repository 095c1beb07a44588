// A stream gives the same frames whole or in pieces, each with a right CRC; and whatever came
// before, after a silence a frame is found. Input: side and size of the pieces, stream.
#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/assert.h"
#include "wire/modbus/rtu.h"

using namespace lineshaft;

namespace {

void take(modbus::RtuReader& reader, ByteSpan part, std::vector<Bytes>& frames) {
  while (const auto frame = reader.next(part)) {
    Bytes whole;
    modbus::append_rtu_frame(frame->head.unit, frame->pdu, whole);
    LS_ASSERT(whole.size() <= modbus::kRtuBytesMax);
    frames.push_back(std::move(whole));
  }
  LS_ASSERT(part.empty() && reader.pending_bytes() <= modbus::kRtuBytesMax);
}

std::vector<Bytes> read(modbus::RtuReader& reader, ByteSpan stream, std::size_t piece) {
  std::vector<Bytes> frames;
  while (!stream.empty()) {
    const std::size_t size = std::min(piece, stream.size());
    take(reader, stream.first(size), frames);
    stream = stream.subspan(size);
  }
  reader.silence();
  take(reader, {}, frames);
  LS_ASSERT(reader.pending_bytes() == 0);
  return frames;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto side = (data[0] & 1) != 0 ? modbus::RtuSide::kRequests : modbus::RtuSide::kAnswers;
  const ByteSpan stream(data + 1, size - 1);
  modbus::RtuReader whole(side);
  modbus::RtuReader pieces(side);
  LS_ASSERT(read(whole, stream, stream.size()) == read(pieces, stream, (data[0] >> 1) % 16u + 1));

  Bytes known;
  modbus::append_rtu_frame(1, Bytes{6, 0, 1, 0, 7}, known);  // the same for both sides
  const auto found = read(whole, known, known.size());
  LS_ASSERT(found.size() == 1 && found[0] == known);
  return 0;
}
