#include "historian/catalogue_file.h"

#include "base/assert.h"
#include "base/crc32c.h"
#include "codec/zstd_frame.h"
#include "historian/manifest.h"

namespace lineshaft::historian {
namespace {

constexpr std::string_view kMagic = "LSTAGSET";
constexpr std::uint32_t kFormatVersion = 2;
constexpr std::size_t kHeaderBytes = 16;      // magic, version, checksum
constexpr std::size_t kPartHeaderBytes = 12;  // checksum, bytes stored, bytes of the tags
// A thousand tags, each with the largest enum set, take some 142 MB.
constexpr std::size_t kPartBytesMax = 256 * 1024 * 1024;
constexpr std::size_t kWriteBytes = 1024 * 1024;
constexpr int kCompressionLevel = 1;

// Version 1 was one record of the log in the form of the manifest.
constexpr std::string_view kFirstMagic = "LSTAGCAT";
constexpr std::size_t kFirstBytesMax = 2048ULL * 1024 * 1024;

Error damaged(const std::string& path) { return {ErrorId::kCorrupt, path + " is damaged"}; }

Bytes header() {
  Bytes bytes;
  ByteWriter writer(bytes);
  writer.bytes(as_bytes(kMagic));
  writer.write_le(kFormatVersion);
  writer.write_le(crc32c(bytes));
  return bytes;
}

// Of a part at that place of that file: what is after its own four bytes.
std::uint32_t checksum(std::uint64_t number, std::uint64_t offset, ByteSpan rest) {
  Bytes address;
  ByteWriter writer(address);
  writer.write_le(number);
  writer.write_le(offset);
  return crc32c(rest, crc32c(address));
}

// Empty tags: the part that ends the file.
void append_part(std::uint64_t number, std::uint64_t offset, ByteSpan tags, Bytes& out) {
  LS_ASSERT(tags.size() <= kPartBytesMax);
  Bytes packed;
  codec::append_zstd(tags, kCompressionLevel, packed);
  const ByteSpan stored = packed.size() < tags.size() ? ByteSpan(packed) : tags;
  Bytes rest;
  ByteWriter writer(rest);
  writer.write_le(static_cast<std::uint32_t>(stored.size()));
  writer.write_le(static_cast<std::uint32_t>(tags.size()));
  writer.bytes(stored);
  ByteWriter(out).write_le(checksum(number, offset, rest));
  ByteWriter(out).bytes(rest);
}

Status write_parts(sys::File& file, std::uint64_t number, const NextTags& next) {
  std::uint64_t written = 0;
  Bytes bytes = header();
  for (bool more = true; more;) {
    const std::vector<TagEntry> tags = next();
    more = !tags.empty();
    append_part(number, written + bytes.size(), more ? encode_tags(tags) : Bytes(), bytes);
    if (more && bytes.size() < kWriteBytes) continue;
    if (Status done = file.write_at(written, bytes); !done) return done;
    written += bytes.size();
    bytes.clear();
  }
  return {};
}

// Exactly so many bytes. Errors: kCorrupt: the file ends before.
Result<Bytes> read_exactly(sys::File& file, const std::string& path, std::uint64_t offset,
                           std::size_t size) {
  Bytes bytes(size);
  const Result<std::size_t> count = file.read_at(offset, bytes);
  if (!count) return count.error();
  if (*count != size) return damaged(path);
  return bytes;
}

Status check_header(const Bytes& bytes, const std::string& path) {
  ByteReader reader(bytes);
  const ByteSpan magic = reader.bytes(kMagic.size());
  const auto version = reader.read_le<std::uint32_t>();
  if (as_text(magic) != kMagic) return damaged(path);
  if (reader.read_le<std::uint32_t>() != crc32c(ByteSpan(bytes).first(kHeaderBytes - 4))) {
    return damaged(path);
  }
  if (version > kFormatVersion) return Error{ErrorId::kFormatTooNew, path};
  return version == kFormatVersion ? Status() : damaged(path);
}

// The tags of one part, and where the next one begins.
Result<Bytes> read_part(sys::File& file, const std::string& path, std::uint64_t number,
                        std::uint64_t& offset, std::uint64_t file_bytes) {
  const Result<Bytes> head = read_exactly(file, path, offset, kPartHeaderBytes);
  if (!head) return head.error();
  ByteReader reader(*head);
  const auto crc = reader.read_le<std::uint32_t>();
  const auto stored_bytes = reader.read_le<std::uint32_t>();
  const auto tags_bytes = reader.read_le<std::uint32_t>();
  if (stored_bytes > file_bytes - offset || tags_bytes > kPartBytesMax) return damaged(path);
  Result<Bytes> part = read_exactly(file, path, offset + 4, kPartHeaderBytes - 4 + stored_bytes);
  if (!part) return part.error();
  if (checksum(number, offset, *part) != crc) return damaged(path);
  offset += kPartHeaderBytes + stored_bytes;
  const ByteSpan stored = ByteSpan(*part).subspan(kPartHeaderBytes - 4);
  if (stored_bytes == tags_bytes) return Bytes(stored.begin(), stored.end());
  Bytes tags(tags_bytes);
  if (!codec::read_zstd(stored, tags)) return damaged(path);
  return tags;
}

Status visit_tags(const Bytes& bytes, const std::string& path,
                  const std::function<void(std::span<const TagEntry>)>& visit) {
  const Result<std::vector<TagEntry>> tags = decode_tags(bytes);
  if (!tags) return Error{ErrorId::kCorrupt, path + ": " + tags.error().what};
  visit(*tags);
  return {};
}

}  // namespace

Status write_catalogue(sys::FileSystem& files, const std::string& path, std::uint64_t number,
                       const NextTags& next) {
  return sys::write_file_in_parts(files, path,
                                  [&](sys::File& file) { return write_parts(file, number, next); });
}

Status read_catalogue(sys::FileSystem& files, const std::string& path, std::uint64_t number,
                      const std::function<void(std::span<const TagEntry>)>& visit) {
  const Result<std::unique_ptr<sys::File>> file = files.open(path, sys::OpenMode::kRead);
  if (!file) return file.error();
  const Result<std::uint64_t> size = (*file)->size();
  if (!size) return size.error();
  const Result<Bytes> head = read_exactly(**file, path, 0, kHeaderBytes);
  if (!head) return head.error();
  if (as_text(ByteSpan(*head).first(kFirstMagic.size())) == kFirstMagic) {
    const Result<Bytes> body = read_sealed_body(files, path, kFirstMagic, kFirstBytesMax);
    return body ? visit_tags(*body, path, visit) : Status(body.error());
  }
  if (Status checked = check_header(*head, path); !checked) return checked;
  for (std::uint64_t offset = kHeaderBytes;;) {
    const Result<Bytes> tags = read_part(**file, path, number, offset, *size);
    if (!tags) return tags.error();
    if (tags->empty()) return offset == *size ? Status() : damaged(path);
    if (Status visited = visit_tags(*tags, path, visit); !visited) return visited;
  }
}

}  // namespace lineshaft::historian
