// codec/integers.h: a column of whole numbers in the layout that takes the fewest bytes. Floats,
// times, booleans and qualities are made into such columns first.
#pragma once

#include <cstdint>
#include <span>

#include "base/bytes.h"
#include "base/result.h"

namespace lineshaft::codec {

// What a column may consist of: columns inside of columns end here.
enum class Nesting : std::uint8_t {
  kAny = 0,     // a column of its own: dictionary, runs, or one of the below
  kRuns = 1,    // the ranks of a dictionary: runs, or one of the below
  kSimple = 2,  // what runs and tables are made of: constant, frames, steps, plain
};

// Appends 1..kValuesMax values.
void encode_integers(std::span<const std::int64_t> values, Bytes& out,
                     Nesting nesting = Nesting::kAny);

// The same, behind a varint that says how many bytes it is.
void encode_sized_integers(std::span<const std::int64_t> values, Bytes& out,
                           Nesting nesting = Nesting::kSimple);

// Fills `out` from exactly `bytes`; see codec.h for what a decoder owes.
Status decode_integers(ByteSpan bytes, std::span<std::int64_t> out,
                       Nesting nesting = Nesting::kAny);
Status decode_sized_integers(ByteReader& reader, std::span<std::int64_t> out,
                             Nesting nesting = Nesting::kSimple);

}  // namespace lineshaft::codec
