// historian/codec.h: bytes of points, tags and log records; docs/formats/historian.md.
// Decoders take untrusted bytes and allocate nothing from a count before the bytes for it exist.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "historian/series.h"
#include "model/tag.h"

namespace lineshaft::historian {

inline constexpr std::size_t kBlockPointsMax = 8192;

// Types of the log's records. For ever.
inline constexpr std::uint8_t kSamplesRecord = 1;
inline constexpr std::uint8_t kTagsRecord = 2;

// Points of one tag: times as deltas, qualities only if one is not Good, values by type.
// Requires: 1..kBlockPointsMax points of `type` in order of time, one per time.
void encode_points(ValueType type, std::span<const Point> points, Bytes& out);
// Gives what encode_points requires. Errors: kCorrupt.
Result<std::vector<Point>> decode_points(ByteSpan bytes);

// One point behind another, as the memtable holds them. `before`: the time of the point before, 0
// for the first. Any order of times.
void append_point(Timestamp before, const Point& point, Bytes& out);
// Requires: what append_point wrote, with the same `before`. A failed reader: the bytes are wrong.
Point take_point(ByteReader& reader, Timestamp before, ValueType type);

// A batch as it stands in the log.
Bytes encode_batch(const SampleBatch& batch);
Result<SampleBatch> decode_batch(ByteSpan bytes);

struct TagEntry {
  TenantId tenant;
  Tag tag;
};
// Tags as they stand in the log and in the catalogue's file.
Bytes encode_tags(const std::vector<TagEntry>& tags);
Result<std::vector<TagEntry>> decode_tags(ByteSpan bytes);

}  // namespace lineshaft::historian
