// codec/times.h: times as small whole numbers: how far each is from a regular grid, in the largest
// unit that all of them are multiples of.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace lineshaft::codec {

// Time i is start + unit * (i * step + offsets[i]), modulo 2^64.
struct TimeGrid {
  std::int64_t start = 0;
  std::uint64_t unit = 1;
  std::int64_t step = 0;
  std::vector<std::int64_t> offsets;
};

// Any step would do; this one makes the offsets of most times small.
// Requires: 1..kValuesMax times.
void to_grid(std::span<const std::int64_t> times, TimeGrid& grid);

// Makes offsets times, where they are; those of `grid` are not looked at.
void from_grid(const TimeGrid& grid, std::span<std::int64_t> offsets);

// A stream of times is: layout byte, this head, and the offsets as a column of whole numbers in any
// layout, to the end of the stream. Reading leaves the offsets empty.
void write_grid_head(const TimeGrid& grid, Bytes& out);
Result<TimeGrid> read_grid_head(ByteReader& reader);

}  // namespace lineshaft::codec
