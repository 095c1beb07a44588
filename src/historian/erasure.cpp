#include "historian/erasure.h"

#include <algorithm>

namespace lineshaft::historian {

Bytes encode_erasures(std::span<const Erasure> erasures) {
  Bytes bytes;
  ByteWriter writer(bytes);
  writer.varint(erasures.size());
  for (const Erasure& erasure : erasures) write_erasure(erasure, writer);
  return bytes;
}

Result<std::vector<Erasure>> decode_erasures(ByteSpan bytes) {
  const Error damaged{ErrorId::kCorrupt, "what is to be erased cannot be read"};
  ByteReader reader(bytes);
  const std::uint64_t count = reader.varint();
  if (count > reader.remaining() / kErasureBytes) return damaged;
  std::vector<Erasure> erasures;
  erasures.reserve(static_cast<std::size_t>(count));
  for (std::uint64_t i = 0; i < count; ++i) {
    erasures.push_back(read_erasure(reader));
    if (erasures.back().range.empty()) return damaged;
  }
  if (!reader.ok() || !reader.at_end()) return damaged;
  return erasures;
}

void write_erasure(const Erasure& erasure, ByteWriter& writer) {
  writer.write_le(erasure.key.tenant.value);
  writer.write_le(erasure.key.tag.value);
  writer.write_le(static_cast<std::uint64_t>(erasure.range.from.ns));
  writer.write_le(static_cast<std::uint64_t>(erasure.range.to.ns));
}

Erasure read_erasure(ByteReader& reader) {
  Erasure erasure;
  erasure.key.tenant = {reader.read_le<std::uint32_t>()};
  erasure.key.tag = {reader.read_le<std::uint32_t>()};
  erasure.range.from = {static_cast<std::int64_t>(reader.read_le<std::uint64_t>())};
  erasure.range.to = {static_cast<std::int64_t>(reader.read_le<std::uint64_t>())};
  return erasure;
}

std::vector<Erasure> joined(std::vector<Erasure> erasures) {
  std::sort(erasures.begin(), erasures.end(), [](const Erasure& a, const Erasure& b) {
    return a.key != b.key ? a.key < b.key : a.range.from < b.range.from;
  });
  std::vector<Erasure> result;
  for (const Erasure& erasure : erasures) {
    if (!result.empty() && result.back().key == erasure.key &&
        erasure.range.from <= result.back().range.to) {
      result.back().range.to = std::max(result.back().range.to, erasure.range.to);
    } else {
      result.push_back(erasure);
    }
  }
  return result;
}

std::span<const Erasure> of_series(std::span<const Erasure> erasures, SeriesKey key) {
  const auto found =
      std::equal_range(erasures.begin(), erasures.end(), Erasure{key, {}},
                       [](const Erasure& a, const Erasure& b) { return a.key < b.key; });
  return {found.first, found.second};
}

}  // namespace lineshaft::historian
