// historian/file_format.h: the bytes of a file around its points, as docs/formats/historian.md
// describes them. Pure functions over memory; the files are file.h.
#pragma once

#include <cstdint>
#include <string_view>

#include "historian/file.h"

namespace lineshaft::historian {

inline constexpr std::string_view kFileMagic = "LSHIST01";
inline constexpr std::uint32_t kFileVersion = 1;
inline constexpr std::size_t kHeaderBytes = 24;
inline constexpr std::size_t kFooterBytes = 56;
inline constexpr std::size_t kFooterCrcOffset = kFooterBytes - 12;
inline constexpr std::size_t kBlockHeadBytes = 24;
inline constexpr std::size_t kIndexEntryBytes = 28 + kSummaryBytes;
// 8192 points take at most 30 bytes each beside their text (block.h).
inline constexpr std::uint32_t kStoredBytesMax = 4 * 1024 * 1024;

// Error kCorrupt that names the file.
Error damaged_file(const std::string& path, const std::string& what);

inline SeriesKey last_key(const BlockRef& block) { return {block.first.tenant, block.last}; }
// What the index says of a block of several tags: how many points, from when to when.
Summary extent_of(std::span<const SeriesPoints> series);

// One entry of the index.
void write_entry(ByteWriter& writer, const BlockRef& block);
BlockRef read_entry(ByteReader& reader);

// A block's head after its checksum.
Bytes head_of(const BlockRef& block);
// Over the file's number and the block's offset too, so that a block from another place or another
// file does not pass.
std::uint32_t block_crc(std::uint64_t number, const BlockRef& block, ByteSpan stored);

}  // namespace lineshaft::historian
