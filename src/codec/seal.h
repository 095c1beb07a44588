// codec/seal.h: whole numbers in the fewest bytes, for columns that stay: residues (residues.h)
// through an entropy coder or zstd, of the numbers themselves or of their ranks in a dictionary.
#pragma once

#include <cstdint>
#include <span>

#include "base/bytes.h"
#include "base/result.h"
#include "codec/codec.h"
#include "codec/layout.h"

namespace lineshaft::codec {

// Appends 1..kValuesMax values in the smallest layout, sealed or fresh.
// Cost: about 200 us for 8192 values.
void seal_integers(std::span<const std::int64_t> values, Bytes& out);

// The same for either effort, behind a varint that says how many bytes it is. To be decoded with
// Nesting::kAny.
void encode_sized_column(std::span<const std::int64_t> values, Effort effort, Bytes& out);

// What the values take in their best entropy-coded layout, to choose among forms of the same
// column. Right to about 1 % from 500 values on. Cost: about 100 us.
double sealed_bits(std::span<const std::int64_t> values);

// Fills `out` from all that `reader` has left behind the layout byte, kCoded or kPacked.
Status decode_sealed(Layout layout, ByteReader& reader, std::span<std::int64_t> out);

}  // namespace lineshaft::codec
