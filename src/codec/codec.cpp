#include "codec/codec.h"

#include <algorithm>
#include <array>

#include "base/assert.h"
#include "codec/floats.h"
#include "codec/integers.h"
#include "codec/layout.h"
#include "codec/seal.h"
#include "codec/times.h"

namespace lineshaft::codec {

void encode_int64(std::span<const std::int64_t> values, Effort effort, Bytes& out) {
  if (effort == Effort::kSealed) {
    seal_integers(values, out);
  } else {
    encode_integers(values, out);
  }
}

Status decode_int64(ByteSpan bytes, std::span<std::int64_t> out) {
  return decode_integers(bytes, out);
}

void encode_times(std::span<const std::int64_t> times, Effort effort, Bytes& out) {
  TimeGrid grid;
  to_grid(times, grid);
  out.push_back(static_cast<std::uint8_t>(Layout::kTimes));
  write_grid_head(grid, out);
  encode_int64(grid.offsets, effort, out);
}

Status decode_times(ByteSpan bytes, std::span<std::int64_t> out) {
  ByteReader reader(bytes);
  if (static_cast<Layout>(reader.u8()) != Layout::kTimes) {
    return corrupt("times in a layout that is not known here");
  }
  const Result<TimeGrid> grid = read_grid_head(reader);
  if (!grid) return grid.error();
  if (Status read = decode_integers(reader.bytes(reader.remaining()), out); !read) return read;
  from_grid(*grid, out);
  return {};
}

std::optional<RegularTimes> regular_times(ByteSpan bytes) {
  ByteReader reader(bytes);
  if (static_cast<Layout>(reader.u8()) != Layout::kTimes) return std::nullopt;
  const Result<TimeGrid> grid = read_grid_head(reader);
  if (!grid) return std::nullopt;
  if (static_cast<Layout>(reader.u8()) != Layout::kConstant) return std::nullopt;
  std::int64_t first = unzigzag(reader.varint());
  if (!reader.ok() || !reader.at_end()) return std::nullopt;
  from_grid(*grid, {&first, 1});
  return RegularTimes{first, grid->unit * static_cast<std::uint64_t>(grid->step)};
}

void encode_float64(std::span<const double> values, Effort effort, Bytes& out) {
  encode_floats(values, effort, out);
}
Status decode_float64(ByteSpan bytes, std::span<double> out) { return decode_floats(bytes, out); }

void encode_float32(std::span<const float> values, Effort effort, Bytes& out) {
  encode_floats(values, effort, out);
}
Status decode_float32(ByteSpan bytes, std::span<float> out) { return decode_floats(bytes, out); }

namespace {

// Columns of small unsigned types go through whole numbers; `out` of decode_narrow is checked not
// to have lost anything.
template <typename T>
void encode_narrow(std::span<const T> values, Effort effort, Bytes& out) {
  LS_ASSERT(values.size() <= kValuesMax);
  std::array<std::int64_t, kValuesMax> wide;
  std::copy(values.begin(), values.end(), wide.begin());
  encode_int64(std::span(wide).first(values.size()), effort, out);
}

template <typename T>
Status decode_narrow(ByteSpan bytes, std::uint64_t max, std::span<T> out) {
  LS_ASSERT(out.size() <= kValuesMax);
  std::array<std::int64_t, kValuesMax> wide;
  const std::span numbers = std::span(wide).first(out.size());
  if (Status read = decode_integers(bytes, numbers); !read) return read;
  std::uint64_t greatest = 0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    greatest = std::max(greatest, static_cast<std::uint64_t>(numbers[i]));
    out[i] = static_cast<T>(numbers[i]);
  }
  if (greatest > max) return corrupt("a value too large for its type");
  return {};
}

}  // namespace

void encode_bools(std::span<const std::uint8_t> values, Effort effort, Bytes& out) {
  LS_ASSERT(
      std::all_of(values.begin(), values.end(), [](std::uint8_t value) { return value < 2; }));
  encode_narrow(values, effort, out);
}
Status decode_bools(ByteSpan bytes, std::span<std::uint8_t> out) {
  return decode_narrow(bytes, 1, out);
}

void encode_qualities(std::span<const std::uint32_t> qualities, Effort effort, Bytes& out) {
  if (std::all_of(qualities.begin(), qualities.end(), [](auto code) { return code == 0; })) return;
  encode_narrow(qualities, effort, out);
}
Status decode_qualities(ByteSpan bytes, std::span<std::uint32_t> out) {
  if (!bytes.empty()) return decode_narrow(bytes, UINT32_MAX, out);
  std::fill(out.begin(), out.end(), 0);
  return {};
}

Result<Totals> total_float64(ByteSpan bytes, std::size_t count) {
  return total_floats(bytes, count);
}

}  // namespace lineshaft::codec
