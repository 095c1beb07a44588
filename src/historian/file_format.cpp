#include "historian/file_format.h"

#include "base/crc32c.h"

namespace lineshaft::historian {
namespace {

// How the content is encoded: 1 fresh, 2 sealed, 3 rollups of minutes, 4 of hours.
constexpr std::uint32_t kRollupKinds = 2;  // + RollupStep

std::uint32_t kind_of(const BlockRef& block) {
  if (block.rollup) return kRollupKinds + static_cast<std::uint32_t>(*block.rollup);
  return static_cast<std::uint32_t>(block.effort);
}

void set_kind(std::uint32_t kind, BlockRef& block) {
  block.effort = static_cast<codec::Effort>(kind);
  if (kind != kRollupKinds + 1 && kind != kRollupKinds + 2) return;
  block.effort = codec::Effort::kSealed;
  block.rollup = static_cast<RollupStep>(kind - kRollupKinds);
}

}  // namespace

Error damaged_file(const std::string& path, const std::string& what) {
  return {ErrorId::kCorrupt, path + ": " + what};
}

Summary extent_of(std::span<const SeriesPoints> series) {
  Summary extent;
  for (const SeriesPoints& one : series) {
    const Columns& points = one.points;
    if (extent.count == 0 || points.front() < extent.first_time) extent.first_time = points.front();
    if (extent.count == 0 || points.back() > extent.last_time) extent.last_time = points.back();
    extent.count += points.size();
  }
  return extent;
}

void write_entry(ByteWriter& writer, const BlockRef& block) {
  writer.write_le(block.first.tenant.value);
  writer.write_le(block.first.tag.value);
  writer.write_le(block.last.value);
  writer.write_le(kind_of(block));
  writer.write_le(block.offset);
  writer.write_le(block.stored_bytes);
  encode_summary(block.summary, writer);
}

BlockRef read_entry(ByteReader& reader) {
  BlockRef block;
  block.first.tenant = {reader.read_le<std::uint32_t>()};
  block.first.tag = {reader.read_le<std::uint32_t>()};
  block.last = {reader.read_le<std::uint32_t>()};
  set_kind(reader.read_le<std::uint32_t>(), block);
  block.offset = reader.read_le<std::uint64_t>();
  block.stored_bytes = reader.read_le<std::uint32_t>();
  block.summary = decode_summary(reader);
  return block;
}

Bytes head_of(const BlockRef& block) {
  Bytes head;
  ByteWriter writer(head);
  writer.write_le(block.first.tenant.value);
  writer.write_le(block.first.tag.value);
  writer.write_le(block.last.value);
  writer.write_le(kind_of(block));
  writer.write_le(block.stored_bytes);
  return head;
}

std::uint32_t block_crc(std::uint64_t number, const BlockRef& block, ByteSpan stored) {
  Bytes address;
  ByteWriter writer(address);
  writer.write_le(number);
  writer.write_le(block.offset);
  return crc32c(stored, crc32c(head_of(block), crc32c(address)));
}

}  // namespace lineshaft::historian
