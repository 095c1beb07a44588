// Bytes as an encoded column of any type, and as values that have to come back to the bit. The
// first byte says which, the next two how many values a column is said to have.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "base/assert.h"
#include "codec/codec.h"
#include "codec/totals.h"

namespace {

using namespace lineshaft;
using namespace lineshaft::codec;

template <typename T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

// A copy with the slack that decoders may read; anything further is a fault that the sanitizer
// sees.
template <typename T, typename Decode>
Status decode_copy(ByteSpan bytes, std::vector<T>& out, Decode decode) {
  Bytes memory(bytes.begin(), bytes.end());
  memory.resize(bytes.size() + kSlackBytes, 0xA5);
  return decode(ByteSpan(memory).first(bytes.size()), std::span<T>(out));
}

template <typename T, typename Encode, typename Decode>
void come_back(const std::vector<T>& values, Encode encode, Decode decode) {
  for (const Effort effort : {Effort::kFresh, Effort::kSealed}) {
    Bytes bytes;
    encode(values, effort, bytes);
    std::vector<T> out(values.size());
    LS_ASSERT(decode_copy<T>(bytes, out, decode).ok());
    LS_ASSERT(same_bits(values, out));
  }
}

// Bytes as values: `limit` keeps those of narrow types in their range.
template <typename T>
std::vector<T> values_of(ByteSpan bytes, T limit) {
  std::vector<T> values(std::clamp<std::size_t>(bytes.size() / sizeof(T), 1, kValuesMax));
  std::memcpy(values.data(), bytes.data(), std::min(bytes.size(), values.size() * sizeof(T)));
  if (limit != 0) {
    for (T& value : values)
      value = static_cast<T>(static_cast<std::uint64_t>(value) % static_cast<std::uint64_t>(limit));
  }
  return values;
}

template <typename T, typename Encode, typename Decode>
void run(ByteSpan bytes, std::size_t count, bool as_values, T limit, Encode encode, Decode decode) {
  if (as_values) return come_back(values_of<T>(bytes, limit), encode, decode);
  std::vector<T> out(count);
  if (!decode_copy<T>(bytes, out, decode)) return;
  come_back(out, encode, decode);
}

void add_up(ByteSpan bytes, std::size_t count) {
  Bytes memory(bytes.begin(), bytes.end());
  memory.resize(bytes.size() + kSlackBytes, 0xA5);
  const ByteSpan input = ByteSpan(memory).first(bytes.size());
  std::vector<double> values(count);
  const Status decoded = decode_float64(input, values);
  const Result<Totals> totals = total_float64(input, count);
  LS_ASSERT(decoded.ok() == totals.ok());
  if (!decoded) return;
  const Totals expected = total_of(values);
  LS_ASSERT(totals->numbers == expected.numbers);
  LS_ASSERT(totals->sum == expected.sum ||
            (totals->sum != totals->sum && expected.sum != expected.sum));
  LS_ASSERT(totals->min == expected.min && totals->max == expected.max);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  const bool as_values = (data[0] & 0x80) != 0;
  const std::size_t count = 1 + (data[1] + std::size_t{256} * data[2]) % kValuesMax;
  const ByteSpan bytes(data + 3, size - 3);
  switch (data[0] & 7) {
    case 0:
      run<std::int64_t>(bytes, count, as_values, 0, encode_times, decode_times);
      break;
    case 1:
      run<std::int64_t>(bytes, count, as_values, 0, encode_int64, decode_int64);
      break;
    case 2:
      run<double>(bytes, count, as_values, 0, encode_float64, decode_float64);
      break;
    case 3:
      run<float>(bytes, count, as_values, 0, encode_float32, decode_float32);
      break;
    case 4:
      run<std::uint8_t>(bytes, count, as_values, 2, encode_bools, decode_bools);
      break;
    case 5:
      run<std::uint32_t>(bytes, count, as_values, 0, encode_qualities, decode_qualities);
      break;
    case 6:
      add_up(bytes, count);
      break;
    default:
      run<std::int64_t>(bytes, count, as_values, 10'000, encode_int64, decode_int64);
  }
  return 0;
}
