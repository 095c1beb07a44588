#include "wal/segment_reader.h"

#include <algorithm>
#include <cstring>

#include "base/assert.h"

namespace lineshaft::wal {
namespace {

constexpr std::size_t kWindowBytes = 256 * 1024;
constexpr std::size_t kBlockBytes = 4096;  // what a disk gives up at once when a sector is bad
constexpr std::uint64_t kBlindSearchPasses = 16;
constexpr std::size_t kSegmentIdOffset = 8;  // inside a record header

bool has_header_shape(const RecordHeader& header, ByteSpan bytes) {
  return header.segment_id != 0 && header.payload_bytes <= kRecordBytesMax && bytes[37] == 0 &&
         bytes[38] == 0 && bytes[39] == 0;
}

}  // namespace

Status SegmentReader::fill_by_blocks(std::uint64_t offset, std::span<std::uint8_t> out) {
  for (std::size_t at = 0; at < out.size(); at += kBlockBytes) {
    const auto block = out.subspan(at, std::min(kBlockBytes, out.size() - at));
    const Result<std::size_t> count = file_.read_at(offset + at, block);
    if (count) {
      any_read_ = true;
      std::fill(block.begin() + static_cast<std::ptrdiff_t>(*count), block.end(), std::uint8_t{0});
      continue;
    }
    std::fill(block.begin(), block.end(), std::uint8_t{0});
    unreadable_ = true;
    // A disk that answers nothing at all is no damaged file: better not to start than to start
    // without the data.
    if (!any_read_ && at + kBlockBytes >= out.size()) return count.error();
  }
  return {};
}

Result<ByteSpan> SegmentReader::view(std::uint64_t offset, std::size_t count) {
  if (offset >= bytes_) return ByteSpan{};
  const auto available = static_cast<std::size_t>(
      std::min<std::uint64_t>(bytes_ - offset, std::max(count, kWindowBytes)));
  const std::size_t needed = std::min(count, available);
  const bool at_hand =
      offset >= window_offset_ && offset + needed <= window_offset_ + window_.size();
  if (!at_hand) {
    window_.resize(available);
    window_offset_ = offset;
    const Result<std::size_t> read = file_.read_at(offset, window_);
    if (!read) {
      if (Status filled = fill_by_blocks(offset, window_); !filled) return filled.error();
    } else {
      any_read_ = true;
      std::fill(window_.begin() + static_cast<std::ptrdiff_t>(*read), window_.end(),
                std::uint8_t{0});
    }
  }
  return ByteSpan(window_).subspan(static_cast<std::size_t>(offset - window_offset_));
}

Result<std::optional<SegmentHeader>> SegmentReader::header() {
  Result<ByteSpan> bytes = view(0, kSegmentHeaderBytes);
  if (!bytes) return std::move(bytes).error();
  if (bytes->size() < kSegmentHeaderBytes) return std::optional<SegmentHeader>{};
  return decode_segment_header(bytes->first(kSegmentHeaderBytes));
}

Result<std::optional<Record>> SegmentReader::read(std::uint64_t offset) {
  LS_ASSERT(offset % kRecordAlignment == 0);
  Result<ByteSpan> head = view(offset, kRecordHeaderBytes);
  if (!head) return std::move(head).error();
  if (head->size() < kRecordHeaderBytes) return std::optional<Record>{};
  Record record;
  record.offset = offset;
  record.header = parse_record_header(*head);
  if (!has_header_shape(record.header, *head)) return std::optional<Record>{};
  // The length comes from the file: it must fit into the file before anything is allocated for it.
  const std::uint64_t needed = record_bytes(record.header.payload_bytes);
  if (needed > bytes_ - offset) return std::optional<Record>{};
  Result<ByteSpan> whole = view(offset, static_cast<std::size_t>(needed));
  if (!whole) return std::move(whole).error();
  const ByteSpan bytes = whole->first(static_cast<std::size_t>(needed));
  if (!record_is_intact(bytes)) return std::optional<Record>{};
  record.end = offset + needed;
  record.payload = bytes.subspan(kRecordHeaderBytes, record.header.payload_bytes);
  return std::optional<Record>(record);
}

Result<std::uint64_t> SegmentReader::next_candidate(std::uint64_t offset,
                                                    std::optional<std::uint64_t> segment_id) {
  LS_ASSERT(offset % kRecordAlignment == 0);
  while (true) {
    Result<ByteSpan> bytes = view(offset, kRecordHeaderBytes);
    if (!bytes) return std::move(bytes).error();
    if (bytes->size() < kRecordHeaderBytes) return bytes_;
    const std::size_t last = bytes->size() - kRecordHeaderBytes;
    std::size_t at = 0;
    for (; at <= last; at += kRecordAlignment) {
      std::uint64_t raw = 0;
      std::memcpy(&raw, bytes->data() + at + kSegmentIdOffset, sizeof raw);
      if (raw == 0) continue;
      if (!segment_id) return offset + at;
      if (detail::to_order(raw, std::endian::little) == *segment_id) return offset + at;
    }
    offset += at;
  }
}

Result<std::optional<Record>> SegmentReader::find(std::uint64_t offset, const Wanted& wanted) {
  // Without an id anything may look like a header, each with a long payload to check.
  std::uint64_t budget =
      wanted.segment_id ? std::numeric_limits<std::uint64_t>::max() : bytes_ * kBlindSearchPasses;
  while (true) {
    const Result<std::uint64_t> candidate = next_candidate(offset, wanted.segment_id);
    if (!candidate) return candidate.error();
    if (*candidate >= bytes_) return std::optional<Record>{};
    offset = *candidate + kRecordAlignment;

    Result<ByteSpan> head = view(*candidate, kRecordHeaderBytes);
    if (!head) return std::move(head).error();
    const RecordHeader header = parse_record_header(*head);
    if (header.lsn < wanted.from || header.lsn >= wanted.before || header.life < wanted.life_min) {
      continue;
    }
    const std::uint64_t cost = record_bytes(header.payload_bytes);
    if (cost > bytes_ - *candidate) continue;
    if (cost > budget) return std::optional<Record>{};
    budget -= cost;
    Result<std::optional<Record>> record = read(*candidate);
    if (!record || *record) return record;
  }
}

Result<Remainder> SegmentReader::survey(std::uint64_t offset, std::uint64_t segment_id) {
  Remainder remainder;
  remainder.fragments_end = offset;
  while (true) {
    const Result<std::uint64_t> candidate = next_candidate(offset, segment_id);
    if (!candidate) return candidate.error();
    if (*candidate >= bytes_) return remainder;
    const Result<std::optional<Record>> record = read(*candidate);
    if (!record) return record.error();
    offset = *candidate + kRecordAlignment;
    std::uint64_t end = 0;
    if (*record) {
      const RecordHeader& header = (*record)->header;
      remainder.proven = std::max(remainder.proven, header.durable);
      remainder.life_max = std::max(remainder.life_max, header.life);
      // A marker holds no data: it is not counted as a record that was being written.
      if ((*record)->is_marker()) continue;
      end = offset = (*record)->end;
    } else {
      Result<ByteSpan> head = view(*candidate, kRecordHeaderBytes);
      if (!head) return std::move(head).error();
      const std::uint64_t declared = record_bytes(parse_record_header(*head).payload_bytes);
      end = std::min(bytes_, *candidate + declared);
    }
    remainder.fragments_end = std::max(remainder.fragments_end, end);
  }
}

}  // namespace lineshaft::wal
