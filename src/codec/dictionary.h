// codec/dictionary.h: a column of few distinct numbers as their sorted table and the rank of each.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "codec/encode_kernels.h"

namespace lineshaft::codec {

inline constexpr std::size_t kDictionaryMax = 2048;
inline constexpr std::size_t kFreshDictionaryMax = 1024;

struct Dictionary {
  std::vector<std::int64_t> table;  // sorted
  std::vector<std::int64_t> ranks;  // of each value in the table
};

// False if there are more than `most` distinct values. Requires: most <= kDictionaryMax.
bool to_dictionary(std::span<const std::int64_t> values, std::size_t most, Dictionary& dictionary);

// False, and nothing appended, if there are more than kFreshDictionaryMax distinct values, or so
// many of the values of their range that it gains nothing.
bool encode_dictionary(std::span<const std::int64_t> values, const Range& range, Bytes& out);

// Fills `out` from all that `reader` has left behind the layout byte.
Status decode_dictionary(ByteReader& reader, std::span<std::int64_t> out);

}  // namespace lineshaft::codec
