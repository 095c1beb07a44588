// codec/kernels.h: the loops that touch every value, in vectors of whatever the machine has, chosen
// when the program runs. All machines give the same bits.
//
// Nothing is checked here: what comes from outside has been, before.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "codec/fold.h"
#include "codec/totals.h"

namespace lineshaft::codec {

// Up to kGroupValues packed numbers. Behind `numbers` kSlackBytes may be read.
struct Group {
  const std::uint8_t* numbers = nullptr;
  std::uint64_t base = 0;  // added to each
  unsigned width = 0;
  unsigned patches = 0;
  unsigned patch_width = 0;
  const std::uint8_t* patch_positions = nullptr;
  const std::uint8_t* patch_bits = nullptr;
};

// Frames or steps; all groups but the last are full.
struct Frames {
  std::span<const Group> groups;
  std::size_t count = 0;
  bool running =
      false;  // each value is the one before plus the group's, the first: `start` plus it
  std::uint64_t start = 0;
};

// What makes values of numbers: unfold, divide by 10^exponent.
struct Scale {
  unsigned exponent = 0;
  FoldShape fold;
};

// Requires: out has room for column.count.
void decode_column(const Frames& column, std::int64_t* out);
void decode_column(const Frames& column, const Scale& scale, double* out);
void decode_column(const Frames& column, const Scale& scale, float* out);
// Requires: no value is infinite or NaN, or the sum says so.
void total_column(const Frames& column, const Scale& scale, PartialTotals& totals);

// The same for numbers that are decoded already. Requires: as many outputs as numbers.
void scale_numbers(std::span<const std::int64_t> numbers, const Scale& scale, double* out);
void scale_numbers(std::span<const std::int64_t> numbers, const Scale& scale, float* out);

// For tests and benchmarks: the vectors that this machine can run, and keeping to one of them.
std::span<const std::int64_t> vector_targets();
const char* vector_target_name(std::int64_t target);
void use_vector_target(std::int64_t target);  // 0: the best again

}  // namespace lineshaft::codec
