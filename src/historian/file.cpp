#include "historian/file.h"

#include <algorithm>
#include <utility>

#include "base/crc32c.h"
#include "historian/file_format.h"
#include "historian/parity_file.h"

namespace lineshaft::historian {
namespace {

Error corrupt(const std::string& path, const std::string& what) {
  return {ErrorId::kCorrupt, path + ": " + what};
}

SeriesKey last_key(const BlockRef& block) { return {block.first.tenant, block.last}; }
bool before_key(const BlockRef& block, const SeriesKey& key) { return last_key(block) < key; }
bool after_key(const SeriesKey& key, const BlockRef& block) { return key < block.first; }

// Two blocks of one tag alone are in order of time.
bool may_share_a_tag(const BlockRef& a, const BlockRef& b) {
  if (!a.is_of_one() || !b.is_of_one()) return true;
  return a.summary.last_time < b.summary.first_time;
}

bool is_known(codec::Effort effort) {
  return effort == codec::Effort::kFresh || effort == codec::Effort::kSealed;
}

std::string where(const BlockRef& block) { return "the block at " + std::to_string(block.offset); }

Summary summary_of(const Columns& points) {
  Summary summary;
  for (std::size_t i = 0; i < points.size(); ++i) summary.add(points.point(i));
  return summary;
}

// How many points, from when to when.
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

struct Footer {
  std::uint64_t index_offset = 0;
  std::uint64_t blocks = 0;
  FileId id;
  std::uint32_t index_crc = 0;
  std::uint32_t erasures = 0;
  std::uint32_t version = 0;
};

using ReadPart = std::function<Result<Bytes>(std::uint64_t offset, std::size_t count)>;

// The header's shape never changes: a newer version is told from damage here.
Status check_header(const ReadPart& read, const std::string& path) {
  const Result<Bytes> header = read(0, kHeaderBytes);
  if (!header) return header.error();
  ByteReader reader(ByteSpan(*header).subspan(kFileMagic.size()));
  const auto version = reader.read_le<std::uint32_t>();
  reader.read_le<std::uint64_t>();
  const bool intact = as_text(ByteSpan(*header).first(kFileMagic.size())) == kFileMagic &&
                      reader.read_le<std::uint32_t>() == crc32c(ByteSpan(*header).first(20));
  // With a damaged header the rest may well be whole; footer and blocks have their own checksums.
  if (intact && version > kFileVersion) return Error{ErrorId::kFormatTooNew, path};
  return {};
}

Result<Footer> read_footer(const ReadPart& read, const std::string& path,
                           std::uint64_t file_bytes) {
  const Result<Bytes> bytes = read(file_bytes - kFooterBytes, kFooterBytes);
  if (!bytes) return bytes.error();
  const ByteSpan all(*bytes);
  ByteReader reader(all);
  Footer footer;
  footer.index_offset = reader.read_le<std::uint64_t>();
  footer.blocks = reader.read_le<std::uint64_t>();
  footer.id.number = reader.read_le<std::uint64_t>();
  footer.id.order = reader.read_le<std::uint64_t>();
  footer.index_crc = reader.read_le<std::uint32_t>();
  footer.erasures = reader.read_le<std::uint32_t>();
  footer.version = reader.read_le<std::uint32_t>();
  const bool intact = reader.read_le<std::uint32_t>() == crc32c(all.first(kFooterCrcOffset)) &&
                      as_text(all.last(kFileMagic.size())) == kFileMagic;
  if (!intact) return corrupt(path, "has a damaged footer");
  if (footer.version > kFileVersion) return Error{ErrorId::kFormatTooNew, path};
  return footer;
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

Result<std::shared_ptr<const FileReader>> FileReader::open(sys::FileSystem& files,
                                                           const std::string& path,
                                                           std::uint64_t number) {
  auto file = files.open(path, sys::OpenMode::kRead);
  if (!file) return file.error();
  const Result<std::uint64_t> size = (*file)->size();
  if (!size) return size.error();
  std::shared_ptr<FileReader> opened(new FileReader(files, *std::move(file), path));
  const auto from_disk = [&](std::uint64_t offset, std::size_t count) {
    return opened->read_part(offset, count);
  };
  const Status loaded = opened->load(number, *size, from_disk);
  if (loaded) return FilePtr(std::move(opened));
  if (loaded.error().id == ErrorId::kFormatTooNew) return loaded.error();
  if (Status mended = opened->load_mended(number); !mended) return loaded.error();
  return FilePtr(std::move(opened));
}

// Bytes [offset, offset + count) of the file. Errors: kCorrupt if there are not so many.
Result<Bytes> FileReader::read_part(std::uint64_t offset, std::size_t count) const {
  Bytes bytes;
  bytes.reserve(count + codec::kSlackBytes);
  bytes.resize(count);
  const Result<std::size_t> got = file_->read_at(offset, bytes);
  if (!got) return got.error();
  if (*got != count) return corrupt(path_, "became shorter");
  return bytes;
}

Result<Bytes> FileReader::read_mended(std::uint64_t offset, std::size_t count) const {
  const auto parity = ParityFile::open(files_, path_, id_.number);
  if (!parity) return parity.error();
  return (*parity)->read(offset, count);
}

// Header, footer, index; of a file of `bytes`.
Status FileReader::load(std::uint64_t number, std::uint64_t bytes, const ReadPart& read) {
  index_.clear();
  bytes_ = bytes;
  if (bytes < kHeaderBytes + kFooterBytes) return corrupt(path_, "is shorter than its footer");
  if (Status header = check_header(read, path_); !header) return header.error();
  const Result<Footer> footer = read_footer(read, path_, bytes);
  if (!footer) return footer.error();
  if (footer->id.number != number) return corrupt(path_, "is another file under this name");
  id_ = footer->id;
  const std::uint64_t index_end = bytes - kFooterBytes;
  const std::uint64_t offset = footer->index_offset;
  const std::uint64_t erasures_bytes = footer->erasures * std::uint64_t{kErasureBytes};
  if (offset < kHeaderBytes || offset > index_end || erasures_bytes > index_end - offset ||
      (index_end - offset - erasures_bytes) % kIndexEntryBytes != 0 ||
      footer->blocks > (index_end - offset - erasures_bytes) / kIndexEntryBytes) {
    return corrupt(path_, "has an index of an impossible size");
  }
  const Result<Bytes> index = read(offset, static_cast<std::size_t>(index_end - offset));
  if (!index) return index.error();
  if (crc32c(*index) != footer->index_crc) return corrupt(path_, "has a damaged index");
  index_.reserve(static_cast<std::size_t>(footer->blocks));
  ByteReader entries(*index);
  last_keys_.clear();
  last_keys_.reserve(index_.capacity());
  for (std::uint64_t i = 0; i < footer->blocks; ++i) {
    index_.push_back(read_entry(entries));
    last_keys_.push_back(last_key(index_.back()));
  }
  has_rollups_ = std::any_of(index_.begin(), index_.end(),
                             [](const BlockRef& block) { return block.rollup.has_value(); });
  const std::uint64_t all = (index_end - offset - erasures_bytes) / kIndexEntryBytes;
  replaced_.clear();
  for (std::uint64_t i = footer->blocks; i < all; ++i) replaced_.push_back(read_entry(entries));
  erasures_.clear();
  for (std::uint32_t i = 0; i < footer->erasures; ++i) erasures_.push_back(read_erasure(entries));
  for (const auto* part : {&index_, &replaced_}) {
    if (Status sound = check_index(*part, offset); !sound) return sound;
  }
  return check_erasures();
}

Status FileReader::load_mended(std::uint64_t number) {
  const auto parity = ParityFile::open(files_, path_, number);
  if (!parity) return parity.error();
  index_mended_ = true;
  return load(number, (*parity)->data_bytes(), [&](std::uint64_t offset, std::size_t count) {
    return (*parity)->read(offset, count);
  });
}

Status FileReader::check_index(const std::vector<BlockRef>& index,
                               std::uint64_t index_offset) const {
  const bool of_replaced = &index == &replaced_;
  const BlockRef* before = nullptr;
  std::uint64_t free_from = kHeaderBytes;
  for (const BlockRef& block : index) {
    const Summary& s = block.summary;
    const bool follows =
        before == nullptr || last_key(*before) < block.first ||
        (last_key(*before) == block.first && (of_replaced || may_share_a_tag(*before, block)));
    const bool lies_inside = block.offset >= free_from && block.offset <= index_offset &&
                             kBlockHeadBytes + block.stored_bytes <= index_offset - block.offset;
    const bool is_sound_rollup = block.rollup && block.is_of_one();
    const bool possible = s.count >= 1 && (s.count <= kBlockPointsMax || is_sound_rollup) &&
                          s.bad <= s.count && s.first_time <= s.last_time &&
                          s.last_time < kTimestampMax && block.first.tag <= block.last &&
                          block.stored_bytes <= kStoredBytesMax && is_known(block.effort) &&
                          (!block.rollup || is_sound_rollup) &&
                          (!of_replaced || (block.is_of_one() && !block.rollup));
    if (!follows || !lies_inside || !possible) {
      return corrupt(path_, "has an index that contradicts itself");
    }
    free_from = block.offset + kBlockHeadBytes + block.stored_bytes;
    before = &block;
  }
  return {};
}

Status FileReader::check_erasures() const {
  const Erasure* before = nullptr;
  for (const Erasure& erasure : erasures_) {
    const bool follows = before == nullptr || before->key < erasure.key ||
                         (before->key == erasure.key && before->range.to < erasure.range.from);
    if (!follows || erasure.range.empty()) {
      return corrupt(path_, "has an index that contradicts itself");
    }
    before = &erasure;
  }
  return {};
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
  if (!intact) return corrupt(path_, where(block) + " is damaged");
  return stored;
}

// As it stands in the file.
Result<ByteSpan> FileReader::read_unmended(const BlockRef& block, Bytes& buffer) const {
  const std::size_t bytes = kBlockHeadBytes + block.stored_bytes;
  if (buffer.size() < bytes + codec::kSlackBytes) buffer.resize(bytes + codec::kSlackBytes);
  const Result<std::size_t> got = file_->read_at(block.offset, std::span(buffer).first(bytes));
  if (!got) return got.error();
  if (*got != bytes) return corrupt(path_, "became shorter");
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
  if (!rollups) return corrupt(path_, where(block) + ": " + rollups.error().what);
  std::uint64_t count = 0;
  for (const Summary& rollup : *rollups) count += rollup.count;
  if (count != block.summary.count || rollups->front().first_time != block.summary.first_time ||
      rollups->back().last_time != block.summary.last_time) {
    return corrupt(path_, where(block) + " is not the one that the index names");
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
  if (!columns) return corrupt(path_, where(block) + ": " + columns.error().what);
  if (columns->parts().size() != 1 || columns->parts().front().tag != block.first.tag ||
      columns->size() != block.summary.count) {
    return corrupt(path_, where(block) + " is not the one that the index names");
  }
  return columns;
}

Result<std::vector<SeriesPoints>> FileReader::read_block(const BlockRef& block) const {
  Bytes buffer;
  const Result<ByteSpan> stored = read_into(block, buffer);
  if (!stored) return stored.error();
  const Result<BlockColumns> columns = BlockColumns::open(*stored);
  if (!columns) return corrupt(path_, where(block) + ": " + columns.error().what);
  Result<std::vector<SeriesPoints>> series = columns->all();
  if (!series) return corrupt(path_, where(block) + ": " + series.error().what);
  const Summary found = extent_of(*series);
  const Summary& told = block.summary;
  if (series->front().tag != block.first.tag || series->back().tag != block.last ||
      found.count != told.count || found.first_time != told.first_time ||
      found.last_time != told.last_time) {
    return corrupt(path_, where(block) + " is not the one that the index names");
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
