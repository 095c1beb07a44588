#include "wal/format.h"

#include <algorithm>
#include <array>

#include "base/assert.h"
#include "base/crc32c.h"

namespace lineshaft::wal {
namespace {

// The line end and the zero show a file that went through a text conversion.
constexpr std::array<std::uint8_t, 8> kMagic = {'L', 'S', 'W', 'A', 'L', 0x0d, 0x0a, 0x00};
constexpr std::size_t kHeaderCrcOffset = kSegmentHeaderBytes - 4;

}  // namespace

Bytes encode_segment_header(const SegmentHeader& header) {
  Bytes out;
  out.reserve(kSegmentHeaderBytes);
  ByteWriter writer(out);
  writer.bytes(kMagic);
  writer.write_le(header.version);
  writer.write_le(std::uint32_t{0});
  writer.write_le(header.id);
  writer.write_le(header.sequence);
  writer.write_le(header.first.value);
  writer.write_le(header.bytes);
  out.resize(kHeaderCrcOffset);
  writer.write_le(crc32c(out));
  LS_ASSERT(out.size() == kSegmentHeaderBytes);
  return out;
}

std::optional<SegmentHeader> decode_segment_header(ByteSpan bytes) {
  LS_ASSERT(bytes.size() == kSegmentHeaderBytes);
  if (!std::equal(kMagic.begin(), kMagic.end(), bytes.begin())) return std::nullopt;
  ByteReader reader(bytes.subspan(kMagic.size()));
  SegmentHeader header;
  header.version = reader.read_le<std::uint32_t>();
  reader.bytes(4);
  header.id = reader.read_le<std::uint64_t>();
  header.sequence = reader.read_le<std::uint64_t>();
  header.first.value = reader.read_le<std::uint64_t>();
  header.bytes = reader.read_le<std::uint64_t>();
  ByteReader crc(bytes.subspan(kHeaderCrcOffset));
  if (crc.read_le<std::uint32_t>() != crc32c(bytes.first(kHeaderCrcOffset))) return std::nullopt;
  if (header.version == kFormatVersion && (header.id == 0 || header.first.value == 0)) {
    return std::nullopt;
  }
  return header;
}

void encode_record(const RecordHeader& header, ByteSpan payload, Bytes& out) {
  LS_ASSERT(payload.size() <= kRecordBytesMax);
  LS_ASSERT(header.segment_id != 0);
  const std::size_t start = out.size();
  ByteWriter writer(out);
  writer.write_le(std::uint32_t{0});
  writer.write_le(static_cast<std::uint32_t>(payload.size()));
  writer.write_le(header.segment_id);
  writer.write_le(header.lsn.value);
  writer.write_le(header.durable.value);
  writer.write_le(header.life);
  writer.u8(header.type);
  for (int i = 0; i < 3; ++i) writer.u8(0);
  LS_ASSERT(out.size() - start == kRecordHeaderBytes);
  writer.bytes(payload);
  out.resize(start + static_cast<std::size_t>(record_bytes(payload.size())));

  const std::uint32_t crc = crc32c(ByteSpan(out).subspan(start + 4));
  for (std::size_t i = 0; i < 4; ++i) out[start + i] = static_cast<std::uint8_t>(crc >> (8 * i));
}

RecordHeader parse_record_header(ByteSpan bytes) {
  LS_ASSERT(bytes.size() >= kRecordHeaderBytes);
  ByteReader reader(bytes);
  RecordHeader header;
  header.crc = reader.read_le<std::uint32_t>();
  header.payload_bytes = reader.read_le<std::uint32_t>();
  header.segment_id = reader.read_le<std::uint64_t>();
  header.lsn.value = reader.read_le<std::uint64_t>();
  header.durable.value = reader.read_le<std::uint64_t>();
  header.life = reader.read_le<std::uint32_t>();
  header.type = reader.u8();
  return header;
}

bool record_is_intact(ByteSpan bytes) {
  ByteReader reader(bytes);
  return reader.read_le<std::uint32_t>() == crc32c(bytes.subspan(4));
}

}  // namespace lineshaft::wal
