// codec/residues.h: whole numbers as what is left of them after the number before, or after the
// difference before, and something in the middle of the rest: mostly small, so that entropy.h or
// zstd find little in them. All arithmetic is modulo 2^64.
#pragma once

#include <cstdint>
#include <span>

#include "base/bytes.h"
#include "base/result.h"

namespace lineshaft::codec {

// Value i is, with the residue r(i) as a signed number (zigzag) or, if `plain`, unsigned:
//   differences 0: middle + r(i)
//   differences 1: value i-1 + middle + r(i); the one before the first is `start`
//   differences 2: value i-1 + d(i), d(i) = d(i-1) + middle + r(i); the d before the first is
//   `slope`
// The first residues of differences are 0.
struct Residues {
  std::uint8_t differences = 0;
  bool plain = false;
  std::int64_t middle = 0;
  std::int64_t start = 0;
  std::int64_t slope = 0;
};

inline constexpr unsigned kDifferencesMax = 2;

// Plain residues are the distance to the least value, for few distinct values; of the others the
// middle is the median of a sample. Requires: as many residues as values.
Residues to_residues(std::span<const std::int64_t> values, unsigned differences,
                     std::span<std::uint64_t> residues);
Residues to_plain_residues(std::span<const std::int64_t> values, std::span<std::uint64_t> residues);

void from_residues(const Residues& how, std::span<const std::uint64_t> residues,
                   std::span<std::int64_t> out);

// Four bits of the head are the caller's.
void write_residues_head(const Residues& how, std::uint8_t mark, Bytes& out);
struct ResiduesHead {
  Residues how;
  std::uint8_t mark = 0;
};
Result<ResiduesHead> read_residues_head(ByteReader& reader);

}  // namespace lineshaft::codec
