#include "historian/manifest.h"

#include "base/crc32c.h"

namespace lineshaft::historian {
namespace {

constexpr std::string_view kManifestMagic = "LSMANIFS";
constexpr std::uint32_t kFormatVersion = 1;
constexpr std::size_t kManifestBytesMax = 64 * 1024 * 1024;
constexpr std::size_t kSealBytes = 8 + 4 + 4 + 8;  // magic, CRC, version, size

std::string manifest_path(const std::string& directory) {
  return sys::join_path(directory, "manifest");
}

// magic | CRC-32C of what follows | version | size of the body | body
Bytes seal(std::string_view magic, ByteSpan body) {
  Bytes covered;
  ByteWriter inner(covered);
  inner.write_le(kFormatVersion);
  inner.write_le(static_cast<std::uint64_t>(body.size()));
  inner.bytes(body);
  Bytes out;
  ByteWriter writer(out);
  writer.bytes(as_bytes(magic));
  writer.write_le(crc32c(covered));
  writer.bytes(covered);
  return out;
}

// The body, borrowed from `bytes`.
Result<ByteSpan> unseal(std::string_view magic, ByteSpan bytes, const std::string& path) {
  const Error damaged{ErrorId::kCorrupt, path + " is damaged"};
  if (bytes.size() < kSealBytes || as_text(bytes.first(magic.size())) != magic) return damaged;
  ByteReader reader(bytes.subspan(magic.size()));
  const auto crc = reader.read_le<std::uint32_t>();
  if (crc32c(bytes.subspan(magic.size() + 4)) != crc) return damaged;
  // Only now: a flipped bit must not pass for a newer version, which stops the start.
  if (reader.read_le<std::uint32_t>() > kFormatVersion) return Error{ErrorId::kFormatTooNew, path};
  if (reader.read_le<std::uint64_t>() != reader.remaining()) return damaged;
  return bytes.subspan(kSealBytes);
}

Result<Bytes> read_sealed(sys::FileSystem& files, const std::string& path, std::size_t bytes_max) {
  Result<Bytes> bytes = sys::read_file(files, path, bytes_max);
  if (!bytes && bytes.error().id == ErrorId::kInvalidArgument) {
    return Error{ErrorId::kCorrupt, bytes.error().what};
  }
  return bytes;
}

}  // namespace

Status write_manifest(sys::FileSystem& files, const std::string& directory,
                      const Manifest& manifest) {
  Bytes body;
  ByteWriter writer(body);
  writer.write_le(manifest.covered.value);
  writer.write_le(manifest.next_number);
  writer.write_le(manifest.catalogue);
  writer.varint(manifest.files.size());
  for (const FileId& file : manifest.files) {
    writer.varint(file.number);
    writer.varint(file.order);
  }
  return sys::write_file_atomically(files, manifest_path(directory), seal(kManifestMagic, body));
}

Result<Manifest> read_manifest(sys::FileSystem& files, const std::string& directory) {
  const std::string path = manifest_path(directory);
  const Result<Bytes> body = read_sealed_body(files, path, kManifestMagic, kManifestBytesMax);
  if (!body) return body.error();
  ByteReader reader(*body);
  Manifest manifest;
  manifest.covered = {reader.read_le<std::uint64_t>()};
  manifest.next_number = reader.read_le<std::uint64_t>();
  manifest.catalogue = reader.read_le<std::uint64_t>();
  const std::uint64_t count = reader.varint();
  if (count > reader.remaining()) return Error{ErrorId::kCorrupt, path + " is damaged"};
  for (std::uint64_t i = 0; i < count; ++i) {
    FileId file;
    file.number = reader.varint();
    file.order = reader.varint();
    manifest.files.push_back(file);
  }
  if (!reader.ok() || !reader.at_end()) return Error{ErrorId::kCorrupt, path + " is damaged"};
  return manifest;
}

Status write_sealed_body(sys::FileSystem& files, const std::string& path, std::string_view magic,
                         ByteSpan body) {
  return sys::write_file_atomically(files, path, seal(magic, body));
}

Result<Bytes> read_sealed_body(sys::FileSystem& files, const std::string& path,
                               std::string_view magic, std::size_t bytes_max) {
  const Result<Bytes> bytes = read_sealed(files, path, bytes_max);
  if (!bytes) return bytes.error();
  const Result<ByteSpan> body = unseal(magic, *bytes, path);
  if (!body) return body.error();
  return Bytes(body->begin(), body->end());
}

}  // namespace lineshaft::historian
