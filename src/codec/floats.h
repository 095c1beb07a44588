// codec/floats.h: floats as whole numbers over a power of ten, which is what sensors send, and what
// to do with those that are not. T is float or double; a float stays one, bit by bit.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "codec/codec.h"
#include "codec/fold.h"

namespace lineshaft::codec {

// 10^0..10^17: of these the quotient n / 10^e is rounded right by the short way that decoders take
// (kernels.cpp says why).
inline constexpr unsigned kExponentMax = 17;

// Numbers stay below this, so that they are doubles too, and made from one by adding a constant.
inline constexpr std::int64_t kDecimalLimit = std::int64_t{1} << 51;

// Value i is the float nearest to numbers[i] / 10^exponent, with corrections[i] added to its bit
// pattern, unless it is an exception. `numbers` can be stored in any layout of whole numbers.
struct Decimals {
  unsigned exponent = 0;
  bool rounded_to_float =
      false;       // doubles that came from floats: the quotient is made a float first
  FoldShape fold;  // how the stored numbers are folded; `numbers` here never are
  std::vector<std::int64_t> numbers;
  std::vector<std::int64_t> corrections;  // one a value, or none at all
  std::vector<std::int64_t> exceptions;   // their positions, growing
  std::vector<std::uint64_t> patterns;    // bit pattern of each exception
};

// False if the values are no decimals: then their bits are better stored as they are.
// The fold is not looked for: see find_fold.
template <typename T>
bool to_decimals(std::span<const T> values, Decimals& decimals);

// The last steps back: `out` holds numbers[i] / 10^exponent (see scale_numbers in kernels.h), and
// becomes the values.
template <typename T>
void finish_decimals(const Decimals& decimals, std::span<T> out);

// A stream of decimals is: layout byte, this head, and the numbers (folded, if there is a fold) as
// a column of whole numbers in any layout, to the end of the stream.
void write_decimals_head(const Decimals& decimals, Effort effort, Bytes& out);
// Reads what follows the layout byte, for `count` values; `numbers` is left empty.
Result<Decimals> read_decimals_head(ByteReader& reader, std::size_t count);

// The whole column, and back from any layout.
template <typename T>
void encode_floats(std::span<const T> values, Effort effort, Bytes& out);
template <typename T>
Status decode_floats(ByteSpan bytes, std::span<T> out);

// See total_float64.
Result<Totals> total_floats(ByteSpan bytes, std::size_t count);

}  // namespace lineshaft::codec
