// codec/codec.h: columns of samples to bytes and back, without loss; the only header of this room
// that other rooms include. The bytes: docs/formats/codec.md.
//
// encode_*: one column of 1..kValuesMax values, appended to `out`. Bit-exact for everything: NaN
//   payloads, -0, infinities, denormals, the extremes of int64.
// decode_*: fills all of `out`, whose size is the number of values encoded, from exactly `bytes`.
//   kCorrupt if they cannot be a column of that size. Any bytes are survived; nothing is allocated
//   from a length in them before it is checked. There is no checksum in them: that is the caller's.
//
// Threads: any; there is no state. Owner: nothing is kept beyond a call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace lineshaft::codec {

inline constexpr std::size_t kValuesMax = 8192;  // of one block

// Decoders may read (never use) this much behind their input, so that they can load whole vectors:
// the buffer of the caller has to be that much longer than the span it hands over.
inline constexpr std::size_t kSlackBytes = 64;

enum class Effort : std::uint8_t {
  kFresh = 1,   // for what was just written: fast both ways
  kSealed = 2,  // for what stays: smaller, never larger than fresh; slower to write and to read
};

// Nanoseconds. Whether they grow is for the caller to check.
void encode_times(std::span<const std::int64_t> times, Effort effort, Bytes& out);
Status decode_times(ByteSpan bytes, std::span<std::int64_t> out);

// Time i is first + i * step, modulo 2^64.
struct RegularTimes {
  std::int64_t first = 0;
  std::uint64_t step = 0;
};
// What decode_times would give, where that takes no decoding; for any number of times.
std::optional<RegularTimes> regular_times(ByteSpan bytes);

void encode_int64(std::span<const std::int64_t> values, Effort effort, Bytes& out);
Status decode_int64(ByteSpan bytes, std::span<std::int64_t> out);

void encode_float64(std::span<const double> values, Effort effort, Bytes& out);
Status decode_float64(ByteSpan bytes, std::span<double> out);

void encode_float32(std::span<const float> values, Effort effort, Bytes& out);
Status decode_float32(ByteSpan bytes, std::span<float> out);

// Requires: each is 0 or 1, and is so again when decoded.
void encode_bools(std::span<const std::uint8_t> values, Effort effort, Bytes& out);
Status decode_bools(ByteSpan bytes, std::span<std::uint8_t> out);

// OPC UA StatusCodes. All Good (0) takes no byte.
void encode_qualities(std::span<const std::uint32_t> qualities, Effort effort, Bytes& out);
Status decode_qualities(ByteSpan bytes, std::span<std::uint32_t> out);

// Text of any bytes: the texts one behind the other in `text`, text i ending at ends[i]. kCorrupt
// too if they are longer than `text_bytes_max` together.
void encode_strings(std::span<const std::string_view> texts, Effort effort, Bytes& out);
Status decode_strings(ByteSpan bytes, std::size_t count, std::size_t text_bytes_max,
                      std::vector<std::uint32_t>& ends, std::string& text);

// What a column of float64 adds up to. NaN is left out of all four.
struct Totals {
  double sum = 0;  // of eight partial sums, value i in sum i % 8, added up in order
  double min = 0;  // 0 if there is no number
  double max = 0;
  std::uint64_t numbers = 0;  // values that are not NaN
};

// Decodes `count` values and adds them up without keeping them: the same on every machine, and the
// same as adding up what decode_float64 gives.
Result<Totals> total_float64(ByteSpan bytes, std::size_t count);
Totals total_of(std::span<const double> values);

}  // namespace lineshaft::codec
