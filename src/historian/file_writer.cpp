// Writing a file, block after block.
#include <algorithm>
#include <utility>

#include "base/crc32c.h"
#include "historian/file.h"
#include "historian/file_format.h"

namespace lineshaft::historian {
namespace {

Summary summary_of(const Columns& points) {
  Summary summary;
  for (std::size_t i = 0; i < points.size(); ++i) summary.add(points.point(i));
  return summary;
}

}  // namespace

FileWriter::FileWriter(std::unique_ptr<sys::File> file, FileId id, FileOptions options)
    : file_(std::move(file)), id_(id), options_(options) {}

Result<std::unique_ptr<FileWriter>> FileWriter::create(sys::FileSystem& files,
                                                       const std::string& path, FileId id,
                                                       FileOptions options) {
  auto file = files.open(path, sys::OpenMode::kCreate);
  if (!file) return file.error();
  if (Status emptied = (*file)->truncate(0); !emptied) return emptied.error();
  std::unique_ptr<FileWriter> writer(new FileWriter(*std::move(file), id, options));
  Bytes head;
  ByteWriter bytes(head);
  bytes.bytes(as_bytes(kFileMagic));
  bytes.write_le(kFileVersion);
  bytes.write_le(id.number);
  bytes.write_le(crc32c(head));
  LS_ASSERT(head.size() == kHeaderBytes);
  if (Status written = writer->append(head); !written) return written.error();
  return writer;
}

Status FileWriter::append(ByteSpan bytes) {
  if (Status written = file_->write_at(offset_, bytes); !written) return written;
  offset_ += bytes.size();
  return {};
}

Status FileWriter::add(SeriesKey key, const Columns& points) {
  if (key != key_) {
    if (Status settled = settle(); !settled) return settled;
    LS_ASSERT(index_.empty() || last_key(index_.back()) <= key);
    key_ = key;
  }
  for (std::size_t from = 0; from < points.size();) {
    if (current_.empty()) current_ = Columns(points.type());
    const std::size_t to = from + fitting(points, from);
    current_.append(points, from, to);
    from = to;
    if (current_.size() < options_.block_points && current_text_ < kBlockTextBytesMax) continue;
    if (Status written = write_current(); !written) return written;
  }
  return {};
}

// How many of the points from there on still fit into the current block.
std::size_t FileWriter::fitting(const Columns& points, std::size_t from) {
  const std::size_t room = std::min(points.size() - from, options_.block_points - current_.size());
  const auto* texts = std::get_if<std::vector<std::string>>(&points.values());
  if (texts == nullptr) return room;
  std::size_t count = 0;
  while (count < room && current_text_ < kBlockTextBytesMax) {
    current_text_ += (*texts)[from + count++].size();
  }
  return count;
}

// The current series has no more points for now: it becomes a block, or waits for company.
Status FileWriter::settle() {
  if (current_.empty()) return {};
  if (current_.size() >= options_.own_block_points) return write_current();
  const bool fits = few_.empty() || (few_tenant_ == key_.tenant &&
                                     few_points_ + current_.size() <= options_.block_points &&
                                     few_text_ + current_text_ <= kBlockTextBytesMax);
  if (!fits) {
    if (Status written = write_few(); !written) return written;
  }
  few_tenant_ = key_.tenant;
  few_points_ += current_.size();
  few_text_ += std::exchange(current_text_, 0);
  few_.push_back({key_.tag, std::exchange(current_, Columns())});
  return {};
}

Status FileWriter::write_few() {
  if (few_.empty()) return {};
  const std::vector<SeriesPoints> few = std::exchange(few_, {});
  few_points_ = few_text_ = 0;
  return write_series(few_tenant_, few);
}

Status FileWriter::write_current() {
  if (Status written = write_few(); !written) return written;
  std::vector<SeriesPoints> one;
  one.push_back({key_.tag, std::exchange(current_, Columns())});
  current_text_ = 0;
  return write_series(key_.tenant, one);
}

Status FileWriter::write_series(TenantId tenant, std::span<const SeriesPoints> series) {
  BlockRef block;
  block.first = {tenant, series.front().tag};
  block.last = series.back().tag;
  block.effort = options_.effort;
  if (series.size() == 1) {
    block.summary = summary_of(series.front().points);
  } else {
    block.summary = extent_of(series);
  }
  Bytes stored;
  encode_block(series, options_.effort, stored);
  return write_block(block, stored);
}

Status FileWriter::add_rollups(SeriesKey key, RollupStep step, std::span<const Summary> rollups) {
  if (Status ended = end_block(); !ended) return ended;
  key_ = key;
  for (std::size_t from = 0; from < rollups.size();) {
    BlockRef block;
    block.first = key;
    block.last = key.tag;
    block.rollup = step;
    block.effort = codec::Effort::kSealed;
    std::size_t to = from;
    while (to < rollups.size() && to - from < kRollupsMax &&
           block.summary.count + rollups[to].count <= UINT32_MAX) {
      block.summary.add(rollups[to++]);
    }
    Bytes stored;
    encode_rollups(rollups.subspan(from, to - from), stored);
    if (Status written = write_block(block, stored); !written) return written;
    from = to;
  }
  return {};
}

Status FileWriter::write_block(BlockRef block, ByteSpan stored) {
  LS_ASSERT(stored.size() <= kStoredBytesMax);
  block.offset = offset_;
  block.stored_bytes = static_cast<std::uint32_t>(stored.size());
  Bytes bytes;
  bytes.reserve(kBlockHeadBytes + stored.size());
  ByteWriter writer(bytes);
  writer.write_le(block_crc(id_.number, block, stored));
  writer.bytes(head_of(block));
  writer.bytes(stored);
  (adding_replaced_ ? replaced_ : index_).push_back(block);
  return append(bytes);
}

Status FileWriter::add_replaced(SeriesKey key, const Columns& points) {
  if (Status ended = end_block(); !ended) return ended;
  adding_replaced_ = true;
  Status added = add(key, points);
  if (added && !current_.empty()) added = write_current();
  adding_replaced_ = false;
  return added;
}

Status FileWriter::copy(const FileReader& from, const BlockRef& block) {
  LS_ASSERT(block.is_of_one());
  if (Status ended = end_block(); !ended) return ended;
  key_ = block.first;
  return take_over(from, block);
}

Status FileWriter::copy_replaced(const FileReader& from, const BlockRef& block) {
  if (Status ended = end_block(); !ended) return ended;
  adding_replaced_ = true;
  Status taken = take_over(from, block);
  adding_replaced_ = false;
  return taken;
}

Status FileWriter::take_over(const FileReader& from, const BlockRef& block) {
  Result<Bytes> stored = from.read_stored(block);
  if (!stored) return Error{ErrorId::kCorrupt, stored.error().what};
  stored->resize(block.stored_bytes);
  return write_block(block, *stored);
}

Status FileWriter::end_block() {
  if (Status settled = settle(); !settled) return settled;
  return write_few();
}

Status FileWriter::finish() {
  if (Status ended = end_block(); !ended) return ended;
  Bytes index;
  ByteWriter entries(index);
  for (const BlockRef& block : index_) write_entry(entries, block);
  for (const BlockRef& block : replaced_) write_entry(entries, block);
  for (const Erasure& erasure : erasures_) write_erasure(erasure, entries);
  const std::uint64_t index_offset = offset_;
  if (Status written = append(index); !written) return written;
  Bytes footer;
  ByteWriter writer(footer);
  writer.write_le(index_offset);
  writer.write_le(static_cast<std::uint64_t>(index_.size()));
  writer.write_le(id_.number);
  writer.write_le(id_.order);
  writer.write_le(crc32c(index));
  writer.write_le(static_cast<std::uint32_t>(erasures_.size()));
  writer.write_le(kFileVersion);
  writer.write_le(crc32c(footer));
  writer.bytes(as_bytes(kFileMagic));
  LS_ASSERT(footer.size() == kFooterBytes);
  if (Status written = append(footer); !written) return written;
  return file_->sync();
}

}  // namespace lineshaft::historian
