// historian/record.h: bytes of points, tags and log records; docs/formats/historian.md.
// Decoders take untrusted bytes and allocate nothing from a count before the bytes for it exist.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "historian/series.h"
#include "model/tag.h"

namespace lineshaft::historian {

// Types of the log's records. For ever.
inline constexpr std::uint8_t kSamplesRecord = 1;
inline constexpr std::uint8_t kTagsRecord = 2;

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
