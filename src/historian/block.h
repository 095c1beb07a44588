// historian/block.h: the content of a block: the points of one tag, or of several neighbours with
// few points each. Format: docs/formats/historian.md. The decoder takes untrusted bytes and
// allocates nothing from a count before it is bounded.
#pragma once

#include <span>
#include <vector>

#include "codec/codec.h"
#include "historian/columns.h"

namespace lineshaft::historian {

inline constexpr std::size_t kBlockPointsMax = codec::kValuesMax;
// A block of texts holds fewer points: this much of text, or one more point.
inline constexpr std::size_t kBlockTextBytesMax = 1024 * 1024;

struct SeriesPoints {
  TagId tag;
  Columns points;
};

// Requires: tags growing, none without points, 1..kBlockPointsMax points in all, of text not much
// more than kBlockTextBytesMax.
void encode_block(std::span<const SeriesPoints> series, codec::Effort effort, Bytes& out);

// Gives what encode_block requires. Requires: codec::kSlackBytes readable behind `bytes`.
// Errors: kCorrupt.
Result<std::vector<SeriesPoints>> decode_block(ByteSpan bytes);

}  // namespace lineshaft::historian
