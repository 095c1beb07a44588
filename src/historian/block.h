// historian/block.h: the content of a block: the points of one tag, or of several neighbours with
// few points each. Format: docs/formats/historian.md. The decoder takes untrusted bytes and
// allocates nothing from a count before it is bounded.
#pragma once

#include <array>
#include <optional>
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

// The points of one tag in a block, and where they stand in its columns.
struct BlockPart {
  TagId tag;
  ValueType type = ValueType::kBool;
  std::size_t count = 0;
  std::size_t at = 0;          // of its first point among all
  std::size_t at_of_type = 0;  // the same among those of its type
};

// A block whose columns are known and not decoded yet: a reader decodes those it needs.
// Errors of all: kCorrupt. Owner: the bytes are the caller's, and have to stay.
class BlockColumns {
 public:
  using CountOfType = std::array<std::size_t, 6>;  // by ValueType

  // Requires: codec::kSlackBytes readable behind `bytes`.
  static Result<BlockColumns> open(ByteSpan bytes);

  // What encode_block got.
  Result<std::vector<SeriesPoints>> all() const;

  const std::vector<BlockPart>& parts() const { return parts_; }  // by growing tag
  std::size_t size() const { return parts_.back().at + parts_.back().count; }
  bool all_good() const { return qualities_.empty(); }

  // Of all points, those of the first tag first. Requires: out.size() == size(). Those of a tag
  // grow.
  Status times(std::span<std::int64_t> out) const;
  // Of a block of one tag: the times, if they are regular and grow; nothing is decoded for them.
  std::optional<codec::RegularTimes> regular_times() const;
  // Of a block of one tag: its values, as_double. Requires: out.size() == size().
  Status numbers(std::span<double> out) const;

 private:
  BlockColumns() = default;
  Result<std::vector<Quality>> qualities() const;  // none: all are Good
  Result<Columns::Values> values(ValueType type) const;

  std::vector<BlockPart> parts_;
  CountOfType count_{};
  ByteSpan times_;
  ByteSpan qualities_;
  std::array<ByteSpan, std::tuple_size_v<CountOfType>> values_;
};

}  // namespace lineshaft::historian
