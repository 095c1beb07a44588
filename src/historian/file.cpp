#include "historian/file.h"

#include <zstd.h>

#include <algorithm>
#include <array>
#include <bit>

#include "base/crc32c.h"

namespace lineshaft::historian {
namespace {

constexpr std::string_view kMagic = "LSHIST01";
constexpr std::uint32_t kFormatVersion = 1;
constexpr std::size_t kFooterBytes = 48;
constexpr std::size_t kBlockHeadBytes = 16;
constexpr std::size_t kIndexEntryBytes = 116;
constexpr int kCompressionLevel = 1;
// 8192 points of strings of 64 KiB could be half a gigabyte; a block is cut long before (store).
constexpr std::uint32_t kRawBytesMax = 1U << 30;

Error corrupt(const std::string& path, const std::string& what) {
  return {ErrorId::kCorrupt, path + ": " + what};
}

void write_double(ByteWriter& writer, double number) {
  writer.write_le(std::bit_cast<std::uint64_t>(number));
}
double read_double(ByteReader& reader) {
  return std::bit_cast<double>(reader.read_le<std::uint64_t>());
}
void write_time(ByteWriter& writer, Timestamp time) {
  writer.write_le(static_cast<std::uint64_t>(time.ns));
}
Timestamp read_time(ByteReader& reader) {
  return {static_cast<std::int64_t>(reader.read_le<std::uint64_t>())};
}

void write_entry(ByteWriter& writer, const BlockRef& block) {
  const Summary& s = block.summary;
  writer.write_le(block.key.tenant.value);
  writer.write_le(block.key.tag.value);
  writer.write_le(block.offset);
  writer.write_le(block.stored_bytes);
  writer.write_le(block.raw_bytes);
  writer.write_le(s.count);
  writer.write_le(s.bad);
  writer.write_le(s.last_quality);
  for (Timestamp time : {s.first_time, s.last_time, s.first_usable, s.last_usable}) {
    write_time(writer, time);
  }
  for (double number : {s.first, s.last, s.min, s.max, s.sum}) write_double(writer, number);
  writer.write_le(std::uint64_t{0});
}

BlockRef read_entry(ByteReader& reader) {
  BlockRef block;
  Summary& s = block.summary;
  block.key.tenant = {reader.read_le<std::uint32_t>()};
  block.key.tag = {reader.read_le<std::uint32_t>()};
  block.offset = reader.read_le<std::uint64_t>();
  block.stored_bytes = reader.read_le<std::uint32_t>();
  block.raw_bytes = reader.read_le<std::uint32_t>();
  s.count = reader.read_le<std::uint32_t>();
  s.bad = reader.read_le<std::uint32_t>();
  s.last_quality = reader.read_le<std::uint32_t>();
  for (Timestamp* time : {&s.first_time, &s.last_time, &s.first_usable, &s.last_usable}) {
    *time = read_time(reader);
  }
  for (double* number : {&s.first, &s.last, &s.min, &s.max, &s.sum}) {
    *number = read_double(reader);
  }
  reader.read_le<std::uint64_t>();
  return block;
}

// The checksum covers the file's number and the offset too, so that a block from another place or
// another file does not pass.
std::uint32_t block_crc(std::uint64_t number, std::uint64_t offset, ByteSpan stored) {
  Bytes address;
  ByteWriter writer(address);
  writer.write_le(number);
  writer.write_le(offset);
  return crc32c(stored, crc32c(address));
}

Bytes compress(ByteSpan raw) {
  Bytes out(ZSTD_compressBound(raw.size()));
  const std::size_t size =
      ZSTD_compress(out.data(), out.size(), raw.data(), raw.size(), kCompressionLevel);
  LS_ASSERT(ZSTD_isError(size) == 0);
  out.resize(size);
  return out;
}

bool before_key(const BlockRef& block, const SeriesKey& key) { return block.key < key; }
bool after_key(const SeriesKey& key, const BlockRef& block) { return key < block.key; }

}  // namespace

FileWriter::FileWriter(std::unique_ptr<sys::File> file, std::uint64_t number)
    : file_(std::move(file)), number_(number) {}

Result<std::unique_ptr<FileWriter>> FileWriter::create(sys::FileSystem& files,
                                                       const std::string& path,
                                                       std::uint64_t number) {
  auto file = files.open(path, sys::OpenMode::kCreate);
  if (!file) return file.error();
  if (Status emptied = (*file)->truncate(0); !emptied) return emptied.error();
  std::unique_ptr<FileWriter> writer(new FileWriter(*std::move(file), number));
  Bytes head;
  ByteWriter bytes(head);
  bytes.bytes(as_bytes(kMagic));
  bytes.write_le(kFormatVersion);
  bytes.write_le(number);
  bytes.write_le(crc32c(head));
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
  const Bytes packed = compress(raw);
  const bool smaller = packed.size() < raw.size();
  const ByteSpan stored = smaller ? ByteSpan(packed) : ByteSpan(raw);

  BlockRef block;
  block.key = key;
  block.offset = offset_;
  block.stored_bytes = static_cast<std::uint32_t>(stored.size());
  block.raw_bytes = static_cast<std::uint32_t>(raw.size());
  for (const Point& point : points) block.summary.add(point);

  Bytes bytes;
  bytes.reserve(kBlockHeadBytes + stored.size());
  ByteWriter writer(bytes);
  writer.write_le(block_crc(number_, offset_, stored));
  writer.write_le(block.stored_bytes);
  writer.write_le(block.raw_bytes);
  writer.write_le(key.tag.value);
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
  writer.write_le(crc32c(index));
  writer.write_le(kFormatVersion);
  writer.write_le(number_);
  writer.write_le(std::uint32_t{0});
  writer.write_le(crc32c(footer));
  writer.bytes(as_bytes(kMagic));
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
  if (*size < kFooterBytes) return corrupt(path, "is shorter than its footer");
  std::array<std::uint8_t, kFooterBytes> footer{};
  const Result<std::size_t> got = (*file)->read_at(*size - kFooterBytes, footer);
  if (!got) return got.error();
  const ByteSpan all(footer);
  ByteReader reader(all);
  const auto index_offset = reader.read_le<std::uint64_t>();
  const auto blocks = reader.read_le<std::uint64_t>();
  const auto index_crc = reader.read_le<std::uint32_t>();
  const auto version = reader.read_le<std::uint32_t>();
  const auto stored_number = reader.read_le<std::uint64_t>();
  reader.read_le<std::uint32_t>();
  const bool intact = reader.read_le<std::uint32_t>() == crc32c(all.first(36)) &&
                      as_text(all.last(kMagic.size())) == kMagic;
  if (!intact) return corrupt(path, "has a damaged footer");
  if (version > kFormatVersion) return Error{ErrorId::kFormatTooNew, path};
  if (stored_number != number) return corrupt(path, "is another file under this name");
  const std::uint64_t index_end = *size - kFooterBytes;
  if (index_offset > index_end || blocks != (index_end - index_offset) / kIndexEntryBytes ||
      (index_end - index_offset) % kIndexEntryBytes != 0) {
    return corrupt(path, "has an index of an impossible size");
  }
  Bytes index(static_cast<std::size_t>(index_end - index_offset));
  const Result<std::size_t> read = (*file)->read_at(index_offset, index);
  if (!read) return read.error();
  if (*read != index.size() || crc32c(index) != index_crc) {
    return corrupt(path, "has a damaged index");
  }
  std::shared_ptr<FileReader> opened(new FileReader());
  opened->file_ = *std::move(file);
  opened->path_ = path;
  opened->number_ = number;
  opened->bytes_ = *size;
  opened->index_.reserve(static_cast<std::size_t>(blocks));
  ByteReader entries(index);
  for (std::uint64_t i = 0; i < blocks; ++i) opened->index_.push_back(read_entry(entries));
  return std::shared_ptr<const FileReader>(std::move(opened));
}

std::span<const BlockRef> FileReader::blocks(SeriesKey key) const {
  const auto first = std::lower_bound(index_.begin(), index_.end(), key, before_key);
  const auto last = std::upper_bound(first, index_.end(), key, after_key);
  return {first, last};
}

Result<std::vector<Point>> FileReader::read(const BlockRef& block) const {
  const std::string where = "the block at " + std::to_string(block.offset);
  if (block.offset > bytes_ || block.stored_bytes + kBlockHeadBytes > bytes_ - block.offset ||
      block.raw_bytes > kRawBytesMax) {
    return corrupt(path_, where + " lies outside the file");
  }
  Bytes bytes(kBlockHeadBytes + block.stored_bytes);
  const Result<std::size_t> got = file_->read_at(block.offset, bytes);
  if (!got) return got.error();
  const ByteSpan stored = ByteSpan(bytes).subspan(kBlockHeadBytes);
  ByteReader head(bytes);
  if (*got != bytes.size() ||
      head.read_le<std::uint32_t>() != block_crc(number_, block.offset, stored)) {
    return corrupt(path_, where + " is damaged");
  }
  Bytes raw;
  if (block.raw_bytes != block.stored_bytes) {
    raw.resize(block.raw_bytes);
    const std::size_t size = ZSTD_decompress(raw.data(), raw.size(), stored.data(), stored.size());
    if (size != raw.size()) return corrupt(path_, where + " cannot be unpacked");
  }
  Result<std::vector<Point>> points = decode_points(raw.empty() ? stored : ByteSpan(raw));
  if (points && points->size() != block.summary.count) {
    return corrupt(path_, where + " is not the one that the index names");
  }
  return points;
}

}  // namespace lineshaft::historian
