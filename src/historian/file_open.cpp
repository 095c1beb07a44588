// Opening a finished file: what its header, footer and index say, and whether that can be.
#include <algorithm>

#include "base/crc32c.h"
#include "historian/file.h"
#include "historian/file_format.h"
#include "historian/parity_file.h"

namespace lineshaft::historian {
namespace {

// Two blocks of one tag alone are in order of time.
bool may_share_a_tag(const BlockRef& a, const BlockRef& b) {
  if (!a.is_of_one() || !b.is_of_one()) return true;
  return a.summary.last_time < b.summary.first_time;
}

bool is_known(codec::Effort effort) {
  return effort == codec::Effort::kFresh || effort == codec::Effort::kSealed;
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
  if (!intact) return damaged_file(path, "has a damaged footer");
  if (footer.version > kFileVersion) return Error{ErrorId::kFormatTooNew, path};
  return footer;
}

}  // namespace

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

// Header, footer, index; of a file of `bytes`.
Status FileReader::load(std::uint64_t number, std::uint64_t bytes, const ReadPart& read) {
  index_.clear();
  bytes_ = bytes;
  if (bytes < kHeaderBytes + kFooterBytes) return damaged_file(path_, "is shorter than its footer");
  if (Status header = check_header(read, path_); !header) return header.error();
  const Result<Footer> footer = read_footer(read, path_, bytes);
  if (!footer) return footer.error();
  if (footer->id.number != number) return damaged_file(path_, "is another file under this name");
  id_ = footer->id;
  const std::uint64_t index_end = bytes - kFooterBytes;
  const std::uint64_t offset = footer->index_offset;
  const std::uint64_t erasures_bytes = footer->erasures * std::uint64_t{kErasureBytes};
  if (offset < kHeaderBytes || offset > index_end || erasures_bytes > index_end - offset ||
      (index_end - offset - erasures_bytes) % kIndexEntryBytes != 0 ||
      footer->blocks > (index_end - offset - erasures_bytes) / kIndexEntryBytes) {
    return damaged_file(path_, "has an index of an impossible size");
  }
  const Result<Bytes> index = read(offset, static_cast<std::size_t>(index_end - offset));
  if (!index) return index.error();
  if (crc32c(*index) != footer->index_crc) return damaged_file(path_, "has a damaged index");
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
      return damaged_file(path_, "has an index that contradicts itself");
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
      return damaged_file(path_, "has an index that contradicts itself");
    }
    before = &erasure;
  }
  return {};
}

}  // namespace lineshaft::historian
