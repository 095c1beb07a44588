// A stream gives the same TPDUs and the same end, whole or in pieces, and what is read is written
// and read again. Input: size of the pieces, stream.
#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/assert.h"
#include "wire/s7/transport.h"

using namespace lineshaft;

namespace {

struct Seen {
  std::vector<Bytes> tpdus;
  bool failed = false;
  friend bool operator==(const Seen&, const Seen&) = default;
};

Bytes written(const s7::Tpdu& tpdu) {
  Bytes out;
  if (const auto* request = std::get_if<s7::ConnectRequest>(&tpdu)) {
    s7::append_connect_request(*request, out);
  } else if (const auto* confirm = std::get_if<s7::ConnectConfirm>(&tpdu)) {
    s7::append_connect_confirm(*confirm, out);
  } else if (const auto* end = std::get_if<s7::Disconnect>(&tpdu)) {
    s7::append_disconnect(*end, out);
  } else {
    const ByteSpan pdu = std::get<s7::Data>(tpdu).pdu;
    LS_ASSERT(!pdu.empty() && pdu.size() <= s7::kPduBytesMin);
    s7::append_data(pdu, 64, out);
  }
  return out;
}

Seen read(ByteSpan stream, std::size_t piece) {
  Seen seen;
  s7::TransportReader reader(s7::kPduBytesMin);
  while (!stream.empty() && !seen.failed) {
    ByteSpan part = stream.first(std::min(piece, stream.size()));
    stream = stream.subspan(part.size());
    while (!part.empty() && !seen.failed) {
      const auto tpdu = reader.next(part);
      seen.failed = !tpdu.ok();
      LS_ASSERT(seen.failed || reader.pending_bytes() <= 400);
      if (tpdu && *tpdu) seen.tpdus.push_back(written(**tpdu));
    }
  }
  ByteSpan more = as_bytes("\x03");
  LS_ASSERT(!seen.failed || !reader.next(more).ok());
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteSpan stream(data + 1, size - 1);
  const Seen seen = read(stream, stream.size());
  LS_ASSERT(seen == read(stream, data[0] % 16u + 1));
  Bytes again;
  for (const Bytes& tpdu : seen.tpdus) again.insert(again.end(), tpdu.begin(), tpdu.end());
  LS_ASSERT(read(again, again.size()).tpdus == seen.tpdus);
  return 0;
}
