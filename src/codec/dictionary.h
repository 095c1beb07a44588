// codec/dictionary.h: a column of few distinct numbers as their sorted table and the rank of each.
#pragma once

#include <cstdint>
#include <span>

#include "base/bytes.h"
#include "base/result.h"

namespace lineshaft::codec {

inline constexpr std::size_t kDictionaryMax = 1024;

// False, and nothing appended, if there are more than kDictionaryMax distinct values.
bool encode_dictionary(std::span<const std::int64_t> values, Bytes& out);

// Fills `out` from all that `reader` has left behind the layout byte.
Status decode_dictionary(ByteReader& reader, std::span<std::int64_t> out);

}  // namespace lineshaft::codec
