// wal/format.h: the bytes of segments and records, as docs/formats/wal.md describes them. Pure
// functions over memory; the files are segment_reader.h and segment_files.h.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "wal/log.h"

namespace lineshaft::wal {

inline constexpr std::uint32_t kFormatVersion = 1;
inline constexpr std::size_t kSegmentHeaderBytes = 64;
inline constexpr std::size_t kRecordHeaderBytes = 40;
// Records start at multiples of this, so that a search after damage tries one place in eight.
inline constexpr std::size_t kRecordAlignment = 8;
// Not a record of the caller: says that everything up to its Lsn was synced. See kind of proof in
// the format page.
inline constexpr std::uint8_t kMarkerType = 0;

struct SegmentHeader {
  std::uint32_t version = kFormatVersion;
  std::uint64_t id = 0;        // random, never 0, new for every use of a file
  std::uint64_t sequence = 0;  // the number in the file's name
  Lsn first;                   // of the first record; all before it was synced when this was made
  std::uint64_t bytes = 0;     // size of the file
};

struct RecordHeader {
  std::uint32_t crc = 0;
  std::uint32_t payload_bytes = 0;
  std::uint64_t segment_id = 0;
  Lsn lsn;
  Lsn durable;             // everything up to this was synced when the record was written
  std::uint32_t life = 0;  // grows each time the log is opened and goes on in this segment
  std::uint8_t type = 0;
};

// Bytes that a record with such a payload takes in the segment.
constexpr std::uint64_t record_bytes(std::uint64_t payload_bytes) {
  return (kRecordHeaderBytes + payload_bytes + kRecordAlignment - 1) / kRecordAlignment *
         kRecordAlignment;
}

Bytes encode_segment_header(const SegmentHeader& header);

// Nothing if the bytes are no valid header of any version. Requires: 64 bytes.
std::optional<SegmentHeader> decode_segment_header(ByteSpan bytes);

// Appends the record, padded with zeros to the alignment, to `out`. Computes crc and payload_bytes.
void encode_record(const RecordHeader& header, ByteSpan payload, Bytes& out);

// The fields as they stand: nothing is checked. Requires: at least 40 bytes.
RecordHeader parse_record_header(ByteSpan bytes);

// True if `bytes`, all of record_bytes(payload_bytes), is what its checksum says.
bool record_is_intact(ByteSpan bytes);

}  // namespace lineshaft::wal
