// Reading blocks of a file that is open.
#include <algorithm>
#include <utility>

#include "historian/file.h"
#include "historian/file_format.h"
#include "historian/parity_file.h"

namespace lineshaft::historian {
namespace {

bool before_key(const BlockRef& block, const SeriesKey& key) { return last_key(block) < key; }
bool after_key(const SeriesKey& key, const BlockRef& block) { return key < block.first; }

std::string where(const BlockRef& block) { return "the block at " + std::to_string(block.offset); }

}  // namespace

// Bytes [offset, offset + count) of the file. Errors: kCorrupt if there are not so many.
Result<Bytes> FileReader::read_part(std::uint64_t offset, std::size_t count) const {
  Bytes bytes;
  bytes.reserve(count + codec::kSlackBytes);
  bytes.resize(count);
  const Result<std::size_t> got = file_->read_at(offset, bytes);
  if (!got) return got.error();
  if (*got != count) return damaged_file(path_, "became shorter");
  return bytes;
}

Result<Bytes> FileReader::read_mended(std::uint64_t offset, std::size_t count) const {
  const auto parity = ParityFile::open(files_, path_, id_.number);
  if (!parity) return parity.error();
  return (*parity)->read(offset, count);
}

std::span<const BlockRef> FileReader::blocks(SeriesKey key) const {
  const auto [first, last] = std::equal_range(last_keys_.begin(), last_keys_.end(), key);
  const auto begin = index_.begin() + (first - last_keys_.begin());
  auto end = index_.begin() + (last - last_keys_.begin());
  // One of several tags that goes on behind the key.
  if (end != index_.end() && end->first <= key) ++end;
  return {begin, end};
}

std::span<const BlockRef> FileReader::replaced(SeriesKey key) const {
  const auto first = std::lower_bound(replaced_.begin(), replaced_.end(), key, before_key);
  const auto last = std::upper_bound(first, replaced_.end(), key, after_key);
  return {first, last};
}

bool FileReader::is_sealed() const {
  return std::all_of(index_.begin(), index_.end(),
                     [](const BlockRef& block) { return block.effort == codec::Effort::kSealed; });
}

Timestamp FileReader::last_time() const {
  Timestamp last = kTimestampMin;
  for (const BlockRef& block : index_) last = std::max(last, block.summary.last_time);
  return last;
}

// The content of a block of which `bytes` begin with the head, if they are sound.
Result<ByteSpan> FileReader::checked(const BlockRef& block, ByteSpan bytes) const {
  const ByteSpan stored = bytes.subspan(kBlockHeadBytes, block.stored_bytes);
  ByteReader reader(bytes);
  // The head is computed from the index, so it is checked along with the rest.
  const bool intact = reader.read_le<std::uint32_t>() == block_crc(id_.number, block, stored) &&
                      std::ranges::equal(reader.bytes(kBlockHeadBytes - 4), head_of(block));
  if (!intact) return damaged_file(path_, where(block) + " is damaged");
  return stored;
}

// As it stands in the file.
Result<ByteSpan> FileReader::read_unmended(const BlockRef& block, Bytes& buffer) const {
  const std::size_t bytes = kBlockHeadBytes + block.stored_bytes;
  if (buffer.size() < bytes + codec::kSlackBytes) buffer.resize(bytes + codec::kSlackBytes);
  const Result<std::size_t> got = file_->read_at(block.offset, std::span(buffer).first(bytes));
  if (!got) return got.error();
  if (*got != bytes) return damaged_file(path_, "became shorter");
  return checked(block, buffer);
}

// What it gives lies in the buffer, with codec::kSlackBytes behind it.
Result<ByteSpan> FileReader::read_into(const BlockRef& block, Bytes& buffer) const {
  Result<ByteSpan> stored = read_unmended(block, buffer);
  if (stored) return stored;
  const Result<Bytes> mended = read_mended(block.offset, kBlockHeadBytes + block.stored_bytes);
  if (!mended) return stored;
  std::copy(mended->begin(), mended->end(), buffer.begin());
  Result<ByteSpan> repaired = checked(block, buffer);
  if (!repaired) return stored;
  const std::lock_guard lock(mended_mutex_);
  mended_.insert(block.offset);
  return repaired;
}

Result<std::vector<Summary>> FileReader::read_rollups(const BlockRef& block) const {
  LS_ASSERT(block.rollup);
  const Result<Bytes> stored = read_stored(block);
  if (!stored) return stored.error();
  Result<std::vector<Summary>> rollups =
      decode_rollups(ByteSpan(*stored).first(block.stored_bytes));
  if (!rollups) return damaged_file(path_, where(block) + ": " + rollups.error().what);
  std::uint64_t count = 0;
  for (const Summary& rollup : *rollups) count += rollup.count;
  if (count != block.summary.count || rollups->front().first_time != block.summary.first_time ||
      rollups->back().last_time != block.summary.last_time) {
    return damaged_file(path_, where(block) + " is not the one that the index names");
  }
  return rollups;
}

Result<Bytes> FileReader::read_stored(const BlockRef& block) const {
  Bytes bytes;
  const Result<ByteSpan> stored = read_into(block, bytes);
  if (!stored) return stored.error();
  bytes.erase(bytes.begin(), bytes.begin() + kBlockHeadBytes);
  return bytes;
}

Status FileReader::check_block(const BlockRef& block) const {
  Bytes buffer;
  const Result<ByteSpan> stored = read_unmended(block, buffer);
  return stored ? Status() : Status(stored.error());
}

void FileReader::drop_cached(const BlockRef& block) const {
  file_->drop_cached(block.offset, kBlockHeadBytes + block.stored_bytes);
}

std::vector<const BlockRef*> FileReader::every_block() const {
  std::vector<const BlockRef*> blocks;
  blocks.reserve(index_.size() + replaced_.size());
  for (const BlockRef& block : index_) blocks.push_back(&block);
  for (const BlockRef& block : replaced_) blocks.push_back(&block);
  return blocks;
}

bool FileReader::needs_repair() const { return index_mended_ || mended_blocks() > 0; }

std::uint64_t FileReader::mended_blocks() const {
  const std::lock_guard lock(mended_mutex_);
  return mended_.size();
}

Result<BlockColumns> FileReader::open_columns(const BlockRef& block, Bytes& buffer) const {
  LS_ASSERT(block.is_of_one());
  const Result<ByteSpan> stored = read_into(block, buffer);
  if (!stored) return stored.error();
  Result<BlockColumns> columns = BlockColumns::open(*stored);
  if (!columns) return damaged_file(path_, where(block) + ": " + columns.error().what);
  if (columns->parts().size() != 1 || columns->parts().front().tag != block.first.tag ||
      columns->size() != block.summary.count) {
    return damaged_file(path_, where(block) + " is not the one that the index names");
  }
  return columns;
}

Result<std::vector<SeriesPoints>> FileReader::read_block(const BlockRef& block) const {
  Bytes buffer;
  const Result<ByteSpan> stored = read_into(block, buffer);
  if (!stored) return stored.error();
  const Result<BlockColumns> columns = BlockColumns::open(*stored);
  if (!columns) return damaged_file(path_, where(block) + ": " + columns.error().what);
  Result<std::vector<SeriesPoints>> series = columns->all();
  if (!series) return damaged_file(path_, where(block) + ": " + series.error().what);
  const Summary found = extent_of(*series);
  const Summary& told = block.summary;
  if (series->front().tag != block.first.tag || series->back().tag != block.last ||
      found.count != told.count || found.first_time != told.first_time ||
      found.last_time != told.last_time) {
    return damaged_file(path_, where(block) + " is not the one that the index names");
  }
  return series;
}

Result<FileReader::Few> FileReader::read_few(const BlockRef& block) const {
  LS_ASSERT(!block.is_of_one());
  {
    const std::lock_guard lock(few_mutex_);
    if (few_ && few_offset_ == block.offset) return few_;
  }
  Result<std::vector<SeriesPoints>> series = read_block(block);
  if (!series) return series.error();
  auto few = std::make_shared<const std::vector<SeriesPoints>>(*std::move(series));
  const std::lock_guard lock(few_mutex_);
  few_offset_ = block.offset;
  few_ = few;
  return few;
}

Result<std::optional<Columns>> FileReader::read(const BlockRef& block, SeriesKey key) const {
  if (block.is_of_one()) {
    LS_ASSERT(block.first == key);
    Result<std::vector<SeriesPoints>> series = read_block(block);
    if (!series) return series.error();
    return std::optional<Columns>(std::move(series->front().points));
  }
  const Result<Few> few = read_few(block);
  if (!few) return few.error();
  const auto found =
      std::lower_bound((*few)->begin(), (*few)->end(), key.tag,
                       [](const SeriesPoints& one, TagId wanted) { return one.tag < wanted; });
  if (found == (*few)->end() || found->tag != key.tag) return std::optional<Columns>();
  return std::optional<Columns>(found->points);
}

}  // namespace lineshaft::historian
