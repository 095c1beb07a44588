#include "historian/file.h"

#include <zstd.h>

#include <algorithm>

#include "base/crc32c.h"
#include "historian/file_format.h"

namespace lineshaft::historian {
namespace {

constexpr int kCompressionLevel = 1;

Error corrupt(const std::string& path, const std::string& what) {
  return {ErrorId::kCorrupt, path + ": " + what};
}

Bytes compress(ZSTD_CCtx* context, ByteSpan raw) {
  Bytes out(ZSTD_compressBound(raw.size()));
  const std::size_t size =
      ZSTD_compressCCtx(context, out.data(), out.size(), raw.data(), raw.size(), kCompressionLevel);
  LS_ASSERT(ZSTD_isError(size) == 0);
  out.resize(size);
  return out;
}

bool before_key(const BlockRef& block, const SeriesKey& key) { return block.key < key; }
bool after_key(const SeriesKey& key, const BlockRef& block) { return key < block.key; }

struct Footer {
  std::uint64_t index_offset = 0;
  std::uint64_t blocks = 0;
  FileId id;
  std::uint32_t index_crc = 0;
  std::uint32_t version = 0;
};

// Bytes [offset, offset + count) of the file. Errors: kCorrupt if there are not so many.
Result<Bytes> read_part(sys::File& file, const std::string& path, std::uint64_t offset,
                        std::size_t count) {
  Bytes bytes(count);
  const Result<std::size_t> got = file.read_at(offset, bytes);
  if (!got) return got.error();
  if (*got != count) return corrupt(path, "became shorter");
  return bytes;
}

// The header's shape never changes: a newer version is told from damage here.
Status check_header(sys::File& file, const std::string& path) {
  const Result<Bytes> header = read_part(file, path, 0, kHeaderBytes);
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

Result<Footer> read_footer(sys::File& file, const std::string& path, std::uint64_t file_bytes) {
  const Result<Bytes> bytes = read_part(file, path, file_bytes - kFooterBytes, kFooterBytes);
  if (!bytes) return bytes.error();
  const ByteSpan all(*bytes);
  ByteReader reader(all);
  Footer footer;
  footer.index_offset = reader.read_le<std::uint64_t>();
  footer.blocks = reader.read_le<std::uint64_t>();
  footer.id.number = reader.read_le<std::uint64_t>();
  footer.id.order = reader.read_le<std::uint64_t>();
  footer.index_crc = reader.read_le<std::uint32_t>();
  reader.read_le<std::uint32_t>();
  footer.version = reader.read_le<std::uint32_t>();
  const bool intact = reader.read_le<std::uint32_t>() == crc32c(all.first(kFooterCrcOffset)) &&
                      as_text(all.last(kFileMagic.size())) == kFileMagic;
  if (!intact) return corrupt(path, "has a damaged footer");
  if (footer.version > kFileVersion) return Error{ErrorId::kFormatTooNew, path};
  return footer;
}

}  // namespace

// Kept from block to block: making one costs more than packing a small block.
struct FileWriter::Packer {
  Packer() : context(ZSTD_createCCtx()) { LS_ASSERT(context != nullptr); }
  ~Packer() { ZSTD_freeCCtx(context); }
  Packer(const Packer&) = delete;
  Packer& operator=(const Packer&) = delete;
  ZSTD_CCtx* context;
};

FileWriter::FileWriter(std::unique_ptr<sys::File> file, FileId id)
    : file_(std::move(file)), id_(id), packer_(std::make_unique<Packer>()) {}

FileWriter::~FileWriter() = default;

Result<std::unique_ptr<FileWriter>> FileWriter::create(sys::FileSystem& files,
                                                       const std::string& path, FileId id) {
  auto file = files.open(path, sys::OpenMode::kCreate);
  if (!file) return file.error();
  if (Status emptied = (*file)->truncate(0); !emptied) return emptied.error();
  std::unique_ptr<FileWriter> writer(new FileWriter(*std::move(file), id));
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

Status FileWriter::add(SeriesKey key, std::span<const Point> points) {
  LS_ASSERT(index_.empty() || index_.back().key <= key);
  Bytes raw;
  encode_points(type_of(points.front().value), points, raw);
  const Bytes packed = compress(packer_->context, raw);
  const bool smaller = packed.size() < raw.size();
  const ByteSpan stored = smaller ? ByteSpan(packed) : ByteSpan(raw);

  BlockRef block;
  block.key = key;
  block.offset = offset_;
  block.stored_bytes = static_cast<std::uint32_t>(stored.size());
  block.raw_bytes = static_cast<std::uint32_t>(raw.size());
  LS_ASSERT(block.raw_bytes <= kRawBytesMax);
  for (const Point& point : points) block.summary.add(point);

  Bytes bytes;
  bytes.reserve(kBlockHeadBytes + stored.size());
  ByteWriter writer(bytes);
  writer.write_le(block_crc(id_.number, block, stored));
  writer.bytes(head_of(block));
  writer.bytes(stored);
  index_.push_back(block);
  return append(bytes);
}

Status FileWriter::finish() {
  Bytes index;
  ByteWriter entries(index);
  for (const BlockRef& block : index_) write_entry(entries, block);
  const std::uint64_t index_offset = offset_;
  if (Status written = append(index); !written) return written;
  Bytes footer;
  ByteWriter writer(footer);
  writer.write_le(index_offset);
  writer.write_le(static_cast<std::uint64_t>(index_.size()));
  writer.write_le(id_.number);
  writer.write_le(id_.order);
  writer.write_le(crc32c(index));
  writer.write_le(std::uint32_t{0});
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
  if (*size < kHeaderBytes + kFooterBytes) return corrupt(path, "is shorter than its footer");
  if (Status header = check_header(**file, path); !header) return header.error();
  const Result<Footer> footer = read_footer(**file, path, *size);
  if (!footer) return footer.error();
  if (footer->id.number != number) return corrupt(path, "is another file under this name");
  const std::uint64_t index_end = *size - kFooterBytes;
  const std::uint64_t offset = footer->index_offset;
  if (offset < kHeaderBytes || offset > index_end || (index_end - offset) % kIndexEntryBytes != 0 ||
      footer->blocks != (index_end - offset) / kIndexEntryBytes) {
    return corrupt(path, "has an index of an impossible size");
  }
  const Result<Bytes> index =
      read_part(**file, path, offset, static_cast<std::size_t>(index_end - offset));
  if (!index) return index.error();
  if (crc32c(*index) != footer->index_crc) return corrupt(path, "has a damaged index");
  std::shared_ptr<FileReader> opened(new FileReader());
  opened->file_ = *std::move(file);
  opened->path_ = path;
  opened->id_ = footer->id;
  opened->bytes_ = *size;
  opened->index_.reserve(static_cast<std::size_t>(footer->blocks));
  ByteReader entries(*index);
  for (std::uint64_t i = 0; i < footer->blocks; ++i) opened->index_.push_back(read_entry(entries));
  if (Status sound = opened->check_index(offset); !sound) return sound.error();
  return FilePtr(std::move(opened));
}

Status FileReader::check_index(std::uint64_t index_offset) const {
  const BlockRef* before = nullptr;
  std::uint64_t free_from = kHeaderBytes;
  for (const BlockRef& block : index_) {
    const Summary& s = block.summary;
    const bool follows = before == nullptr || before->key < block.key ||
                         (before->key == block.key && before->summary.last_time < s.first_time);
    const bool lies_inside = block.offset >= free_from && block.offset <= index_offset &&
                             kBlockHeadBytes + block.stored_bytes <= index_offset - block.offset;
    const bool possible = s.count >= 1 && s.count <= kBlockPointsMax && s.bad <= s.count &&
                          s.first_time <= s.last_time && block.raw_bytes <= kRawBytesMax &&
                          block.stored_bytes <= block.raw_bytes;
    if (!follows || !lies_inside || !possible) {
      return corrupt(path_, "has an index that contradicts itself");
    }
    free_from = block.offset + kBlockHeadBytes + block.stored_bytes;
    before = &block;
  }
  return {};
}

std::span<const BlockRef> FileReader::blocks(SeriesKey key) const {
  const auto first = std::lower_bound(index_.begin(), index_.end(), key, before_key);
  const auto last = std::upper_bound(first, index_.end(), key, after_key);
  return {first, last};
}

Result<std::vector<Point>> FileReader::read(const BlockRef& block) const {
  const std::string where = "the block at " + std::to_string(block.offset);
  const Result<Bytes> bytes =
      read_part(*file_, path_, block.offset, kBlockHeadBytes + block.stored_bytes);
  if (!bytes) return bytes.error();
  const ByteSpan stored = ByteSpan(*bytes).subspan(kBlockHeadBytes);
  ByteReader reader(*bytes);
  // The head is computed from the index, so it is checked along with the rest.
  const bool intact = reader.read_le<std::uint32_t>() == block_crc(id_.number, block, stored) &&
                      std::ranges::equal(reader.bytes(kBlockHeadBytes - 4), head_of(block));
  if (!intact) return corrupt(path_, where + " is damaged");
  Bytes raw;
  if (block.raw_bytes != block.stored_bytes) {
    raw.resize(block.raw_bytes);
    const std::size_t size = ZSTD_decompress(raw.data(), raw.size(), stored.data(), stored.size());
    if (size != raw.size()) return corrupt(path_, where + " cannot be unpacked");
  }
  Result<std::vector<Point>> points = decode_points(raw.empty() ? stored : ByteSpan(raw));
  if (!points) return corrupt(path_, where + ": " + points.error().what);
  const Summary& s = block.summary;
  if (points->size() != s.count || points->front().time != s.first_time ||
      points->back().time != s.last_time) {
    return corrupt(path_, where + " is not the one that the index names");
  }
  return points;
}

}  // namespace lineshaft::historian
