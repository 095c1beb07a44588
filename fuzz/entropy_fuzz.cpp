// Bytes as sealed columns, and as values to seal. The first byte says which:
//   0: whole numbers in the layouts of seal.h; 1: an entropy-coded stream; 2: texts
//   3: values to write and read again
// Whatever the bytes are, decoders fill what they were given or refuse; values come back.
#include <cstdint>
#include <string>
#include <vector>

#include "base/assert.h"
#include "codec/codec.h"
#include "codec/entropy.h"

namespace {

using namespace lineshaft;
using namespace lineshaft::codec;

// With the slack that decoders want, and nothing behind it.
Bytes with_slack(ByteSpan content) {
  Bytes bytes(content.begin(), content.end());
  bytes.resize(content.size() + kSlackBytes, 0xA5);
  return bytes;
}

void decode_any(std::uint8_t kind, std::size_t count, ByteSpan content) {
  const Bytes bytes = with_slack(content);
  const ByteSpan span = ByteSpan(bytes).first(content.size());
  if (kind == 0) {
    std::vector<std::int64_t> values(count);
    static_cast<void>(decode_int64(span, values));
  } else if (kind == 1) {
    std::vector<std::uint64_t> values(count);
    static_cast<void>(decode_entropy(span, values));
  } else {
    std::vector<std::uint32_t> ends;
    std::string text;
    constexpr std::size_t kTextBytesMax = 1 << 16;
    if (!decode_strings(span, count, kTextBytesMax, ends, text)) return;
    LS_ASSERT(ends.size() == count && ends.back() == text.size() && text.size() <= kTextBytesMax);
  }
}

void seal_and_read(ByteSpan content) {
  ByteReader reader(content);
  std::vector<std::int64_t> values;
  while (!reader.at_end() && values.size() < kValuesMax) {
    // The lowest bits of a byte say how many follow: small and large values both turn up.
    const std::uint8_t head = reader.u8();
    std::uint64_t value = head >> 3;
    for (unsigned i = 0; i < (head & 7U); ++i) value = value << 8 | reader.u8();
    values.push_back(static_cast<std::int64_t>((head & 8) != 0 ? ~value : value));
  }
  if (values.empty()) return;
  Bytes sealed;
  encode_int64(values, Effort::kSealed, sealed);
  const Bytes bytes = with_slack(sealed);
  std::vector<std::int64_t> out(values.size());
  LS_ASSERT(decode_int64(ByteSpan(bytes).first(sealed.size()), out).ok());
  LS_ASSERT(out == values);

  // The stream by itself too, for sealing takes it only where it is the smallest.
  std::vector<std::uint64_t> unsigned_values(values.begin(), values.end());
  Bytes stream;
  encode_entropy(unsigned_values, Alphabet::kTokens, stream);
  const Bytes slacked = with_slack(stream);
  std::vector<std::uint64_t> unsigned_out(values.size());
  LS_ASSERT(decode_entropy(ByteSpan(slacked).first(stream.size()), unsigned_out).ok());
  LS_ASSERT(unsigned_out == unsigned_values);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  const std::size_t count = 1 + (data[1] + std::size_t{256} * data[2]) % kValuesMax;
  const ByteSpan content = ByteSpan(data, size).subspan(3);
  if (data[0] % 4 == 3) {
    seal_and_read(content);
  } else {
    decode_any(data[0] % 4, count, content);
  }
  return 0;
}
